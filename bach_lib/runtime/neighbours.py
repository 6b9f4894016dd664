"""Neighbours: what processes that share a database tell each other, and what each does about it.

Who works on a connection hears of what others wrote about its messages; who waits for a message on which another works
hears when it was tried or has ended. What a notice said that was lost is found by looking again, every few seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from bach_lib.bus import Bus
from bach_lib.clock import Cancel, Clock
from bach_lib.errors import BachError
from bach_lib.events import (
    ConnectionAdded,
    ConnectionRemoved,
    ConnectionUpdated,
    Event,
    MessageFinished,
    MessageRetrying,
)
from bach_lib.field_logger import FieldLogger
from bach_lib.inbound.rules import Rules
from bach_lib.models import Message, Status
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outbound.history import History
from bach_lib.outbound.proof_keeper import ProofKeeper
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.settlement import settled_event
from bach_lib.owners.notices import Notice, What, about, decoded
from bach_lib.registry import Registry
from bach_lib.runtime.proofs_elsewhere import ProofsElsewhere

_LOGGER = FieldLogger(__name__)

_LOOK = 5.0
"""Seconds between two looks at what a lost notice may have said."""
_LOOKED_AT = 200
"""Messages that such a look reads."""
_PAGE = 500
_BEFORE = 50
"""Messages that are read beside those a notice names: one of a process that died has none, and goes before them."""
_WAITING = (Status.PENDING, Status.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What neighbours have to do with."""

    bus: Bus
    clock: Clock
    registry: Registry
    rules: Rules
    queue: Queue
    history: History
    proofs: ProofKeeper


