"""Whose messages are let in. Nobody's, by default; what strangers send is dropped and only counted."""

import logging

from bach_lib.clock import Clock
from bach_lib.connectors.base import Incoming
from bach_lib.models import Connection

_LOGGER = logging.getLogger(__name__)
_EVERY = 3600.0
"""Seconds between two lines of one kind: whoever finds the bot must not be able to fill the log."""


def is_allowed(connection: Connection, message: Incoming) -> bool:
    """Whether a message is let in: for its place, for its sender, or for this sender in this place (`place#sender`).

    A recipient with a thread is also allowed through the whole chat.
    """
    places = {message.recipient, message.recipient.partition("/")[0]} - {""}
    people = {message.sender_id} - {""}
    return not connection.allowed.isdisjoint(
        places | people | {f"{place}#{person}" for place in places for person in people}
    )


class Notice:
    """A line for the log that says how often something happened, at most once an hour.

    `template` takes the number, the name of the connection, and what else the last time is told with.
    """

    def __init__(self, template: str, connection: str, clock: Clock) -> None:
        self._template = template
        self._connection = connection
        self._clock = clock
        self._count = 0
        self._next_at = 0.0

    def add(self, count: int, *more: object) -> None:
        """It happened."""
        self._count += count
        now = self._clock.monotonic()
        if self._count and now >= self._next_at:
            _LOGGER.warning(self._template, self._count, self._connection, *more)
            self._count, self._next_at = 0, now + _EVERY
