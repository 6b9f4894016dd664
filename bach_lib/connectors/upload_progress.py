"""How far an upload is, told by the bodies of requests to whoever made the attempt.

Between the two stand a connector, a library of others and tasks of aiohttp; the one who hears is in the context, which
all of them carry along.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

LARGE: Final = 1_000_000
"""Bytes of a request; nobody waits for less."""

type Hearer = Callable[[int, int], None]
"""Is told how many bytes of a request have gone, and how many it has."""

_HEARER: ContextVar[Hearer | None] = ContextVar("bach_upload_hearer", default=None)


@contextmanager
def uploads_heard(hear: Hearer) -> Iterator[None]:
    """Have `hear` told of the requests that are begun inside of this block."""
    token = _HEARER.set(hear)
    try:
        yield
    finally:
        _HEARER.reset(token)


class Tally:
    """How much of one request has been handed to the network."""

    def __init__(self) -> None:
        self.size: int = 0
        self._sent = 0

    def add(self, count: int) -> None:
        """So many bytes more have gone."""
        self._sent += count
        if self.size >= LARGE and (hear := _HEARER.get()) is not None:
            hear(min(self._sent, self.size), self.size)
