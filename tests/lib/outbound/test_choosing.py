"""What a worker is given, and that whatever was reserved for it is given back: lane, worker and permit."""

from types import SimpleNamespace
from typing import cast

import pytest

from bach_lib.connectors.base import Connector
from bach_lib.models import BreakerState
from bach_lib.outbound import choosing as module
from bach_lib.outbound.choosing import Choosing
from bach_lib.outbound.entry import Entry
from bach_lib.outbound.gate import Gate
from bach_lib.outbound.job import Job
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.limiter import Stop
from bach_lib.outbound.services import DispatchServices
from bach_lib.policy import Policy
from bach_lib.testing import FakeClock

CONNECTOR = cast("Connector", object())


class Door:
    """A gate of which is known what it has let through. `limits`: for whom there is no place."""

    def __init__(self) -> None:
        self.state = BreakerState.CLOSED
        self.is_open = True
        self.limits: dict[str, Stop] = {}
        self.seconds_closed: float | None = 0.0
        self.out: list[int] = []
        self.asked: list[object] = []
        self._last = 0

    def admit(self) -> int | None:
        """A permit."""
        self.asked.append("permit")
        if not self.is_open:
            return None
        self._last += 1
        self.out.append(self._last)
        return self._last

    def release(self, permit: int) -> None:
        """It comes back, and only once."""
        self.out.remove(permit)

    def reserve(self, connector: Connector, recipient: str) -> Stop | None:
        """A place."""
        assert connector is CONNECTOR
        self.asked.append(recipient)
        return self.limits.get(recipient)


@pytest.fixture
def door() -> Door:
    """One that is open."""
    return Door()


@pytest.fixture
def choosing(door: Door, clock: FakeClock) -> Choosing:
    """For two workers."""
    return chooser(door, clock)


def chooser(door: Door, clock: FakeClock) -> Choosing:
    """One for two workers."""
    services = cast("DispatchServices", SimpleNamespace(clock=clock, policy=Policy(parallel=2)))
    return Choosing(Lanes(), cast("Gate", door), services)


def add(choosing: Choosing, *recipients: str) -> None:
    """Messages that wait, numbered from 1."""
    for number, recipient in enumerate(recipients, 1):
        choosing.lanes.add(Entry(id=number, recipient=recipient))


def taken(choosing: Choosing) -> Job:
    """The next job, which there is."""
    job = choosing.next_job(CONNECTOR)
    assert job
    return job


def test_a_lease_holds_its_lane_a_worker_and_a_permit_until_it_is_given_back(choosing: Choosing, door: Door) -> None:
    """Two messages would go to one chat at once, or after some failures to store one nothing would go any more."""
    for _ in range(5):
        lease = choosing.lease(CONNECTOR, "ada")
        assert lease
        assert (lease.place.recipient, door.out, choosing.workers) == ("ada", [lease.permit], 1)
        before = len(door.asked)
        assert choosing.lease(CONNECTOR, "ada") is None
        assert (len(door.asked), door.out, choosing.workers) == (before, [lease.permit], 1)
        other = choosing.lease(CONNECTOR, "bob")
        assert other
        assert (choosing.workers, choosing.has_room) == (2, False)
        for one in (lease, other):
            choosing.finish(Job(one.place, one.permit), None)
        assert (door.out, choosing.workers, choosing.has_room) == ([], 0, True)


@pytest.mark.parametrize("reason", ["shut", "limit"])
def test_who_gets_no_lease_keeps_nothing(choosing: Choosing, door: Door, reason: str) -> None:
    """Nothing would ever go to this chat again, or the probe never end that holds up all of them."""
    if reason == "shut":
        door.is_open = False
    else:
        door.limits["ada"] = Stop("all", 5.0)
    assert choosing.lease(CONNECTOR, "ada") is None
    assert (door.out, choosing.workers) == ([], 0)
    assert door.asked == (["permit"] if reason == "shut" else ["permit", "ada"])
    door.is_open, door.limits = True, {}
    assert choosing.lease(CONNECTOR, "ada")


def test_there_is_room_while_a_worker_is_free_and_nothing_speaks_against_it(choosing: Choosing, door: Door) -> None:
    """A message would be called sending that has to wait for a platform that is down."""
    for state in BreakerState:
        door.state = state
        assert choosing.has_room is (state is BreakerState.CLOSED)


def test_no_job_where_no_worker_or_no_permit_is(choosing: Choosing, door: Door) -> None:
    """More would go at once than the platform bears, or into an outage."""
    add(choosing, "ada", "bob", "cid")
    jobs = [taken(choosing), taken(choosing)]
    before = len(door.asked)
    assert choosing.next_job(CONNECTOR) is None
    assert (len(door.asked), len(door.out)) == (before, 2)
    for job in jobs:
        choosing.finish(job, None)
    assert (door.out, choosing.workers) == ([], 0)
    door.is_open = False
    assert choosing.next_job(CONNECTOR) is None
    door.is_open = True
    job = taken(choosing)
    assert (job.entry.id, [job.permit], job.leased) == (3, door.out, None)


