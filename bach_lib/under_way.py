"""How much work threads have for an event loop just now, so that a clock turned by hand can wait until it is done.

Real time passes while a disk writes; a test that turns the clock meanwhile would see a message in the middle of its
way, and another one each time it runs.
"""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary


class Tally:
    """What is under way for one event loop. `done` only grows: it tells work that goes on from work that hangs."""

    __slots__ = ("begun", "done")

    def __init__(self) -> None:
        self.begun = 0
        self.done = 0

    @property
    def is_at_work(self) -> bool:
        """Whether anything is not done yet."""
        return self.begun != self.done


_TALLIES: WeakKeyDictionary[asyncio.AbstractEventLoop, Tally] = WeakKeyDictionary()


def tally_of(loop: asyncio.AbstractEventLoop) -> Tally:
    """The one of this loop."""
    tally = _TALLIES.get(loop)
    if tally is None:
        tally = _TALLIES[loop] = Tally()
    return tally


async def in_thread[T](work: Callable[[], T]) -> T:
    """As `asyncio.to_thread`, and counted."""
    tally = tally_of(asyncio.get_running_loop())
    tally.begun += 1
    try:
        return await asyncio.to_thread(work)
    finally:
        tally.done += 1
