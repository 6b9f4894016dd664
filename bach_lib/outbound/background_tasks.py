"""Work under way of one connection: begun without anybody who waits for it, and ended with it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable

from bach_lib.clock import Clock
from bach_lib.outbound.advancing import Advance
from bach_lib.outbound.putting import Put

type Write = asyncio.Future[Put] | asyncio.Future[Advance]


class BackgroundTasks:
    """The tasks of one connection."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name, self._clock = name, clock
        self.tasks: set[asyncio.Task[None]] = set()
        """Those that have not ended."""

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """Begin something."""
        task = asyncio.create_task(work, name=self._name)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def end(self, grace: float, writes: Callable[[], Iterable[Write]]) -> None:
        """Wait until nothing is under way, nor any of these writes; after so many seconds, cancel what is."""
        deadline = asyncio.create_task(self._cancel_after(grace))
        try:
            while under_way := [*self.tasks, *writes()]:
                await asyncio.wait(under_way)  # who gathers them would cancel them, if cancelled
                await asyncio.sleep(0)  # waiting for what is done already does not yield, and its callbacks must run
        finally:  # also if the caller has no more time
            deadline.cancel()

    async def _cancel_after(self, grace: float) -> None:
        if grace > 0:
            await self._clock.sleep(grace)
        for task in self.tasks:
            task.cancel()
