"""Waits for what takes more turns of the event loop than a clock settles in."""

from collections.abc import Callable

from bach_lib.testing import FakeClock


async def until(clock: FakeClock, is_so: Callable[[], bool]) -> None:
    """Let everything happen that needs no time, until it is so."""
    for _ in range(500):
        if is_so():
            await clock.settle()
            return
        await clock.settle()
    raise AssertionError("it never came to that")
