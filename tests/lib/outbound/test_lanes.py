"""The lanes by themselves: what each operation means, and random histories against a list that is sorted every time."""

from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bach_lib.outbound.lanes import Entry, Lanes

NOW = 1000.0


@pytest.fixture
def lanes() -> Lanes:
    """Nobody waits."""
    return Lanes()


def wait(lanes: Lanes, recipient: str, *ids: int, priority: int = 0, due: float = NOW) -> None:
    """Let messages wait."""
    for message_id in ids:
        lanes.add(Entry(id=message_id, recipient=recipient, priority=priority, due=due))


def take_all(lanes: Lanes, now: float = NOW) -> list[int]:
    """Take until nothing goes, then free the lanes."""
    taken = []
    while entry := lanes.take(now):
        taken.append(entry)
    for entry in taken:
        lanes.release(entry.recipient)
    return [entry.id for entry in taken]


def test_a_lane_goes_one_by_one_in_order(lanes: Lanes) -> None:
    """Two messages of one chat would be on their way at once, and the second might arrive first."""
    wait(lanes, "ada", 1, 2, 3)
    assert [take_all(lanes) for _ in range(4)] == [[1], [2], [3], []]


def test_lanes_do_not_wait_for_each_other(lanes: Lanes) -> None:
    """One slow chat would hold up all others."""
    wait(lanes, "ada", 1, 2)
    wait(lanes, "bob", 3, 4)
    assert take_all(lanes) == [1, 3]


def test_the_higher_priority_goes_first(lanes: Lanes) -> None:
    """The smoke alarm would wait for the weather report."""
    wait(lanes, "ada", 1, 2)
    wait(lanes, "bob", 3)
    wait(lanes, "cleo", 4, priority=5)
    wait(lanes, "ada", 5, priority=9)
    assert take_all(lanes) == [5, 4, 3]


def test_a_lane_waits_for_its_head(lanes: Lanes) -> None:
    """The second message would arrive before the first, which is being retried."""
    wait(lanes, "ada", 1, due=NOW + 30)
    wait(lanes, "ada", 2)
    assert take_all(lanes) == []
    assert lanes.next_due() == NOW + 30
    assert take_all(lanes, NOW + 30) == [1]


def test_a_message_that_comes_back_is_the_head_again(lanes: Lanes) -> None:
    """A retried message would go to the end of the line."""
    wait(lanes, "ada", 1, 2)
    assert lanes.take(NOW)
    lanes.release("ada", Entry(id=1, recipient="ada", due=NOW + 30))
    assert take_all(lanes) == []
    assert take_all(lanes, NOW + 30) == [1]
    assert take_all(lanes, NOW + 30) == [2]


def test_a_pause_never_gets_shorter(lanes: Lanes) -> None:
    """A later, shorter wish to wait would overrule the platform's longer one."""
    wait(lanes, "ada", 1)
    lanes.pause("ada", NOW + 60)
    lanes.pause("ada", NOW + 5)
    assert take_all(lanes, NOW + 59) == []
    assert take_all(lanes, NOW + 60) == [1]


def test_a_lane_that_failed_as_a_probe_stands_behind_the_others(lanes: Lanes) -> None:
    """One poisonous message would be the probe each time and keep the connection closed for everybody."""
    wait(lanes, "poison", 1)
    wait(lanes, "ada", 2)
    poison = lanes.take(NOW)
    assert poison
    lanes.release("poison", poison, strike=True)
    assert take_all(lanes) == [2, 1]


def test_a_lane_is_occupied_only_when_nothing_waits_in_it(lanes: Lanes) -> None:
    """A new message would overtake those before it."""
    assert lanes.occupy("ada", NOW)
    assert not lanes.occupy("ada", NOW), "one at a time"
    wait(lanes, "ada", 1)
    assert lanes.take(NOW) is None
    lanes.release("ada")
    assert not lanes.occupy("ada", NOW)
    assert take_all(lanes) == [1]
    lanes.pause("ada", NOW + 1)
    assert not lanes.occupy("ada", NOW)
    assert lanes.occupy("ada", NOW + 1)


def test_what_is_left_behind_by_a_full_house_is_announced(lanes: Lanes) -> None:
    """Found as a bug: nobody would be woken for a message that was due when the last worker took another one."""
    wait(lanes, "ada", 1)
    wait(lanes, "bob", 2)
    assert lanes.take(NOW)
    due = lanes.next_due()
    assert due is not None
    assert due <= NOW


def test_a_lane_with_endless_replacements_stays_small(lanes: Lanes) -> None:
    """A sensor that replaces its own message every second of an outage would fill the memory."""
    wait(lanes, "ada", 0, due=NOW + 1e6)
    for number in range(1, 10_000):
        lanes.discard("ada", number - 1)
        lanes.add(Entry(id=number, recipient="ada", due=NOW + 1e6, expires=NOW + 1e6))
    assert len(lanes) == 1
    assert len(lanes._lanes["ada"].heap) < 100
    assert len(lanes._later) < 100
    assert len(lanes._expiring) < 100


def test_who_is_no_longer_spoken_to_is_forgotten(lanes: Lanes) -> None:
    """Every recipient ever written to, or ever slowed down, would stay in memory."""
    for number in range(1000):
        wait(lanes, f"person{number}", number)
        lanes.pause(f"person{number}", NOW + 1)
    while take_all(lanes, NOW + 1):
        pass
    wait(lanes, "ada", 5000)
    take_all(lanes, NOW + 2)
    assert len(lanes._lanes) < 100


