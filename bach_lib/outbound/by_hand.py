"""Manual operations on messages: cancel, send now, retry, discard, withdraw and move them, and take back what was done.

Each step runs to its end even if its caller goes away, so that disk and dispatcher never know different things.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

from bach_lib.bus import Bus
from bach_lib.errors import BachError
from bach_lib.events import MessageCancelled, MessagePutBack
from bach_lib.models import Message, Status
from bach_lib.outbound.bystander import Bystander
from bach_lib.outbound.corrections import WAITING, Corrections
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.rows import Draft
from bach_lib.outbound.undoing import MOST, Undoing

type Places = Mapping[str, Sequence[str] | None]
"""Connections, each with all that a recipient is known by there; None: every recipient."""


class ByHand:
    """Manual operations.

    `dispatcher(connection)` returns the one at work, if there is one; `spellings` every form of a recipient there.
    """

    def __init__(
        self,
        queue: Queue,
        corrections: Corrections,
        bus: Bus,
        dispatcher: Callable[[str], Dispatcher | Bystander | None],
        *,
        undoing: Undoing,
        spellings: Callable[[str, str], Sequence[str]],
    ) -> None:
        self._queue = queue
        self._corrections = corrections
        self._bus = bus
        self._dispatcher = dispatcher
        self._undoing = undoing
        self._spellings = spellings

    async def cancel(self, message_id: int) -> Message:
        """Take a waiting message out. Raises `UnknownMessageError` or `NotCancellableError`."""
        return await asyncio.shield(self._cancel(message_id))

    async def undo(self, message_id: int) -> Message:
        """Let a message that was cancelled or discarded stand as before. Raises `NotUndoableError`."""
        return await asyncio.shield(self._undo(message_id))

    async def send_now(self, message_id: int) -> Message:
        """Let a scheduled message go before its time. Raises an `InputError`."""
        return await asyncio.shield(self._send_now(message_id))

    async def retry(self, message_id: int) -> Message:
        """Let an ended message wait again. Raises an `InputError`."""
        return await asyncio.shield(self._retry(message_id))

    async def retry_all(self, places: Places) -> set[int]:
        """Let all dead letters of these connections, or of one recipient there, wait again; return their ids."""
        return set().union(*[await asyncio.shield(self._retry_all(name, forms)) for name, forms in places.items()])

    async def amend(self, message: Message, draft: Draft, *, is_moved: bool = False) -> Message | None:
        """Let a message wait as the draft says; None if somebody else has amended it. Raises an `InputError`.

        `is_moved`: to the time of the draft.
        """
        return await asyncio.shield(self._amend(message, draft, is_moved))

    async def discard(self, message_ids: Iterable[int]) -> int:
        """Cancel dead and uncertain messages; return how many. Raises an `InputError`; nothing is written then."""
        ids = sorted(set(message_ids))
        await self._corrections.check_discardable(ids)
        return await asyncio.shield(self._discard(ids))

    async def discard_all(self, places: Places) -> int:
        """Cancel all dead letters of these connections, or of one recipient there; return how many."""
        return sum([await asyncio.shield(self._discard_all(name, forms)) for name, forms in places.items()])

    async def release(self, connections: Iterable[str]) -> int:
        """Let all held messages of these connections go; return how many."""
        return sum([await asyncio.shield(self._release(name)) for name in connections])

    async def discard_held(self, connections: Iterable[str]) -> int:
        """Cancel all held messages of these connections; return how many."""
        return sum([await asyncio.shield(self._discard_held(name)) for name in connections])

    async def withdraw(self, connection: str, recipient: str) -> int:
        """Cancel all that waits for a recipient; return how many."""
        return await asyncio.shield(self._withdraw(connection, recipient))

    async def move(self, connection: str, old: str, new: str) -> int:
        """Let all that waits for a recipient or is under way, and its dead letters, have another address; how many."""
        return await asyncio.shield(self._move(connection, old, new))

    async def _cancel(self, message_id: int) -> Message:
        before, message = await self._queue.cancel(message_id)
        if dispatcher := self._dispatcher(message.connection):
            dispatcher.forget(message)
        self._undoing.remember([before], [message])
        return message

    async def _undo(self, message_id: int) -> Message:
        before, cancelled = self._undoing.take(message_id)
        forms = self._spellings(before.connection, before.recipient)
        message = await self._corrections.put_back(before, cancelled, forms)
        if not message.held and message.status in WAITING:
            self._waits_again(message)
        self._bus.publish(MessagePutBack(connection=message.connection, message=message))
        return message

    async def _send_now(self, message_id: int) -> Message:
        if dispatcher := self._dispatcher((await self._queue.get(message_id)).connection):
            dispatcher.look_at_the_wall()
        message = await self._corrections.send_now(message_id)
        self._waits_again(message)
        return message

    async def _retry(self, message_id: int) -> Message:
        message = await self._queue.retry(message_id)
        self._waits_again(message)
        return message

    async def _retry_all(self, connection: str, forms: Sequence[str] | None) -> set[int]:
        revived = set[int]()
        async for message in self._corrections.revive(connection, forms):
            revived.add(message.id)
            self._waits_again(message)
        return revived

    async def _amend(self, message: Message, draft: Draft, is_moved: bool) -> Message | None:
        for name in {message.connection, draft.connection}:  # what is written is by the time that the wall shows now
            if dispatcher := self._dispatcher(name):
                dispatcher.look_at_the_wall()
        if (amended := await self._corrections.amend(message, draft, is_moved=is_moved)) is None:
            return None
        before, after = amended
        if dispatcher := self._dispatcher(before.connection):
            dispatcher.drop(before)
        self._waits_again(after)
        return after

    async def _discard(self, message_ids: Sequence[int]) -> int:
        before = await self._queue.those(message_ids) if len(message_ids) <= MOST else []
        number = await self._tell(self._corrections.discard(message_ids))
        self._undoing.remember(before, await self._queue.those([message.id for message in before]))
        return number

    async def _discard_all(self, connection: str, forms: Sequence[str] | None) -> int:
        return await self._tell(self._corrections.discard_dead(connection, forms))

    async def _release(self, connection: str) -> int:
        released = 0
        async for message in self._corrections.release(connection):
            released += 1
            self._waits_again(message)
        return released

    async def _discard_held(self, connection: str) -> int:
        return await self._tell(self._corrections.discard_held(connection))

    async def _tell(self, cancelled: AsyncIterator[Message]) -> int:
        number = 0
        async for message in cancelled:
            number += 1
            self._bus.publish(MessageCancelled(connection=message.connection, message=message))
        return number

    async def _withdraw(self, connection: str, recipient: str) -> int:
        withdrawn = 0
        async for message in self._corrections.withdraw(connection, recipient):
            withdrawn += 1
            if dispatcher := self._dispatcher(connection):
                dispatcher.forget(message)
        return withdrawn

    async def _move(self, connection: str, old: str, new: str) -> int:
        moved = list[Message]()
        try:
            async for message in self._corrections.move(connection, old, new):
                moved.append(message)
        except BachError:  # the disk: those whose turn has come go to the new address, the others stay
            if dispatcher := self._dispatcher(connection):
                dispatcher.readdressed([message.id for message in moved], new)
            raise
        if dispatcher := self._dispatcher(connection):
            dispatcher.readdressed([message.id for message in moved if message.status is Status.SENDING], new)
            dispatcher.moved(old, new)
        return len(moved)

    def _waits_again(self, message: Message) -> None:
        if dispatcher := self._dispatcher(message.connection):
            dispatcher.waits_again(message)
