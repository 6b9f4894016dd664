"""A clock that is set makes nothing older or younger: the disk hears of it before what is put by the new time."""

import asyncio

import pytest

from bach_lib.errors import BachError, StoreFailedError
from bach_lib.storage import Store
from bach_lib.testing import FakeClock
from tests.lib.outbound.disk import Bench
from tests.lib.outbound.make import NOW, draft

FULL = StoreFailedError(path="bach.db", reason="the disk is full")
HOUR = 3600.0


@pytest.fixture
def bench(store: Store, clock: FakeClock) -> Bench:
    """A ledger whose disk works."""
    return Bench(store, clock)


class Told:
    """A disk that is told of the wall, and answers as a test says."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds: list[float] = []
        self.answers: list[asyncio.Future[int]] = []
        monkeypatch.setattr(bench.disk, "follow_the_wall", self._follow)

    def _follow(self, connection: str, seconds: float) -> asyncio.Future[int]:
        assert connection == "home"
        self.seconds.append(seconds)
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]


@pytest.fixture
def told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Whatever the disk of the bench is told of the wall."""
    return Told(bench, monkeypatch)


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
async def test_rows_go_by_the_time_of_which_the_disk_has_heard(bench: Bench, clock: FakeClock, seconds: float) -> None:
    """What was just read of a message's end would be taken for the new time: over at once, or hours too late."""
    bench.ledger.begin()
    before = clock.now()
    assert bench.ledger.disk_time() == before
    clock.jump(seconds)
    assert bench.ledger.disk_time() == pytest.approx(before)
    bench.ledger.look_at_the_wall()
    assert bench.ledger.disk_time() == pytest.approx(before), "it has not answered yet"
    await bench.spawned.pop()
    assert bench.ledger.disk_time() == clock.now()
    clock.jump(0.5)
    assert bench.ledger.disk_time() == clock.now(), "so little is not followed"


async def test_what_waits_ends_as_long_after_now_as_it_would_have(bench: Bench, clock: FakeClock) -> None:
    """An alarm would be over at once, or hours too late, because a time server set the clock."""
    drafts = [draft(expires_at=NOW + 60), draft(expires_at=NOW + 60, connection="work")]
    ids = [(await bench.disk.put(one, leased=False)).message.id for one in drafts]
    bench.ledger.begin()
    clock.jump(HOUR)
    bench.ledger.look_at_the_wall()
    await bench.spawned.pop()
    assert [(await bench.disk.get(one)).expires_at for one in ids] == [NOW + 60 + HOUR, NOW + 60]


async def test_what_was_never_read_follows_nothing(bench: Bench, clock: FakeClock) -> None:
    """Switched on after the clock was set, a connection would shift what was put since by hours."""
    clock.jump(HOUR)
    bench.ledger.look_at_the_wall()
    await bench.ledger.has_followed()
    bench.ledger.begin()
    assert (bench.spawned, bench.ledger.disk_time()) == ([], clock.now())


async def test_what_drifts_is_followed_when_it_has_added_up(bench: Bench, clock: FakeClock, told: Told) -> None:
    """A clock that is corrected a little each minute would have all messages of a day written anew each minute."""
    bench.ledger.begin()
    for seconds in (0.6, 0.3, 0.6):
        clock.jump(seconds)
        bench.ledger.look_at_the_wall()
    assert told.seconds == pytest.approx([1.5])
    told.answers[0].set_result(1)
    await bench.spawned.pop()


async def test_what_is_read_while_the_clock_is_set_is_read_again(bench: Bench, clock: FakeClock, told: Told) -> None:
    """What waits would be read by the old time and be judged by the new one: over at once."""
    bench.ledger.begin()
    reads: list[float] = []

    async def read() -> int:
        reads.append(clock.now())
        if len(reads) == 1:
            clock.jump(HOUR)
            bench.ledger.look_at_the_wall()
        return len(reads)

    reading = asyncio.create_task(bench.ledger.read(read))
    await clock.settle()
    assert (len(reads), reading.done()) == (1, False), "the disk has not answered"
    told.answers[0].set_result(1)
    await bench.spawned.pop()
    assert await reading == (2, clock.now())


async def test_a_disk_that_could_not_be_told_is_not_read(bench: Bench, clock: FakeClock, told: Told) -> None:
    """What is read of it would be taken for the new time: over at once, or hours too late."""
    bench.ledger.begin()
    clock.jump(HOUR)
    bench.ledger.look_at_the_wall()
    told.answers[0].set_exception(FULL)
    with pytest.raises(StoreFailedError):
        await bench.ledger.has_followed()
    clock.jump(-HOUR)
    await bench.ledger.has_followed()  # it goes by what the wall shows again
    bench.spawned.pop().close()


async def test_what_the_disk_did_not_hear_is_told_when_it_listens(
    bench: Bench, clock: FakeClock, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    """What waits would end hours too early or too late, as the disk was full when the clock was set."""
    bench.ledger.begin()
    clock.jump(HOUR)
    bench.ledger.look_at_the_wall()
    first = asyncio.create_task(bench.spawned.pop())
    told.answers[0].set_exception(FULL)
    await clock.settle()
    clock.jump(60)
    bench.ledger.look_at_the_wall()
    told.answers[1].set_exception(FULL)
    await bench.spawned.pop()
    assert caplog.messages == [f"The queue of home stands still: {FULL}"], "one of them waits for both"
    await clock.advance(4.9)
    assert not first.done()
    await clock.advance(0.1)
    await first
    assert told.seconds == [HOUR, HOUR + 60, HOUR + 60]
    told.answers[2].set_exception(FULL)
    last = asyncio.create_task(bench.spawned.pop())
    await clock.advance(5)
    await last
    assert told.seconds[3:] == [HOUR + 60], "and so on"
    told.answers[3].set_result(1)
    await bench.spawned.pop()
    await bench.ledger.has_followed()
    assert bench.ledger.disk_time() == clock.now()


@pytest.mark.parametrize("error", [None, RuntimeError("not the disk")], ids=["cancelled", "fault"])
async def test_what_nobody_told_the_disk_is_owed_to_it(
    bench: Bench, clock: FakeClock, told: Told, error: Exception | None
) -> None:
    """A connection that is switched off in that moment would have its messages end by a time that is no more."""
    bench.ledger.begin()
    clock.jump(HOUR)
    bench.ledger.look_at_the_wall()
    bench.spawned.pop().close()
    told.answers[0].set_exception(error) if error else told.answers[0].cancel()
    await clock.settle()
    try:
        await bench.ledger.has_followed()
    except BachError as raised:
        pytest.fail(f"the disk did not say so: {raised}")
    bench.ledger.look_at_the_wall()
    assert told.seconds == [HOUR, HOUR]
    told.answers[1].set_result(1)
    await bench.spawned.pop()
