"""What a request brought, for tests in which all of it can be read."""

from collections.abc import Iterable

from bach_lib.connectors.base import Incoming, Unreadable


def messages(found: Iterable[Incoming | Unreadable]) -> list[Incoming]:
    """All of it, which are messages."""
    read = list[Incoming]()
    for part in found:
        assert isinstance(part, Incoming)
        read.append(part)
    return read
