"""A disk that does as a test says, for the parts that write through the queue."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import override

from bach_lib import Policy
from bach_lib.bus import Bus
from bach_lib.errors import StorageError
from bach_lib.events import Event
from bach_lib.models import Connection, Message, Status
from bach_lib.outbound.advancing import Advance
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.services import DispatchServices
from bach_lib.registry.directory import Directory
from bach_lib.registry.own_policy import Policies
from bach_lib.storage import Store
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import message, nobody_asked


class Disk(Queue):
    """A queue that answers as a test says and remembers what it was asked."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        super().__init__(store, clock, "0123abcd")
        self.store = store
        self.answers: deque[Advance | asyncio.Future[Advance] | BaseException] = deque()
        self.asked: list[tuple[Settlement | None, int | None]] = []
        self.asked_by: set[str | None] = set()
        self.forms: list[list[str]] = []
        self.expiries: list[list[int]] = []
        self.behind: set[int] = set()
        """What it takes for being sent."""
        self.nonces: list[Mapping[int, str] | None] = []

    @override
    def advance(
        self,
        settlement: Settlement | None,
        claim: int | None,
        connection: str | None = None,
        forms: Sequence[str] = (),
    ) -> asyncio.Future[Advance]:
        self.asked.append((settlement, claim))
        self.forms.append([*forms])
        if claim is not None:
            self.asked_by.add(connection)
        future: asyncio.Future[Advance] = asyncio.get_running_loop().create_future()
        answer = self.answers.popleft() if self.answers else Advance()
        if isinstance(answer, asyncio.Future):  # it takes its time
            return answer
        if isinstance(answer, asyncio.CancelledError):
            future.cancel()
        elif isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
        return future

    @override
    async def expire(self, message_ids: Iterable[int], nonces: Mapping[int, str] | None = None) -> list[Message]:
        ids = list(message_ids)
        self.expiries.append(ids)
        self.nonces.append(nonces)
        if self.answers and isinstance(error := self.answers.popleft(), StorageError):
            raise error
        found = {number: Status.SENDING if number in self.behind else Status.EXPIRED for number in ids}
        return [message(id=number, status=status, connection="home") for number, status in found.items()]


def policies_of(own: Mapping[str, Policy]) -> Policies:
    """What a program gives single connections, of which nobody has set anything."""
    return Policies(Policy(), own, lambda name: Connection(name=name, type="fake"))


def tools(disk: Disk, bus: Bus, clock: FakeClock, count: Callable[[str, bool], None]) -> DispatchServices:
    """What a connection works with, when it writes to such a disk; there is no jitter."""
    return DispatchServices(
        queue=disk,
        directory=Directory(disk.store, bus, lambda _: frozenset()),
        bus=bus,
        clock=clock,
        usual=Policy(),
        random=lambda: 0.5,
        save_breaker=lambda name, failures, until: None,
        count=count,
        ensure_account=nobody_asked,
    )


class Bench:
    """A ledger, its disk, and what was told, counted and measured."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.clock = clock
        self.disk = Disk(store, clock)
        self.told: list[Event] = []
        self.counted: list[tuple[str, bool]] = []
        self.attempted: list[tuple[str, str, float]] = []
        bus = Bus()
        bus.subscribe(Event, self.told.append)
        shared = tools(self.disk, bus, clock, lambda *told: self.counted.append(told))
        self.directory = shared.directory
        self.spawned: list[Coroutine[object, object, None]] = []
        self.settled: list[Message] = []
        measured = replace(shared, attempted=lambda *told: self.attempted.append(told))
        self.ledger = Ledger("home", measured, self.spawned.append, self.settled.append)