@dataclass
class NaiveLane:
    """A list of waiting messages and what is known of its lane."""

    waiting: list[Entry] = field(default_factory=list)
    busy: bool = False
    paused_until: float = 0.0
    strikes: int = 0

    @property
    def head(self) -> Entry | None:
        """Who goes first."""
        return min(self.waiting, key=lambda entry: (-entry.priority, entry.id), default=None)

    @property
    def due(self) -> float | None:
        """When the head may go; None while time alone changes nothing."""
        return None if self.head is None or self.busy else max(self.head.due, self.paused_until)


RECIPIENTS = st.sampled_from(["ada", "bob", "cleo", "dan"])
SECONDS = st.sampled_from([-10.0, 0.0, 0.5, 1.0, 5.0, 60.0])


class Histories(RuleBasedStateMachine):
    """Everything that can happen to lanes, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.lanes = Lanes()
        self.naive: dict[str, NaiveLane] = {name: NaiveLane() for name in ("ada", "bob", "cleo", "dan")}
        self.under_way: dict[str, Entry | None] = {}
        """The busy lanes, and the message each one sends; None: one that was never in the lane."""
        self.ids = count(1)

    @property
    def waiting(self) -> list[Entry]:
        """Every message that waits."""
        return [entry for lane in self.naive.values() for entry in lane.waiting]

    @rule(recipient=RECIPIENTS, priority=st.integers(-1, 1), due=SECONDS, expires=st.none() | SECONDS)
    def add(self, recipient: str, priority: int, due: float, expires: float | None) -> None:
        """A message begins to wait."""
        number = next(self.ids)
        expires = None if expires is None else self.now + expires
        for keep in (self.lanes.add, self.naive[recipient].waiting.append):
            keep(Entry(id=number, recipient=recipient, priority=priority, due=self.now + due, expires=expires))

    @rule()
    def take(self) -> None:
        """A worker asks who goes."""
        free = [lane for lane in self.naive.values() if lane.due is not None and lane.due <= self.now]
        expected = min(free, key=lambda lane: (lane.strikes, lane.head.rank if lane.head else ()), default=None)
        taken = self.lanes.take(self.now)
        assert (taken.id if taken else None) == (expected.head.id if expected and expected.head else None)
        if taken and expected and expected.head:
            expected.waiting.remove(expected.head)
            expected.busy = True
            self.under_way[taken.recipient] = taken

    @rule(recipient=RECIPIENTS)
    def occupy(self, recipient: str) -> None:
        """A message that was just born wants to go at once."""
        lane = self.naive[recipient]
        free = not lane.busy and not lane.waiting and lane.paused_until <= self.now
        assert self.lanes.occupy(recipient, self.now) is free
        if free:
            lane.busy = True
            self.under_way[recipient] = None

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), back=st.none() | SECONDS, strike=st.sampled_from([None, True, False]))
    def release(self, data: st.DataObject, back: float | None, strike: bool | None) -> None:
        """An attempt ended; its message is done, or comes back."""
        recipient = data.draw(st.sampled_from(sorted(self.under_way)))
        entry, lane = self.under_way.pop(recipient), self.naive[recipient]
        again = (
            None
            if entry is None or back is None
            else Entry(id=entry.id, recipient=recipient, priority=entry.priority, due=self.now + back)
        )
        self.lanes.release(recipient, again, strike=strike)
        lane.busy = False
        if strike is not None:
            lane.strikes = lane.strikes + 1 if strike else 0
        if again:
            lane.waiting.append(again)

    @rule(recipient=RECIPIENTS, seconds=SECONDS)
    def pause(self, recipient: str, seconds: float) -> None:
        """The platform asks to wait."""
        self.lanes.pause(recipient, self.now + seconds)
        lane = self.naive[recipient]
        lane.paused_until = max(lane.paused_until, self.now + seconds)

    @rule(recipient=RECIPIENTS, number=st.integers(1, 30))
    def discard(self, recipient: str, number: int) -> None:
        """A person cancels a message, perhaps one that is not there."""
        self.lanes.discard(recipient, number)
        lane = self.naive[recipient]
        lane.waiting = [entry for entry in lane.waiting if entry.id != number]

    @rule()
    def expire(self) -> None:
        """Someone looks for messages whose time is over."""
        expected = {entry.id for entry in self.waiting if entry.expires is not None and entry.expires <= self.now}
        ids = self.lanes.expired(self.now)
        assert len(ids) == len(set(ids))
        assert set(ids) == expected
        for lane in self.naive.values():
            lane.waiting = [entry for entry in lane.waiting if entry.id not in expected]

    @rule(data=st.data(), old=RECIPIENTS)
    def move(self, data: st.DataObject, old: str) -> None:
        """A group gets a new address."""
        new = data.draw(RECIPIENTS.filter(lambda name: name != old))
        self.lanes.move(old, new)
        moved, self.naive[old].waiting = self.naive[old].waiting, []
        for entry in moved:
            entry.recipient = new
        self.naive[new].waiting += moved

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 30.0, 100.0]))
    def pass_time(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @invariant()
    def nothing_is_lost(self) -> None:
        """As many wait as should."""
        assert len(self.lanes) == len(self.waiting)

    @invariant()
    def nobody_is_woken_too_late(self) -> None:
        """The times announced are never later than the true ones."""
        true = min((lane.due for lane in self.naive.values() if lane.due is not None), default=None)
        told = self.lanes.next_due()
        assert true is None or (told is not None and told <= true)
        true = min((entry.expires for entry in self.waiting if entry.expires is not None), default=None)
        told = self.lanes.next_expiry()
        assert true is None or (told is not None and told <= true)

    @invariant()
    def idle_lanes_are_forgotten(self) -> None:
        """What the lanes forget, the model forgets too."""
        for name, lane in self.naive.items():
            if name not in self.lanes._lanes:
                assert not lane.waiting
                assert not lane.busy
                assert lane.paused_until <= self.now
                lane.strikes = 0


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
