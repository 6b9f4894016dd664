"""Gathers messages of low priority to a recipient, which then go as one (ADR 0125).

Until then each waits as one that is scheduled: on disk, in no lane, with the reason, and a person can send it now. When
the time has come, one message is put that says all of them, in the transaction that ends each with the number of that
one: so none is lost, and none is told twice. What waits alone goes as it is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from bach_lib.connectors.base import Connector
from bach_lib.connectors.ours import GATHERING
from bach_lib.models import Connection, Delivery, Fault, Format, Message, Operation, Status
from bach_lib.outbound.one_message import end_message
from bach_lib.outbound.putting import put_row
from bach_lib.outbound.room import has_room
from bach_lib.outbound.rows import Draft, message_from_draft, oldest_first, readable_message
from bach_lib.registry.gathering import Gathering, gathering_of
from bach_lib.said import Sentence
from bach_lib.storage import Row, Transaction, Value
from bach_lib.storage.values import real

DIGEST: Final = "gathered"
LIMITED: Final = "at_most_an_hour"
SAME: Final = "same_text"
TOLD: Final = "told_in"
"""The code of what has ended since another message says it."""
_HOUR, _MINUTE = 3600.0, 60.0
_LOOK = 500
"""Messages to one recipient that are looked at."""
_MOST_IN_ONE, _LONGEST = 50, 1_800
"""Messages that one says, and its characters, as long as all platforms take without splitting."""


@dataclass(frozen=True, slots=True)
class Together:
    """What became of gathered messages: those that say others, and those that were said."""

    new: Sequence[Message] = ()
    told: Sequence[Message] = ()


def gatherable(draft: Draft, row: Connection, connector: type[Connector], normal: Callable[[str, str], str]) -> Draft:
    """The same, with what is set for it. What must be a message of its own is left alone."""
    if GATHERING.name not in row.settings or not _may_wait(draft):
        return draft
    recipient = normal(row.name, draft.recipient)

    def is_meant(other: str) -> bool:
        return normal(row.name, connector.normalize_recipient(other)) == recipient

    found = gathering_of(row.settings)
    mine = tuple(
        one for one in found if draft.priority < one.below and (one.recipient is None or is_meant(one.recipient))
    )
    return replace(draft, gathering=mine) if mine else draft


def _may_wait(draft: Draft) -> bool:
    """Where a platform has no buttons, what can be chosen stands in the words: it would be none in a list."""
    is_wish = draft.next_retry_at is not None and (draft.why is None or draft.asked_at != draft.created_at)
    is_own = draft.reply_to or draft.tag or draft.buttons or draft.files or draft.extras or is_wish
    is_own = is_own or draft.awake or draft.confidential or any(loss.what == "buttons" for loss in draft.lost)
    return (
        draft.operation is Operation.SEND
        and draft.delivery is Delivery.AT_LEAST_ONCE
        and draft.format is not Format.JSON
        and not is_own
    )


def gathered(tx: Transaction, draft: Draft) -> Draft:
    """The same, or one that waits for others; in the transaction that stores it."""
    found = _digest(tx, draft) or _limited(tx, draft) or _same(tx, draft)
    if found is None:
        return draft
    until, why = found
    if (draft.expires_at is not None and draft.expires_at <= until) or not has_room(tx, draft.connection):
        return draft
    return replace(draft, next_retry_at=until, why=why, asked_at=draft.created_at)


type _Found = tuple[float, Fault] | None


def _digest(tx: Transaction, draft: Draft) -> _Found:
    """With all of them, until the next time that is set, or at once if there are enough."""
    timed = [(at, one) for one in draft.gathering if (at := one.next_at(draft.created_at)) is not None]
    if not timed:
        return None
    until, entry = min(timed, key=lambda found: found[0])
    enough = min((one.after for _, one in timed if one.after), default=None)
    if enough is not None and len(_waiting(tx, draft, DIGEST)) + 1 >= enough:
        until = draft.created_at
    time = entry.shown(until, draft.created_at)
    return until, Fault(code=DIGEST, text=Sentence("gathered_until", "Gathered until {time}.", time=time))


def _limited(tx: Transaction, draft: Draft) -> _Found:
    """With the rest of the hour, if so many have gone in it."""
    for entry in (one for one in draft.gathering if one.per_hour is not None):
        most = entry.per_hour or 1
        if (until := _time_of(_waiting(tx, draft, LIMITED))) is None:
            went = _recent(tx, draft, draft.created_at - _HOUR, entry)
            if len(went) < most:
                continue
            until = (real(went[most - 1]["created_at"]) or draft.created_at) + _HOUR
        why = Sentence(
            "gathered_until_as_at_most_an_hour",
            "Gathered until {time}: at most {number} an hour.",
            time=entry.shown(until, draft.created_at),
            number=most,
        )
        return until, Fault(code=LIMITED, text=why)
    return None


def _same(tx: Transaction, draft: Draft) -> _Found:
    """With others that say the same, if it was said a moment ago."""
    for entry in (one for one in draft.gathering if one.same_minutes is not None):
        seconds = (entry.same_minutes or 0) * _MINUTE
        alike = [row for row in _waiting(tx, draft, SAME) if _says(row, draft)]
        if (until := _time_of(alike)) is None:
            went = [row for row in _recent(tx, draft, draft.created_at - seconds, entry) if _says(row, draft)]
            if not went:
                continue
            until = (real(went[0]["created_at"]) or draft.created_at) + seconds
        why = Sentence(
            "same_was_sent_gathered_until",
            "The same was sent a moment ago; gathered until {time}.",
            time=entry.shown(until, draft.created_at),
        )
        return until, Fault(code=SAME, text=why)
    return None


def _says(row: Row, draft: Draft) -> bool:
    return (row["title"], row["text"], row["format"]) == (draft.title, draft.text, draft.format)


def _time_of(waiting: Sequence[Row]) -> float | None:
    return real(waiting[0]["next_retry_at"]) if waiting else None


def _waiting(tx: Transaction, of: Draft | Message, code: str) -> list[Row]:
    place: dict[str, Value] = {"connection": of.connection, "recipient": of.recipient, "code": code}
    return list(tx.rows("gathered_for", **place, limit=_LOOK))


def _recent(tx: Transaction, draft: Draft, since: float, entry: Gathering) -> list[Row]:
    """What went there since, or is about to, newest first."""
    place: dict[str, Value] = {"connection": draft.connection, "recipient": draft.recipient, "below": entry.below}
    return list(tx.rows("newest_to", **place, since=since, limit=_LOOK))


def fall_due(
    tx: Transaction, due: Mapping[str, Value], settings: Mapping[str, object], *, now: float, instance: str
) -> tuple[list[Message], Together]:
    """Let what is due wait from now on, oldest first; and what became of what was gathered."""
    together = _put_together(tx, due, settings, now=now, instance=instance)
    return oldest_first(tx.rows("fall_due", **due), instance), together


def _put_together(
    tx: Transaction, due: Mapping[str, Value], settings: Mapping[str, object], *, now: float, instance: str
) -> Together:
    """Say what is due with all that waits beside it, and end those. `settings`: of the connection."""
    new, told, seen = list[Message](), list[Message](), set[int]()
    entry = next(iter(gathering_of(settings)), None)
    for message in [readable_message(row, instance) for row in tx.rows("due_gathered", **due)]:
        if message.id in seen:
            continue
        beside = [readable_message(row, instance) for row in _waiting(tx, message, _code(message))]
        group = [one for one in beside if one.format is message.format and _goes_with(one, message)]
        seen.update(one.id for one in group)
        for some in _portions(group) if len(group) > 1 else ():
            draft = _draft(some, entry, now)
            number = put_row(tx, draft, Status.PENDING, None, None, in_rows=False)
            new.append(message_from_draft(draft, number, instance, Status.PENDING, None))
            why = Fault(code=TOLD, text=Sentence("told_in_message_id", "Message {id} says it.", id=number))
            told += [end_message(tx, one.id, Status.CANCELLED, why, now=now, instance=instance) for one in some]
    return Together(new, told)


def _code(message: Message) -> str:
    return message.error.code if message.error else ""


def _goes_with(one: Message, other: Message) -> bool:
    return _code(other) != SAME or (one.title, one.text) == (other.title, other.text)


def _portions(group: Iterable[Message]) -> Iterable[list[Message]]:
    some, size = list[Message](), 0
    for one in group:
        length = len(one.text) + len(one.title or "") + 20
        if some and (len(some) == _MOST_IN_ONE or size + length > _LONGEST):
            yield some
            some, size = [], 0
        some, size = [*some, one], size + length
    yield some


def _draft(some: Sequence[Message], entry: Gathering | None, now: float) -> Draft:
    """The one message. It needs no words of ours: times, and how often."""
    ends = [one.expires_at for one in some]
    first = some[0]
    return Draft(
        connection=first.connection,
        recipient=first.recipient,
        text=_list(some, entry),
        title=None,
        format=first.format,
        silent=all(one.silent for one in some),
        reply_to=None,
        priority=max(one.priority for one in some),
        tag=None,
        delivery=Delivery.AT_LEAST_ONCE,
        context=some[-1].context,
        created_at=now,
        expires_at=None if None in ends else max(end for end in ends if end is not None),
        max_retries=max(one.max_retries for one in some),
    )


def _list(some: Sequence[Message], entry: Gathering | None) -> str:
    runs = dict[tuple[str | None, str], list[Message]]()
    for one in some:
        runs.setdefault((one.title, one.text), []).append(one)
    lines = list[str]()
    for (title, text), run in runs.items():
        first, last = (_clock(one, entry) for one in (run[0], run[-1]))
        times = first if first == last else f"{first}–{last}"
        lines.append(f"{times} {f'{title}: ' if title else ''}{text}{f' ({len(run)}×)' if len(run) > 1 else ''}")
    return lines[0] if len(lines) == 1 else "\n".join(f"• {line}" for line in lines)


def _clock(message: Message, entry: Gathering | None) -> str:
    moment = datetime.fromtimestamp(message.asked_at or message.created_at, UTC)
    return f"{moment.astimezone(entry.zone if entry else None):%H:%M}"
