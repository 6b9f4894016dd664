"""Normalized addresses of messages: which lane one stands in, and what its connector is told.

A row may have an older one: what waits is written anew in small steps, and a dead letter comes back after years.
"""

from dataclasses import replace

from bach_lib.clock import Clock
from bach_lib.models import Message, Operation
from bach_lib.outbound.entry import Entry, entry_of
from bach_lib.registry.directory import Directory


class LaneAddresses:
    """The addresses of one connection."""

    def __init__(self, connection: str, directory: Directory, clock: Clock) -> None:
        self.connection: str = connection
        self._directory = directory
        self._clock = clock

    def lane_of(self, recipient: str) -> str:
        """The recipient whose lane it is."""
        return self._directory.normal(self.connection, recipient)

    def others(self, recipient: str) -> list[str]:
        """Its other forms, under which something may still wait on disk."""
        return self._directory.spellings(self.connection, recipient)[1:]

    def is_move(self, old: str, new: str) -> bool:
        """Whether messages got other ids on the way from one to the other."""
        return self._directory.normal(self.connection, old, through_moves=False) != new

    def entry(self, message: Message, lives_by: float | None = None) -> Entry:
        """The message as its lane knows it. `lives_by`: the time by which its row goes; None: what the wall shows."""
        entry = entry_of(message, self._clock, lives_by)
        entry.recipient = self.lane_of(entry.recipient)
        return entry

    def addressed(self, message: Message) -> Message:
        """The message as it goes out. What changes another stays with that, where its id means it."""
        is_send = message.operation is Operation.SEND
        to = self._directory.normal(self.connection, message.recipient, through_moves=is_send)
        return message if to == message.recipient else replace(message, recipient=to)
