"""How a run goes on: every history ends with somebody who knows or with all told, and nobody is told without cause."""

import re
from dataclasses import replace
from pathlib import Path
from typing import override

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bach_lib import Place, Reached, RouteRun, RouteStatus, RouteWords, Said, Step, Tried
from bach_lib.routes.deciding import (
    Acknowledged,
    AllClear,
    Begun,
    CalledOff,
    Decision,
    Due,
    Happening,
    Known,
    Lost,
    Snoozed,
    Superseded,
    decide,
    longest_wait,
    step_of,
)

PLACES = tuple(Place(connection=name, recipient=name) for name in "abcdef")


@st.composite
def runs(draw: st.DrawFn) -> RouteRun:
    """A run of a route that tells each place in one step at most."""
    places, steps = list(draw(st.permutations(PLACES))), list[Step]()
    while places and (not steps or draw(st.booleans())):
        some = [places.pop() for _ in range(draw(st.integers(1, min(3, len(places)))))]
        step = Step(
            places=tuple(some),
            wait=draw(st.sampled_from([1.0, 60.0])),
            in_turn=draw(st.booleans()),
            reached=draw(st.sampled_from(Reached)),
            repeats=draw(st.integers(0, 2)),
            repeat_every=draw(st.sampled_from([1.0, 30.0])),
            but_cause=draw(st.booleans()),
        )
        steps.append(step)
    words, causes = RouteWords(), tuple(draw(st.lists(st.sampled_from(PLACES), max_size=3, unique=True)))
    return RouteRun(
        id=1, route="r", said=Said(text="!"), steps=tuple(steps), words=words, started_at=0.0, caused_by=causes
    )


