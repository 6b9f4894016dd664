"""Work under way of one connection: begun without anybody who waits for it, and ended with it."""

import asyncio
from collections.abc import Coroutine

from bach_lib.clock import Clock


class Chores:
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

    async def cancel_after(self, grace: float) -> None:
        """Cancel what is still under way then."""
        if grace > 0:
            await self._clock.sleep(grace)
        for task in self.tasks:
            task.cancel()
