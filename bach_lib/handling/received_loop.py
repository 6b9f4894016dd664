"""The durable loop: `async for message in bach.received()`. What was not called done comes again."""

import asyncio
from collections.abc import Callable
from typing import Protocol, Self

from bach_lib.errors import ReceivedElsewhereError
from bach_lib.handling.inbox_walk import InboxWalk
from bach_lib.handling.received_message import Hand, ReceivedMessage, Work, in_hand
from bach_lib.models.incoming import IncomingMessage


class Host(Protocol):
    """Owner of a loop: what it needs of those that it is one of."""

    work: Callable[[], Work]
    is_open: bool
    begun: set[int]
    """Messages whose try is counted, and which nobody was given yet."""

    def enter(self, loop: "ReceivedLoop") -> None:
        """It begins; others that receive the same end."""

    def is_elsewhere(self, message: IncomingMessage) -> bool:
        """Whether a handler deals with it."""

    def set_aside(self, message: IncomingMessage) -> None:
        """Programs have failed over it too often."""


class ReceivedLoop:
    """Yields what waits, oldest first, and then what comes in. It ends when BACH is closed.

    A message that the loop has passed without calling it done is given to the next loop, after an error or at the next
    start, as often as the bound of tries allows. Raises a `StorageError`, and `ReceivedElsewhereError` when a newer
    loop receives the same.
    """

    def __init__(self, host: Host, connection: str | None) -> None:
        self._host = host
        self.connection = connection
        self._walk: InboxWalk | None = None
        self._given: set[int] = set()
        self._beginning: tuple[int, asyncio.Task[IncomingMessage | None]] | None = None
        """A message whose try is being counted. Who asked for it may have no more time; then the next one gets it."""
        self._is_over = self._is_elsewhere = False
        self._last: int | None = None
        self._turn = asyncio.Lock()

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> ReceivedMessage:
        """The next message, whose try is counted on disk before it is given."""
        if self._walk is None:
            self._host.work()  # raises if it is closed
            self._walk = InboxWalk(self._host.work, self.connection)
            self._host.enter(self)
        async with self._turn:
            message = await self._next(self._walk)
        self._last = message.id
        return in_hand(message, Hand(self._host.work, self._finish))

    async def _next(self, walk: InboxWalk) -> IncomingMessage:
        while True:
            if self._is_elsewhere:
                raise ReceivedElsewhereError
            if self._is_over:
                raise StopAsyncIteration
            if self._beginning is None:
                await self._find(walk)
            elif message := await self._begun(walk, *self._beginning):
                return message

    async def _find(self, walk: InboxWalk) -> None:
        """Begin the next one that is ours, or wait until there may be one."""
        found = await walk.next()
        if found is None:
            await walk.stirred()
        elif not self._is_over and self._is_ours(found):
            beginning = asyncio.create_task(self._begin(found.id), name="bach-receiving")
            beginning.add_done_callback(lambda task: task.cancelled() or task.exception())  # nobody may ask any more
            self._beginning = found.id, beginning

    async def _begun(
        self, walk: InboxWalk, incoming_id: int, beginning: asyncio.Task[IncomingMessage | None]
    ) -> IncomingMessage | None:
        try:
            message = await asyncio.shield(beginning)
        except BaseException:  # also whoever asked and has no more time; it goes on once this is put right
            if beginning.done() and (beginning.cancelled() or beginning.exception()):
                self._beginning = None
                walk.came(incoming_id)  # it is not begun, so it is looked at again
            raise
        self._beginning = None
        self._host.begun.discard(incoming_id)
        if message is not None and message.is_set_aside:
            self._host.set_aside(message)
            return None
        if message is not None:
            self._given.add(message.id)
        return message

    async def _finish(self, incoming_id: int) -> None:
        """Mark a message as read, and count a try of the one that follows in the same commit, as it is given next.

        Not if somebody asks for it already, or has been given another since.
        """
        unhandled = self._host.work().inbox.unhandled
        if incoming_id != self._last or self._turn.locked() or self._is_over or self._walk is None:
            await unhandled.done(incoming_id)
            return
        async with self._turn:
            self._last = None
            found = self._walk.following()
            following = found.id if found and found.id not in self._host.begun and self._is_ours(found) else None
            if await unhandled.done(incoming_id, following) and following is not None:
                self._host.begun.add(following)

    def _is_ours(self, found: IncomingMessage) -> bool:
        return found.id not in self._given and not self._host.is_elsewhere(found)

    async def _begin(self, incoming_id: int) -> IncomingMessage | None:
        """Count a try of it, unless that is done already."""
        unhandled = self._host.work().inbox.unhandled
        if incoming_id in self._host.begun:
            return await unhandled.begun(incoming_id)
        message = await unhandled.begin(incoming_id)
        if message is not None and not message.is_set_aside:
            self._host.begun.add(incoming_id)
        return message

    def came(self, incoming_id: int, *, is_again: bool = False) -> None:
        """A message was announced. `is_again`: somebody wants it to be dealt with once more."""
        if is_again:
            self._given.discard(incoming_id)
        if self._walk:
            self._walk.came(incoming_id)

    def end(self, *, is_elsewhere: bool = False) -> None:
        """Give nothing more. `is_elsewhere`: a newer loop does."""
        self._is_over, self._is_elsewhere = True, is_elsewhere
        if self._walk:
            self._walk.stir()