def test_where_nothing_waits_the_permit_is_given_back(choosing: Choosing, door: Door) -> None:
    """An idle house would hold the probe for ever, and send nothing after an outage."""
    assert choosing.next_job(CONNECTOR) is None
    assert (door.asked, door.out, choosing.workers) == (["permit"], [], 0)


def test_whom_a_limit_stops_is_passed_over_until_it_has_a_place(
    choosing: Choosing, door: Door, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One group that has had its share would hold up everybody, or hold up the house while all of them are tried."""
    monkeypatch.setattr(module, "_MOST_PARKED", 2)
    add(choosing, "ada", "bob", "cid", "dan")
    door.limits = {name: Stop(name, 5.0) for name in ("ada", "bob", "cid")}
    assert choosing.next_job(CONNECTOR) is None
    assert (door.asked, door.out, choosing.workers) == (["permit", "ada", "bob"], [], 0)
    assert taken(choosing).entry.id == 4
    assert door.asked[3:] == ["permit", "cid", "dan"]
    assert choosing.lanes.are_parked
    assert choosing.next_job(CONNECTOR) is None
    assert choosing.next_change(clock.monotonic(), is_sending=True) == 5.0


async def test_a_place_that_is_free_again_is_for_all_whom_the_limit_stopped(
    choosing: Choosing, door: Door, clock: FakeClock
) -> None:
    """Of a hundred who wait for one limit only one would ever go."""
    add(choosing, "ada", "bob")
    door.limits = {name: Stop("all", 5.0) for name in ("ada", "bob")}
    assert choosing.next_job(CONNECTOR) is None
    door.limits = {}
    await clock.advance(5)
    assert [taken(choosing).entry.id, taken(choosing).entry.id] == [1, 2]


@pytest.mark.parametrize(("failed_probe", "order"), [(None, [1, 2]), (False, [1, 2]), (True, [2, 1])])
def test_what_waits_again_does_so_in_its_lane_and_a_failed_probe_behind_all_others(
    choosing: Choosing, failed_probe: bool | None, order: list[int]
) -> None:
    """A message would be lost after its first failure; or one that can never go be tried for all others for ever."""
    add(choosing, "ada", "bob")
    job = taken(choosing)
    choosing.finish(job, job.entry, failed_probe=failed_probe)
    assert choosing.workers == 0
    jobs = [taken(choosing), taken(choosing)]
    assert [one.entry.id for one in jobs] == order


def test_what_does_not_wait_again_is_gone(choosing: Choosing) -> None:
    """A message that was sent would be sent again."""
    add(choosing, "ada")
    choosing.finish(taken(choosing), None)
    assert choosing.next_job(CONNECTOR) is None


MOMENTS = [
    (0.0, True, None, 30.0),
    (50.0, True, None, 50.0),
    (0.0, True, 20.0, 20.0),
    (0.0, True, 40.0, 30.0),
    (50.0, True, 40.0, 40.0),
    (None, True, None, None),
    (None, True, 40.0, 40.0),
    (0.0, False, None, None),
    (0.0, False, 40.0, 40.0),
]
"""How long nothing can pass, whether it is sent at all, when a message ends that may go after 30 s; what follows."""


@pytest.mark.parametrize(("closed", "is_sending", "ends", "seconds"), MOMENTS)
def test_the_next_moment_at_which_time_alone_changes_something(
    closed: float | None, is_sending: bool, ends: float | None, seconds: float | None
) -> None:
    """A message would lie there until another one comes, or the processor never rest."""
    door, clock = Door(), FakeClock()
    now = clock.monotonic()
    door.seconds_closed = closed
    choosing = chooser(door, clock)
    choosing.lanes.add(Entry(id=1, recipient="ada", due=now + 30, expires=None if ends is None else now + ends))
    assert choosing.next_change(now, is_sending=is_sending) == seconds


def test_no_time_gives_a_busy_worker_anything_to_do(choosing: Choosing, clock: FakeClock) -> None:
    """The processor would never rest while a platform is slow."""
    assert choosing.next_change(clock.monotonic(), is_sending=True) is None
    add(choosing, "ada", "bob", "cid")
    assert choosing.next_change(clock.monotonic(), is_sending=True) == 0.0
    jobs = [taken(choosing), taken(choosing)]
    assert choosing.next_change(clock.monotonic(), is_sending=True) is None
    choosing.finish(jobs[0], None)
    assert choosing.next_change(clock.monotonic(), is_sending=True) == 0.0
