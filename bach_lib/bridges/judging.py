"""Judges whether something that came in is carried over. Pure: no clock, no disk, no platform.

Loops are impossible by construction: no connector hands on what its own account has sent, and what an account of ours
or any program has written is no one's own words here. Should a loop lead around through a bridge of somebody else that
speaks as a person, it is held to what people write in a minute.
"""

from dataclasses import dataclass, replace
from typing import Final

from bach_lib.models.bridge import Bridge, BridgeSide, LeftOut
from bach_lib.models.incoming import ANSWER, IncomingMessage, Kind

LATE: Final = 300.0
"""Seconds after which the time is said at which it was written."""
OLDEST: Final = 12 * 3600.0
"""Seconds after which it is no news any more."""
MOST_A_MINUTE: Final = 60
"""Through one connection."""
_MINUTE: Final = 60.0
_SKEW: Final = 2.0
"""Seconds: platforms cut off the fractions of their times."""
_CONTENT: Final = frozenset({Kind.TEXT, Kind.MEDIA, Kind.LOCATION, Kind.OTHER})
_OF_PROGRAMS: Final = ("bot", "automatic")
"""The marks in `metadata` of what no person has written there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a message besides itself. `since`: nothing is carried that was written before.

    `is_ours`: an account of ours has written it. `is_answer`: it answered a question, ended an
    alarm or put something off.
    """

    now: float
    since: float
    is_ours: bool = False
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """One connection's side of a bridge: all up to this number in the inbox is dealt with.

    `missed`: messages of which nobody was told yet that they were left out. `minute`: when the present one began, by
    the time at which messages were written, and `within` how many were carried of it. `held`: the numbers of changes
    that wait for what they are about, which is on its way just now; nothing else waits behind them.
    """

    side: BridgeSide
    upto: int
    missed: int = 0
    minute: float = 0.0
    within: int = 0
    held: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Carry:
    """It goes out. `is_late`: with the time at which it was written; `missed`: how many before it did not."""

    is_late: bool = False
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """What was made of the message that it is about gets another text."""


@dataclass(frozen=True, slots=True)
class TakeBack:
    """What was made of the message that it is about is taken away."""


type Verdict = Carry | Edit | TakeBack | None
"""None: nothing goes out."""


def judge(bridge: Bridge, end: End, message: IncomingMessage, facts: Facts) -> tuple[Verdict, End]:
    """What becomes of a message from one of the places of a bridge, and how its end stands then."""
    beyond = passed(end, message)
    if _is_passed_over(bridge, message, facts):
        return None, beyond
    if facts.is_ours or any(message.metadata.get(mark) for mark in _OF_PROGRAMS):
        return None, left_out(beyond, LeftOut.ECHO, facts.now)
    if message.kind is Kind.DELETED:  # whatever its age: it was taken back
        return TakeBack(), carried(beyond, facts.now)
    is_content = message.kind is not Kind.EDITED
    if is_content and facts.now - message.written_at > OLDEST:
        return None, left_out(beyond, LeftOut.TOO_OLD, facts.now, is_missed=True)
    counted = _counted(beyond, message.written_at)
    if counted.within > MOST_A_MINUTE:
        return None, left_out(counted, LeftOut.TOO_MANY, facts.now, is_missed=is_content)
    if not is_content:
        return Edit(), carried(counted, facts.now)
    if not _has_content(bridge, message):
        return None, left_out(counted, LeftOut.EMPTY, facts.now)
    carry = Carry(is_late=facts.now - message.written_at > LATE, missed=end.missed)
    return carry, carried(replace(counted, missed=0), facts.now)


def _is_passed_over(bridge: Bridge, message: IncomingMessage, facts: Facts) -> bool:
    """Whether it is none of a bridge's business: nobody misses it elsewhere."""
    if not bridge.is_active or facts.is_answer or message.metadata.get(ANSWER) is True:
        return True
    if message.metadata.get("quiet") is True or message.written_at < facts.since - _SKEW:
        return True
    match message.kind:
        case Kind.EDITED:
            return not bridge.edits or not message.text.strip()
        case Kind.DELETED:
            return not bridge.deletions
    return message.kind not in _CONTENT


def passed(end: End, message: IncomingMessage) -> End:
    """It is dealt with, and nothing else has changed."""
    return replace(end, upto=message.id)


def held_back(end: End, message: IncomingMessage) -> End:
    """It is a change that waits for what it is about, and what came behind it goes on."""
    return replace(passed(end, message), held=(*end.held, message.id))


def taken_up(end: End, before: End, number: int) -> End:
    """A change that was held back is dealt with. `before`: how the end stood, which had come further since."""
    return replace(end, upto=before.upto, held=tuple(one for one in before.held if one != number))


def carried(end: End, now: float) -> End:
    """One more was."""
    return replace(end, side=replace(end.side, carried=end.side.carried + 1, carried_at=now))


def left_out(end: End, reason: LeftOut, now: float, *, is_missed: bool = False) -> End:
    """One more was not, for this reason. `is_missed`: people are to be told with the next one."""
    side = replace(end.side, left_out=end.side.left_out + 1, reason=reason, left_out_at=now)
    return replace(end, side=side, missed=end.missed + is_missed)


def _counted(end: End, at: float) -> End:
    """By the time at which it was written: what an outage kept back was no flood."""
    if not 0.0 <= at - end.minute < _MINUTE:
        return replace(end, minute=at, within=1)
    return replace(end, within=min(end.within + 1, MOST_A_MINUTE + 1))


def _has_content(bridge: Bridge, message: IncomingMessage) -> bool:
    content = message.content
    has_file = content.media is not None and bridge.files
    return bool(message.text.strip()) or has_file or content.location is not None or message.kind is Kind.OTHER
