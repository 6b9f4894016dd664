"""What is promised of events and counters: they tell what happened, once and in its order."""

from collections.abc import Iterator

from bach_lib.models import Message, Status
from tests.simulation.chronicle import SET_UP
from tests.simulation.hand_judge import is_amended, is_discarded, is_sent_now
from tests.simulation.story import FINISHED, Note, Story, is_untried

_GRACE = 6.0
"""Seconds that closing may take."""
_NEXT = {
    "MessageQueued": {"start", "finished"},
    "MessageAttempted": {"waiting"},
    "MessageRetrying": {"trying"},
    "MessageSent": {"trying"},
    "MessageUncertain": {"trying"},
    "MessageDead": {"trying", "waiting"},
    "MessageExpired": {"trying", "waiting"},
    "MessageCancelled": {"trying", "waiting"},
}
_AFTERWARDS = {"retry", "retry_all", "amend", "discard", "discard_all"}
"""Calls after which a message that has ended stands otherwise."""
_STATES = {"MessageQueued": "waiting", "MessageRetrying": "waiting", "MessageAttempted": "trying"}


def events_tell_the_same_story(story: Story) -> Iterator[str]:
    """A person would be told of what never was."""
    for number, message in story.messages.items():
        notes = story.told(number)
        yield from _in_sequence(story, number, notes)
        yield from _as_on_disk(story, number, message, notes)
    attempted = [note for note in story.notes if note.name == "MessageAttempted"]
    for process in range(1, story.process + 1):
        told = [note.number for note in attempted if note.process == process]
        handed = [one.number for one in story.handed if one.process == process]
        named = [one for one in handed if story.sends[one].is_prepared]
        for number in {
            one for one in told if story.sends[one].is_prepared
        }:  # which may end before they are handed over
            told = [one for one in told if one != number] + [number] * named.count(number)
        if sorted(told) != sorted(handed):
            yield f"attempts were told of {sorted(told)}, and made of {sorted(handed)}"


def _untried(story: Story) -> int:
    """How many attempts were made that no platform saw, as it was not known whose message they are about."""
    rows = [(number, row) for number, of_it in story.rows.items() for row in of_it]
    return sum(is_untried(story, number, row) for number, row in rows)


def _in_sequence(story: Story, number: int, notes: list[Note]) -> Iterator[str]:
    state, process = "start", 0
    for note in notes:
        given_back = note.name == "MessageRetrying" and _was_stopped(story, note)
        by_hand = any(is_it(story, state, note) for is_it in (is_amended, is_sent_now, is_discarded))
        if note.process == process and state not in _NEXT[note.name] and not (given_back or by_hand):
            yield f"m{number} was {state}, and {note.name} was told"
        process, state = note.process, _STATES.get(note.name, "finished")


def _was_stopped(story: Story, note: Note) -> bool:
    """Whether a connection came to rest, or somebody changed where it goes; what was to be tried is given back."""
    learned = any(met.moment < note.moment for met in story.known_forms if met.connection == note.event.connection)
    if learned or any(call.what == "correct" and call.moment < note.moment for call in story.calls):
        return True  # what was put meanwhile stands in the lane of the new address until its turn comes
    calls = (call for call in story.calls if call.what in SET_UP | {"amend"})
    rests = any(call.at <= note.at <= (call.ended_at or note.at) + _GRACE for call in calls)
    return rests or any(end - _GRACE <= note.at <= end for end in story.ends)


def _as_on_disk(story: Story, number: int, message: Message, notes: list[Note]) -> Iterator[str]:
    ended = story.ends[:-1]  # the last one comes after everything was seen
    if not notes:
        if not ended:
            yield f"nothing was told of m{number}"
        return
    last = notes[-1]
    unseen = any(end >= last.at for end in ended)
    told = FINISHED.get(last.name)
    if told and told is not message.status:
        cut = [call for call in story.calls if call.what in _AFTERWARDS and call.moment > last.moment]
        if not (unseen and cut):
            yield f"{told} was told last of m{number}, and it is {message.status}"
    elif told is None and message.status.is_final and not unseen:
        yield f"m{number} is {message.status}, and nobody was told"


def counters_add_up(story: Story) -> Iterator[str]:
    """Nobody could trust what the panel shows."""
    for name, (successes, errors) in story.counted.items():
        messages = [one for one in (*story.messages.values(), *story.deletions) if one.connection == name]
        if (successes, errors) != story.counted_on_disk[name]:
            yield f"{name} counts {successes, errors} in memory, and {story.counted_on_disk[name]} on disk"
        sent = sum(message.status is Status.SENT for message in messages)
        if successes != sent:
            yield f"{name} counts {successes} successes, and {sent} messages are sent"
        attempts = [one for one in (*story.handed, *story.tidied) if one.connection == name]
        failed = sum(one.answered_at is None or one.says != "sent" for one in attempts) + _untried(story)
        if errors > failed + len(story.ends) * len(messages):  # with each process, what was on its way may count
            yield f"{name} counts {errors} errors, and only {failed} attempts can have failed"
        if errors == 0 and any(message.status in {Status.DEAD, Status.UNCERTAIN} for message in messages):
            yield f"{name} counts no error, and messages of it failed"
        for status in (Status.SENT, Status.DEAD, Status.UNCERTAIN):
            there = sum(message.status is status for message in messages)
            if story.queues[name][status] != there:
                yield f"the queue of {name} says {story.queues[name][status]} {status}, and there are {there}"


def nothing_is_left_over(story: Story) -> Iterator[str]:
    """A house would fill with what nobody needs any more."""
    for name, queue in story.queues.items():
        if queue["waiting"]:
            yield f"in the queue of {name} still wait {queue['waiting']}"
    for name, state in story.states.items():
        if state != ("connected", "closed"):
            yield f"all is well with {name}, and it stands as {' and '.join(state)}"
    if story.files_left:
        yield f"the files of the sent messages {story.files_left} are still there"
    if story.orphans:
        yield f"nobody needs these files, and they are still there: {story.orphans}"
    if story.tasks_left:
        yield f"after closing, these still ran: {sorted(set(story.tasks_left))}"
