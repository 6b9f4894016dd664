"""The lanes by themselves: what each operation means, and random histories against a list that is sorted every time."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bach_lib.connectors.capabilities import Rate
from bach_lib.outbound import lane as lane_module
from bach_lib.outbound import lanes as lanes_module
from bach_lib.outbound.entry import Entry, Key
from bach_lib.outbound.lane import is_crowded
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.limiter import Limiter, Stop

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
        lanes.release(entry.lane)
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


def test_a_change_waits_for_older_ones_that_a_limit_of_changes_stops(lanes: Lanes) -> None:
    """The older text would stand in the place of the newer one, or every change wait for a limit that is over."""
    change = Entry(id=5, recipient="ada", due=NOW)
    assert not lanes.waits_beside(change)
    lanes.add(Entry(id=7, recipient="ada", due=NOW, beside=True))
    lanes.add(Entry(id=2, recipient="bob", due=NOW, beside=True))
    assert not lanes.waits_beside(change), "younger ones and those of others come after it"
    assert not lanes.waits_beside(Entry(id=7, recipient="ada", due=NOW))
    lanes.add(Entry(id=4, recipient="ada", due=NOW, beside=True))
    assert lanes.waits_beside(change)
    assert not lanes.waits_beside(replace(change, beside=True)), "it is among them"
    taken = [lanes.take(NOW), lanes.take(NOW)]
    lanes.discard(7)
    assert sorted(entry.id for entry in taken if entry) == [2, 4]
    assert lanes.waits_beside(change), "the older one is on its way"
    lanes.release(("ada", -1))
    assert not lanes.waits_beside(change)


def test_many_that_are_over_end_some_at_a_time(lanes: Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a night off the loop would stand still until thousands have ended."""
    monkeypatch.setattr(lanes_module, "_MOST_EXPIRED", 2)
    for number in range(5):
        lanes.add(Entry(id=number, recipient="ada", expires=NOW))
    assert [lanes.expired(NOW) for _ in range(4)] == [[0, 1], [2, 3], [4], []]


def test_who_moved_leaves_nothing_behind(lanes: Lanes) -> None:
    """Memory would keep a place for every address that anybody ever had."""
    wait(lanes, "ada", 1)
    lanes.move("ada", "ada2", is_one_place=True)
    assert set(lanes._lanes) == {("ada2", 0)}


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
    lanes.release(("ada", 0), Entry(id=1, recipient="ada", due=NOW + 30))
    assert take_all(lanes) == []
    assert take_all(lanes, NOW + 30) == [1]
    assert take_all(lanes, NOW + 30) == [2]


def test_a_pause_never_gets_shorter(lanes: Lanes) -> None:
    """A later, shorter wish to wait would overrule the platform's longer one."""
    wait(lanes, "ada", 1)
    lanes.pause("ada", NOW + 60, NOW)
    lanes.pause("ada", NOW + 5, NOW)
    assert take_all(lanes, NOW + 59) == []
    assert take_all(lanes, NOW + 60) == [1]


def test_a_lane_that_failed_as_a_probe_stands_behind_the_others(lanes: Lanes) -> None:
    """One poisonous message would be the probe each time and keep the connection closed for everybody."""
    wait(lanes, "poison", 1)
    wait(lanes, "ada", 2)
    poison = lanes.take(NOW)
    assert poison
    lanes.release(("poison", 0), poison, failed_probe=True)
    assert take_all(lanes) == [2, 1]


def test_a_lane_is_occupied_only_when_nothing_waits_in_it(lanes: Lanes) -> None:
    """A new message would overtake those before it."""
    assert lanes.occupy("ada", NOW)
    assert not lanes.occupy("ada", NOW), "one at a time"
    wait(lanes, "ada", 1)
    assert lanes.take(NOW) is None
    lanes.release(("ada", 0))
    assert not lanes.occupy("ada", NOW)
    assert take_all(lanes) == [1]
    lanes.pause("ada", NOW + 1, NOW)
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


def test_what_goes_after_a_message_is_named_in_its_order_up_to_what_is_not_due(lanes: Lanes) -> None:
    """A lane that is lent to another process would come with what was cancelled, in another order, or too early."""
    wait(lanes, "ada", 1, 2, 3, 4)
    wait(lanes, "ada", 5, priority=-1)
    wait(lanes, "ada", 6, priority=-2, due=NOW + 9)
    wait(lanes, "ada", 7, priority=-3)
    head = lanes.take(NOW)
    assert head
    lanes.discard(3)
    assert lanes.behind(head, NOW, 9) == [2, 4, 5]
    assert lanes.behind(head, NOW, 2) == [2, 4]
    assert lanes.behind(head, NOW + 9, 9) == [2, 4, 5, 6, 7]


