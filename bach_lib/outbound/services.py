"""Dependencies that the dispatchers of all connections share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors.base import Connector
from bach_lib.models import Connection, Fault
from bach_lib.outbound.gate import Gate, SaveBreaker
from bach_lib.outbound.queue import Queue
from bach_lib.policy import Policy
from bach_lib.registry.directory import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchServices:
    """Shared dependencies of the dispatchers.

    `policies`: those of single connections, by name. `directory` knows which spellings mean one place. `save_breaker`
    and `count(name, delivered)` keep the registry's row true; `random` returns 0..1. `ensure_account(name, connector)`
    asks whose account it is unless that is known. `attempted(name, outcome, seconds)` counts.
    """

    queue: Queue
    directory: Directory
    bus: Bus
    clock: Clock
    policy: Policy
    policies: Mapping[str, Policy] = field(default_factory=dict)
    random: Callable[[], float]
    save_breaker: SaveBreaker
    count: Callable[[str, bool], None]
    ensure_account: Callable[[str, Connector], Awaitable[Fault | None]]
    attempted: Callable[[str, str, float], None] = lambda *_: None

    def of(self, connection: str) -> Self:
        """The same for one connection, with its own policy if it has one."""
        own = self.policies.get(connection)
        return self if own is None else replace(self, policy=own)

    def gate(self, connection: Connection, on_better: Callable[[], None]) -> Gate:
        """What stands between a connection's lanes and its platform."""
        return Gate(
            connection,
            bus=self.bus,
            clock=self.clock,
            policy=self.policy.breaker,
            random=self.random,
            save_breaker=self.save_breaker,
            on_better=on_better,
        )
