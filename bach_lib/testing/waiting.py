"""Waiting for something to happen on the server, without looking again and again."""

import asyncio
from collections.abc import Callable


class Waiting:
    """The conditions that somebody waits for."""

    def __init__(self) -> None:
        self._entries: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def until(self, condition: Callable[[], bool], timeout: float) -> None:
        """Wait until `condition` holds. Raises TimeoutError after `timeout` seconds."""
        if condition():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (condition, future)
        self._entries.append(entry)
        try:
            async with asyncio.timeout(timeout):
                await future
        finally:
            self._entries.remove(entry)

    def changed(self) -> None:
        """Look at all conditions again; to be called after every change."""
        for condition, future in self._entries:
            if not future.done() and condition():
                future.set_result(None)