def test_a_lane_with_endless_replacements_stays_small(lanes: Lanes) -> None:
    """A sensor that replaces its own message every second of an outage would fill the memory."""
    wait(lanes, "ada", 0, due=NOW + 1e6)
    for number in range(1, 10_000):
        lanes.discard(number - 1)
        lanes.add(Entry(id=number, recipient="ada", due=NOW + 1e6, expires=NOW + 1e6))
    assert len(lanes) == 1
    assert len(lanes._lanes["ada", 0]) < 100
    assert len(lanes._later) < 100
    assert len(lanes._expiring) < 100


def test_a_lane_is_tidied_up_when_most_of_it_has_gone_and_not_with_each_message(lanes: Lanes) -> None:
    """Each of a thousand that a person takes back would cost a look at all others."""
    wait(lanes, "ada", *range(200))
    for number in range(199, 66, -1):
        assert len(lanes._lanes["ada", 0]) == 200
        lanes.discard(number)
    assert len(lanes._lanes["ada", 0]) == 67
    assert take_all(lanes) == [0]


def test_tidying_up_forgets_no_time_to_live(lanes: Lanes) -> None:
    """Behind a thousand that were replaced, yesterday's "dinner is ready" would wait without end."""
    lanes.add(Entry(id=0, recipient="ada", due=NOW + 1e6, expires=NOW + 60))
    for number in range(1, 1000):
        lanes.add(Entry(id=number, recipient="bob", due=NOW + 1e6, expires=NOW + 30))
        lanes.discard(number)
    assert len(lanes._expiring) < 100, "it was tidied up"
    assert lanes.next_expiry() is not None
    assert lanes.expired(NOW + 61) == [0]


def test_who_is_no_longer_spoken_to_is_forgotten(lanes: Lanes) -> None:
    """Every recipient ever written to, or ever slowed down, would stay in memory."""
    for number in range(1000):
        wait(lanes, f"person{number}", number)
        lanes.pause(f"person{number}", NOW + 1, NOW)
    while take_all(lanes, NOW + 1):
        pass
    wait(lanes, "ada", 5000)
    take_all(lanes, NOW + 2)
    assert len(lanes._lanes) < 100
    lanes.pause("bob", NOW + 3, NOW + 2)
    assert len(lanes._pauses) < 100


def test_a_lane_goes_on_without_the_message_that_stepped_aside(lanes: Lanes) -> None:
    """One message on which the platform breaks would keep every later one from its recipient."""
    wait(lanes, "ada", 1, 2)
    assert lanes.take(NOW)
    lanes.release(("ada", 0), Entry(id=1, recipient="ada", due=NOW + 60, aside=True))
    assert take_all(lanes) == [2]
    assert take_all(lanes, NOW + 60) == [1]


def test_a_pause_is_also_for_those_aside(lanes: Lanes) -> None:
    """A chat that is told to wait would be asked again by the message that stepped aside."""
    lanes.add(Entry(id=1, recipient="ada", due=NOW, aside=True))
    lanes.pause("ada", NOW + 60, NOW)
    assert take_all(lanes, NOW + 59) == []
    assert take_all(lanes, NOW + 60) == [1]


def test_those_aside_try_at_once_when_something_got_through(lanes: Lanes) -> None:
    """After a long outage people would wait another hour for what had stepped aside."""
    lanes.add(Entry(id=1, recipient="ada", due=NOW + 3600, aside=True))
    wait(lanes, "bob", 2, due=NOW + 3600)
    lanes.hasten(NOW, aside=True)
    assert take_all(lanes) == [1]


def test_those_in_a_hurry_go_when_a_check_was_good(lanes: Lanes) -> None:
    """What may have arrived while the connection went down would wait although it is back."""
    lanes.add(Entry(id=1, recipient="ada", due=NOW + 3600, hurry=True))
    wait(lanes, "bob", 2, due=NOW + 3600)
    lanes.hasten(NOW)
    assert take_all(lanes) == [1]


