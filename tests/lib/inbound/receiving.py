"""A receiver for tests, with a platform whose polls go as a test likes."""

import asyncio
from collections.abc import Awaitable, Callable

from bach_lib import Connection, ConnectionState, Fault, Health, ReceivePolicy
from bach_lib.bus import Bus
from bach_lib.connectors.base import Batch
from bach_lib.errors import UnknownConnectionError
from bach_lib.events import ConnectionChanged, MessageReceived
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.pairing import Pairings
from bach_lib.inbound.receiver import Receiver
from bach_lib.inbound.router import Router
from bach_lib.inbound.rules import Rules
from bach_lib.models.incoming import IncomingMessage
from bach_lib.redact import Redactor
from bach_lib.storage import Store
from bach_lib.testing import FakeClock, FakePlatform
from bach_lib.testing.connector import FakeConnector
from tests.lib.bordered import bordered

DOWN = Fault(code="unreachable", text="No route to host")
POLICY = ReceivePolicy(backoff=(1, 2, 5), stall_seconds=120)
HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))

type Receive = Callable[[str | None], Awaitable[Batch | Fault]]


class Bench:
    """A receiver, and what it told."""

    def __init__(self, store: Store, clock: FakeClock, connector: FakeConnector) -> None:
        self.clock = clock
        self.connector = connector
        self.blocked = 0
        self.healths: list[Health] = []
        self.received: list[IncomingMessage] = []
        self.bus = Bus()
        self.bus.subscribe(ConnectionChanged, lambda event: self.healths.append(event.health))
        self.bus.subscribe(MessageReceived, lambda event: self.received.append(event.message))
        self.store = store
        self.row = HOME
        self.is_removed = False
        self.make()

    def make(self, policy: ReceivePolicy = POLICY) -> None:
        """A new inbox and receiver on the same disk, as after a restart."""
        self.inbox = Inbox(self.store, self.clock, Pairings(lambda *_: None), "0a1b2c3d", policy.max_age, policy=policy)
        self.receiver = Receiver(
            row=self.look_up,
            inbox=self.inbox,
            router=Router(self.inbox, Rules(self.store), self.bus, self.clock),
            bus=self.bus,
            clock=self.clock,
            policy=policy,
            count_blocked=self.count,
        )

    def look_up(self) -> Connection:
        """The connection as the registry has it now."""
        if self.is_removed:
            raise UnknownConnectionError(name=self.row.name, known="none")
        return self.row

    def count(self, strangers: int) -> None:
        """Strangers were turned away."""
        self.blocked += strangers

    async def start(self, *secrets: str) -> None:
        """Begin to poll."""
        self.receiver.start(bordered(self.connector, *secrets), Redactor(secrets))
        await self.clock.settle()

    @property
    def states(self) -> list[ConnectionState]:
        """Every state it told of."""
        return [health.state for health in self.healths]

    @property
    def texts(self) -> list[str]:
        """Every text it told of."""
        return [message.text for message in self.received]


class Platform(FakePlatform):
    """A platform whose polls may go wrong in ways of their own."""

    receive: Receive | None = None


async def hang(cursor: str | None) -> Batch:
    """A poll that never comes back."""
    await asyncio.Event().wait()
    raise AssertionError
