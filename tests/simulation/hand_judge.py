"""What is promised to people who put something right by hand: what they were told was done is done, and no more."""

from collections.abc import Iterator
from math import inf

from bach_lib.models import Receipt, Status
from tests.simulation.chronicle import Call
from tests.simulation.hand_steps import DiscardAll, Remove
from tests.simulation.story import Note, Story

_STOPPED = {"MessageDead", "MessageUncertain"}


def is_amended(story: Story, state: str, note: Note) -> bool:
    """Whether what waited waits as somebody has amended it."""
    calls = story.amendments.get(note.number, ())
    return note.name == "MessageQueued" and state == "waiting" and any(call.moment < note.moment for call in calls)


def is_sent_now(story: Story, state: str, note: Note) -> bool:
    """Whether what was scheduled waits from now on as somebody wanted that."""
    calls = [call for call in story.calls if call.what == "send_now" and call.number == note.number]
    return note.name == "MessageQueued" and state == "waiting" and any(call.moment < note.moment for call in calls)


def is_discarded(story: Story, state: str, note: Note) -> bool:
    """Whether what had failed was given up."""
    before = [one.name for one in story.told(note.number) if one.moment < note.moment]
    named = [call for call in story.calls if call.what == "discard" and call.number == note.number]
    all_of_it = [call for call in story.calls if call.what == "discard_all"]
    asked = any(call.moment < note.moment for call in (*named, *all_of_it))
    return note.name == "MessageCancelled" and state == "finished" and before[-1] in _STOPPED and asked


def what_is_done_by_hand_counts(story: Story) -> Iterator[str]:
    """A person would be told that a message was given up, and it would go out or ask for somebody all the same."""
    for call in story.calls:
        if call.error is not None or call.ended_at is None:
            continue
        if call.what == "discard":
            discarded = [call.number]
        elif isinstance(call.by_hand, DiscardAll):
            discarded = [one for one in story.sends if _is_dead_letter_of(story, one, call.by_hand.connection, call)]
        else:
            continue
        for number in discarded:
            message = story.messages.get(number)
            if message and message.status is not Status.CANCELLED and not _is_touched(story, number, call):
                yield f"m{number} was discarded at {call.at:.1f}, and is {message.status}"


def _is_dead_letter_of(story: Story, number: int, connection: str, call: Call) -> bool:
    """Whether it was one for all to see when somebody asked."""
    told = [note.name for note in story.told(number) if note.moment < call.moment]
    places = story.standings(number, call.moment)
    return bool(told) and told[-1] == "MessageDead" and {name for name, _ in places} == {connection}


def _is_touched(story: Story, number: int, call: Call) -> bool:
    """Whether somebody did something else with it at the same time or afterwards."""
    others = ("retry", "amend", "cancel")
    return any(
        (one.what == "retry_all" or (one.what in others and one.number == number))
        and one.may_have_worked
        and (one.ended_at is None or one.ended_moment > call.moment)
        for one in story.calls
    )


def amended_words_arrive(story: Story) -> Iterator[str]:
    """A person would read "sent", and whom it was amended for would never see it."""
    for number in story.amendments:
        message = story.messages.get(number)
        if message is None or message.status is not Status.SENT:
            continue
        places = story.places(number) if _is_corrected(story) else story.standings(number, inf)
        seen = {(one.connection, one.recipient) for one in story.shown if one.number == number}
        if not seen & places:
            yield f"m{number} is sent, and nobody saw it at {sorted(places)}; only at {sorted(seen)}"


def what_is_corrected_counts(story: Story) -> Iterator[str]:
    """A dead letter would stay with an address that is wrong, or what was sent be looked for where it is not."""
    for number, message in story.messages.items() if _is_corrected(story) else ():
        place, attempts = (message.connection, message.recipient), story.attempts(number)
        if message.status in {Status.DEAD, Status.UNCERTAIN} and place not in story.standings(number, inf):
            yield f"m{number} is {message.status} at {place}, and belongs to {sorted(story.standings(number, inf))}"
        if message.status is Status.SENT and attempts and message.recipient != attempts[-1].recipient:
            yield f"m{number} was sent to {attempts[-1].recipient}, and stands at {message.recipient}"


def _is_corrected(story: Story) -> bool:
    return any(call.what == "correct" and call.may_have_worked for call in story.calls)


def may_be_gone(story: Story, number: int) -> bool:
    """Whether a message may have gone with its connection."""
    return any(
        isinstance(call.by_hand, Remove)
        and call.may_have_worked
        and call.by_hand.connection in _connections(story, number, call)
        for call in story.calls
    )


def _connections(story: Story, number: int, call: Call) -> set[str]:
    """Through which it may have had to go while somebody called."""
    until = call.ended_moment if call.ended_at is not None else inf
    return {name for moment in (call.moment, until) for name, _ in story.standings(number, moment)}


def what_is_removed_is_gone(story: Story) -> Iterator[str]:
    """Messages of a connection that somebody threw away would still go out, or come back with the next of its name."""
    for call in story.calls:
        step = call.by_hand
        if not isinstance(step, Remove) or call.error is not None or call.ended_at is None:
            continue
        for number, sent in story.send_calls.items():
            accepted = (
                isinstance(sent.result, Receipt) and sent.ended_at is not None and sent.ended_moment < call.moment
            )
            if not accepted or _connections(story, number, call) != {step.connection} or _is_saved(story, number, call):
                continue
            if number in story.messages:
                yield f"m{number} is {story.messages[number].status}, and {step.connection} was removed with it"
            for one in story.attempts(number):
                if one.moment > call.ended_moment:
                    yield f"m{number} was handed over at {one.at:.1f}, and {step.connection} was removed before"


def _is_saved(story: Story, number: int, call: Call) -> bool:
    """Whether somebody amended it at the same time."""
    return any(
        one.ended_at is None or (one.ended_moment > call.moment and one.moment < call.ended_moment)
        for one in story.amendments.get(number, ())
    )