class Turnstile:
    """A dispatcher with one limit for everybody: one message a second."""

    def __init__(self) -> None:
        self.lanes, self.now, self.free_at, self.takes = Lanes(), NOW, NOW, 0

    def send_all(self) -> list[int]:
        """What goes now, in order; the messages are delivered at once."""
        sent = []
        while entry := self.lanes.take(self.now):
            self.takes += 1
            if self.free_at > self.now:
                self.lanes.park(entry, Stop("bot", self.free_at - self.now), self.now)
                continue
            self.free_at = self.now + 1
            self.lanes.passed(entry.lane)
            sent.append(entry.id)
            self.lanes.release(entry.lane)
        return sent

    def wait(self) -> bool:
        """Until time alone may have changed something; False if nothing waits."""
        due = self.lanes.next_due()
        self.now = self.now if due is None else max(self.now, due)
        return due is not None


@given(priorities=st.lists(st.integers(-2, 2), min_size=1, max_size=60), late=st.lists(st.integers(-2, 2), max_size=20))
def test_a_limit_changes_nothing_of_the_order(priorities: list[int], late: list[int]) -> None:
    """The smoke alarm would wait behind what the limit stopped before it."""
    one = Turnstile()
    for number, priority in enumerate(priorities):
        one.lanes.add(Entry(id=number, recipient=f"person{number}", priority=priority))
    waiting = dict(enumerate(priorities))
    sent = one.send_all()
    for number, priority in enumerate(late, start=len(priorities)):
        one.lanes.add(Entry(id=number, recipient=f"person{number}", priority=priority, due=one.now))
        waiting[number] = priority
        sent += one.send_all()
    while one.wait():
        sent += one.send_all()
    assert sorted(sent) == sorted(waiting)
    first, rest = sent[0], sent[1:]
    assert first == min(range(len(priorities)), key=lambda number: (-waiting[number], number))
    assert rest == sorted(rest, key=lambda number: (-waiting[number], number))


@pytest.mark.parametrize("number", [100, 3000])
def test_what_a_limit_stops_is_looked_at_a_few_times_only(number: int) -> None:
    """After an outage the whole house would stand still while thousands of lanes are asked again for each message."""
    one = Turnstile()
    for message_id in range(number):
        one.lanes.add(Entry(id=message_id, recipient=f"person{message_id}"))
    sent = one.send_all()
    while one.wait():
        sent += one.send_all()
    assert sent == list(range(number))
    assert one.takes <= 4 * number


def test_a_lane_that_was_cancelled_while_it_was_parked_frees_the_next(lanes: Lanes) -> None:
    """All others that the limit stopped would wait for a message that is not there any more."""
    one = Turnstile()
    for message_id in range(5):
        one.lanes.add(Entry(id=message_id, recipient=f"person{message_id}"))
    assert one.send_all() == [0]
    one.lanes.discard(1)
    one.lanes.pause("person2", NOW + 10, NOW)
    sent = []
    while one.wait():
        sent += one.send_all()
    assert sent == [3, 4, 2]


