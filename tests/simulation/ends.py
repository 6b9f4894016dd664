"""What is promised of the end of a message: that it comes, that it has a reason, and that those who wait are told."""

from collections.abc import Iterator
from math import inf

from bach_lib.errors import BachError
from bach_lib.models import Message, Receipt, Status
from tests.simulation.chronicle import Call
from tests.simulation.hand_judge import may_be_gone
from tests.simulation.order import may_have_counted
from tests.simulation.scheduling import due, passed
from tests.simulation.steps import NONCE, Says, Send
from tests.simulation.story import FINISHED, Handed, Story, is_of_another_account

_DAY = 86_400.0
_ROUNDING = 0.01
_FOLLOWED = 1.0
"""Seconds; only if the clock on the wall is set by more do ends that are on disk move with it."""


def durable(story: Story) -> Iterator[str]:
    """What was accepted is there, what was refused is not, and nothing is there that nobody sent."""
    keys: dict[int, set[int]] = {}
    for call in story.calls:
        if call.what not in {"send", "again"}:
            continue
        message = story.messages.get(call.number)
        if isinstance(call.result, Receipt):
            keys.setdefault(call.number, set()).add(call.result.id)
            if message is None and not may_be_gone(story, call.number):
                yield f"m{call.number} was accepted as {call.result.id} and is gone"
        elif message and _was_refused(call) and not _asked_again(story, call.number):
            yield f"m{call.number} was refused ({call.error}) and is there"
    for number, ids in keys.items():
        message = story.messages.get(number)
        if len(ids) > 1 or (message and message.id not in ids):
            yield f"m{number} was accepted as {sorted(ids)} and is there as {message and message.id}"
    for stranger in story.strangers:
        yield f"nobody sent {stranger.text} ({stranger.id}), or not twice"


def _was_refused(call: Call) -> bool:
    return call.what == "send" and isinstance(call.error, BachError)


def _asked_again(story: Story, number: int) -> bool:
    return any(call.what == "again" and call.number == number for call in story.calls)


def every_message_ends(story: Story) -> Iterator[str]:
    """Nothing waits for ever."""
    for number, message in story.messages.items():
        if not message.status.is_final and message.expires_at is None:
            yield f"m{number} is {message.status} for ever"


def no_time_to_live_is_left_hanging(story: Story) -> Iterator[str]:
    """What has a time to live is sent, or ends when it is over."""
    for number, message in story.messages.items():
        if not message.status.is_final and message.expires_at is not None:
            yield f"m{number} is {message.status} for ever, and its time to live is over"


def every_end_has_a_reason(story: Story) -> Iterator[str]:
    """What became of a message follows from what happened to it."""
    for number, message in story.messages.items():
        if number not in story.sends or not message.status.is_final:
            continue
        attempts = story.attempts(number)
        reason = _REASONS[message.status](story, message, story.sends[number], attempts)
        if reason:
            yield f"m{number} is {message.status}, and {reason}"


def _why_sent(story: Story, message: Message, send: Send, attempts: list[Handed]) -> str | None:
    taken = [one for one in attempts if one.says is Says.SENT and one.answered_at is not None]
    if not taken:
        return "no platform took it"
    if taken[-1] is not attempts[-1]:
        return "its last attempt was another one"
    return None if message.remote_id else "nobody knows its number on the platform"


def _why_dead(story: Story, message: Message, send: Send, attempts: list[Handed]) -> str | None:
    if is_of_another_account(message.error):
        return None if send.corrects else "it names nothing of another account's"
    if not attempts:
        return "it was never tried"
    if attempts[-1].says is Says.REFUSED:
        return None
    counted = may_have_counted(story, send.number, attempts[-1].moment + 1)
    if counted > message.max_retries:
        return None
    ended = message.finished_at or 0.0
    if ended - min(one.wall for one in attempts) >= _DAY - 1 or _true_end(story, send) - attempts[0].at >= _DAY - 1:
        return None
    return f"only {counted} of its attempts count"


