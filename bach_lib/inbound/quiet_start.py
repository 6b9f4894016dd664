"""Tells what people wrote before receiving began, for connections of which a person wants to hear none of that.

Such a message is stored and done with in one transaction, so that no crash and no full disk can make it be heard.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from bach_lib.clock import Clock
from bach_lib.inbound.rows import save_routed
from bach_lib.models import Connection
from bach_lib.models.incoming import IncomingMessage
from bach_lib.registry.own_policy import starts_quietly
from bach_lib.storage import Transaction

type Judge = Callable[[IncomingMessage], bool]
"""Whether nobody is to hear of a message."""

_AT_ONCE = 5.0
"""Seconds within which a platform hands over what lay there; what has no date and comes later is new."""


def is_heard(_: IncomingMessage) -> bool:
    """Judge as is usual: everybody hears of it."""
    return False


class QuietStart:
    """The start of one connection's receiving, which begins now, and is over once all that lay there has been read."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began: float | None = clock.monotonic()

    def end(self) -> None:
        """All that lay there is read."""
        self._began = None

    def judge(self, connection: Connection) -> Judge:
        """Return what tells of a message that comes at this moment, if a person wants that, whether it lay there."""
        if self._began is None or not starts_quietly(connection):
            return is_heard
        seconds = self._clock.monotonic() - self._began
        return lambda message: seconds < _AT_ONCE if message.age is None else message.age > seconds


def keep_quiet(
    tx: Transaction, messages: Iterable[IncomingMessage], is_quiet: Judge, *, source: str, now: float
) -> list[IncomingMessage]:
    """Be done with those of which nobody is to hear, and return the others."""
    heard: list[IncomingMessage] = []
    for message in messages:
        if is_quiet(message):
            found = {"source": source, "routed_at": now, "quiet": True}
            save_routed(tx, replace(message, routed_at=now, metadata={**message.metadata, **found}))
        else:
            heard.append(message)
    return heard