class House:
    """A dispatcher with a limit for all and one for each chat, and the plainest rule for who goes next."""

    def __init__(self) -> None:
        self.now = NOW
        self.lanes, self.limiter = Lanes(), Limiter(lambda: self.now)
        self.waiting: dict[int, Entry] = {}
        self.failed_probes: dict[Key, int] = {}
        self.pauses: dict[str, float] = {}
        self.sent: list[int] = []

    def rates(self, recipient: str) -> dict[str, Rate]:
        """One message a second, and one in three to a chat."""
        return {"bot": Rate(count=1, per=1), f"chat {recipient}": Rate(count=1, per=3)}

    def best(self) -> int | None:
        """Who goes first of those that nothing holds up."""
        heads: dict[Key, Entry] = {}
        for entry in sorted(self.waiting.values(), key=lambda entry: entry.rank, reverse=True):
            heads[entry.lane] = entry
        free = [
            (self.failed_probes.get(key, 0), *head.rank)
            for key, head in heads.items()
            if max(head.due, self.pauses.get(head.recipient, 0.0)) <= self.now
            and copy.deepcopy(self.limiter).reserve(self.rates(head.recipient)) is None
        ]
        return min(free)[2] if free else None

    def send(self, fails: Sequence[bool]) -> None:
        """All that may go now. `fails`: how the first attempts end; the others arrive."""
        outcomes = iter(fails)
        best = self.best()
        while entry := self.lanes.take(self.now):
            if stop := self.limiter.reserve(self.rates(entry.recipient)):
                self.lanes.park(entry, stop, self.now)
                continue
            assert entry.id == best
            self.lanes.passed(entry.lane)
            del self.waiting[entry.id]
            fails_now = next(outcomes, False)
            back = replace(entry, due=self.now + 2, aside=True) if fails_now else None
            if back:
                self.waiting[entry.id] = back
            else:
                self.sent.append(entry.id)
            self.lanes.release(entry.lane, back, failed_probe=fails_now)
            self.failed_probes[entry.lane] = self.failed_probes.get(entry.lane, 0) + 1 if fails_now else 0
            self.forget()
            best = self.best()
        assert best is None

    def moved(self, old: str, new: str) -> None:
        """A pause goes with its recipient, and so does what a lane has failed."""
        self.lanes.move(old, new, is_one_place=True)
        if (until := self.pauses.pop(old, None)) is not None:
            self.pauses[new] = max(self.pauses.get(new, 0.0), until)
        for recipient, aside in list(self.failed_probes):
            if recipient == old:
                failed_probes = self.failed_probes.pop((old, aside))
                self.failed_probes[new, aside] = max(self.failed_probes.get((new, aside), 0), failed_probes)

    def forget(self) -> None:
        """A lane in which nothing waits any more has never failed."""
        self.failed_probes = {
            key: failed_probes for key, failed_probes in self.failed_probes.items() if key in self.lanes._lanes
        }

    def wait(self, at_most: float = inf) -> bool:
        """Until time alone may have changed something; False if there is no such time."""
        due = self.lanes.next_due()
        if due is None:
            return False
        self.now = max(self.now, min(due, self.now + at_most))
        return True


EXACT = [0.0, 0.375, 1.0, 5.0]
"""Seconds that add up without rounding: a place that is free a millionth of a second early is nobody's loss."""
STEPS = st.tuples(
    st.sampled_from(["ada", "bob", "cleo", "dan"]),
    st.integers(-1, 1),
    st.sampled_from([0.0, 0.0, 2.0]),
    st.sampled_from(EXACT),
    st.sampled_from(["", "", "", "cancel", "pause", "move"]),
    st.lists(st.booleans(), max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=25), most_stale=st.sampled_from([-12, 64]))
def test_whatever_limits_stop_the_best_of_those_that_may_goes_and_all_go_in_the_end(
    steps: list[tuple[str, int, float, float, str, list[bool]]], most_stale: int
) -> None:
    """A message would wait for ever behind a limit that has long had a place, or the alarm behind the weather."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lane_module, "_MAX_STALE", most_stale)  # so that cleaning up is a part of it
        house, cancelled = House(), set[int]()
        for number, (recipient, priority, due, seconds, event, fails) in enumerate(steps, start=1):
            entry = Entry(id=number, recipient=recipient, priority=priority, due=house.now + due)
            house.lanes.add(entry)
            house.waiting[number] = entry
            if event == "cancel" and number // 2 in house.waiting:
                del house.waiting[number // 2]
                house.lanes.discard(number // 2)
                cancelled.add(number // 2)
            if event == "pause":
                house.lanes.pause(recipient, house.now + 4, house.now)
                house.pauses[recipient] = max(house.pauses.get(recipient, 0.0), house.now + 4)
            if event == "move":
                house.moved(recipient, "eve")
                for waiting in house.waiting.values():
                    waiting.recipient = "eve" if waiting.recipient == recipient else waiting.recipient
            house.forget()
            house.send(fails)
            house.wait(at_most=seconds)
        while house.wait():
            house.send([])
    assert house.waiting == {}
    assert not house.lanes.are_parked, "who comes now need not stand behind anybody"
    assert sorted([*house.sent, *cancelled]) == list(range(1, len(steps) + 1))


def test_who_replaces_itself_while_a_limit_stops_it_is_not_forgotten(lanes: Lanes) -> None:
    """Found as a bug: a sensor's newest value would wait for ever, once a limit had stopped a hundred before it."""
    for number in range(1, 200):
        lanes.discard(number - 1)
        wait(lanes, "ada", number)
        stopped = lanes.take(NOW)
        assert stopped
        lanes.park(stopped, Stop("bot", 60), NOW)
    assert len(lanes._parked["bot"].heap) < 100
    assert take_all(lanes, NOW + 59) == []
    assert take_all(lanes, NOW + 60) == [199]


