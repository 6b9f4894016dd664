"""Ends tasks that run the code of others: they have some time, then they are cancelled, and then left behind."""

import asyncio
from collections.abc import Collection

from bach_lib.clock import Clock
from bach_lib.field_logger import FieldLogger

_LOGGER = FieldLogger(__name__)
_UNWINDING = 1.0
"""Seconds of real time that a cancelled task has to clean up in."""


async def end(tasks: Collection[asyncio.Task[None]], grace: float, clock: Clock) -> None:
    """Wait until all have ended. The task that asks is not among them: a handler may close BACH itself."""
    left = {task for task in tasks if task is not asyncio.current_task()}
    if not left:
        return
    over = asyncio.create_task(clock.sleep(grace), name="bach-grace")
    try:
        while left and not over.done():
            await asyncio.wait({*left, over}, return_when=asyncio.FIRST_COMPLETED)
            left = {task for task in left if not task.done()}
    finally:  # also if the caller has no more time
        over.cancel()
        for task in left:
            task.cancel()
    if left:
        _, left = await asyncio.wait(left, timeout=_UNWINDING)
    for task in left:
        _LOGGER.warning("%s goes on although it was cancelled; it is left behind", task.get_name())
