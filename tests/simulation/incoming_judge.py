"""Judges a story of receiving by promise 8: everything once, in its order, by the platform's clock, by the rules."""

from collections import Counter
from collections.abc import Callable, Iterator

from bach_lib.models import ConnectionState
from bach_lib.models.incoming import IncomingMessage, Kind
from tests.simulation.incoming_places import is_friend, is_stranger, may_be
from tests.simulation.incoming_story import Heard, IncomingStory, key_of, marks
from tests.simulation.judge import Complaint
from tests.simulation.stage import POLICY

_ACTED_UPON = (Kind.COMMAND, Kind.BUTTON)
_JUST_NOW = 60.0
"""Seconds that dates may differ, and that a poll is held."""
_CONNECTED = ConnectionState.CONNECTED


def _nothing_is_lost(story: IncomingStory) -> Iterator[str]:
    there = {key_of(message) for message in story.inbox}
    discarded = {f"{call.number}" for call in story.calls if call.what == "discard"}
    refused = {f"{call.number}" for call in story.calls if call.what == "push" and not _was_taken(call.result)}
    for key in story.written:
        is_read = story.account_of[key] == story.account  # what an account has that was replaced, nobody reads
        if is_read and is_friend(story, key) and key not in there | discarded | refused:
            yield f"{key} was written and is not there"


def _was_taken(result: object) -> bool:
    return isinstance(result, IncomingMessage)


def _nobody_slips_in(story: IncomingStory) -> Iterator[str]:
    for message in (*story.inbox, *(heard.message for heard in story.heard)):
        if is_stranger(story, key_of(message)):
            yield f"{key_of(message)} of a stranger was let in"
    pushed = sum(call.what == "push" for call in story.calls if call.result is None)
    surely = [key for key in story.came if is_stranger(story, key) and story.account_of[key] == story.account]
    most = sum(not is_friend(story, key) for key in story.came) * (2 if story.resets else 1)
    if not len(surely) - pushed <= story.blocked <= most:
        yield f"{story.blocked} messages of strangers are counted, and {len(surely)} to {most} came"


def _everything_once(story: IncomingStory) -> Iterator[str]:
    for remote_id, number in Counter(key_of(message) for message in story.inbox).items():
        if number > 1:
            yield f"{remote_id} is there {number} times"
    for remote_id, number in Counter(key_of(heard.message) for heard in story.heard).items():
        if number > 1:
            yield f"{remote_id} was announced {number} times"


def _everything_is_announced(story: IncomingStory) -> Iterator[str]:
    heard = {key_of(one.message) for one in story.heard}
    crashed = bool(story.ends[:-1])
    for message in story.inbox:
        if message.routed_at is None:
            yield f"{key_of(message)} was never held against the rules"
        elif key_of(message) not in heard and not crashed:
            yield f"{key_of(message)} was not announced"


def _in_order(story: IncomingStory) -> Iterator[str]:
    highest: dict[int, int] = {}
    for heard in story.heard:
        if heard.message.id < highest.get(heard.process, 0):
            yield f"{key_of(heard.message)} was announced after a later one"
        highest[heard.process] = max(heard.message.id, highest.get(heard.process, 0))


def _nothing_is_acted_upon_too_late(story: IncomingStory) -> Iterator[str]:
    for heard in story.heard:
        message, written = heard.message, story.written[key_of(heard.message)]
        if key_of(message).endswith("e") and message.kind is not Kind.EDITED:
            yield f"{key_of(message)} was edited and is a {message.kind}"
        if message.kind in _ACTED_UPON and (seconds := _too_old(story, heard)):
            yield f"{key_of(message)} was {seconds:.0f} s old and still a {message.kind}"
        if message.kind is Kind.EXPIRED and _is_young(message) and not _was_set_back(story):
            yield f"{key_of(message)} was young, and expired"
        if message.kind not in (Kind.EXPIRED, written.kind):
            yield f"{key_of(message)} was a {written.kind} and came as a {message.kind}"
        where = ((message.recipient, written.recipient), (message.sender_id, written.sender_id))
        if message.text != written.text or not all(may_be(story, *addresses) for addresses in where):
            yield f"{key_of(message)} does not say what was written"