def test_ends_of_what_has_gone_fill_no_memory_and_those_of_what_waits_stay(lanes: Lanes) -> None:
    """A sensor whose values live for a day would leave each of them behind, or the one that waits would go out late."""
    lanes.add(Entry(id=1, recipient="ada", due=inf, expires=NOW + 5))
    for number in range(2, 500):
        lanes.add(Entry(id=number, recipient="ada", due=inf, expires=NOW + number))
        lanes.discard(number)
    assert len(lanes._expiring) < 100
    assert lanes.next_expiry() == NOW + 5
    assert lanes.expired(NOW + 1000) == [1]


@pytest.mark.parametrize("true", [0, 1, 100])
def test_a_heap_is_cleaned_when_more_of_it_is_out_of_date_than_true(true: int) -> None:
    """Each message would clean up once more when thousands wait, or what is out of date would fill the memory."""
    assert not is_crowded(range(64 + 2 * true), true)
    assert is_crowded(range(65 + 2 * true), true)


@dataclass
class NaiveLane:
    """A list of waiting messages and what is known of its lane."""

    recipient: str
    waiting: list[Entry] = field(default_factory=list)
    busy: int = 0
    failed_probes: int = 0

    @property
    def head(self) -> Entry | None:
        """Who goes first."""
        return min(self.waiting, key=lambda entry: (-entry.priority, entry.id), default=None)


RECIPIENTS = st.sampled_from(["ada", "bob", "cleo", "dan"])
SECONDS = st.sampled_from([-10.0, 0.0, 0.5, 1.0, 5.0, 60.0])


