"""The event loop that a BACH belongs to: whoever comes from another one is told before anything is written.

asyncio notices it late, after a commit perhaps; who then hears of an error tries again, and it goes twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future, wait
from contextlib import asynccontextmanager
from threading import get_ident

from bach_lib.errors import AlreadyOpenError, NotOpenError, OwnThreadError, WrongLoopError

_LOOK = 1.0
"""Seconds between two looks whether the loop that is waited for has been closed."""


class HomeLoop:
    """Event loop that opened BACH, while it is open."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: int | None = None
        self._claimed: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Future[None] | None = None
        self._closing = asyncio.Lock()
        self._calls: set[asyncio.Task[None]] = set()

    def claim(self) -> None:
        """From now on it opens, is open, or closes. Raises `AlreadyOpenError` or `WrongLoopError`."""
        self.check_not_another()
        if self._claimed is not None and not self._claimed.is_closed():
            raise AlreadyOpenError
        self._claimed = loop = asyncio.get_running_loop()
        self._opening, self._closing = loop.create_future(), asyncio.Lock()

    def opened(self) -> None:
        """It is open, or could not be opened."""
        if self._opening is not None and not self._opening.done():
            self._opening.set_result(None)

    @asynccontextmanager
    async def closing(self) -> AsyncIterator[bool]:
        """Wait until it is opened, and for whoever closes it already. Whether there is something left to close.

        Whoever closes it while it is being opened would else close nothing, and leave it open; and where a handler
        closes it, its loop over what comes in ends, whereupon `async with` closes it as well.
        """
        opening, closing = self._opening, self._closing
        is_here = opening is not None and opening.get_loop() is asyncio.get_running_loop()
        if opening and is_here and not opening.done():
            await asyncio.wait([opening])
        async with closing if is_here else asyncio.Lock():  # what a loop that is closed has left belongs to nobody
            yield self._claimed is not None and self._closing is closing

    def disclaim(self) -> None:
        """Nothing of it is open."""
        self._claimed = None

    def enter(self) -> None:
        """It is open from now on, in the running loop."""
        self._loop, self._thread = asyncio.get_running_loop(), get_ident()

    async def leave(self) -> None:
        """It is closed. Threads that called before learn what came of it."""
        self._loop = None
        if self._calls:
            await asyncio.wait(self._calls)

    def call[T](self, work: Callable[[], Coroutine[object, object, T]]) -> T:
        """From another thread: let the loop do it, and wait. Raises `NotOpenError` or `OwnThreadError`."""
        loop = self._loop
        if loop is None:
            raise NotOpenError
        if get_ident() == self._thread:
            raise OwnThreadError
        done: Future[T] = Future()
        try:
            loop.call_soon_threadsafe(self._begin, work, done)
        except RuntimeError as error:  # it was closed this very moment
            raise NotOpenError from error
        while not wait([done], _LOOK).done:
            if loop.is_closed():
                raise NotOpenError
        return done.result()

    def _begin[T](self, work: Callable[[], Coroutine[object, object, T]], done: Future[T]) -> None:
        task = asyncio.create_task(_deliver(work, done), name="bach-from-a-thread")
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    def check(self) -> None:
        """Raise `NotOpenError`, or `WrongLoopError` if another loop runs here; a thread without one may look."""
        if self._loop is None:
            raise NotOpenError
        self.check_not_another()

    def check_not_another(self) -> None:
        """The same, and what is closed belongs to nobody. So does what a loop left open that is itself closed."""
        if self._loop is not None and _running() not in (None, self._loop) and not self._loop.is_closed():
            raise WrongLoopError


async def _deliver[T](work: Callable[[], Coroutine[object, object, T]], done: Future[T]) -> None:
    try:
        done.set_result(await work())
    except Exception as error:  # noqa: BLE001 - it is raised where somebody waits
        done.set_exception(error)
    except BaseException:  # the loop ends in the middle of it
        done.cancel()
        raise


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