class Told(RuleBasedStateMachine):
    """A run to which anything may happen."""

    @initialize(run=runs())
    def begin(self, run: RouteRun) -> None:
        """It is started."""
        self.run, self.now, self.down, self.quieted = run, 0.0, frozenset[Place](), 0
        self.happens(Begun())

    def happens(self, happening: Happening) -> None:
        """Carry out what is decided."""
        before = self.run
        decision = decide(before, happening, self.now, self.down.__contains__)
        if decision is None:
            return
        self.run = decision.run
        if decision.text is not None:
            assert before.cleared_at is None, "that it is over is said once"
            return
        if decision.tell:
            assert self.run.status is RouteStatus.UNDER_WAY
            assert before.status is RouteStatus.UNDER_WAY, "somebody is told after its end"
        if isinstance(happening, Due | Lost | Begun) and before.stage != self.run.stage and self.run.stage is not None:
            later = [one for one in self.run.left if not self.down.issuperset(self.run.stages[one].places)]
            assert not (self.down.issuperset(decision.tell) and later), (
                "it waits for what is down, while another is not"
            )
            up = [self.others(stage) - self.down for stage in (self.run.stage, *self.run.left)]
            if step_of(self.run, self.run.stage).but_cause and any(up):
                assert not {*decision.tell} & {*self.run.caused_by}, "who caused it is told, though another can be"
        tried = [
            Tried(place=place, stage=self.run.stage or 0, at=self.now, message_id=len(self.run.tried) + number)
            for number, place in enumerate(decision.tell, 1)
        ]
        self.run = replace(self.run, tried=(*self.run.tried, *tried))

    def others(self, stage: int) -> set[Place]:
        """Whom a stage means, without whoever caused it where they are left out."""
        causes = self.run.caused_by if step_of(self.run, stage).but_cause else ()
        return {*self.run.stages[stage].places} - {*causes}

    @rule(down=st.frozensets(st.sampled_from(PLACES)))
    def connections_change(self, down: frozenset[Place]) -> None:
        """Some are down from now on, and all others are not."""
        self.down = down

    @precondition(lambda self: self.run.due_at is not None)
    @rule(waiting=st.frozensets(st.integers(1, 20), max_size=3))
    def is_due(self, waiting: frozenset[int]) -> None:
        """Time passes, and nobody is heard of."""
        self.now = self.run.due_at or 0.0
        self.happens(Due(self.now, waiting))

    @rule(due_at=st.floats(-5, -1))
    def is_due_late(self, due_at: float) -> None:
        """A timer of long ago changes nothing."""
        assert decide(self.run, Due(due_at), self.now, self.down.__contains__) is None

    @rule(message_id=st.integers(1, 20), reached=st.sampled_from(Reached))
    def is_known(self, message_id: int, reached: Reached) -> None:
        """Something is known of a message."""
        before = self.run
        self.happens(Known(message_id, reached, "Ada"))
        if self.run.status is not before.status:
            [one] = [one for one in before.tried if one.message_id == message_id]
            assert step_of(before, one.stage).reached in reached.includes

    @rule(message_ids=st.frozensets(st.integers(1, 20)))
    def are_lost(self, message_ids: frozenset[int]) -> None:
        """Some messages will not arrive."""
        self.happens(Lost(message_ids))

    @rule()
    def is_acknowledged(self) -> None:
        """Somebody has it: from then on, nothing changes that."""
        was_cancelled = self.run.status is RouteStatus.CANCELLED
        self.happens(Acknowledged("Ada"))
        assert self.run.status is (RouteStatus.CANCELLED if was_cancelled else RouteStatus.ACKNOWLEDGED)

    @rule()
    def is_called_off(self) -> None:
        """Nobody needs to know."""
        self.happens(CalledOff())
        assert self.run.status in {RouteStatus.CANCELLED, RouteStatus.ACKNOWLEDGED}

    @rule(seconds=st.floats(1, 100), waiting=st.frozensets(st.integers(1, 20), max_size=3))
    def is_quieted(self, seconds: float, waiting: frozenset[int]) -> None:
        """Somebody wants quiet for a while: nobody is told, and then it goes on with whom it had come to."""
        before = self.run
        self.happens(Snoozed("Bob", seconds, waiting))
        if before.status in {RouteStatus.CANCELLED, RouteStatus.ACKNOWLEDGED}:
            assert self.run == before
            return
        self.quieted += 1
        assert (self.run.status, self.run.snoozed_by, self.run.tried) == ("under_way", "Bob", before.tried)
        assert (self.run.due_at, longest_wait(self.run)) == (self.now + seconds, seconds)
        if before.stage is not None:
            assert self.run.left[0] == before.stage
        assert {one.stage for one in self.run.tried if one.message_id in waiting} <= {*self.run.left}

    @rule(newer=st.integers(2, 3))
    def is_superseded(self, newer: int) -> None:
        """A newer one has its tag: whoever has the older already still has it."""
        had = self.run.status in {RouteStatus.CANCELLED, RouteStatus.ACKNOWLEDGED}
        before = self.run
        self.happens(Superseded(newer))
        assert self.run == before if had else (self.run.status, self.run.superseded_by) == ("cancelled", newer)

    @rule()
    def is_clear(self) -> None:
        """It is over, and those who were told are told so."""
        had = self.run.status is RouteStatus.ACKNOWLEDGED
        self.happens(AllClear("dry again", tuple(one.place for one in self.run.tried)))
        assert self.run.status is (RouteStatus.ACKNOWLEDGED if had else RouteStatus.CANCELLED)
        assert self.run.cleared_at is not None

    @invariant()
    def is_told_as_the_steps_say(self) -> None:
        """Each place at most once and its repeats, one after the other; and what is under way goes on by itself."""
        run = self.run
        for place in PLACES:
            times = [one for one in run.tried if one.place == place]
            most = 1 + max((step_of(run, one.stage).repeats for one in times), default=0)
            assert len(times) <= most * (1 + self.quieted)
        assert (run.status is RouteStatus.UNDER_WAY) == (run.due_at is not None)
        assert (run.ended_at is None) == (run.status is RouteStatus.UNDER_WAY)
        if run.status is RouteStatus.UNDER_WAY:
            here = () if run.stage is None else (run.stage,)
            assert {*here, *run.left, *(one.stage for one in run.tried)} == set(range(len(run.stages)))
        assert (run.stage is None) == (run.status is not RouteStatus.UNDER_WAY or run.snoozed_for is not None)
        assert (run.snoozed_by is None) == (run.snoozed_for is None)

    @override
    def teardown(self) -> None:
        """Left alone, it ends."""
        for _ in range(100):
            if getattr(self, "run", None) and self.run.due_at is not None:
                self.is_due(frozenset())
        if getattr(self, "run", None):
            assert self.run.status is not RouteStatus.UNDER_WAY


