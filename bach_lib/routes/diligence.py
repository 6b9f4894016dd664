"""Work that is tried until it is done: who waits for an alarm waits for this, however long the disk takes nothing."""

import asyncio
from collections.abc import Callable, Coroutine

from bach_lib.clock import Cancel, Clock
from bach_lib.errors import BachError
from bach_lib.field_logger import FieldLogger

_LOGGER = FieldLogger(__name__)
_AGAIN = 5.0
"""Seconds until the next try."""

type Work = Callable[[], Coroutine[object, object, object]]


class Diligence:
    """Begins work that nobody waits for, and begins it again while it fails."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._is_open = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._cancels: set[Cancel] = set()

    def open(self) -> None:
        """Take work."""
        self._is_open = True

    async def close(self) -> None:
        """Give up what is under way, and take no more."""
        self._is_open = False
        for cancel in self._cancels:
            cancel()
        self._cancels.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def begin(self, work: Work) -> None:
        """Do this now, or as soon as it can be done."""
        if self._is_open:
            self._tasks.add(task := asyncio.create_task(self._surely(work), name="bach-route"))
            task.add_done_callback(self._tasks.discard)

    async def _surely(self, work: Work) -> None:
        try:
            await work()
        except BachError as error:
            _LOGGER.warning("A route could not go on, and is tried again: %s", error)
        except Exception:  # one run costs no other
            _LOGGER.exception("A route could not go on, and is tried again")
        else:
            return

        def again() -> None:
            self._cancels.discard(cancel)
            self.begin(work)

        cancel = self._clock.call_later(_AGAIN, again)
        self._cancels.add(cancel)
