"""Following in memory what somebody else wrote about messages, or decided of one that was under way."""

from dataclasses import replace

import pytest

from bach_lib.bus import Bus
from bach_lib.models import Message, Status
from bach_lib.models.spellings import Alias, Lesson
from bach_lib.outbound.entry import Entry
from bach_lib.outbound.following import follow, is_new, settle_in
from bach_lib.outbound.lane_address import LaneAddresses
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.loading import Loading
from bach_lib.outbound.schedule import Schedule
from bach_lib.storage import Store
from bach_lib.testing import FakeClock
from tests.lib.outbound.disk import Disk, tools
from tests.lib.outbound.make import message


class Bench:
    """The lanes of "home", where @ada is known to be ada; all that waits has been read."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        services = tools(Disk(store, clock), Bus(), clock, lambda *_: None)
        services.directory.learn(Lesson(connection="home", aliases=(Alias(spelling="@ada", normal="ada"),)))
        self.clock, self.lanes = clock, Lanes()
        ledger = Ledger("home", services, lambda _: None, lambda _: None)
        self.schedule = Schedule("home", services, ledger, lambda _: None, lambda _: None)
        self.loading = Loading("home", self.lanes, services, ledger, self.schedule)
        self.loading.end()
        self.addresses = LaneAddresses("home", services.directory, clock)

    def follow(self, *messages: Message) -> None:
        """Somebody wrote about these."""
        follow(messages, self.lanes, self.loading, self.addresses)

    def settle_in(self, message: Message) -> None:
        """An attempt has ended, and this is on disk."""
        settle_in(message, self.lanes, self.loading, self.addresses)

    def take(self) -> Entry:
        """The next is under way."""
        entry = self.lanes.take(self.clock.monotonic())
        assert entry
        return entry

    def waiting(self, *ids: int) -> list[str | None]:
        """To whom these wait."""
        found = [self.lanes.waiting(message_id) for message_id in ids]
        return [entry.recipient if entry else None for entry in found]


@pytest.fixture
def bench(store: Store, clock: FakeClock) -> Bench:
    """Lanes in which nothing waits."""
    return Bench(store, clock)


WAITS = message(id=1, recipient="@ada", status=Status.PENDING)


@pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED])
def test_what_waits_on_disk_waits_in_the_lane_of_its_place(bench: Bench, status: Status) -> None:
    """What another process put would not go before a restart, or go in two lanes at a time."""
    bench.follow(replace(WAITS, status=status), message(id=2, recipient="bob", status=status))
    assert bench.waiting(1, 2) == ["ada", "bob"]


@pytest.mark.parametrize(
    "gone",
    [
        replace(WAITS, connection="away"),
        replace(WAITS, status=Status.CANCELLED),
        replace(WAITS, status=Status.SENT),
        replace(WAITS, held=True),
    ],
)
def test_what_waits_here_no_longer_goes_from_here_no_more(bench: Bench, gone: Message) -> None:
    """What a person cancelled, moved to another connection or holds would be sent all the same."""
    other = message(id=2, recipient="bob", status=Status.PENDING)
    bench.follow(WAITS)
    bench.follow(gone, other)
    assert bench.waiting(1, 2) == [None, "bob"]


def test_what_others_schedule_waits_for_its_time(bench: Bench) -> None:
    """What another process put for tomorrow would be sent today, or hold up its lane until then."""
    due = bench.clock.now() + 60
    bench.follow(replace(WAITS, next_retry_at=due, attempted_at=None))
    assert 1 in bench.schedule
    assert bench.waiting(1) == [None]
    bench.follow(WAITS)  # somebody there did not want to wait
    assert 1 not in bench.schedule
    assert bench.waiting(1) == ["ada"]


@pytest.mark.parametrize("gone", [replace(WAITS, status=Status.CANCELLED), replace(WAITS, connection="away")])
def test_what_others_take_back_is_not_sent_at_its_time(bench: Bench, gone: Message) -> None:
    """It would be asked for at its time, and perhaps go from two connections."""
    bench.follow(replace(WAITS, next_retry_at=bench.clock.now() + 60, attempted_at=None))
    bench.follow(gone)
    assert 1 not in bench.schedule


def test_what_was_amended_waits_as_it_is_written_now(bench: Bench) -> None:
    """It would go to the old recipient, or twice."""
    bench.follow(WAITS)
    bench.follow(replace(WAITS, recipient="eve"))
    assert bench.waiting(1) == ["eve"]
    assert bench.take().id == 1
    assert len(bench.lanes) == 0


def test_what_is_under_way_goes_on_in_the_lane_that_its_message_has_now(bench: Bench) -> None:
    """When its attempt has failed it would be tried at the old address, or be overtaken at the new one."""
    bench.follow(WAITS)
    under_way = bench.take()
    bench.follow(replace(WAITS, recipient="eve", status=Status.SENDING))
    assert under_way.recipient == "eve"
    bench.follow(replace(WAITS, recipient="@ada", status=Status.SENDING))
    assert under_way.recipient == "ada"


@pytest.mark.parametrize(
    "written",
    [
        replace(WAITS, recipient="eve", status=Status.SENDING, connection="away"),
        replace(WAITS, recipient="eve", status=Status.SENT),
        replace(WAITS, status=Status.PENDING),
        replace(WAITS, status=Status.CANCELLED),
    ],
)
def test_what_is_under_way_is_left_to_whoever_settles_it(bench: Bench, written: Message) -> None:
    """It would be tried twice at the same time, or another message's news be lost with it."""
    bench.follow(WAITS)
    under_way = bench.take()
    bench.follow(written, message(id=2, recipient="bob", status=Status.PENDING))
    assert under_way.recipient == "ada"
    assert bench.waiting(1, 2) == [None, "bob"]


def test_what_was_decided_of_a_message_while_it_was_tried_holds_when_it_waits_again(bench: Bench) -> None:
    """What a person cancelled meanwhile would go again, or a corrected address be asked only after a restart."""
    bench.follow(WAITS)
    bench.settle_in(replace(WAITS, recipient="eve", status=Status.FAILED))
    assert bench.waiting(1) == ["eve"]
    bench.settle_in(replace(WAITS, status=Status.CANCELLED))
    assert bench.waiting(1) == [None]
    bench.settle_in(replace(WAITS, status=Status.FAILED))
    assert bench.waiting(1) == ["ada"], "it was revived"


def test_what_waits_again_where_it_did_keeps_what_memory_knows_of_it(bench: Bench) -> None:
    """A message that stepped aside, or waits for its moment, would stand before others of its recipient again."""
    bench.loading.add(Entry(id=1, recipient="ada", due=bench.clock.monotonic() + 60, hurry=True))
    before = bench.lanes.waiting(1)
    bench.settle_in(replace(WAITS, status=Status.FAILED))
    assert bench.lanes.waiting(1) == before


def test_only_what_this_process_did_not_know_is_new(bench: Bench) -> None:
    """With each word about a message, the whole disk would be read anew; or what others put never be read at all."""
    bench.follow(WAITS)
    assert not is_new(WAITS, bench.lanes)
    bench.follow(message(id=2, recipient="bob", status=Status.PENDING))
    under_way = bench.take()
    assert not is_new(replace(WAITS, id=under_way.id), bench.lanes)
    assert is_new(message(id=3), bench.lanes)
