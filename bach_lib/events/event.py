"""The root of all events, and those that are about no connection."""

from dataclasses import dataclass

from bach_lib.models import (
    Fault,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Root of all events. `connection` is the name of the connection it is about."""

    connection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageChanged(Event):
    """The database can be written no more, for this reason, or (None) it can again. `connection` is empty."""

    fault: Fault | None
    """What is wrong; None: nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsMissed(Event):
    """Only told by `bach_lib.connect` beside the owner: events before this one are missing. `connection` is empty.

    The owner went away for longer than it remembers events, or was read too slowly.
    """