TestTold = Told.TestCase
TestTold.settings = settings(max_examples=40, stateful_step_count=10, deadline=None)


def test_the_picture_shows_every_way_that_a_run_can_go() -> None:
    """Somebody would build on an arrow that is not there, or be surprised by one that is."""
    page = (Path(__file__).parents[3] / "docs" / "routes.md").read_text("utf-8")
    drawn = set(re.findall(r"^ +(\w+) --> (\w+):", page, re.MULTILINE))
    step = Step(places=PLACES[:1], wait=1.0, repeats=1)
    new = RouteRun(id=1, route="r", said=Said(text="!"), steps=(step,), words=RouteWords(), started_at=0.0)
    runs, seen = [replace(new, left=(0,))], set[tuple[str, str]]()
    for run in runs:
        due = Due(run.due_at or 0.0)
        for happening in (
            Begun(),
            due,
            Lost(frozenset()),
            Acknowledged("Ada"),
            CalledOff(),
            Snoozed("Bob", 5.0),
            Superseded(2),
            AllClear("", ()),
        ):
            decision = decide(run, happening, 0.0, lambda _: False)
            if decision and (decision.run.status is not run.status or run.status is RouteStatus.UNDER_WAY):
                seen.add((run.status.value, decision.run.status.value))
                runs += [decision.run] if len(runs) < 100 else []
    assert seen == drawn


def begun(**fields: object) -> RouteRun:
    """A run in the middle of its first step of two, both of which tell two."""
    step = Step(places=PLACES[:2], wait=60.0, repeats=1, repeat_every=30.0)
    steps = (step, replace(step, places=PLACES[2:4], wait=7.0, repeats=0))
    new = RouteRun(id=1, route="r", said=Said(text="!"), steps=steps, words=RouteWords(), started_at=0.0)
    tried = tuple(Tried(place=PLACES[n], stage=0, at=0.0, message_id=n + 1) for n in range(2))
    run = replace(new, stage=0, left=(1,), told=1, due_at=30.0, tried=tried)
    return replace(run, **fields)  # type: ignore[arg-type] # of several types


def test_what_ends_it_says_by_whom_and_through_what() -> None:
    """Those who were woken could not read who has it; or a run that is over would look as if it still waited."""
    run = begun(steps=(replace(begun().steps[0], reached=Reached.DELIVERED), begun().steps[1]))
    over = replace(run, left=(), stage=None, told=0, due_at=None, ended_at=5.0)
    known = replace(over, status=RouteStatus.ACKNOWLEDGED, by="Ada", reached=Reached.SEEN)
    for happening, ended in (
        (Known(2, Reached.SEEN, "Ada"), known),
        (Known(1, Reached.DELIVERED), replace(known, by=None, reached=Reached.DELIVERED)),
        (Acknowledged("Ada"), replace(known, reached=Reached.ACKNOWLEDGED)),
        (CalledOff(), replace(over, status=RouteStatus.CANCELLED)),
    ):
        assert decide(run, happening, 5.0, lambda _: False) == Decision(ended)
    assert decide(run, Known(1, Reached.SENT), 5.0, lambda _: False) is None


def test_it_waits_as_its_step_says() -> None:
    """The repetition would come too late, or the next be told too early, when somebody is still on the stairs."""
    run = begun()
    assert longest_wait(run) == 30.0
    again = decide(run, Due(30.0), 30.0, lambda _: False)
    assert again == Decision(replace(run, told=2, due_at=90.0), PLACES[:2])
    assert longest_wait(again.run) == 60.0
    following = decide(again.run, Due(90.0), 90.0, lambda _: False)
    assert following == Decision(replace(run, stage=1, left=(), told=1, due_at=97.0), PLACES[2:4])
    assert longest_wait(following.run) == 7.0
    done = decide(following.run, Due(97.0), 97.0, lambda _: False)
    assert done
    assert (done.run.status, longest_wait(done.run)) == (RouteStatus.EXHAUSTED, 0.0)


