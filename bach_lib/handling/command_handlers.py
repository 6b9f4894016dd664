"""Handlers of commands: each message goes to its handler, and is done when that returns.

One that fails is told again, at growing distances; then it is set aside, and what the same person wrote after it has
its turn. So for one person in one place everything is in order, and nobody waits for the others. Handlers are foreign
code: whatever one does, it costs its own message, and one that does not end holds up what the same person writes.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from bach_lib.clock import Clock
from bach_lib.errors import NotOpenError, StorageError
from bach_lib.field_logger import FieldLogger
from bach_lib.foreign import guarded, name_of, places_of
from bach_lib.handling.ending import Ending
from bach_lib.handling.inbox_walk import InboxWalk
from bach_lib.handling.parameters import Parameters, WrongWordsError
from bach_lib.handling.received_message import Hand, ReceivedMessage, Work, in_hand
from bach_lib.handling.words import split_words
from bach_lib.models.incoming import IncomingMessage, Kind

_LOGGER = FieldLogger(__name__)
_DELAYS = (1.0, 5.0, 20.0, 60.0)
"""Seconds between the tries of a message; all of them while a command is young enough to be acted upon."""
_AT_ONCE = 10
"""Handlers that run at the same time; those that take longer than `_LONG` are not counted."""
_LONG = 60.0
"""Seconds after which a handler that still runs is named in the log, and gives its place to others."""
_MOST_KNOWN = 5000
"""Numbers of messages that wait in memory for their turn; the others wait on disk."""
_DISK_AGAIN = 5.0
"""Seconds until a disk that took nothing is tried again."""

type Lane = tuple[str, str, str]
"""Connection, place and sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """Function for a command, and what it takes."""

    call: Callable[..., Awaitable[object]]
    parameters: Parameters
    usage: str


