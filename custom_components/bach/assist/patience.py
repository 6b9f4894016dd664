"""How long an answer may take, and longer while a person is asked for it.

An agent that asks somebody in the house waits for them, not for a computer. Only its tool knows that, which runs far
below whoever gives up, and often in a task of its own: the two meet in a context variable.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final

MOST_SECONDS: Final = 600
"""More that one answer may take, however many people are asked for it."""


class _Patience:
    """The time of one answer."""

    def __init__(self, deadline: asyncio.Timeout) -> None:
        self._deadline = deadline
        self._left = float(MOST_SECONDS)
        self.is_over = False

    def extend(self, seconds: float) -> None:
        """Wait so much longer, unless it is over or has been long enough."""
        when = self._deadline.when()
        if self.is_over or when is None or self._deadline.expired():
            return
        more = min(seconds, self._left)
        self._left -= more
        self._deadline.reschedule(when + more)


_PATIENCE: ContextVar[_Patience | None] = ContextVar("bach_patience", default=None)


@asynccontextmanager
async def patience(seconds: float) -> AsyncIterator[asyncio.Timeout]:
    """As `asyncio.timeout`, which `wait_longer` extends from inside."""
    async with asyncio.timeout(seconds) as deadline:
        waiting = _Patience(deadline)
        token = _PATIENCE.set(waiting)
        try:
            yield deadline
        finally:
            waiting.is_over = True
            _PATIENCE.reset(token)


def wait_longer(seconds: float) -> None:
    """Whoever waits for the answer that is being made here waits so much longer; nobody may."""
    if waiting := _PATIENCE.get():
        waiting.extend(seconds)
