"""What is promised of the way of a message: no repeats without a cause, nothing late, and who is told to wait waits."""

from collections.abc import Iterator
from itertools import pairwise

from tests.simulation.chronicle import Call
from tests.simulation.scheduling import due
from tests.simulation.steps import NONCE, Says, Send
from tests.simulation.story import FINISHED, Handed, Story

_ROUNDING = 0.01
_LONG_WAIT = 60.0
"""Seconds; whom a longer wait concerns, somebody else's next message finds out."""


def no_repeat_without_a_cause(story: Story) -> Iterator[str]:
    """A person would read the same twice."""
    for number, send in story.sends.items():
        attempts = story.attempts(number)
        for before, one in pairwise(attempts):
            if why := _why_not_again(story, send, before, one):
                yield f"m{number} was tried again at {one.at:.1f}, and {why}"
        if len({one.nonce for one in attempts}) > 1 and not story.changes(number):
            yield f"m{number} changed its nonce"
    seen = [one.nonce for one in story.shown if one.connection == NONCE]
    if len(seen) != len(set(seen)):
        yield "a platform that recognises repetitions showed one"


def _why_not_again(story: Story, send: Send, before: Handed, one: Handed) -> str | None:
    """Why a message should not have been handed over once more; None: there was a cause."""
    if any(before.moment < call.moment < one.moment for call in revivals(story, send.number)):
        return None
    told = [note for note in story.told(send.number) if before.moment < note.moment < one.moment]
    if any(note.name in FINISHED for note in told):
        return "its end had been told"
    interrupted = before.answered_at is None
    heard = any(note.process == before.process for note in told)
    lost = one.process != before.process and not heard  # nobody knows what was written of it
    if before.says in {Says.SENT, Says.REFUSED} and not (interrupted or lost):
        return f"its last attempt ended {before.says}"
    unsure = before.says in {Says.LOST, Says.UNSURE, Says.BROKEN} or (lost and before.says is Says.SENT)
    if (unsure or interrupted) and send.at_most_once and before.connection != NONCE:
        return "nobody knew whether it had arrived"
    return None


def revivals(story: Story, number: int) -> Iterator[Call]:
    """Calls by which people may have let an ended message wait again."""
    for call in story.calls:
        named = call.what in {"retry", "amend"} and call.number == number
        if (named or call.what == "retry_all") and call.may_have_worked:
            yield call


def nothing_is_tried_without_end(story: Story) -> Iterator[str]:
    """One message would keep a platform busy for ever."""
    for number in story.sends:
        attempts = story.attempts(number)
        if attempts and len(attempts) > 40 + (attempts[-1].at - attempts[0].at) / 60:
            yield f"m{number} was tried {len(attempts)} times"


def nothing_is_late(story: Story) -> Iterator[str]:
    """Old news would come as if it were new."""
    for one in story.handed:
        if one.expires_at is None:
            continue
        queued = next((note for note in story.told(one.number)), None)
        lives = story.sends[one.number].time_to_live
        if lives is None or queued is None or queued.process != one.process or story.was_interrupted(queued.at, one.at):
            late = min(one.wall, one.decided_wall) - one.expires_at
            if late > _ROUNDING:  # what a process knew of the other clock went with it
                yield f"m{one.number} was handed over {late:.1f} s after its time to live"
            continue
        hurried = (call.at for call in story.calls if call.what == "send_now" and call.number == one.number)
        times = (at for at in (*due(story, one.number), *hurried) if at <= one.decided_at + _ROUNDING)
        begins = max(times, default=queued.at)
        lived = one.decided_at - max(queued.at, begins)
        if lived > lives + _ROUNDING:
            yield f"m{one.number} was handed over after {lived:.1f} s, of {lives:.1f} by the clock that never jumps"


def who_is_told_to_wait_waits(story: Story) -> Iterator[str]:
    """The platform would lock the account."""
    for told in story.handed:
        if told.says not in {Says.WAIT_CHAT, Says.WAIT_ALL} or told.answered_at is None:
            continue
        until = told.answered_at + told.answer.wait
        for one in story.handed:
            too_soon = told.answered_at < one.asked_at < until - _ROUNDING
            same = one.connection == told.connection and one.process == told.process and _concerns(story, told, one)
            if too_soon and same and not story.was_interrupted(told.at, one.at):
                yield f"m{one.number} was handed over at {one.at:.1f}; until {until:.1f} was to be waited"


def _concerns(story: Story, told: Handed, one: Handed) -> bool:
    """Whether a platform's wish to wait is about this message.

    A long one is about the place it was said of; a message to another tells whether it is about that, too, also one
    that was amended meanwhile.
    """
    if told.says is Says.WAIT_ALL and told.answer.wait <= _LONG_WAIT:
        return True
    return story.lane_of(one) == (told.connection, story.form(told.connection, told.recipient, one.chosen_at))
