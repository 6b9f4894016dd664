"""What the dispatchers of all connections share."""

from collections.abc import Callable
from dataclasses import dataclass

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.outbound.gate import SaveBreaker
from bach_lib.outbound.queue import Queue
from bach_lib.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every dispatcher works with.

    `save_breaker` and `count(name, delivered)` keep the registry's row true; `random` returns 0..1.
    """

    queue: Queue
    bus: Bus
    clock: Clock
    policy: Policy
    random: Callable[[], float]
    save_breaker: SaveBreaker
    count: Callable[[str, bool], None]
