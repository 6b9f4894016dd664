"""Following in memory what somebody outside wrote about messages on disk: another process that shares the database."""

from collections.abc import Iterable

from bach_lib.models import Message, Status
from bach_lib.outbound.entry import Entry
from bach_lib.outbound.lane_address import LaneAddresses
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.loading import Loading

_WAITING = (Status.PENDING, Status.FAILED)


def follow(messages: Iterable[Message], lanes: Lanes, loading: Loading, addresses: LaneAddresses) -> None:
    """Let wait in the lanes of one connection what waits on disk, and nothing else of these messages.

    What is under way is left alone: who settles it finds on disk what was written meanwhile.
    """
    for message in messages:
        if message.id in lanes.under_way:
            continue
        if message.connection != addresses.connection or message.status not in _WAITING or message.held:
            loading.discard(message.id)
            continue
        entry, there = addresses.entry(message), lanes.waiting(message.id)
        if there and _is_known(there, entry):
            continue
        if there:
            lanes.discard(message.id)
        loading.add(entry)


def _is_known(there: Entry, written: Entry) -> bool:
    """Whether it waits as it is written; else it was amended, moved or revived."""
    is_same = (there.recipient, there.expires is None) == (written.recipient, written.expires is None)
    return is_same and there.due <= written.due
