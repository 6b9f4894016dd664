"""Guards calls of foreign code: connectors, subscribers, look-ups of secrets.

`except Exception` does not stop everything that it throws. Reading the result of a future that somebody cancelled
raises `CancelledError`, and a library may raise any `BaseException` of its own. And what waits for it without a limit
may wait for ever: not everything ends that is cancelled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from traceback import StackSummary, walk_tb

from bach_lib.field_logger import FieldLogger

_LOGGER = FieldLogger(__name__)
_MOST_FRAMES = 20
_LONGEST_NAME = 50
_UNWINDING = 1.0
"""Seconds that something has to clean up in, once it is cancelled."""
_left_behind: set[asyncio.Task[object]] = set()
"""What goes on although nobody waits for it any more; the loop itself would let it be collected in the middle."""


class ForeignError(Exception):
    """Foreign code raised something that is no `Exception`; the text is its type."""


def let_through(error: BaseException) -> None:
    """Raise the error again if it is meant for us: the program ends, or our own task was cancelled."""
    if isinstance(error, KeyboardInterrupt | SystemExit):
        raise error
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise error


async def guarded[T](work: Awaitable[T]) -> T:
    """What it returns. Raises an `Exception` and nothing else, unless the caller is cancelled or the program ends."""
    try:
        return await work
    except Exception:
        raise
    except BaseException as error:  # noqa: BLE001 - that is what this border is for
        let_through(error)
        raise ForeignError(type(error).__name__).with_traceback(error.__traceback__) from None


def guarded_call[T](work: Callable[[], T]) -> T:
    """The same for what nobody waits for: nothing can cancel the caller meanwhile."""
    try:
        return work()
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - that is what this border is for
        raise ForeignError(type(error).__name__).with_traceback(error.__traceback__) from None


async def bounded[T](work: Coroutine[object, object, T], seconds: float, name: str) -> T:
    """As `guarded`, and no longer than so many seconds: raises `TimeoutError` then.

    It is cancelled then, as it is when the caller is. What it still brings in spite of that is taken; what does not end
    at all is left behind, and the log has its `name`. It has a task of its own, which begins at once: what needs not
    wait for anything costs no turn of the loop.
    """
    end = _End()
    task = asyncio.Task(end.told_by(work), loop=asyncio.get_running_loop(), name=name, eager_start=True)
    try:
        if not task.done():
            await end.wait(seconds)
    except asyncio.CancelledError:
        if await _ended(task) and not task.cancelled() and task.exception() is None:
            return task.result()
        raise
    if not task.done():
        await _ended(task)
        if not task.done() or task.cancelled():
            raise TimeoutError(f"{name} took more than {seconds:g} s")
    if task.cancelled():
        raise ForeignError("CancelledError")
    return await guarded(task)


class _End:
    """Wakes one who waits for a task, in the step in which that ends.

    `asyncio.wait` does it two turns of the loop later, and each message that goes out waits for it once.
    """

    def __init__(self) -> None:
        self._waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def told_by[T](self, work: Coroutine[object, object, T]) -> T:
        """The work of the task."""
        try:
            return await work
        finally:
            self._wake()

    async def wait(self, seconds: float) -> None:
        """Until it has ended, and no longer than this."""
        timer = asyncio.get_running_loop().call_later(seconds, self._wake)
        try:
            await self._waiter
        finally:
            timer.cancel()

    def _wake(self) -> None:
        if not self._waiter.done():
            self._waiter.set_result(None)


async def _ended(task: asyncio.Task[object]) -> bool:
    """Cancel it and give it a moment to clean up. Whether it has ended."""
    task.cancel()
    try:
        await asyncio.wait((task,), timeout=_UNWINDING)
    finally:
        if not task.done():
            _LOGGER.warning("%s goes on although it was cancelled; it is left behind", task.get_name())
            _left_behind.add(task)
            task.add_done_callback(_forget)
    return task.done()


def _forget(task: asyncio.Task[object]) -> None:
    _left_behind.discard(task)
    if not task.cancelled():
        task.exception()  # whatever it was, nobody waits for it


def name_of(error: BaseException) -> str:
    """The class of what foreign code raised. Its name is foreign, too, and may be of any length."""
    return (str(error) if isinstance(error, ForeignError) else type(error).__name__)[:_LONGEST_NAME]


def places_of(error: BaseException) -> str:
    """Where it was raised, the innermost place last: files and lines, but no values, for a secret may be among them."""
    frames = StackSummary.extract(walk_tb(error.__traceback__), limit=-_MOST_FRAMES, lookup_lines=False)
    return "\n".join(f'  File "{one.filename}", line {one.lineno}, in {one.name}' for one in frames)
