"""Notices: what processes that share a database call out to each other.

A notice only says where to look; what is so stands in the database. So one that is lost costs time and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

MAX_BYTES = 7_900
"""Of one notice; PostgreSQL takes payloads below 8,000 bytes (documentation of NOTIFY)."""
_MOST_IDS = 300
"""Of one notice: 20 characters each at the most."""


class What(StrEnum):
    """What a notice is about."""

    WRITTEN = "written"
    """Somebody else put, cancelled, revived or changed these messages of a connection: for its owner."""
    ENDED = "ended"
    """These messages, which somebody else put, were tried or have ended: for whoever waits for them."""
    RELOAD = "reload"
    """So much of a connection's queue was changed that its owner reads it anew."""
    REGISTRY = "registry"
    """Connections were added, changed or removed."""
    OFFERED = "offered"
    """The owner of a connection lends lanes: for all others."""
    RETURNED = "returned"
    """Lanes of a connection came back: for its owner."""
    PROVEN = "proven"
    """Something became known of these sent messages: for whoever put them, or waits for them."""
    ROUTES = "routes"
    """Runs of routes were begun, or have gone on."""
    OWNERS = "owners"
    """A process came or went, or gave a connection away."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice."""

    what: What
    connection: str = ""
    ids: tuple[int, ...] = ()

    def encoded(self) -> str:
        """As it is called out."""
        return json.dumps([self.what, self.connection, *self.ids], separators=(",", ":"))


def about(what: What, connection: str, ids: Sequence[int]) -> Iterator[Notice]:
    """As many notices as these messages need."""
    for begin in range(0, len(ids), _MOST_IDS):
        yield Notice(what, connection, tuple(ids[begin : begin + _MOST_IDS]))


def decoded(heard: str) -> Notice | None:
    """What was called out; None for what this program does not know, such as a newer one's."""
    try:
        what, connection, *ids = json.loads(heard)
        if not isinstance(connection, str) or not all(type(one) is int for one in ids):
            return None
        return Notice(What(what), connection, tuple(ids))
    except (ValueError, TypeError):
        return None
