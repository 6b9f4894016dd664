"""Waits for what takes more turns of the event loop than a clock settles in."""

import asyncio
from collections.abc import Callable

from bach_lib.testing import FakeClock


async def until(clock: FakeClock, is_so: Callable[[], bool]) -> None:
    """Let everything happen that needs no time of this clock, until it is so. Threads may take theirs."""
    async with asyncio.timeout(60):
        while not is_so():
            await clock.settle()
    await clock.settle()
