"""Judges histories of routes: each ends for a reason, nobody is told without one, and nothing goes on when it is over.

Where nothing failed, `alarm_model` says to the second what must be; everywhere else what must not be is asked.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from bach_lib import Operation, RouteRun, RouteStatus
from bach_lib.errors import RouteKeyReusedError
from tests.simulation.alarm_model import Expected, Model
from tests.simulation.alarm_steps import picture_of
from tests.simulation.alarm_story import Act, AlarmStory
from tests.simulation.judge import Complaint
from tests.simulation.resting import awake_at
from tests.simulation.stage import START

_RECOVERY = 1_500.0
_SOON = 3.0
_STARTS = frozenset({"alarm", "again"})
_OVER = frozenset({RouteStatus.ACKNOWLEDGED, RouteStatus.CANCELLED})


def _runs(story: AlarmStory) -> Iterator[tuple[int, RouteRun]]:
    for number, runs in story.runs.items():
        for run in runs:
            yield number, run


def _each_is_there_once(story: AlarmStory) -> Iterator[str]:
    started = {call.number for call in story.calls if call.what in _STARTS and isinstance(call.result, RouteRun)}
    for number in started - story.runs.keys():
        yield f"alarm {number} was started, and is gone"
    for number, runs in story.runs.items():
        if len(runs) > 1:
            yield f"alarm {number} was started once, and is there {len(runs)} times"
    for call in story.calls:
        if call.what in _STARTS and isinstance(call.error, RouteKeyReusedError):
            yield f"alarm {call.number} was started again under its key, and that is refused"


def _each_ends_for_a_reason(story: AlarmStory) -> Iterator[str]:
    for number, run in _runs(story):
        reasons = set(_reasons(story, number, run))
        if not reasons:
            yield f"alarm {number} is {run.status} at the end, by {run.by}, and nothing in the history says why"
    if story.left_open:
        yield f"{story.left_open} runs are over, and not put away"


def _reasons(story: AlarmStory, number: int, run: RouteRun) -> Iterator[str]:
    """What the history has for how it ended."""
    alarm = story.alarms[number]
    acts = [act for act in story.acts if act.alarm == number]
    if run.status is RouteStatus.EXHAUSTED:
        newer = [one for one, _ in _runs(story) if one > number and story.alarms[one].tag == alarm.tag]
        if alarm.tag is None or not newer or story.walls:  # a day later nobody asks any more which is the newer one
            yield "nobody had it"
    elif run.status is RouteStatus.ACKNOWLEDGED:
        below = {number, *_reminded_of(story, number)}
        yield from (act.what for act in story.acts if act.what == "have" and act.alarm in below and _is_by(act, run))
        yield from (act.what for act in acts if act.what == "know" and _is_by(act, run))
    elif run.status is RouteStatus.CANCELLED and run.superseded_by is not None:
        newer = [one for one, other in _runs(story) if other.id == run.superseded_by and one != number]
        yield from ("a newer one" for one in newer if alarm.tag is not None and story.alarms[one].tag == alarm.tag)
    elif run.status is RouteStatus.CANCELLED:
        wanted = {"calloff"} if run.cleared_at is None else {"calloff", "clear"}
        yield from (act.what for act in acts if act.what in wanted)


def _is_by(act: Act, run: RouteRun) -> bool:
    return act.person.title() == run.by


def _reminded_of(story: AlarmStory, number: int) -> Iterator[int]:
    alarm = story.alarms[number]
    if alarm.reminds:
        yield from (one for one in story.alarms if one < number and story.alarms[one].tag == alarm.tag)


def _who_is_told(story: AlarmStory) -> Iterator[str]:
    """As often as the steps say, and all of them if nobody had it."""
    for number, run in _runs(story):
        alarm = story.alarms[number]
        again = sum(act.what in {"later", "hush"} for act in story.acts if act.alarm in {number, *story.alarms})
        for person, times in Counter(one.place.recipient for one in run.tried).items():
            if times > (1 + alarm.repeats) * (1 + again):
                yield f"alarm {number} was told to {person} {times} times"
        shown = {one.person for one in story.seen_by if one.alarm == number}
        if run.status is RouteStatus.EXHAUSTED:
            yield from (
                f"alarm {number} was exhausted, and {person} never told"
                for group in alarm.groups
                for person in group
                if person not in shown
            )
        ids = Counter(one.message.id for one in story.seen_by if one.is_alarm and one.alarm == number)
        for message_id, times in ids.items():
            if message_id not in run.message_ids:
                yield f"alarm {number} told somebody by a message that its run does not know"
            if times > 1 + len(story.ends):
                yield f"message {message_id} of alarm {number} was shown {times} times"
        if unseen := {one for one in run.message_ids if one in story.sent} - ids.keys():
            yield f"alarm {number} says that {sorted(unseen)} were sent, and nobody saw them"


def _nothing_goes_on(story: AlarmStory) -> Iterator[str]:
    for number, run in _runs(story):
        if run.status not in _OVER or story.walls:
            continue
        ended = run.ended_at or 0.0
        yield from (
            f"alarm {number} told {one.place.recipient} after it was over" for one in run.tried if one.at > ended
        )
        yield from (
            f"{one.person} was shown alarm {number} {one.at + START - ended:.0f} s after it was over"
            for one in story.seen_by
            if one.is_alarm and one.alarm == number and one.at + START > ended + _SOON
        )


def _all_can_read_how_it_stands(story: AlarmStory) -> Iterator[str]:
    for number, run in _runs(story):
        ours = [one for one in story.seen_by if one.alarm == number and not one.is_clear]
        sent = {one.message.id: one for one in ours if one.message.operation is Operation.SEND}
        for one in sent.values():
            edits = [
                at.message for at in ours if at.message.operation is Operation.EDIT and at.remote_id == one.remote_id
            ]
            text = edits[-1].text if edits else None
            if (wrong := _wrong(run, text, one.message.text)) is not None:
                yield f"alarm {number} is {run.status}, and message {one.remote_id} {wrong}: {text!r}"
            if edits and run.status in _OVER and edits[-1].buttons:
                yield f"alarm {number} is over, and message {one.remote_id} still has a button"


def _wrong(run: RouteRun, text: str | None, first: str) -> str | None:
    """What is wrong about how a message looks in the end; None: nothing."""
    if run.status is RouteStatus.ACKNOWLEDGED:
        return None if text is not None and f"{run.by} has it" in text else "does not say who has it"
    if run.status is RouteStatus.CANCELLED and run.superseded_by is not None:
        return None if text == first else "does not stand there as it was, without a button"
    if run.status is RouteStatus.CANCELLED:
        return None if text is not None and "This is over" in text else "does not say so"
    is_quiet = run.snoozed_at is not None and text is not None and "quiet until" in text
    return None if text is None or is_quiet else "looks otherwise"


def _who_has_it_ends_it(story: AlarmStory) -> Iterator[str]:
    for act in story.acts:
        around = (act.at - _RECOVERY, act.at + _SOON)
        is_rough = any(around[0] <= at <= around[1] for at in story.rough)
        if act.what not in {"have", "later"} or not act.is_calm or is_rough:
            continue
        for number, run in _runs(story):
            if number != act.alarm or _was_over_before(story, number, act):
                continue
            if act.what == "have" and run.status is not RouteStatus.ACKNOWLEDGED:
                yield f"{act.person} had alarm {number} at {act.at:.0f}, and it ended as {run.status}"
            if act.what == "later" and run.snoozed_at is None and run.status is not RouteStatus.ACKNOWLEDGED:
                yield f"{act.person} wanted alarm {number} to be quiet at {act.at:.0f}, and it never was"


def _was_over_before(story: AlarmStory, number: int, act: Act) -> bool:
    """Whether it may have been, as far as the history tells."""
    latest = act.at + _SOON
    tag = story.alarms[number].tag
    newer = (one for _, one in story.happened if isinstance(one, int) and one > number)
    return any(
        (isinstance(what, Act) and what.alarm == number and what.what in {"calloff", "clear", "know"}) and at <= latest
        for at, what in story.happened
    ) or (tag is not None and any(story.alarms[one].tag == tag for one in newer))


def _all_clear_is_said_once(story: AlarmStory) -> Iterator[str]:
    """To exactly those who were told of it."""
    for number, run in _runs(story):
        told = [one for one in story.seen_by if one.alarm == number and one.is_alarm]
        clear = [one for one in story.seen_by if one.alarm == number and one.is_clear]
        ids = {one.message.id: one.person for one in clear}
        for person, times in Counter(ids.values()).items():
            if times > 1:
                yield f"{person} was told {times} times that alarm {number} is over"
        if strangers := {one.person for one in clear} - {one.person for one in told}:
            yield f"{sorted(strangers)} heard that alarm {number} is over, and never of it"
        done = [call for call in story.calls if call.what == "clear" and call.number == number]
        if run.cleared_at is None:
            if any(call.ended_at is not None and call.error is None for call in done):
                yield f"somebody said that alarm {number} is over, and its run does not know"
            if clear:
                yield f"alarm {number} is not cleared, and {ids} heard so"
            continue
        since = min(act.at for act in story.acts if act.what == "clear" and act.alarm == number)
        yield from (
            f"{one.person} was told of alarm {number}, and never that it is over"
            for one in told
            if one.at < since and one.person not in ids.values()
        )


def _rests_are_kept(story: AlarmStory) -> Iterator[str]:
    for one in story.seen_by:
        priority = story.alarms[one.alarm].priority
        if one.message.operation is Operation.SEND:
            awake = awake_at(story.rests, one.person, priority, one.wall)
            if awake > one.wall + _SOON and awake_at(story.rests, one.person, priority, one.wall - _SOON) > one.wall:
                yield f"{one.person} was told of alarm {one.alarm}, and rested for {awake - one.wall:.0f} s more"


def _as_the_history_says(story: AlarmStory) -> Iterator[str]:
    """Where nothing failed, all that must be is known."""
    if not story.is_exact or any(call.error is not None for call in story.calls):
        return
    for number, expected in Model(story).expected().items():
        if len(runs := story.runs.get(number, [])) == 1:
            yield from (f"alarm {number}: {fault}" for fault in _differences(story, expected, runs[0]))


def _differences(story: AlarmStory, expected: Expected, run: RouteRun) -> Iterator[str]:
    if (run.status, run.by) != (expected.status, expected.by):
        yield f"it is {run.status} by {run.by}, and must be {expected.status} by {expected.by}"
    ours = [one for one in story.seen_by if one.alarm == expected.alarm.number]
    ways = {
        "told": ([(one.at - START, one.place.recipient) for one in run.tried], expected.told),
        "shown": ([(one.at, one.person) for one in ours if one.is_alarm], expected.read),
        "cleared": ([(one.at, one.person) for one in ours if one.is_clear], expected.cleared or []),
    }
    for what, (is_, must) in ways.items():
        if _rounded(is_) != _rounded(must):
            yield f"{what} {_rounded(is_)}, and must be {_rounded(must)}"


def _rounded(told: list[tuple[float, str]]) -> list[tuple[float, str]]:
    return sorted((round(at, 1), person) for at, person in told)


def _all_see_the_same(story: AlarmStory) -> Iterator[str]:
    """Whatever crashed in between, and whoever is told last. What reminds may show what the one before showed."""
    for one in story.seen_by:
        carried = b"".join(file.content for file in one.message.files)
        wanted = picture_of(one.alarm) if one.is_alarm else b""
        is_known = wanted or not (one.is_alarm and story.alarms[one.alarm].reminds)
        if is_known and carried != wanted:
            yield f"alarm {one.alarm} showed {one.person} {carried!r}"


def _left_over(story: AlarmStory) -> Iterator[str]:
    if story.unfinished:
        yield f"{story.unfinished} messages still wait"
    if story.tasks_left:
        yield f"after closing, these still ran: {sorted(set(story.tasks_left))}"


RULES: dict[str, Callable[[AlarmStory], Iterator[str]]] = {
    "trouble": lambda story: iter(story.trouble),
    "once": _each_is_there_once,
    "an end": _each_ends_for_a_reason,
    "told": _who_is_told,
    "over": _nothing_goes_on,
    "shown": _all_can_read_how_it_stands,
    "heard": _who_has_it_ends_it,
    "all clear": _all_clear_is_said_once,
    "rests": _rests_are_kept,
    "to the second": _as_the_history_says,
    "picture": _all_see_the_same,
    "left over": _left_over,
}


def judge_alarms(story: AlarmStory) -> list[Complaint]:
    """Every complaint there is."""
    return [Complaint(name, text) for name, rule in RULES.items() for text in rule(story)]
