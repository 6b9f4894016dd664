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
from bach_lib.outbound.tagged import Tagged
from bach_lib.outbound.uploading import Uploads
from bach_lib.policy import Policy
from bach_lib.registry.directory import Directory
from bach_lib.registry.own_policy import Policies


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchServices:
    """Shared dependencies of the dispatchers.

    `policies`: those of all connections, once `of` has said which one this is for; else `usual` holds. `directory`
    knows which spellings mean one place. `save_breaker` and `count(name, delivered)` keep the registry's row true;
    `random` returns 0..1. `ensure_account(name, connector)` asks whose account it is unless that is known.
    `attempted(name, outcome, seconds)` counts. `tagged` knows what messages became at their platform,
    `uploads` how far their files are.
    """

    queue: Queue
    directory: Directory
    bus: Bus
    clock: Clock
    usual: Policy
    policies: Policies | None = None
    connection: str = ""
    random: Callable[[], float]
    save_breaker: SaveBreaker
    count: Callable[[str, bool], None]
    ensure_account: Callable[[str, Connector], Awaitable[Fault | None]]
    attempted: Callable[[str, str, float], None] = lambda *_: None
    tagged: Tagged | None = None
    uploads: Uploads = field(default_factory=Uploads)

    def of(self, connection: str) -> Self:
        """The same for one connection, with its own policy if it has one."""
        return replace(self, connection=connection)

    @property
    def policy(self) -> Policy:
        """What holds now: a person may change it while messages wait."""
        return self.policies.of(self.connection) if self.policies and self.connection else self.usual

    @property
    def settings(self) -> Mapping[str, object]:
        """Those of the connection, as they are now."""
        return self.policies.settings(self.connection) if self.policies else {}

    def gate(self, connection: Connection, on_better: Callable[[], None]) -> Gate:
        """What stands between a connection's lanes and its platform."""
        return Gate(
            connection,
            bus=self.bus,
            clock=self.clock,
            policy=self.policy.breaker,
            per_minute=self.policy.per_minute,
            random=self.random,
            save_breaker=self.save_breaker,
            on_better=on_better,
        )
