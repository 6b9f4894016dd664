"""What is promised of lanes: nobody overtakes, unless by priority or because the one before has stepped aside."""

from collections.abc import Iterator
from math import inf

from bach_lib import Policy
from bach_lib.models import Message
from tests.simulation.scheduling import due, passed
from tests.simulation.steps import Says, Send
from tests.simulation.story import FINISHED, Handed, Note, Story

_ROUNDING = 0.01
_GUESSED = {Says.LOST, Says.UNSURE, Says.DOWN}
"""What only witnesses can blame on somebody."""


def in_order(story: Story) -> Iterator[str]:
    """The words "Door closed" would be read before "Door open"."""
    for one in story.handed:
        if may_be_aside(story, one.number, one.moment):
            continue  # it has a lane of its own
        lane = story.lane_of(one)
        for number in story.sends:
            if number == one.number or not _should_go_first(story, number, one):
                continue
            if lane == story.lane(number, one.chosen_at):
                yield f"m{one.number} went to {lane} before m{number} at {one.at:.1f}"


def _should_go_first(story: Story, number: int, than: Handed) -> bool:
    """Whether a message waited, for all to see, when another of its lane was handed over."""
    message = story.messages.get(number)
    if message is None or message.priority < than.priority:
        return False
    if message.priority == than.priority and message.id > than.id:
        return False
    notes, attempts = [note for note in story.told(number) if note.moment < than.moment], story.attempts(number)
    if (
        not notes
        or notes[-1].name in FINISHED
        or is_over(story, number, than)
        or (story.sends[number].not_before is not None and not any(one.moment < than.moment for one in attempts))
        or _was_the_last_time(story, number, than)
    ):
        return False
    queued = [note for note in notes if note.name == "MessageQueued"]
    came_first = message.id < than.id and len(queued) == 1
    if not came_first and (not queued or queued[-1].at >= than.chosen_at):
        return False  # it came, or came again, when the other one was on its way already
    return not _is_unsettled(story, message, number, than, notes[-1]) and not may_be_aside(story, number, than.moment)


def _was_the_last_time(story: Story, number: int, than: Handed) -> bool:
    """Whether the platform had taken or refused it; a full disk takes that down later, and then everybody is told."""
    before = [one for one in story.attempts(number) if one.moment < than.moment]
    if not before or before[-1].says not in {Says.SENT, Says.REFUSED} or before[-1].answered_at is None:
        return False
    if any(before[-1].moment < note.moment < than.moment for note in story.told(number)):
        return False  # everybody was told what came of it, and perhaps that it waits again
    return before[-1].process == than.process and before[-1].answered_at <= than.at


def may_be_aside(story: Story, number: int, moment: int) -> bool:
    """Whether a message has failed so often that its lane goes on without it."""
    message = story.messages.get(number)  # None: it went with its connection
    most = _at_least(story.sends[number]) if message is None else message.max_retries
    return may_have_counted(story, number, moment) > most


def _at_least(send: Send) -> int:
    return Policy().retry.max_retries if send.max_retries is None else send.max_retries


def may_have_counted(story: Story, number: int, moment: int) -> int:
    """How many retries a message may have used up: for what it did itself, or because others got through meanwhile."""
    counted, last = 0, float("-inf")
    for one in story.attempts(number):
        if one.moment >= moment:
            break
        if one.may_count or (one.says in _GUESSED and _others_got_through(story, one, last)):
            counted += 1
        last = one.at if one.answered_at is None else one.answered_at
    return counted


def _others_got_through(story: Story, one: Handed, since: float) -> bool:
    until = one.at if one.answered_at is None else one.answered_at
    return any(
        other.says is Says.SENT and other.connection == one.connection and since <= other.at <= until
        for other in story.handed
    )


def is_over(story: Story, number: int, than: Handed) -> bool:
    """Whether its time to live was over by one of the clocks, so that it was about to end."""
    send, call = story.sends[number], story.send_calls[number]
    if send.time_to_live is None:
        return False
    begins, lives = min(due(story, number), default=inf), send.time_to_live - passed(story, number) - _ROUNDING
    return than.at - begins >= lives or than.wall - call.wall - (send.not_before or 0.0) >= lives


def _is_unsettled(story: Story, message: Message, number: int, than: Handed, last: Note) -> bool:
    """Whether a process ended since the last event: what it did, or had done, nobody was told."""
    if last.process == than.process:
        return False
    attempts = [one for one in story.attempts(number) if last.moment < one.moment < than.moment]
    cut = [call for call in story.calls if call.number == number and call.ended_at is None]
    # a process may end after the commit that ends a message, and before anybody is told
    unseen = message.status.is_final and not any(note.moment > last.moment for note in story.told(number))
    return bool(attempts) or bool(cut) or (unseen and any(end >= last.at for end in story.ends))


def one_at_a_time(story: Story) -> Iterator[str]:
    """Two messages to one chat would race each other through the network."""
    for index, one in enumerate(story.handed):
        lane = story.lane_of(one)
        for before in story.handed[:index]:
            if (before.process, before.connection) != (one.process, one.connection):
                continue
            if story.was_interrupted(before.at, one.at):
                continue
            still = before.answered_at is None or before.answered_at > one.at
            if not still or lane != story.lane(before.number, one.chosen_at):
                continue
            if not any(may_be_aside(story, each.number, each.moment) for each in (before, one)):
                yield f"m{one.number} was handed to {lane} while m{before.number} was on its way"
