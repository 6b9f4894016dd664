"""Waiting for other processes, which tell nobody when they are ready: look until it is so."""

import asyncio
from collections.abc import Awaitable, Callable

_PAUSE = 0.1  # seconds between two looks


class NotInTimeError(Exception):
    """Something did not happen in time."""


async def until[T](look: Callable[[], Awaitable[T]], *, what: str, seconds: float) -> T:
    """The first true answer of `look`. Raises NotInTimeError, naming `what`, after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while not (answer := await look()):  # noqa: ASYNC110 - another process sets no event of ours
                await asyncio.sleep(_PAUSE)
            return answer
    except TimeoutError:
        raise NotInTimeError(f"{what}: not within {seconds:g} s") from None
