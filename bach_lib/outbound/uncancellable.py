"""Waiting for a write to its end, whoever is cancelled meanwhile: what the disk has done must be told.

`asyncio.shield` would do it a turn of the event loop later: after the news of what was written next.
"""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context


class Uncancellable[T]:
    """Awaitable of a future that a task cannot cancel: one that is to be cancelled is so when the future is done.

    It has what asyncio asks of anything that a task may wait for.
    """

    __slots__ = ("_asyncio_future_blocking", "_future")

    def __init__(self, future: asyncio.Future[T]) -> None:
        self._future = future
        self._asyncio_future_blocking = False

    def __await__(self) -> Generator[object, None, T]:
        """What the future brings, or raises."""
        if not self._future.done():
            self._asyncio_future_blocking = True
            yield self
        return self._future.result()

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the future."""
        return self._future.get_loop()

    def add_done_callback(self, wake: Callable[[asyncio.Future[T]], object], *, context: Context | None = None) -> None:
        """Wake the task when the future is done."""
        self._future.add_done_callback(wake, context=context)

    def cancel(self, msg: object = None) -> bool:  # noqa: ARG002 - asyncio's own signature
        """Nothing is cancelled now; so the task remembers that it is to be, and is when it is woken."""
        return False