def _true_end(story: Story, send: Send) -> float:
    notes = story.told(send.number)
    return notes[-1].at if notes and notes[-1].name in FINISHED else story.ended_at


def _why_expired(story: Story, message: Message, send: Send, attempts: list[Handed]) -> str | None:
    if send.time_to_live is None or message.expires_at is None:
        return "it has no time to live"
    began = next(iter(due(story, send.number)), inf)
    if any(call.what == "send_now" and call.number == send.number and call.may_have_worked for call in story.calls):
        began = story.send_calls[send.number].at
    end, gone = _true_end(story, send), passed(story, send.number)
    if end - began >= send.time_to_live - gone - _ROUNDING - _unfollowed(story, end):
        return None
    if not any(began <= ended <= end for ended in story.ends):
        return f"it had {send.time_to_live} s, of which {end - began:.1f} were over, in one process"
    highest = max([wall for at, wall in story.walls if began <= at <= end], default=0.0)
    walls = [note.wall for note in story.told(send.number)]
    if max(highest, *walls, message.finished_at or 0.0) >= message.expires_at - _ROUNDING:
        return None
    return f"it had {send.time_to_live} s, of which {end - began:.1f} were over"


def _unfollowed(story: Story, end: float) -> float:
    """Seconds by which an end on disk may be wrong: the clock on the wall was set by so few that BACH let it be."""
    steps = zip(story.walls[::2], story.walls[1::2], strict=True)
    small = [abs(after - before) for (at, before), (_, after) in steps if at <= end]
    return max((seconds for seconds in small if seconds <= _FOLLOWED), default=0.0)


def _why_cancelled(story: Story, message: Message, send: Send, attempts: list[Handed]) -> str | None:
    calls = [call for call in story.calls if call.what in {"cancel", "discard"} and call.number == send.number]
    calls += [call for call in story.calls if call.what == "discard_all"]
    if any(call.may_have_worked for call in calls):
        return None
    for other in story.sends.values():
        if other.number != send.number and other.tag == send.tag and send.tag is not None:
            there = story.messages.get(other.number)
            meets = story.places(send.number) & story.places(other.number)
            if meets and (there is None or there.id > message.id):  # it may have gone with its connection
                return None
    return "nobody cancelled it, and no newer one has its tag"


def _why_uncertain(story: Story, message: Message, send: Send, attempts: list[Handed]) -> str | None:
    if not send.at_most_once:
        return "it may be repeated"
    if not attempts:
        # a crash between the commit of a message that was born on its way and the attempt
        return None if story.ends else "it was never tried"
    last = attempts[-1]
    if last.says is Says.BROKEN:
        return None
    if last.connection == NONCE:
        return "its platform would recognise it"
    unknown = last.says in {Says.LOST, Says.UNSURE, Says.DOWN}
    was_cut = any(end >= last.at for end in story.ends)
    return None if unknown or was_cut else f"its last attempt ended {last.says}"


_REASONS = {
    Status.SENT: _why_sent,
    Status.DEAD: _why_dead,
    Status.EXPIRED: _why_expired,
    Status.CANCELLED: _why_cancelled,
    Status.UNCERTAIN: _why_uncertain,
}


def everyone_who_waits_is_told(story: Story) -> Iterator[str]:
    """Whoever waits for a message goes on when it has ended."""
    for call in story.calls:
        if call.what != "wait":
            continue
        if call.process == story.process and (call.ended_at is None or call.ended_moment > story.seen):
            yield f"somebody waits for m{call.number} for ever"
        elif call.ended_at is not None and isinstance(call.result, Message) and call.timeout is None:
            closed = any(call.at <= end and began <= call.ended_at for began, end in story.closed)
            if not call.result.status.is_final and not closed:
                yield f"who waited for m{call.number} went on while it was {call.result.status}"