def test_who_still_waits_for_a_message_gets_no_other() -> None:
    """After an outage all repetitions would come at once; or who got the first would not get the second."""
    again = decide(begun(), Due(30.0, frozenset({1, 7})), 30.0, lambda _: False)
    assert again
    assert again.tell == PLACES[1:2]
    second = begun(stage=1, left=(), steps=(begun().steps[0],) * 2)
    again = decide(second, Due(30.0, frozenset({1})), 30.0, lambda _: False)
    assert again
    assert again.tell == PLACES[:2]  # the message that waits is of the first stage


def test_whom_a_place_means_is_asked_when_its_turn_comes() -> None:
    """Whoever has gone out would be told by the speaker in the kitchen, and an empty house would wait for nobody."""
    home, away, person = PLACES[:3]
    steps = (Step(places=(person,), repeats=1), Step(places=(home, person), in_turn=True))
    run = RouteRun(id=1, route="r", said=Said(text="Water!"), steps=steps, words=RouteWords(), started_at=0.0)
    reached: tuple[Place, ...] = ()

    def goes_on(run: RouteRun, happening: Happening) -> Decision:
        decision = decide(
            run, happening, run.due_at or 0.0, {away}.__contains__, lambda one, _: reached if one == person else (one,)
        )
        assert decision
        return decision

    begun = goes_on(run, Begun())
    assert (begun.run.stage, begun.run.left, begun.tell) == (1, (2, 0), (home,))
    assert goes_on(replace(begun.run, left=(2, 0)), Due(begun.run.due_at or 0.0)).run.status is RouteStatus.EXHAUSTED
    reached = (home, away, home)
    begun = goes_on(run, Begun())
    assert (begun.run.stage, begun.tell) == (0, (home, away))
    reached = (away,)
    again = goes_on(begun.run, Due(begun.run.due_at or 0.0))
    assert (again.run.told, again.tell) == (2, (away,))
    reached = ()
    nobody = decide(replace(run, steps=steps[:1]), Begun(), 0.0, lambda _: False, lambda *_: reached)
    assert nobody
    assert (nobody.run.status, nobody.tell) == (RouteStatus.EXHAUSTED, ())


def test_who_caused_it_is_left_out_unless_the_alarm_would_reach_nobody() -> None:
    """Whoever has set it off would switch it off in peace; or their alarm wake nobody."""
    ada, bob, carl = PLACES[:3]
    steps = (Step(places=(ada, bob), but_cause=True, repeats=1), Step(places=(carl, ada)))

    def begins(*down: Place, steps: tuple[Step, ...] = steps) -> Decision:
        run = RouteRun(
            id=1, route="r", said=Said(text="!"), steps=steps, words=RouteWords(), started_at=0.0, caused_by=(ada,)
        )
        decision = decide(run, Begun(), 0.0, down.__contains__)
        assert decision
        return decision

    begun = begins()
    assert (begun.run.stage, begun.tell) == (0, (bob,))
    again = decide(begun.run, Due(begun.run.due_at or 0.0), 60.0, lambda _: False)
    assert again
    assert again.tell == (bob,), "nor with a repetition"
    passed = begins(bob)
    assert (passed.run.stage, passed.tell) == (1, (carl, ada)), "another step can be reached, which names them"
    assert begins(bob, carl, steps=steps[:1]).tell == (ada, bob), "whoever else is there cannot be reached now"
    assert begins(steps=(Step(places=(ada,), but_cause=True),)).tell == (ada,), "there is nobody else"
    told = replace(begins(steps=steps[:1]).run, tried=(Tried(place=bob, stage=0, at=0.0, message_id=1),))
    lost = decide(told, Lost(frozenset({1})), 0.0, lambda _: False)
    assert lost
    assert (lost.run.status, lost.tell) == (RouteStatus.UNDER_WAY, (ada,)), "what others were told will not arrive"
    told = replace(lost.run, tried=(*told.tried, Tried(place=ada, stage=0, at=0.0, message_id=2)))
    nobody = decide(told, Lost(frozenset({1, 2})), 0.0, lambda _: False)
    assert nobody
    assert nobody.run.status is RouteStatus.EXHAUSTED
