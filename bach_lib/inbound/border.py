"""The border to code that is not ours, where somebody waits for it.

`except Exception` is none: reading the result of a future that somebody cancelled raises `CancelledError`, which would
end the loop that receives, and a library may raise any `BaseException` of its own.
"""

import asyncio
from collections.abc import Awaitable


class ForeignError(Exception):
    """Foreign code raised something that is no `Exception`; the text is its type."""


async def guarded[T](work: Awaitable[T]) -> T:
    """What it returns. Raises an `Exception` and nothing else, unless the caller is cancelled or the program ends."""
    try:
        return await work
    except asyncio.CancelledError:
        caller = asyncio.current_task()
        if caller is None or caller.cancelling():
            raise
        raise ForeignError("CancelledError") from None
    except Exception, KeyboardInterrupt, SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - that is what this border is for
        raise ForeignError(type(error).__name__) from None
