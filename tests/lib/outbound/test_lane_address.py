"""In which lane a message stands whose recipient has several names, and which of them the platform is told."""

from dataclasses import replace

import pytest

from bach_lib.bus import Bus
from bach_lib.models import Operation, Status
from bach_lib.models.spellings import Alias, Lesson
from bach_lib.outbound.lane_address import LaneAddresses
from bach_lib.registry.directory import Directory
from bach_lib.storage import Store
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import NOW, message


@pytest.fixture
def addresses(store: Store, clock: FakeClock) -> LaneAddresses:
    """Those of "home", where @home is known as -1, which has moved to -2; "away" knows nothing of that."""
    directory = Directory(store, Bus(), lambda _: frozenset())
    aliases = (Alias(spelling="@home", normal="-1"), Alias(spelling="-1", normal="-2", is_move=True))
    directory.learn(Lesson(connection="home", aliases=aliases))
    return LaneAddresses("home", directory, clock)


def test_all_names_of_a_place_share_one_lane(addresses: LaneAddresses) -> None:
    """Two messages to one person would overtake each other, or the newer temperature not find the older one."""
    assert addresses.connection == "home"
    assert [addresses.lane_of(name) for name in ("@home", "-1", "-2", "ada")] == ["-2", "-2", "-2", "ada"]
    assert sorted(addresses.others("-2")) == ["-1", "@home"]
    assert addresses.others("ada") == []
    entry = addresses.entry(message(recipient="@home", status=Status.PENDING))
    assert (entry.id, entry.recipient) == (7, "-2")


def test_where_ids_have_changed_on_the_way_is_known(addresses: LaneAddresses) -> None:
    """A change of an old message would be made in the new group, of whatever has its number there."""
    assert addresses.is_move("-1", "-2")
    assert not addresses.is_move("@home", "-1")


@pytest.mark.parametrize(
    ("operation", "recipient", "to"),
    [
        (Operation.SEND, "@home", "-2"),
        (Operation.SEND, "-1", "-2"),
        (Operation.SEND, "ada", "ada"),
        (Operation.EDIT, "@home", "-1"),
        (Operation.DELETE, "-1", "-1"),
    ],
)
def test_a_message_goes_where_its_place_is_and_a_change_where_the_id_is_meant(
    addresses: LaneAddresses, operation: Operation, recipient: str, to: str
) -> None:
    """A message would go to a group that is no more, or a deletion to another message."""
    assert addresses.addressed(replace(message(recipient=recipient), operation=operation)).recipient == to


def test_a_message_lives_by_the_clock_by_which_it_was_written(addresses: LaneAddresses, clock: FakeClock) -> None:
    """After the clock was set, an alarm would be over at once, or last a day."""
    written = message(created_at=NOW, expires_at=NOW + 600, status=Status.PENDING)
    lives = addresses.entry(written, NOW + 100).expires
    assert lives == clock.monotonic() + 500
