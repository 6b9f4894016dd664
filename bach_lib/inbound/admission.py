"""Allow list of senders. Nobody is let in by default; what strangers send is dropped and only counted."""

from collections.abc import Iterable
from dataclasses import replace

from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.field_logger import FieldLogger
from bach_lib.models.incoming import Kind
from bach_lib.models.spellings import Sighting, Spellings

_LOGGER = FieldLogger(__name__)
_EVERY = 3600.0
"""Seconds between two lines of one kind: whoever finds the bot must not be able to fill the log."""


def is_allowed(allowed: frozenset[str], message: Incoming) -> bool:
    """Whether a message is let in: for its place, for its sender, or for this sender in this place (`place#sender`).

    A recipient with a thread is also allowed through the whole chat. All are in the one form.
    """
    places = {message.recipient, message.recipient.partition("/")[0]} - {""}
    if message.kind is Kind.DELETED and not message.sender_id:  # only what is in the inbox can have been taken back
        return any(one.partition("#")[0] in places for one in allowed)
    people = {message.sender_id} - {""}
    return not allowed.isdisjoint(places | people | {f"{place}#{person}" for place in places for person in people})


def admit(
    messages: Iterable[Incoming], spellings: Spellings, allowed: frozenset[str]
) -> tuple[list[Incoming], list[Incoming]]:
    """Those that are let in and those that are not, with places and senders in the one form.

    What strangers take back is not even counted: nobody has ever had it.
    """
    known = [_as_known(message, spellings) for message in messages]
    let_in = [message for message in known if is_allowed(allowed, message)]
    return let_in, [one for one in known if not is_allowed(allowed, one) and one.kind is not Kind.DELETED]


def _as_known(message: Incoming, spellings: Spellings) -> Incoming:
    """The message with place and sender in the one form."""
    recipient, sender_id = spellings.normal(message.recipient), spellings.normal(message.sender_id)
    if (recipient, sender_id) == (message.recipient, message.sender_id):
        return message
    return replace(message, recipient=recipient, sender_id=sender_id)


def sightings_of(batch: Batch) -> list[Sighting]:
    """All that the platform said of places and people, in order."""
    told = (batch.sightings, *(message.sightings for message in batch.messages))
    return [one for some in told if isinstance(some, tuple) for one in some]


class Notice:
    """Rate-limited log line that says how often something happened, at most once an hour.

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
            _LOGGER.warning(self._template, self._count, self._connection, *more, connection=self._connection)
            self._count, self._next_at = 0, now + _EVERY
