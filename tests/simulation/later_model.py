"""What must be true of messages that wait on purpose, said from the history alone: what each person sees, and when.

It knows what was told, what is set for people and what was done, and nothing of BACH. It holds to the second where
nothing failed; so it is asked only of such histories.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.simulation.hand_steps import SendNow
from tests.simulation.later_steps import SNOOZE, Gathers, Note, Postpone, PutOff
from tests.simulation.later_story import Done, LaterStory
from tests.simulation.resting import awake_at, next_time
from tests.simulation.steps import Cancel

_ENDLESS: Final = 10.0**11
_HOUR: Final = 3_600.0

type Seen = tuple[float, str, tuple[int, ...]]
"""When somebody sees one message, whom, and what it tells: the numbers of one telling or of several."""


@dataclass(eq=False, kw_only=True)
class Waiting:
    """A message that waits. `kind`: for what; `ends`: when it is too late for it."""

    notes: tuple[Note, ...]
    due: float
    kind: str = "its time"
    ends: float | None = None
    is_awake: bool = False
    is_again: bool = False
    """Somebody has put it off; what is done about the first message does not concern it."""

    @property
    def first(self) -> Note:
        """What it tells first."""
        return self.notes[0]


@dataclass(kw_only=True)
class LaterModel:
    """Goes through a history as people saw it."""

    story: LaterStory
    seen: list[Seen] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    went: dict[str, list[tuple[float, str, int]]] = field(default_factory=dict)
    """What somebody was told when, and how urgent it was; a list is no text. What is urgent counts in no hour."""
    awake: set[int] = field(default_factory=set)
    """Of what somebody wanted at once, it is known that they do not rest."""
    unsure: set[str] = field(default_factory=set)
    """People of whom nothing exact is known: two settings meet there."""

    def run(self) -> list[Seen]:
        """All that people must see."""
        for done in self.story.done:
            self._pass(done.wall)
            match done.deed:
                case Note():
                    self._tell(done.deed, done.wall)
                case _:
                    self._about(done)
        self._pass(_ENDLESS)
        return self.seen

    def _about(self, done: Done) -> None:
        note = self.story.notes[done.deed.number]
        mine = next((one for one in self.waiting if one.notes == (note,) and not one.is_again), None)
        if isinstance(done.deed, PutOff):
            self._put_off(note, done.wall)
        elif mine is None:
            return
        elif isinstance(done.deed, Cancel):
            self.waiting.remove(mine)
        elif isinstance(done.deed, SendNow):
            self._is_mixed(note)
            mine.due, mine.kind, mine.is_awake = done.wall, "by hand", True
            self.awake.add(note.number)
        elif isinstance(done.deed, Postpone):
            self._is_mixed(note)
            mine.due, mine.kind = done.wall + (done.deed.seconds or 0.0), "its time"
            if mine.ends is not None:  # it lives on, from its new time
                self.unsure.add(note.person)

    def _is_mixed(self, note: Note) -> None:
        """What goes by itself counts in the hour of others, or not yet, or not any more: too much to say twice."""
        if self._sets(note.person, "per_hour", "same_minutes"):
            self.unsure.add(note.person)

    def _put_off(self, note: Note, at: float) -> None:
        """It comes again, unless something else is true by now."""
        if note.tag is not None:
            self.unsure.add(note.person)
        self.waiting = [one for one in self.waiting if one.notes != (note,)]
        self.waiting.append(Waiting(notes=(note,), due=at + SNOOZE, is_again=True, is_awake=note.number in self.awake))
        self._is_mixed(note)

    def _sets(self, person: str, *names: str) -> bool:
        return any(getattr(one, name) for one in self.story.gathers if one.person == person for name in names)

    def _tell(self, note: Note, at: float) -> None:
        if note.tag is not None:
            same = (note.tag, note.person)
            self.waiting = [one for one in self.waiting if (one.first.tag, one.first.person) != same]
        due, kind = at + (note.at or 0.0), "its time"
        ends = None if note.lives is None else due + note.lives
        mine = [one for one in self.story.gathers if one.person == note.person and note.priority < one.below]
        is_own = note.tag is not None or note.at is not None or note.snooze
        rests = any(one.recipient == note.person for one in self.story.rests)
        if mine and (is_own or rests):
            self._is_mixed(note)
        for one in () if is_own else mine:
            found = self._gathered(one, note, at)
            if found is not None and (ends is None or ends > found[0]):
                due, kind = found
                break
        self.waiting.append(Waiting(notes=(note,), due=due, kind=kind, ends=ends))
        self._pass(at)

    def _gathered(self, one: Gathers, note: Note, at: float) -> tuple[float, str] | None:
        person = note.person
        went = [(when, text) for when, text, priority in self.went.get(person, []) if priority < one.below]
        if one.at is not None:
            enough = one.after is not None and len(self._of_kind(person, "digest")) + 1 >= one.after
            return (at if enough else next_time(one.at, at)), "digest"
        if one.per_hour is not None:
            lately = sorted((when for when, _ in went if when > at - _HOUR), reverse=True)
            there = self._of_kind(person, "hour")
            if there:
                return there[0].due, "hour"
            return (lately[one.per_hour - 1] + _HOUR, "hour") if len(lately) >= one.per_hour else None
        kind, seconds = f"same {note.text}", (one.same_minutes or 0) * 60.0
        if there := self._of_kind(person, kind):
            return there[0].due, kind
        alike = [when for when, text in went if text == str(note.text) and when > at - seconds]
        return (max(alike) + seconds, kind) if alike else None

    def _of_kind(self, person: str, kind: str) -> list[Waiting]:
        return [one for one in self.waiting if (one.first.person, one.kind) == (person, kind)]

    def _pass(self, until: float) -> None:
        """Time goes on."""
        while due := [one for one in self.waiting if self._next(one) <= until]:
            one = min(due, key=self._next)
            at = self._next(one)
            if one.kind in {"its time", "by hand"}:
                self.waiting.remove(one)
                self._goes(one, at)
            else:
                self._together(one, at)

    def _next(self, one: Waiting) -> float:
        return one.due if one.ends is None else min(one.due, one.ends)

    def _together(self, one: Waiting, at: float) -> None:
        group = self._of_kind(one.first.person, one.kind)
        self.waiting = [other for other in self.waiting if other not in group]
        ends = [other.ends for other in group]
        latest = None if None in ends else max(end for end in ends if end is not None)
        self._goes(Waiting(notes=tuple(other.first for other in group), due=at, ends=latest), at)

    def _goes(self, one: Waiting, at: float) -> None:
        """Unless it is too late, or they rest."""
        person, priority = one.first.person, max(note.priority for note in one.notes)
        if one.ends is not None and one.ends <= at:
            return
        awake = at if one.is_awake else awake_at(self.story.rests, person, priority, at)
        if awake > at:
            one.due, one.kind = awake, "its time"
            self.waiting.append(one)
            return
        self.seen.append((at, person, tuple(sorted(note.number for note in one.notes))))
        text = str(one.first.text) if len(one.notes) == 1 else "a list"
        self.went.setdefault(person, []).append((at, text, priority))


def shown_to(story: LaterStory) -> Iterator[Seen]:
    """What people did see."""
    lists, number = story.lists, {one.id: one.context for one in story.messages.values()}
    for one in story.shown:
        those = [number[told.id] for told in lists.get(one.message.id, ())] or [one.message.context]
        yield one.wall, one.person, tuple(sorted(int((which or "n0").removeprefix("n")) for which in those))