class Histories(RuleBasedStateMachine):
    """Everything that can happen to lanes, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.lanes = Lanes()
        self.naive: dict[Key, NaiveLane] = {}
        self.pauses: dict[str, float] = {}
        self.under_way: dict[int, tuple[Entry, Key]] = {}
        """What is on its way, and its lane; below 0: what stands for one that was never in the lane."""
        self.ids = count(1)

    @property
    def waiting(self) -> list[Entry]:
        """Every message that waits."""
        return [entry for lane in self.naive.values() for entry in lane.waiting]

    def over(self, entry: Entry) -> float:
        """When its time to live is over."""
        return inf if entry.expires is None else entry.expires

    def lane(self, key: Key) -> NaiveLane:
        """The lane, made if need be."""
        return self.naive.setdefault(key, NaiveLane(key[0]))

    def due(self, lane: NaiveLane) -> float | None:
        """When its head may go; None while time alone changes nothing."""
        if lane.head is None or lane.busy:
            return None
        return max(lane.head.due, self.pauses.get(lane.recipient, 0.0))

    @rule(
        recipient=RECIPIENTS,
        priority=st.integers(-1, 1),
        due=SECONDS,
        expires=st.none() | SECONDS,
        aside=st.booleans(),
        hurry=st.booleans(),
    )
    def add(  # noqa: PLR0917 - all that a message may be
        self, recipient: str, priority: int, due: float, expires: float | None, aside: bool, hurry: bool
    ) -> None:
        """A message begins to wait."""
        number = next(self.ids)
        expires = None if expires is None else self.now + expires
        for keep in (self.lanes.add, self.lane((recipient, number if aside else 0)).waiting.append):
            keep(
                Entry(
                    id=number,
                    recipient=recipient,
                    priority=priority,
                    due=self.now + due,
                    expires=expires,
                    aside=aside,
                    hurry=hurry,
                )
            )

    @rule()
    def take(self) -> None:
        """A worker asks who goes."""
        free = [lane for lane in self.naive.values() if (due := self.due(lane)) is not None and due <= self.now]
        expected = min(free, key=lambda lane: (lane.failed_probes, lane.head.rank if lane.head else ()), default=None)
        taken = self.lanes.take(self.now)
        assert (taken.id if taken else None) == (expected.head.id if expected and expected.head else None)
        if taken and expected and expected.head:
            expected.waiting.remove(expected.head)
            expected.busy += 1
            self.under_way[taken.id] = (taken, taken.lane)

    @rule(recipient=RECIPIENTS)
    def occupy(self, recipient: str) -> None:
        """A message that was just born wants to go at once."""
        lane = self.lane((recipient, 0))
        free = not lane.busy and not lane.waiting and self.pauses.get(recipient, 0.0) <= self.now
        place = self.lanes.occupy(recipient, self.now)
        assert (place is not None) is free
        if place:
            lane.busy += 1
            self.under_way[place.id] = (place, (recipient, 0))

    @precondition(lambda self: self.under_way)
    @rule(
        data=st.data(),
        back=st.none() | SECONDS,
        failed_probe=st.sampled_from([None, True, False]),
        aside=st.booleans(),
    )
    def release(self, data: st.DataObject, back: float | None, failed_probe: bool | None, aside: bool) -> None:
        """An attempt ended; its message is done, or comes back, or steps aside."""
        entry, key = self.under_way.pop(data.draw(st.sampled_from(sorted(self.under_way))))
        assert entry.lane == key, "what is under way goes with its lane"
        lane, again = self.naive[key], None
        if entry.id > 0 and back is not None:
            again = Entry(
                id=entry.id,
                recipient=key[0],
                priority=entry.priority,
                due=self.now + back,
                aside=aside or entry.aside,
            )
        self.lanes.release(key, again, failed_probe=failed_probe)
        lane.busy -= 1
        if failed_probe is not None:
            lane.failed_probes = lane.failed_probes + 1 if failed_probe else 0
        if again:
            self.lane(again.lane).waiting.append(again)

    @rule(recipient=RECIPIENTS, seconds=SECONDS)
    def pause(self, recipient: str, seconds: float) -> None:
        """The platform asks to wait."""
        self.lanes.pause(recipient, self.now + seconds, self.now)
        self.pauses[recipient] = max(self.pauses.get(recipient, 0.0), self.now + seconds)

    @rule(number=st.integers(1, 30))
    def discard(self, number: int) -> None:
        """A person cancels a message, perhaps one that is not there."""
        self.lanes.discard(number)
        for lane in self.naive.values():
            lane.waiting = [entry for entry in lane.waiting if entry.id != number]

    @rule(aside=st.booleans())
    def hasten(self, aside: bool) -> None:
        """The sign that some wait for."""
        self.lanes.hasten(self.now, aside=aside)
        for entry in self.waiting:
            if entry.aside if aside else entry.hurry:
                entry.due = min(entry.due, self.now)

    @rule()
    def expire(self) -> None:
        """Someone looks for messages whose time is over."""
        expected = {entry.id for entry in self.waiting if self.over(entry) <= self.now}
        ids = self.lanes.expired(self.now)
        assert len(ids) == len(set(ids))
        assert set(ids) == expected
        for lane in self.naive.values():
            lane.waiting = [entry for entry in lane.waiting if entry.id not in expected]

    @rule(data=st.data(), old=RECIPIENTS)
    def move(self, data: st.DataObject, old: str) -> None:
        """A group gets a new address."""
        new = data.draw(RECIPIENTS.filter(lambda name: name != old))
        self.lanes.move(old, new, is_one_place=True)
        self.under_way = {
            number: (entry, (new, key[1]) if key[0] == old else key) for number, (entry, key) in self.under_way.items()
        }
        if (until := self.pauses.pop(old, None)) is not None:
            self.pauses[new] = max(self.pauses.get(new, 0.0), until)
        for key, lane in [(key, lane) for key, lane in self.naive.items() if lane.recipient == old]:
            target = self.lane((new, key[1]))
            target.busy, target.failed_probes = target.busy + lane.busy, max(target.failed_probes, lane.failed_probes)
            for entry in lane.waiting:
                entry.recipient = new
                target.waiting.append(entry)
            del self.naive[key]

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
        dues = [due for lane in self.naive.values() if (due := self.due(lane)) is not None]
        told = self.lanes.next_due()
        assert not dues or (told is not None and told <= min(dues))
        true = min((self.over(entry) for entry in self.waiting), default=inf)
        told = self.lanes.next_expiry()
        assert true == inf or (told is not None and told <= true)

    @invariant()
    def idle_lanes_are_forgotten(self) -> None:
        """What the lanes forget, the model forgets too."""
        for key, lane in self.naive.items():
            if key not in self.lanes._lanes:
                assert not lane.waiting
                assert not lane.busy
                lane.failed_probes = 0


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)


def test_a_wish_to_wait_stays_with_the_address_of_which_it_was_said(lanes: Lanes) -> None:
    """Who corrects an address would ask the platform again too soon at the old one, and keep the new one waiting."""
    lanes.pause("ada", NOW + 60, NOW)
    wait(lanes, "ada", 1)
    lanes.move("ada", "bob", is_one_place=False)
    wait(lanes, "ada", 2)
    assert take_all(lanes, NOW) == [1]
    assert take_all(lanes, NOW + 60) == [2]
