"""Judges histories of messages that wait on purpose: nothing is lost, said twice, early, late, or said in a rest.

Where nothing failed, `later_model` says to the second what must be; everywhere else what must not be is asked.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bach_lib.models import Message, Status
from tests.simulation.hand_steps import SendNow
from tests.simulation.judge import Complaint
from tests.simulation.later_model import LaterModel, shown_to
from tests.simulation.later_steps import TEXTS, Note, Postpone, PutOff
from tests.simulation.later_story import TOLD, LaterStory, number_of
from tests.simulation.resting import ZONE, awake_at, next_time
from tests.simulation.steps import Cancel

_SOON = 3.0
_RECOVERY = 1_500.0
_TIMES = re.compile(r"\d\d:\d\d(–\d\d:\d\d)?")


def _nothing_is_lost(story: LaterStory) -> Iterator[str]:
    """Whatever BACH said that it has is shown, or is in a list that is shown, or ended as the history says."""
    for number, receipt in story.accepted():
        if receipt.id not in story.messages:
            yield f"n{number} was accepted, and is gone"
    shown = {one.message.id for one in story.shown}
    for number in story.notes:
        for one in story.of(number):
            if (fault := _lost(story, one, shown)) is not None:
                yield f"n{number} is {one.status} ({one.error.code if one.error else None}) at the end, {fault}"


def _lost(story: LaterStory, one: Message, shown: set[int]) -> str | None:
    note, error = story.notes[number_of(one)], one.error.code if one.error else ""
    deeds = [done.deed for done in story.deeds(note.number)]
    if one.status is Status.SENT:
        return None if one.id in shown else "and nobody saw it"
    if one.status is Status.EXPIRED:
        return "and has no time to live" if note.lives is None else None
    if one.status is not Status.CANCELLED:
        return "and everything works"
    if error == TOLD:
        return None  # of its list, `_lists_say_what_they_stand_for` asks
    newer = [other for other in story.notes.values() if (other.tag, other.person) == (note.tag, note.person)]
    has_newer = note.tag is not None and any(other.number > note.number for other in newer)
    is_put_off = sum(isinstance(deed, PutOff) for deed in deeds) > 1
    is_wanted = any(isinstance(deed, Cancel) for deed in deeds)
    return None if has_newer or is_put_off or is_wanted else "and nobody wanted that"


def _nothing_is_said_twice(story: LaterStory) -> Iterator[str]:
    """A telling becomes one message, and another one each time that somebody puts it off."""
    for number, note in story.notes.items():
        those = story.of(number)
        wanted = 1 + sum(isinstance(done.deed, PutOff) for done in story.deeds(number))
        if len(those) > wanted:
            yield f"n{number} was told once, and put off {wanted - 1} times; it became {len(those)} messages"
        shown = Counter(one.message.id for one in story.shown)
        yield from (f"message {one.id} was shown {shown[one.id]} times" for one in those if shown[one.id] > 1)
        if any(shown[one.id] and one.error is not None and one.error.code == TOLD for one in those):
            yield f"n{number} was shown, and stands in a list as well"
        if any(one.recipient != note.person for one in those):
            yield f"n{number} went to somebody else"


def _lists_say_what_they_stand_for(story: LaterStory) -> Iterator[str]:
    for list_id, told in story.lists.items():
        one = story.messages.get(list_id)
        if one is None:
            yield f"the list {list_id} is gone, with {[number_of(of) for of in told]}"
            continue
        is_late = one.status is Status.EXPIRED and one.expires_at is not None
        if one.status is not Status.SENT and not is_late:
            yield f"the list {list_id} is {one.status}"
        if len(told) < 2:
            yield f"the list {list_id} says one thing"
        says, must = one.text, _listed(story, told)
        if not _are_times_known(story, told):
            says, must = (_TIMES.sub("", text) for text in (says, must))
        if says != must:
            yield f"the list {list_id} says {one.text!r}, and must say {must!r}"


def _are_times_known(story: LaterStory, told: list[Message]) -> bool:
    """Not where the clock was set, nor of what was refused at first, and taken when it was said again."""
    again = {call.number for call in story.calls if call.what == "again"}
    return not (story.was_set or any(number_of(one) in again for one in told))


def _listed(story: LaterStory, told: list[Message]) -> str:
    """Each thing once, with when it was told first and last, and how often."""
    walls = {done.deed.number: done.wall for done in story.done if done.deed in story.notes.values()}
    lines = list[str]()
    for text in dict.fromkeys(one.text for one in told):
        same = [number_of(one) for one in told if one.text == text]
        first, last = (_clock(walls[number]) for number in (same[0], same[-1]))
        times = first if first == last else f"{first}–{last}"
        lines.append(f"{times} {text}" + (f" ({len(same)}×)" if len(same) > 1 else ""))
    return lines[0] if len(lines) == 1 else "\n".join(f"• {line}" for line in lines)


def _clock(wall: float) -> str:
    return f"{datetime.fromtimestamp(wall, UTC).astimezone(ZoneInfo(ZONE)):%H:%M}"


def _rests_are_kept(story: LaterStory) -> Iterator[str]:
    for one in story.shown:
        told = story.lists.get(one.message.id, [one.message])
        numbers = {number_of(of) for of in told}
        if any(isinstance(done.deed, SendNow) for number in numbers for done in story.deeds(number)):
            continue  # somebody wanted it at once
        priority = max(story.notes[number].priority for number in numbers)
        awake = awake_at(story.rests, one.person, priority, one.decided)
        if (
            awake > one.decided + _SOON
            and awake_at(story.rests, one.person, priority, one.decided - _SOON) > one.decided
        ):
            yield f"{one.person} was shown {sorted(numbers)}, and rested for {awake - one.decided:.0f} s more"


def _nothing_is_early(story: LaterStory) -> Iterator[str]:
    """What was to come at a time comes then; where that was changed or it was put off, `to the second` asks."""
    for one in story.shown:
        note = story.notes[number_of(one.message)]
        done = next(done for done in story.done if done.deed == note)
        changed = any(isinstance(other.deed, SendNow | Postpone) for other in story.deeds(note.number))
        if note.at is not None and not changed and one.wall < done.wall + note.at - 0.1:
            yield f"n{note.number} was shown {done.wall + note.at - one.wall:.0f} s too early"


def _nothing_is_late(story: LaterStory) -> Iterator[str]:
    """Where all was well when its time had come, also if a process had ended before."""
    if story.was_set:
        return
    seen = {number: at for at, _, numbers in reversed(list(shown_to(story))) for number in numbers}
    for done in story.done:
        note = done.deed
        if not isinstance(note, Note) or note.number not in seen or any(story.deeds(note.number)):
            continue
        latest = awake_at(story.rests, note.person, note.priority, _latest(story, note, done.wall))
        due = done.at + latest - done.wall
        if story.is_smooth(due - _RECOVERY, due + _SOON) and seen[note.number] > latest + _SOON:
            yield f"n{note.number} was shown {seen[note.number] - latest:.0f} s too late"


def _latest(story: LaterStory, note: Note, wall: float) -> float:
    """When it must go, whatever it waits for."""
    times = [wall + (note.at or 0.0)]
    for one in story.gathers:
        if one.person == note.person:
            times.append(wall + max((one.same_minutes or 0) * 60.0, 3_600.0 if one.per_hour else 0.0))
            times += [] if one.at is None else [next_time(one.at, wall)]
    return max(times)


def _who_puts_off_gets_it_again(story: LaterStory) -> Iterator[str]:
    for number, note in story.notes.items():
        presses = [done for done in story.deeds(number) if isinstance(done.deed, PutOff)]
        sure = [one for one in presses if one.is_calm and story.is_smooth(one.at - _RECOVERY, one.at + _SOON)]
        if sure and note.tag is None and len(story.of(number)) < 2:
            yield f"n{number} was put off at {sure[0].at:.0f}, and never came again"


def _as_the_history_says(story: LaterStory) -> Iterator[str]:
    """Where nothing failed, all that must be is known."""
    if not story.is_exact:
        return
    model = LaterModel(story=story)
    must, is_ = model.run(), list(shown_to(story))
    for person in {note.person for note in story.notes.values()} - model.unsure:
        ours, theirs = (
            Counter((round(at, 1), numbers) for at, whom, numbers in seen if whom == person) for seen in (is_, must)
        )
        if ours != theirs:
            wrong, missing = (sorted(one.elements()) for one in (ours - theirs, theirs - ours))
            yield f"{person} was shown {wrong}, and not {missing}"


def _counters_add_up(story: LaterStory) -> Iterator[str]:
    for name, counted in story.counted.items():
        took = story.answered.get(name, 0)
        if story.is_exact and counted != took:
            yield f"{name} counts {counted} successes, and its platform took {took} messages"


def _left_over(story: LaterStory) -> Iterator[str]:
    if story.unfinished:
        yield f"{story.unfinished} messages still wait"
    if story.tasks_left:
        yield f"after closing, these still ran: {sorted(set(story.tasks_left))}"
    known = {f"n{number}" for number in story.notes}
    strangers = [one.id for one in story.messages.values() if one.context not in known]
    if strangers or any(
        not one.message.text.startswith(TEXTS) and not _is_list(story, one.message) for one in story.shown
    ):
        yield f"{strangers} come from nowhere"


def _is_list(story: LaterStory, message: Message) -> bool:
    return message.id in story.lists


RULES: dict[str, Callable[[LaterStory], Iterator[str]]] = {
    "trouble": lambda story: iter(story.trouble),
    "lost": _nothing_is_lost,
    "twice": _nothing_is_said_twice,
    "lists": _lists_say_what_they_stand_for,
    "rests": _rests_are_kept,
    "not early": _nothing_is_early,
    "not late": _nothing_is_late,
    "put off": _who_puts_off_gets_it_again,
    "to the second": _as_the_history_says,
    "counters": _counters_add_up,
    "left over": _left_over,
}


def judge_later(story: LaterStory) -> list[Complaint]:
    """Every complaint there is."""
    return [Complaint(name, text) for name, rule in RULES.items() for text in rule(story)]