def _too_old(story: IncomingStory, heard: Heard) -> float | None:
    """How old it was when it was announced, if that is too old both by its date and by when it came to the platform."""
    message = heard.message
    lay = heard.at - story.came_at[key_of(message)]
    dated = lay if message.sent_at is None else (message.routed_at or message.received_at) - message.sent_at
    if _was_set_back(story) or min(lay, dated) <= 2 * POLICY.receive.max_age + _JUST_NOW:
        return None  # it may have been stored and announced, each time just young enough
    return min(lay, dated)


def _was_set_back(story: IncomingStory) -> bool:
    """Whether the wall clock was ever set back; a new process can then not know how long nothing was read."""
    return any(after < before for (_, before), (_, after) in zip(story.walls[::2], story.walls[1::2], strict=True))


def _is_young(message: IncomingMessage) -> bool:
    """Whether its date says that it is new, and it did not lie here."""
    if message.sent_at is None:
        return False
    age = message.received_at - message.sent_at
    lay = (message.routed_at or message.received_at) - message.received_at
    return -_JUST_NOW < age <= POLICY.receive.max_age and lay <= POLICY.receive.max_age


def _rules_hold(story: IncomingStory) -> Iterator[str]:
    for heard in story.heard:
        rules = _known_rules(story, heard)
        if rules is None:
            continue
        expected = sorted(name for name, phrase in rules.items() if phrase in heard.message.text.split())
        found = heard.message.metadata.get("context_triggers")
        if found != expected:
            yield f"{key_of(heard.message)} matched {found}, and the rules say {expected}"


def _known_rules(story: IncomingStory, heard: Heard) -> dict[str, str] | None:
    """The rules that held from before a message was written until it was announced; None if they changed meanwhile."""
    written_at = story.written_at[key_of(heard.message)]
    rules: dict[str, str] = {}
    for moment, name, phrase in story.rules:
        if moment >= heard.moment:
            break
        calls = [call for call in story.calls if call.what == "rule" and call.moment > moment]
        ended = calls[0].ended_moment if calls else 0
        if moment >= written_at or not ended or ended >= written_at or (calls and calls[0].error):
            return None
        if phrase is None:
            rules.pop(name, None)
        else:
            rules[name] = phrase
    return rules


def _marks_stay(story: IncomingStory) -> Iterator[str]:
    marked, cut = marks(story), {call.number for call in story.calls if call.ended_at is None}
    for message in story.inbox:
        wanted = marked.get(key_of(message))
        if wanted and message.status is not wanted and int(key_of(message)) not in cut:
            yield f"{key_of(message)} was marked {wanted} and is {message.status}"


def _left_over(story: IncomingStory) -> Iterator[str]:
    most = sum(story.garbage.values()) * (2 if story.resets else 1)
    if not story.garbage[story.account] <= story.unreadable <= most:
        yield f"{story.unreadable} updates are set aside, and {story.garbage} could not be read"
    if story.state is not _CONNECTED:
        yield f"all is well, and receiving stands as {story.state}"
    if story.tasks_left:
        yield f"after closing, these still ran: {sorted(set(story.tasks_left))}"


RULES: dict[str, Callable[[IncomingStory], Iterator[str]]] = {
    "trouble": lambda story: iter(story.trouble),
    "durable": _nothing_is_lost,
    "strangers": _nobody_slips_in,
    "once": _everything_once,
    "announced": _everything_is_announced,
    "order": _in_order,
    "not late": _nothing_is_acted_upon_too_late,
    "rules": _rules_hold,
    "marks": _marks_stay,
    "left over": _left_over,
}


def judge_incoming(story: IncomingStory) -> list[Complaint]:
    """Every complaint there is."""
    return [Complaint(name, text) for name, rule in RULES.items() for text in rule(story)]
