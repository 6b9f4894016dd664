"""Judges histories of routes: each ends, nobody is told without cause, and nothing goes on when somebody has it."""

from collections import Counter
from collections.abc import Callable, Iterator

from bach_lib import Operation, RouteRun, RouteStatus
from tests.simulation.alarms import AlarmStory
from tests.simulation.judge import Complaint

_RECOVERY = 1_500.0
_SOON = 3.0


def _runs(story: AlarmStory) -> Iterator[tuple[int, RouteRun]]:
    for number, runs in story.runs.items():
        for run in runs:
            yield number, run


def _each_is_there_once(story: AlarmStory) -> Iterator[str]:
    started = {call.number for call in story.calls if call.what == "alarm" and isinstance(call.result, RouteRun)}
    for number in started - story.runs.keys():
        yield f"alarm {number} was started, and is gone"
    for number, runs in story.runs.items():
        if len(runs) > 1:
            yield f"alarm {number} was started once, and is there {len(runs)} times"


def _each_ends(story: AlarmStory) -> Iterator[str]:
    for number, run in _runs(story):
        if run.status not in (RouteStatus.ACKNOWLEDGED, RouteStatus.EXHAUSTED):
            yield f"alarm {number} is {run.status} at the end"
    if story.left_open:
        yield f"{story.left_open} runs are over, and not put away"


def _who_is_told(story: AlarmStory) -> Iterator[str]:
    """As often as the steps say, and all of them if nobody had it."""
    for number, run in _runs(story):
        alarm = story.alarms[number]
        told = Counter(one.place.recipient for one in run.tried)
        for person, times in told.items():
            if times > 1 + alarm.repeats:
                yield f"alarm {number} was told to {person} {times} times"
        shown = {one.person for one in story.seen_by if one.alarm == number}
        if run.status is RouteStatus.EXHAUSTED:
            yield from (
                f"alarm {number} was exhausted, and {person} never told"
                for group in alarm.groups
                for person in group
                if person not in shown
            )
        ids = set(run.message_ids)
        for one in story.seen_by:
            if one.alarm == number and one.message.operation is Operation.SEND and one.message.id not in ids:
                yield f"alarm {number} told {one.person} by a message that its run does not know"


def _nothing_goes_on(story: AlarmStory) -> Iterator[str]:
    for number, run in _runs(story):
        if run.status is RouteStatus.ACKNOWLEDGED and not story.walls:
            yield from (
                f"alarm {number} told {one.place.recipient} after somebody had it"
                for one in run.tried
                if one.at > (run.ended_at or 0.0)
            )


def _all_can_read_who_has_it(story: AlarmStory) -> Iterator[str]:
    for number, run in _runs(story):
        ours = [one for one in story.seen_by if one.alarm == number]
        changed = Counter(one.remote_id for one in ours if one.message.operation is Operation.EDIT)
        last = {one.message.id: one.remote_id for one in ours if one.message.operation is Operation.SEND}
        if run.status is RouteStatus.ACKNOWLEDGED:
            yield from (
                f"alarm {number} is over, and message {one} does not say so"
                for one in last.values()
                if not changed[one]
            )
        elif changed:
            yield f"alarm {number} is not over, and looks like it"


def _who_has_it_ends_it(story: AlarmStory) -> Iterator[str]:
    for one in story.pressed:
        around = (one.at - _RECOVERY, one.at + _SOON)
        if one.is_calm and not any(around[0] <= at <= around[1] for at in story.rough):
            yield from (
                f"{one.person} had alarm {number} at {one.at:.0f}, and it ended as {run.status}"
                for number, run in _runs(story)
                if number == one.alarm and run.status is not RouteStatus.ACKNOWLEDGED
            )


def _left_over(story: AlarmStory) -> Iterator[str]:
    if story.unfinished:
        yield f"{story.unfinished} messages still wait"
    if story.tasks_left:
        yield f"after closing, these still ran: {sorted(set(story.tasks_left))}"


RULES: dict[str, Callable[[AlarmStory], Iterator[str]]] = {
    "trouble": lambda story: iter(story.trouble),
    "once": _each_is_there_once,
    "an end": _each_ends,
    "told": _who_is_told,
    "over": _nothing_goes_on,
    "shown": _all_can_read_who_has_it,
    "heard": _who_has_it_ends_it,
    "left over": _left_over,
}


def judge_alarms(story: AlarmStory) -> list[Complaint]:
    """Every complaint there is."""
    return [Complaint(name, text) for name, rule in RULES.items() for text in rule(story)]
