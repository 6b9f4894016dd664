"""Judges histories of questions: who asks gets the first answer of somebody who may give one, or is told why not.

Where something is in trouble nobody outside can know which of two answers came first, or whether one comes at all; so
what must happen is asked for only where all was calm, and what must not, always.
"""

from collections.abc import Callable, Iterator

from bach_lib.errors import BachError
from bach_lib.questions import Answer
from tests.simulation.asking_steps import Ask, Press
from tests.simulation.asking_story import CHOICES, LESSER, AskingStory, Given
from tests.simulation.chronicle import Call
from tests.simulation.judge import Complaint

_SOON = 3.0
_RECOVERY = 1_500.0
"""Seconds after which what was in trouble is as before, whatever it was."""


def _calls(story: AskingStory) -> Iterator[tuple[Ask, Call]]:
    for call in story.calls:
        if call.what == "ask":
            yield story.asks[call.number], call


def _it_ends_in_time(story: AskingStory) -> Iterator[str]:
    for ask, call in _calls(story):
        latest = call.at + ask.timeout
        if call.ended_at is None:
            died = next((at for at in story.ends if at >= call.at), story.ended_at)
            if died > latest + 1:
                yield f"question {ask.number} never ended"
        elif call.ended_at > latest + 1:
            yield f"question {ask.number} ended {call.ended_at - latest:.0f} s too late"


def _only_answers_count(story: AskingStory) -> Iterator[str]:
    for ask, call in _calls(story):
        if not isinstance(call.result, Answer):
            if call.error is None and call.ended_at is not None:
                yield f"question {ask.number} ended with {call.result!r}"
            continue
        given = story.given[call.result.message.sender_name]
        for fault in _faults(story, ask, call, given, call.result):
            yield f"question {ask.number} was answered by {given.key}, {fault}"


def _faults(story: AskingStory, ask: Ask, call: Call, given: Given, answer: Answer) -> Iterator[str]:
    if given.step.sender == LESSER:
        yield "whose sender may not answer"
    if given.below is not None and given.below.question != ask.number:
        yield f"which was for question {given.below.question}"
    if given.step.place not in {_place(spelling) for spelling in ask.places}:
        yield "at a place where nobody was asked"
    if answer.value != given.value:
        yield f"which says {given.value}, as {answer.value}"
    if answer.value not in CHOICES and not ask.takes_text:
        yield "which is none of the choices"
    if isinstance(given.step, Press) and not ask.has_buttons:
        yield "a press, without buttons"
    if not given.at <= (call.ended_at or 0) or given.process > call.process:
        yield "which came later"


def _who_may_answer_does(story: AskingStory) -> Iterator[str]:
    for ask, call in _calls(story):
        first = next((one for one in story.given.values() if _must_count(story, ask, call, one)), None)
        if first is None or (isinstance(call.error, BachError) and call.ended_at == first.at):
            continue
        if not isinstance(call.result, Answer):
            yield f"{first.key} answered question {ask.number}, which ended with {call.result!r}, {call.error!r}"
        elif story.given[call.result.message.sender_name].at > first.at:
            yield f"{first.key} answered question {ask.number} before {call.result.message.sender_name}"


def _must_count(story: AskingStory, ask: Ask, call: Call, given: Given) -> bool:
    """Whether it surely is an answer: a press below what somebody saw while all was well."""
    below, latest = given.below, call.at + (ask.timeout if ask.leaves is None else min(ask.timeout, ask.leaves))
    if below is None or not isinstance(given.step, Press) or below.question != ask.number:
        return False
    is_open = call.process == given.process and call.at <= given.at < latest - _SOON
    was_open = is_open and (call.ended_at is None or call.ended_at >= given.at)
    may = given.step.sender not in {LESSER, "eve"} or (given.step.place == "den" and given.step.sender == "eve")
    is_calm = given.is_calm and story.is_smooth(given.at - _RECOVERY, given.at + _SOON)
    return was_open and may and is_calm and ask.has_buttons and given.step.place not in story.moved


def _it_is_closed_everywhere(story: AskingStory) -> Iterator[str]:
    """What is over looks like it: whoever presses later would wait for something that never happens."""
    for ask, call in _calls(story):
        if call.ended_at is None or not story.is_smooth(call.at - _RECOVERY, call.ended_at + _SOON):
            continue
        for shown in story.shown:
            later = (one for one in story.shown if one.remote_id == shown.remote_id and not one.is_question)
            if shown.question == ask.number and shown.is_question and shown.account == story.account and not any(later):
                yield f"question {ask.number} is over, and message {shown.remote_id} still looks open"


def _nothing_is_asked_too_late(story: AskingStory) -> Iterator[str]:
    calls = {ask.number: call.at + ask.timeout for ask, call in _calls(story)}
    for shown in story.shown:
        if shown.is_question and not story.walls and shown.at > calls[shown.question] + 1:
            yield f"question {shown.question} was shown when it was over"


def _each_is_asked_in_their_step(story: AskingStory) -> Iterator[str]:
    """Nobody is woken before it is their turn, and where all is well, nobody is passed over then."""
    for ask, call in _calls(story):
        ours = [one for one in story.shown if one.question == ask.number and one.is_question]
        early = ((one, call.at + ask.asked_after(one.place) - one.at) for one in ours)
        yield from (
            f"question {ask.number} was shown at {one.place} {seconds:.0f} s early"
            for one, seconds in early
            if seconds > 0.1
        )
        ended = call.ended_at
        if ended is None or story.moved or not story.is_smooth(call.at - _RECOVERY, ended + _SOON):
            continue
        asked, there = {one.place for one in ours}, {_place(spelling) for spelling in ask.places}
        due = {place for place in there if call.at + ask.asked_after(place) < min(ended, call.at + ask.timeout) - 0.1}
        if due != asked & due:
            yield f"question {ask.number} was open until {ended:.0f}, and {sorted(due - asked)} never asked"
        if late := asked - {place for place in there if call.at + ask.asked_after(place) < ended + 0.1}:
            yield f"question {ask.number} was over, and {sorted(late)} asked all the same"


def _left_over(story: AskingStory) -> Iterator[str]:
    if story.unfinished:
        yield f"{story.unfinished} messages still wait"
    if story.tasks_left:
        yield f"after closing, these still ran: {sorted(set(story.tasks_left))}"


def _place(spelling: str) -> str:
    return spelling.removeprefix("@").partition("/")[0]


RULES: dict[str, Callable[[AskingStory], Iterator[str]]] = {
    "trouble": lambda story: iter(story.trouble),
    "in time": _it_ends_in_time,
    "answers": _only_answers_count,
    "first": _who_may_answer_does,
    "closed": _it_is_closed_everywhere,
    "not late": _nothing_is_asked_too_late,
    "in turn": _each_is_asked_in_their_step,
    "left over": _left_over,
}


def judge_asking(story: AskingStory) -> list[Complaint]:
    """Every complaint there is."""
    return [Complaint(name, text) for name, rule in RULES.items() for text in rule(story)]
