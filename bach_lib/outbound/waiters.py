"""Futures of callers who wait for a message to end."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.errors import UnknownMessageError
from bach_lib.events import ConnectionRemoved, MessageFinished
from bach_lib.models import Message, Status


class Waiters:
    """The futures of everyone who waits for a message. `get` reads one from disk.

    `watch` is told of each that is waited for, so that its end is heard of also where another process sends it.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        get: Callable[[int], Awaitable[Message]],
        watch: Callable[[Message], None] = lambda _: None,
    ) -> None:
        self._watch = watch
        self._clock = clock
        self._get = get
        self._futures: dict[int, set[asyncio.Future[Message]]] = {}
        self._connections: dict[int, str] = {}  # of the messages that are waited for
        self._is_closed = False
        self._unsubscribe = (
            bus.subscribe(MessageFinished, self._finished),
            bus.subscribe(ConnectionRemoved, self._removed),
        )

    async def wait(self, message_id: int, seconds: float | None) -> Message:
        """The message when it has ended, or as it stands after some seconds.

        Raises `UnknownMessageError`, also when its connection is removed meanwhile and it goes with it.
        """
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._futures.setdefault(message_id, set()).add(future)  # before reading, so that no end is missed
        cancel_timer = None if seconds is None else self._clock.call_later(seconds, partial(_give_up, future))
        try:
            message = await self._get(message_id)
            if message.status.is_final:
                return message
            self._connections[message_id] = message.connection
            self._watch(message)
            await asyncio.wait([future])
            if not future.cancelled():
                return future.result()
            return message if self._is_closed else await self._get(message_id)
        finally:
            if cancel_timer:
                cancel_timer()
            self._forget(message_id, future)

    async def wait_all(self, messages: Iterable[Message], seconds: float) -> list[Message]:
        """The same of several at a time; one that went away with its connection comes back cancelled."""
        return await asyncio.gather(*(self._wait_if_there(message, seconds) for message in messages))

    async def _wait_if_there(self, message: Message, seconds: float) -> Message:
        try:
            return await self.wait(message.id, seconds)
        except UnknownMessageError:
            return replace(message, status=Status.CANCELLED)

    def close(self) -> None:
        """Let everyone go with the message as they last saw it; the disk is about to be closed."""
        self._is_closed = True
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for futures in self._futures.values():
            for future in futures:
                future.cancel()

    def _finished(self, event: MessageFinished) -> None:
        for future in self._futures.get(event.message.id, ()):
            if not future.done():
                future.set_result(event.message)

    def _removed(self, event: ConnectionRemoved) -> None:
        for message_id, connection in self._connections.items():
            if connection == event.connection:
                for future in self._futures[message_id]:
                    if not future.done():
                        future.set_exception(UnknownMessageError(id=message_id))

    def _forget(self, message_id: int, future: asyncio.Future[Message]) -> None:
        futures = self._futures[message_id]
        futures.discard(future)
        if not futures:
            del self._futures[message_id]
            self._connections.pop(message_id, None)


def _give_up(future: asyncio.Future[Message]) -> None:
    future.cancel()
