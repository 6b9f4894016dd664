"""What people do to messages by hand: cancel one, send one or all that failed again.

Each step runs to its end even if its caller goes away, so that disk and dispatcher never know different things.
"""

import asyncio
from collections.abc import Callable, Iterable

from bach_lib.models import Message
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outbound.queue import Queue


class Interventions:
    """`dispatcher(connection)` returns the one at work, if there is one."""

    def __init__(self, queue: Queue, dispatcher: Callable[[str], Dispatcher | None]) -> None:
        self._queue = queue
        self._dispatcher = dispatcher

    async def cancel(self, message_id: int) -> Message:
        """Take a waiting message out. Raises `UnknownMessageError` or `NotCancellableError`."""
        return await asyncio.shield(self._cancel(message_id))

    async def retry(self, message_id: int) -> Message:
        """Let an ended message wait again. Raises an `InputError`."""
        return await asyncio.shield(self._retry(message_id))

    async def retry_all(self, connections: Iterable[str]) -> int:
        """Let all dead letters of these connections wait again; return how many."""
        return sum([await asyncio.shield(self._retry_all(connection)) for connection in connections])

    async def _cancel(self, message_id: int) -> Message:
        message = await self._queue.cancel(message_id)
        if dispatcher := self._dispatcher(message.connection):
            dispatcher.forget(message)
        return message

    async def _retry(self, message_id: int) -> Message:
        message = await self._queue.retry(message_id)
        if dispatcher := self._dispatcher(message.connection):
            dispatcher.waits_again(message)
        return message

    async def _retry_all(self, connection: str) -> int:
        revived = await self._queue.retry_all(connection)
        if dispatcher := self._dispatcher(connection):
            for message in revived:
                dispatcher.waits_again(message)
        return len(revived)
