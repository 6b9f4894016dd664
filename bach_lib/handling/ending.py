"""Ends tasks that run the code of others: they have some time, then they are cancelled, and then left behind."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from bach_lib.clock import Clock
from bach_lib.field_logger import FieldLogger

_LOGGER = FieldLogger(__name__)
_UNWINDING = 1.0
"""Seconds of real time that a cancelled task has to clean up in."""


class Ending:
    """Waits for the tasks of one BACH, but for those that close it: they wait for the end themselves."""

    def __init__(self, clock: Clock) -> None:
        self.behind: dict[asyncio.Task[None], asyncio.Task[None] | None] = {}
        """Tasks that run the code of others, each with the one that waits for it."""
        self._clock = clock
        self._closing: set[asyncio.Task[object]] = set()
        self._one_more: asyncio.Future[None] | None = None

    @contextmanager
    def closing(self) -> Iterator[None]:
        """The task that asks closes BACH, or waits until somebody else has: a handler may do that."""
        tasks = {task for task in [asyncio.current_task()] if task}
        self._closing |= tasks
        if self._one_more and not self._one_more.done():
            self._one_more.set_result(None)
        try:
            yield
        finally:
            self._closing -= tasks

    async def end(self, tasks: Collection[asyncio.Task[None]], grace: float) -> None:
        """Wait until all others have ended."""
        left = self._others(tasks)
        if not left:
            return
        over = asyncio.create_task(self._clock.sleep(grace), name="bach-grace")
        try:
            while left and not over.done():
                self._one_more = asyncio.get_running_loop().create_future()
                await asyncio.wait({*left, over, self._one_more}, return_when=asyncio.FIRST_COMPLETED)
                left = {task for task in self._others(left) if not task.done()}
        finally:  # also if the caller has no more time
            self._one_more = None
            over.cancel()
            for task in left:
                task.cancel()
        if left:
            _, left = await asyncio.wait(left, timeout=_UNWINDING)
        for task in left:
            _LOGGER.warning("%s goes on although it was cancelled; it is left behind", task.get_name())

    def _others(self, tasks: Collection[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
        waiting = {self.behind[call] for call in self.behind if call in self._closing}
        return {task for task in tasks if task not in self._closing and task not in waiting}
