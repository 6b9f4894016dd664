"""Runs blocking work in threads: counted, so that tests can wait for it, and in threads of its own where it may hang.

Files on a network drive that is gone and key rings that ask may hang. asyncio has a few threads for everybody, who look
up host names in them as well; a handful of files that never answer would stop all of that, and the end of the program.
Threads made here are waited for so long and no longer. Real time passes while a disk writes; a test that turns the
clock meanwhile would see a message in the middle of its way, and another one each time it runs.
"""

import asyncio
import errno
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary


class WorkCounter:
    """Counts the jobs that one event loop handed to threads. `done` only grows, which tells slow from hanging."""

    __slots__ = ("_ended", "begun", "done")

    def __init__(self) -> None:
        self.begun: int = 0
        self.done: int = 0
        self._ended: asyncio.Event | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether anything is not done yet."""
        return self.begun != self.done

    def end(self, number: int = 1) -> None:
        """So many are done."""
        self.done += number
        if self._ended is not None:
            self._ended.set()

    async def until_one_ends(self, seconds: float) -> bool:
        """Whether any of them is done within so many seconds; who looks again and again would take a core from them."""
        if self._ended is None:
            self._ended = asyncio.Event()
        self._ended.clear()
        try:
            async with asyncio.timeout(seconds):
                return await self._ended.wait()
        except TimeoutError:
            return False


_COUNTERS: WeakKeyDictionary[asyncio.AbstractEventLoop, WorkCounter] = WeakKeyDictionary()


def counter_of(loop: asyncio.AbstractEventLoop) -> WorkCounter:
    """The counter of this event loop."""
    counter = _COUNTERS.get(loop)
    if counter is None:
        counter = _COUNTERS[loop] = WorkCounter()
    return counter


async def in_thread[T](work: Callable[[], T]) -> T:
    """As `asyncio.to_thread`, and counted."""
    counter = counter_of(asyncio.get_running_loop())
    counter.begun += 1
    try:
        return await asyncio.to_thread(work)
    finally:
        counter.end()


_SECONDS = 30.0
_MOST = 32
"""Threads at the same time; when so many hang, the next is refused."""
_PIECE = 1 << 20

_at_work = threading.BoundedSemaphore(_MOST)


async def in_own_thread[T](work: Callable[[], T], *, seconds: float = _SECONDS) -> T:
    """Run `work` in its own thread. Raises `TimeoutError` if that takes longer, and leaves the thread to itself."""
    if not _at_work.acquire(blocking=False):
        raise OSError(errno.EBUSY, f"{_MOST} others before it have not been answered yet")
    done: Future[T] = Future()
    try:
        threading.Thread(target=_run, args=(work, done), name="bach-apart", daemon=True).start()
    except RuntimeError as error:
        _at_work.release()
        raise OSError(errno.EAGAIN, "no thread can be started") from error
    counter = counter_of(asyncio.get_running_loop())
    counter.begun += 1
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(done)
    except TimeoutError as error:
        if error.errno is not None:  # what `work` raised itself
            raise
        raise TimeoutError(errno.ETIMEDOUT, f"it took more than {seconds:.0f} seconds") from None
    finally:
        counter.end()


def _run[T](work: Callable[[], T], done: Future[T]) -> None:
    result: T | None = None
    fault: BaseException | None = None
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
        fault = error
    _at_work.release()
    with suppress(InvalidStateError):  # nobody waits any more
        if fault is not None:
            done.set_exception(fault)
        else:
            done.set_result(result)  # type: ignore[arg-type] # None only if that is what it returned


async def read_file(path: Path | str, limit: int, *, seconds: float = _SECONDS) -> bytes:
    """At most `limit` bytes of a regular file. Raises OSError, whose `strerror` is for people, or ValueError."""
    return await in_own_thread(lambda: read_regular(path, limit), seconds=seconds)


def read_regular(path: Path | str, limit: int, *, or_device: bool = False) -> bytes:
    """The same at once. What is no regular file is refused instead of waited for: a pipe, a device.

    `or_device`: those are taken as well, as far as they have something to say at once.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    try:
        if stat.S_ISDIR(mode := os.fstat(file).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not (stat.S_ISREG(mode) or or_device):
            raise OSError(errno.EINVAL, "it is no regular file")
        pieces = []
        while limit > 0 and (piece := os.read(file, min(limit, _PIECE))):
            pieces.append(piece)
            limit -= len(piece)
        return b"".join(pieces)
    finally:
        os.close(file)