class Commands:
    """Registry of all command handlers.

    `told` hears of a message that is for somebody else, `set_aside` of one that failed too often.
    """

    def __init__(
        self,
        work: Callable[[], Work],
        clock: Clock,
        told: Callable[[int], None],
        set_aside: Callable[[IncomingMessage], None],
        ending: Ending,
    ) -> None:
        self._work = work
        self._clock = clock
        self._told = told
        self._set_aside = set_aside
        self._ending = ending
        self._handlers: dict[str, Handler] = {}
        self._lanes: dict[Lane, deque[int]] = {}
        self._known: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._walk: InboxWalk | None = None
        self._looking: asyncio.Task[None] | None = None
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._has_room = asyncio.Event()

    def add(self, commands: tuple[str, ...], handler: Handler) -> None:
        """Let these go to a handler; if BACH is open, also those that wait already."""
        self._handlers |= dict.fromkeys(commands, handler)
        if self._looking and self._walk:
            self._walk.came(0)
        elif self._walk:
            self._look_from_the_beginning()

    def knows(self, command: str) -> bool:
        """Whether it has a handler."""
        return command in self._handlers

    def is_for_us(self, message: IncomingMessage) -> bool:
        """Whether a handler deals with it."""
        return message.kind is Kind.COMMAND and message.is_own and message.content.command in self._handlers

    def begin(self) -> None:
        """Deal with what waits, from its beginning. Without a handler nothing is looked at."""
        self._walk = InboxWalk(self._work)
        if self._handlers:
            self._look_from_the_beginning()

    def came(self, incoming_id: int) -> None:
        """A message was announced."""
        if self._looking and self._walk:
            self._walk.came(incoming_id)

    async def close(self, grace: float) -> None:
        """Begin with no further message; give handlers `grace` seconds, then break them off: theirs come again."""
        self._walk, looking, self._looking = None, self._looking, None
        if looking:
            looking.cancel()
        for lane in self._lanes.values():
            while len(lane) > 1:
                lane.pop()
        await self._ending.end(self._tasks, grace)
        self._lanes, self._known = {}, set()

    def _look_from_the_beginning(self) -> None:
        self._looking = asyncio.create_task(self._look(), name="bach-commands")

    async def _look(self) -> None:
        """Let each message stand in its lane."""
        while walk := self._walk:
            while len(self._known) >= _MOST_KNOWN:
                self._has_room.clear()
                await self._has_room.wait()
            message = await self._unless_the_disk_fails(walk.next)
            if message is None:
                await walk.stirred()
            elif self.is_for_us(message) and message.id not in self._known:
                self._stand_in_line((message.connection, message.recipient, message.sender_id), message.id)

    def _stand_in_line(self, lane: Lane, incoming_id: int) -> None:
        self._known.add(incoming_id)
        if lane in self._lanes:
            self._lanes[lane].append(incoming_id)
            return
        self._lanes[lane] = deque([incoming_id])
        task = asyncio.create_task(self._work_off(lane), name="bach-handler")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work_off(self, lane: Lane) -> None:
        waiting = self._lanes[lane]
        with suppress(NotOpenError):  # a handler has closed BACH
            while waiting and self._walk:
                await self._deal_with(waiting[0])
                self._known.discard(waiting.popleft())
                self._has_room.set()
        if self._lanes.get(lane) is waiting:
            del self._lanes[lane]

    async def _deal_with(self, incoming_id: int) -> None:
        """Until it is done, set aside, or somebody else's."""
        while self._walk:
            with ExitStack() as place:
                await self._places.acquire()
                place.callback(self._places.release)
                tries = await self._try(incoming_id, place)
            if tries is None:
                return
            await self._clock.sleep(_DELAYS[min(tries, len(_DELAYS)) - 1])

    async def _try(self, incoming_id: int, place: ExitStack) -> int | None:
        """How many tries have failed by now; None: there is nothing more to do."""
        message = await self._unless_the_disk_fails(lambda: self._work().inbox.unhandled.begin(incoming_id))
        if message is None:
            return None
        if message.is_set_aside:
            self._set_aside(message)
            return None
        if not self.is_for_us(message):  # it is too old by now; it is told as expired
            self._told(incoming_id)
            return None
        received = in_hand(message, Hand(self._work, self._finish))
        try:
            await self._call(received, place)
        except Exception as error:  # noqa: BLE001 - a border: handlers are foreign code
            return await self._failed(message, error)
        await self._unless_the_disk_fails(received.done)
        return None

    async def _finish(self, incoming_id: int) -> None:
        await self._work().inbox.unhandled.done(incoming_id)

    async def _call(self, received: ReceivedMessage, place: ExitStack) -> None:
        """Run its handler, in a task of its own: what that cancels is itself, and not what waits behind it."""
        call = asyncio.create_task(self._handle(received), name="bach-handler-call")
        self._ending.behind[call] = asyncio.current_task()
        still = self._clock.call_later(_LONG, lambda: self._is_long(received, place))
        try:
            await asyncio.wait((call,))
        except asyncio.CancelledError:
            await self._break_off(call, received)
            raise
        finally:
            still()
            del self._ending.behind[call]
        await guarded(call)

    async def _break_off(self, call: asyncio.Task[None], received: ReceivedMessage) -> None:
        """There is no more time. A try counts unless it was cancelled: what it raised may have ended the program."""
        call.cancel()
        await asyncio.wait((call,))
        with suppress(StorageError):
            if call.cancelled():
                await self._work().inbox.unhandled.interrupted(received.id)
            elif call.exception() is None:
                await received.done()

    def _is_long(self, received: ReceivedMessage, place: ExitStack) -> None:
        place.close()
        self._warn(received, "has been running for a minute; what the same person writes there waits for it")

    def _warn(self, received: ReceivedMessage, words: str) -> None:
        _LOGGER.warning(
            "The handler of message %s (%s) %s",
            received.id,
            received.content.command,
            words,
            connection=received.connection,
            message_id=received.id,
        )

    async def _handle(self, received: ReceivedMessage) -> None:
        handler = self._handlers[received.content.command or ""]
        try:
            arguments = handler.parameters.read(split_words(received.content.args))
        except WrongWordsError:
            await received.answer(handler.usage or handler.parameters.usage(received.content.command or ""))
            return
        returned = await handler.call(received, *arguments)
        if returned is not None:
            kind = type(returned).__name__
            self._warn(received, f"returned {kind}, which nobody gets; only message.answer answers")

    async def _failed(self, message: IncomingMessage, error: Exception) -> int | None:
        """Write it down, for whoever looks for it."""
        kind = name_of(error)
        _LOGGER.error(
            "The handler of message %s (%s) failed, try %d: %s\n%s",
            message.id,
            message.content.command,
            message.tries,
            kind,
            places_of(error),
            connection=message.connection,
            message_id=message.id,
        )
        aside = await self._unless_the_disk_fails(lambda: self._work().inbox.unhandled.failed(message.id, kind))
        if aside:
            self._set_aside(aside)
        return None if aside else message.tries

    async def _unless_the_disk_fails[T](self, ask: Callable[[], Awaitable[T]]) -> T:
        """What it returns, as soon as the disk does again what it should."""
        while True:
            try:
                return await ask()
            except StorageError as error:
                _LOGGER.warning("What came in waits for its handler: %s", error)
            await self._clock.sleep(_DISK_AGAIN)
