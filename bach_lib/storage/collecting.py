"""Batches requests: those of one turn of the event loop go to the storage's thread together.

Waking the thread for each request would split the commit of many callers into several.
"""

import asyncio
from collections.abc import Callable, Iterable

from bach_lib.storage.request import Request, deliver


class TurnBatcher[T]:
    """Batches the requests of one turn of the event loop, and passes the batch to `hand_over` at its end."""

    def __init__(self, hand_over: Callable[[list[Request[T]]], None]) -> None:
        self._hand_over = hand_over
        self._collected: list[Request[T]] = []
        self._is_due = False

    def add(self, request: Request[T], loop: asyncio.AbstractEventLoop) -> None:
        """Hand this over at the end of this turn."""
        self._collected.append(request)
        self._end_soon(loop)

    def answer(self, batch: Iterable[Request[T]], loop: asyncio.AbstractEventLoop) -> None:
        """Tell all who wait. Whom that wakes has a turn next, and may want the next thing in it.

        So what comes then is handed over at its end: one turn earlier than what comes out of the blue.
        """
        deliver(batch)
        self._end_soon(loop)

    def end(self) -> None:
        """Hand over what there is."""
        self._is_due = False
        if self._collected:
            collected, self._collected = self._collected, []
            self._hand_over(collected)

    def _end_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_due:
            self._is_due = True
            loop.call_soon(self.end)
