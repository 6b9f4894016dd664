"""Remembers for a minute how messages stood before a person cancelled or discarded them, for whoever thinks twice.

In memory: whether a message was dead, uncertain, held or waiting is not on disk once it is cancelled, and after a
minute or a restart nobody may find an old alarm waiting again because of a press.
"""

from collections.abc import Iterable
from typing import Final

from bach_lib.clock import Clock
from bach_lib.errors import NotUndoableError
from bach_lib.models import Message

_SECONDS: Final = 60.0
MOST: Final = 100
"""Messages that one press takes out; of more nothing is remembered."""


class Undoing:
    """The messages that can be put back, each as it stood and as it was cancelled."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[int, tuple[float, Message, Message]] = {}

    def remember(self, before: Iterable[Message], cancelled: Iterable[Message]) -> None:
        """These were taken out just now."""
        now, stood = self._clock.monotonic(), {message.id: message for message in before}
        self._forget_old()
        for message in cancelled:
            if message.id in stood:
                self._known[message.id] = now, stood[message.id], message

    def take(self, message_id: int) -> tuple[Message, Message]:
        """How one stood, and how it was cancelled; it is forgotten then. Raises `NotUndoableError`."""
        self._forget_old()
        if (found := self._known.pop(message_id, None)) is None:
            raise NotUndoableError(id=message_id)
        _, before, cancelled = found
        return before, cancelled

    def _forget_old(self) -> None:
        now = self._clock.monotonic()
        self._known = {number: one for number, one in self._known.items() if now - one[0] < _SECONDS}
