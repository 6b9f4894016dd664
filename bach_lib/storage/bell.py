"""Thread-to-loop wake-up by eventfd: what `call_soon_threadsafe` does, at half its price.

asyncio wakes its loop through two sockets, which takes three calls of the system and an exception. A caller who is
alone waits for that with every message, some 15 µs after an fsync. Linux has a number for it that one call counts up
and one reads. Where there is none, or the loop cannot watch it, asyncio's own way is gone.
"""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from functools import partial


class Bell:
    """Wake-up of one event loop; made and closed in it, rung from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._calls: deque[Callable[[], object]] = deque()
        self._file = _watched(loop, self._answer)

    def call[*Args](self, callback: Callable[[*Args], object], *args: *Args) -> None:
        """Let the loop call this, after all that it was to call before. Nobody waits any more if the loop is closed."""
        if self._file is None:
            try:  # noqa: SIM105 - `suppress` takes a microsecond of every commit
                self._loop.call_soon_threadsafe(callback, *args)
            except RuntimeError:  # the loop is closed
                pass
            return
        self._calls.append(partial(callback, *args))
        _ring(self._file)

    def close_soon(self) -> None:
        """Let the loop close it: the last that the thread that rings it does.

        Not by ringing: the loop may close the file between the note of what to call and the ring, which would then go
        to whoever got the number of that file.
        """
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self.close)

    def close(self) -> None:
        """When no thread rings any more: whatever was still to be called is called now."""
        if self._file is not None:
            file, self._file = self._file, None
            self._loop.remove_reader(file)
            os.close(file)
            self._call_all()

    def _answer(self) -> None:
        if self._file is not None:
            _silence(self._file)  # first: who rings from here on rings again
            self._call_all()

    def _call_all(self) -> None:
        while self._calls:
            call = self._calls.popleft()
            try:
                call()
            except Exception as error:  # noqa: BLE001 - as the loop does it, so that all others are called
                self._loop.call_exception_handler({"message": f"Exception in callback {call}", "exception": error})


if sys.platform == "linux":
    _silence = os.eventfd_read

    def _ring(file: int) -> None:
        os.eventfd_write(file, 1)

    def _watched(loop: asyncio.AbstractEventLoop, answer: Callable[[], None]) -> int | None:
        file = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        try:
            Context().run(loop.add_reader, file, answer)  # what is told belongs to no task, and least to who opened
        except NotImplementedError:
            os.close(file)
            return None
        return file
else:

    def _ring(file: int) -> None:
        """There is no such number."""

    def _silence(file: int) -> None:
        """There is no such number."""

    def _watched(loop: asyncio.AbstractEventLoop, answer: Callable[[], None]) -> int | None:
        """There is no such number."""
