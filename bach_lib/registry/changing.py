"""What may be changed of a connection, and which of it another process has changed on disk."""

from collections.abc import Iterator, Mapping
from typing import TypedDict

from bach_lib.events import ConnectionAdded, ConnectionRemoved, ConnectionUpdated, Event
from bach_lib.models import Connection


class Changes(TypedDict, total=False):
    """What a person may change of a connection."""

    endpoint: str | None
    """Another address; None: the usual one."""
    is_active: bool
    """On or off."""
    auth_type: str
    """Another way to authenticate."""
    auth_config: Mapping[str, str]
    """References to secrets, never a secret."""
    allowed: frozenset[str]
    """Recipients and senders whose messages are let in."""
    settings: Mapping[str, object]
    """What else its type can be told."""


def changes_between(before: Mapping[str, Connection], after: Mapping[str, Connection]) -> Iterator[Event]:
    """What has to be told of connections that somebody else has added, changed or removed."""
    for name in before.keys() - after.keys():
        yield ConnectionRemoved(connection=name)
    for name, row in after.items():
        if (old := before.get(name)) is None:
            yield ConnectionAdded(connection=name, row=row)
        elif changed := frozenset(one for one in Changes.__annotations__ if getattr(old, one) != getattr(row, one)):
            yield ConnectionUpdated(connection=name, row=row, changed=changed)
