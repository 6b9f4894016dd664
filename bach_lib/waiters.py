"""Waiting for a message to end, for callers who want to know before they go on."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.events import MessageFinished
from bach_lib.models import Message


class Waiters:
    """Everyone who waits for a message. `get` reads one from disk."""

    def __init__(self, bus: Bus, clock: Clock, get: Callable[[int], Awaitable[Message]]) -> None:
        self._clock = clock
        self._get = get
        self._futures: dict[int, set[asyncio.Future[Message]]] = {}
        self._is_closed = False
        self._unsubscribe = bus.subscribe(MessageFinished, self._finished)

    async def wait(self, message_id: int, seconds: float | None) -> Message:
        """The message when it has ended, or as it stands after some seconds. Raises `UnknownMessageError`."""
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._futures.setdefault(message_id, set()).add(future)  # before reading, so that no end is missed
        cancel_timer = None if seconds is None else self._clock.call_later(seconds, partial(_give_up, future))
        try:
            message = await self._get(message_id)
            if message.status.is_final:
                return message
            await asyncio.wait([future])
            if not future.cancelled():
                return future.result()
            return message if self._is_closed else await self._get(message_id)
        finally:
            if cancel_timer:
                cancel_timer()
            self._forget(message_id, future)

    def close(self) -> None:
        """Let everyone go with the message as they last saw it; the disk is about to be closed."""
        self._is_closed = True
        self._unsubscribe()
        for futures in self._futures.values():
            for future in futures:
                future.cancel()

    def _finished(self, event: MessageFinished) -> None:
        for future in self._futures.get(event.message.id, ()):
            if not future.done():
                future.set_result(event.message)

    def _forget(self, message_id: int, future: asyncio.Future[Message]) -> None:
        futures = self._futures[message_id]
        futures.discard(future)
        if not futures:
            del self._futures[message_id]


def _give_up(future: asyncio.Future[Message]) -> None:
    future.cancel()
