"""Guards calls of foreign code: connectors, subscribers, look-ups of secrets.

`except Exception` does not stop everything that it throws. Reading the result of a future that somebody cancelled
raises `CancelledError`, and a library may raise any `BaseException` of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable


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
        raise ForeignError(type(error).__name__) from None


def guarded_call[T](work: Callable[[], T]) -> T:
    """The same for what nobody waits for: nothing can cancel the caller meanwhile."""
    try:
        return work()
    except (Exception, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - that is what this border is for
        raise ForeignError(type(error).__name__) from None