class Neighbours:
    """The notices of this process.

    `tell` calls one out; `poke`: there may be more or less to work on.
    """

    def __init__(self, shared: Shared, *, tell: Callable[[str], None], poke: Callable[[], None]) -> None:
        self._shared, self._tell, self._poke = shared, tell, poke
        self._own: Callable[[str], Dispatcher | None] = lambda _: None
        self._offered: Callable[[str], None] = lambda _: None
        self._noted: dict[str, set[int]] = {}
        """What notices named and nobody has looked at, by connection."""
        self._turn = 0
        self._asked: dict[int, str] = {}
        """Messages that others wait for, and their connection, which this process works on."""
        self._awaited: dict[int, str] = {}
        """Messages that we wait for, and whose connection another process works on."""
        self._ended: list[int] = []
        tell_proven = partial(self._tell_all, What.PROVEN)
        self._proofs = ProofsElsewhere(shared.bus, tell=tell_proven, those=shared.queue.those, of=shared.proofs.of)
        self.follow_runs: Callable[[], Awaitable[None]] = _nothing
        """Read anew what others have written about routes and their runs."""
        self._is_following = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._cancel_look: Cancel = lambda: None
        subscribe = shared.bus.subscribe
        self._unsubscribe = [
            subscribe(MessageFinished, self._tried),
            subscribe(MessageRetrying, self._tried),
            *(subscribe(kind, self._changed) for kind in (ConnectionAdded, ConnectionUpdated, ConnectionRemoved)),
        ]

    def start(self, own: Callable[[str], Dispatcher | None], offered: Callable[[str], None]) -> None:
        """Look now and then for what a lost notice may have said.

        `own(connection)`: the dispatcher of a connection that this process works on; `offered`: of another one lanes
        are to be had.
        """
        self._own, self._offered = own, offered
        self._cancel_look = self._shared.clock.call_later(_LOOK, self._look)

    async def close(self) -> None:
        """Hear nothing more."""
        self._cancel_look()
        for unsubscribe in (*self._unsubscribe, self._proofs.close):
            unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._cancel_look()  # a look that was cut off would come again

    # -- what this process tells ---------------------------------------------------------------------------------------

    def written(self, connection: str, message_ids: Sequence[int]) -> None:
        """Something was written about messages of a connection that another process works on; none: about many."""
        self._awaited.update(dict.fromkeys(message_ids, connection))
        if not message_ids:
            self._tell(Notice(What.RELOAD, connection).encoded())
        self._tell_all(What.WRITTEN, connection, message_ids)

    def wait_for(self, message: Message) -> None:
        """Somebody here waits for the end of this message."""
        if self._own(message.connection) is None and message.id not in self._awaited:
            self.written(message.connection, [message.id])
            self._proofs.note([message.id])

    def given(self) -> None:
        """Others can take what this process has given away."""
        self._tell(Notice(What.OWNERS).encoded())

    def offered(self, connection: str) -> None:
        """Lanes of a connection that this process works on are to be had."""
        self._tell(Notice(What.OFFERED, connection).encoded())

    def returned(self, connection: str) -> None:
        """Lanes of a connection that another process works on came back."""
        self._tell(Notice(What.RETURNED, connection).encoded())

    def run_written(self) -> None:
        """A run of a route was begun here, or has gone on."""
        self._tell(Notice(What.ROUTES).encoded())

    def _tried(self, event: MessageFinished | MessageRetrying) -> None:
        if event.message.id not in self._asked:
            return
        if isinstance(event, MessageFinished):
            del self._asked[event.message.id]
        if not self._ended:  # all of one turn of the event loop in one notice
            asyncio.get_running_loop().call_soon(self._tell_ended)
        self._ended.append(event.message.id)

    def _tell_ended(self) -> None:
        ended, self._ended = self._ended, []
        self._tell_all(What.ENDED, "", ended)

    def _tell_all(self, what: What, connection: str, message_ids: Sequence[int]) -> None:
        for notice in about(what, connection, message_ids):
            self._tell(notice.encoded())

    def _changed(self, _: Event) -> None:
        if not self._is_following:
            self._tell(Notice(What.REGISTRY).encoded())
            self._poke()

    # -- what it hears -------------------------------------------------------------------------------------------------

    def hear(self, heard: str) -> None:
        """A notice, of this process too."""
        notice = decoded(heard)
        if notice is None:
            return
        if notice.what is What.OWNERS:
            self._poke()
        elif notice.what is What.REGISTRY:
            self._spawn(self._follow_registry)
        elif notice.what is What.ROUTES:
            self._spawn(self.follow_runs)
        elif notice.what is What.ENDED:
            self._spawn(partial(self._publish_ends, [one for one in notice.ids if one in self._awaited]))
        elif notice.what is What.PROVEN:
            self._spawn(partial(self._proofs.follow, notice.ids))
        elif dispatcher := self._own(notice.connection):
            self._hear_about_ours(notice, dispatcher)
        elif notice.what is What.OFFERED:
            self._offered(notice.connection)

    def _hear_about_ours(self, notice: Notice, dispatcher: Dispatcher) -> None:
        if notice.what is What.RELOAD:
            dispatcher.follow(None)
        elif notice.what is What.RETURNED:
            dispatcher.lending.collect()
        elif notice.what is What.WRITTEN and notice.connection in self._noted:
            self._noted[notice.connection].update(notice.ids)
        elif notice.what is What.WRITTEN:
            self._noted[notice.connection] = set(notice.ids)
            self._spawn(partial(self._look_at, notice.connection))

    def missed(self) -> None:
        """Some notices may have been lost: look at everything."""
        self._poke()
        self._spawn(self._follow_registry)
        self._spawn(self.follow_runs)
        for row in self._shared.registry.list():
            if dispatcher := self._own(row.name):
                dispatcher.follow(None)
        self._spawn(partial(self._publish_ends, list(self._awaited)))
        self._spawn(self._proofs.follow_all)

    def _look(self) -> None:
        self._spawn(self._look_and_again)

    async def _look_and_again(self) -> None:
        try:
            await self._look_again()
        finally:  # only now: looks that take longer than the time between two would leave no turn to anything else
            self._cancel_look = self._shared.clock.call_later(_LOOK, self._look)

    async def _look_again(self) -> None:
        self._asked = {one: name for one, name in self._asked.items() if self._own(name)}  # who has it now, is told
        names = [row.name for row in self._shared.registry.list() if self._own(row.name)]
        newest = await self._shared.history.waiting_in(names, _LOOKED_AT)
        self._hand_out(newest, has_more=len(newest) == _LOOKED_AT)
        if own := [dispatcher for name in names if (dispatcher := self._own(name))]:
            self._turn = (self._turn + 1) % len(own)  # one in its turn altogether: more may wait
            own[self._turn].follow(None)
        await self._publish_ends(list(self._awaited)[:_LOOKED_AT])
        await self._follow_registry()
        await self.follow_runs()

    async def _look_at(self, connection: str) -> None:
        """Others wrote about messages, and want to know when they are tried.

        What waits beside them is read, too: whose notice was lost goes before what was accepted later.
        """
        try:
            await self._look_at_noted(connection)
        finally:
            del self._noted[connection]

    async def _look_at_noted(self, connection: str) -> None:
        while noted := self._noted[connection]:
            self._noted[connection] = set()
            self._asked.update(dict.fromkeys(noted, connection))  # first: they may end while they are read
            limit = min(len(noted) + _BEFORE, _PAGE)
            messages = await self._shared.history.noted(connection, noted, limit)
            named = [message for message in messages if message.id in noted]
            for ended in noted - {message.id for message in named if not message.status.is_final}:
                self._asked.pop(ended, None)
            before = [one for one in messages if one.id < max(noted) and one.status in _WAITING]
            self._hand_out(messages, has_more=len(before) >= limit)
            self._tell_all(What.ENDED, "", [message.id for message in named if message.status.is_final])

    def _hand_out(self, messages: Iterable[Message], *, has_more: bool) -> None:
        """Of each what was read last; all of a connection at once, so that none goes before an older one."""
        by_connection: dict[str, list[Message]] = {}
        for _, message in sorted({message.id: message for message in messages}.items()):
            by_connection.setdefault(message.connection, []).append(message)
        for connection, some in by_connection.items():
            if dispatcher := self._own(connection):
                dispatcher.follow(some, has_more=has_more)

    async def _publish_ends(self, message_ids: Sequence[int]) -> None:
        """Publish here what has become of messages on which another process works."""
        for message in await self._shared.queue.those(message_ids) if message_ids else ():
            if message.status in (Status.PENDING, Status.SENDING) or message.id not in self._awaited:
                continue
            if message.status.is_final:
                del self._awaited[message.id]
            self._shared.bus.publish(settled_event(message))

    async def know(self, connection: str) -> None:
        """Follow the others if they know a connection that we have not heard of. Raises a `StorageError`."""
        if all(row.name != connection for row in self._shared.registry.list()):
            await self._follow_registry()

    async def _follow_registry(self) -> None:
        self._is_following = True
        try:
            await self._shared.registry.follow()
        finally:
            self._is_following = False
        await self._shared.rules.open()
        self._poke()

    def _spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        self._tasks.add(task := asyncio.create_task(_quietly(work), name="bach-neighbours"))
        task.add_done_callback(self._tasks.discard)


async def _nothing() -> None:
    """Before there are routes."""


async def _quietly(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except BachError as error:  # the database is away; it is looked at again
        _LOGGER.debug("What other processes wrote could not be read: %s", error)
    except Exception:  # one notice costs no other
        _LOGGER.exception("What other processes wrote could not be followed")
