"""Events about what comes in."""

from dataclasses import dataclass

from bach_lib.events.event import Event
from bach_lib.models import (
    Candidate,
)
from bach_lib.models.incoming import IncomingMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """A message of an allowed sender is in the inbox, and the rules have been held against it. Told once."""

    message: IncomingMessage
    """As it is in the inbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSetAside(Event):
    """The program has failed over a message too often (`Bach.received`, `Bach.on_command`). It stays unread."""

    message: IncomingMessage
    """Which one; it can be looked at as others are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxChanged(Event):
    """Messages in the inbox were marked, deleted, or came in at a quiet start. `connection` is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderBlocked(Event):
    """A message of somebody nobody allowed was dropped; published only while a person is looking for recipients."""

    candidate: Candidate
    """Who wrote, to be picked."""
