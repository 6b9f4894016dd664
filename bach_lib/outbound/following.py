"""Following in memory what somebody outside wrote about messages on disk: another process that shares the database."""

from collections.abc import Iterable

from bach_lib.models import Message, Status
from bach_lib.outbound.lane_address import LaneAddresses
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.loading import Loading, renew

_WAITING = (Status.PENDING, Status.FAILED)


def follow(messages: Iterable[Message], lanes: Lanes, loading: Loading, addresses: LaneAddresses) -> None:
    """Let wait in the lanes of one connection what waits on disk, and nothing else of these messages.

    What is under way is left alone but for its lane: who settles it finds on disk what was written meanwhile.
    """
    for message in messages:
        if message.id in lanes.under_way:
            if message.connection == addresses.connection and message.status is Status.SENDING:
                loading.readdress([message.id], addresses.lane_of(message.recipient))
            continue
        if message.connection != addresses.connection or message.status not in _WAITING or message.held:
            loading.discard(message.id)
            continue
        if lanes.waiting(message.id) and message.scheduled_for is None:
            renew(lanes, addresses.entry(message))
        else:
            loading.add(addresses.entry(message))


def settle_in(message: Message, lanes: Lanes, loading: Loading, addresses: LaneAddresses) -> None:
    """Let a message wait where it does on disk, if it does: something was decided of it while it was under way."""
    there = lanes.waiting(message.id)
    if message.status not in _WAITING:
        loading.discard(message.id)
    elif there is None:
        follow([message], lanes, loading, addresses)
    elif there.recipient != (lane := addresses.lane_of(message.recipient)):
        loading.readdress([message.id], lane)


def is_new(message: Message, lanes: Lanes) -> bool:
    """Whether this process did not know that it waits."""
    return message.id not in lanes.under_way and lanes.waiting(message.id) is None
