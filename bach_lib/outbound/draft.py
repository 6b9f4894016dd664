"""Validates a message completely before anything is written."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from math import inf
from typing import Final, TypedDict

from bach_lib.arguments import LONGEST, recipient_text
from bach_lib.common_sentences import A_TIME_WITH_ITS_ZONE_WITHIN_A_YEAR, A_WHOLE_NUMBER_FROM_LOW_TO_HIGH, TRUE_OR_FALSE
from bach_lib.connectors.base import Connector
from bach_lib.errors import CannotDoError, InvalidTimeToLiveError, InvalidValueError, NotSentError
from bach_lib.models import Button, Connection, Delivery, Extras, File, Format, Loss, Message, Operation, Snooze
from bach_lib.models.fast_frozen import maker
from bach_lib.outbound.extra_fitting import IN_AN_EDIT
from bach_lib.outbound.fitting import Content, bounded, fitted, short, text_of
from bach_lib.outbound.putting_off import offered, with_words
from bach_lib.outbound.rows import Draft, Request
from bach_lib.registry.sender_tag import prefix
from bach_lib.said import Sentence

MAX_PRIORITY = 10
_MAX_RETRIES = 100
_draft = maker(Draft)
_FARTHEST = 366 * 86_400.0
"""Seconds from now for which a message may be scheduled."""
_LAST = 253_402_300_799.0
"""The end of the year 9999, after which no time can be written."""


class SendOptions(TypedDict, total=False):
    """What may be said about a message beside its text. Times in seconds."""

    title: str | None
    """A line above the text."""
    format: Format | str
    """`plain`, `markdown` or `html`; `json` where fields are sent."""
    silent: bool
    """Without a sound, where the platform can."""
    reply_to: str | int | None
    """The platform's id of the message that it answers. A whole number is ours, of one that came in."""
    priority: int
    """-10 to 10 (0); higher goes first."""
    tag: str | None
    """A newer message with it replaces one that waits. What was sent within two days is changed, if the newer one is
    silent and the platform can, or else taken away once that has arrived."""
    not_before: datetime | str | None
    """When it is to be sent at the earliest, with its time zone (as a text: ISO 8601), at most a year ahead; None: at
    once."""
    time_to_live: float | None
    """Seconds after which it is no longer sent, counted from `not_before`; None: it waits for ever."""
    delivery: Delivery | str
    """`at_least_once` or `at_most_once`: whether what may have arrived is repeated."""
    max_retries: int | None
    """Before it steps aside, 0 to 100; None: as the policy says."""
    context: str | None
    """Kept for the caller; comes back with the message."""
    buttons: Sequence[Sequence[Button]]
    """Rows of buttons below it."""
    idempotency_key: str | None
    """Who sends again under it gets the first receipt; one namespace for the whole database."""
    files: Sequence[File]
    """At most 100 MB each, and 200 MB together; then the text may be empty."""
    lost: Sequence[Loss]
    """What it goes without already, as the caller knows."""
    confidential: bool
    """Its words are shown nowhere here (lists, events, pages), and not kept beyond its end: a code, say."""
    snooze: Snooze | None
    """A button below the others; whoever presses it gets the message again later."""
    extras: Extras
    """What it has beside words, files and buttons: a place, no preview of its link, protected."""


def make_draft(
    connection: Connection,
    connector: type[Connector],
    recipient: str | int,
    text: str,
    options: SendOptions,
    *,
    now: float,
    max_retries: int,
    began: float | None = None,
    is_change: bool = False,
) -> Draft:
    """The checked message. Raises an `InputError`, or `TypeError` for an option there is not."""
    if unknown := options.keys() - SendOptions.__annotations__.keys():
        raise TypeError(f"send() got an unexpected keyword argument {min(unknown)!r}")
    time_to_live, due = options.get("time_to_live"), _due(options.get("not_before"), now)
    content = _content(connection, connector, text, options, is_change=is_change)
    return _draft(
        connection=connection.name,
        recipient=bounded("recipient", connector.normalize_recipient(text_of("recipient", recipient_text(recipient)))),
        text=content.text,
        title=content.title,
        format=content.format,
        silent=_switch("silent", options.get("silent", False)),
        reply_to=short("reply_to", options.get("reply_to")),
        priority=_whole("priority", options.get("priority", 0), -MAX_PRIORITY, MAX_PRIORITY),
        tag=short("tag", options.get("tag")),
        delivery=_delivery(options.get("delivery", Delivery.AT_LEAST_ONCE)),
        context=short("context", options.get("context")),
        created_at=now,
        expires_at=None if time_to_live is None else min((due or now) + _seconds(time_to_live), _LAST),
        max_retries=_whole("max_retries", _given(options, max_retries), 0, _MAX_RETRIES),
        buttons=content.buttons,
        files=content.files,
        lost=content.lost,
        extras=content.extras,
        next_retry_at=due,
        began=began,
        confidential=_switch("confidential", options.get("confidential", False)),
    )


def _given(options: SendOptions, max_retries: int) -> int:
    return max_retries if (wanted := options.get("max_retries")) is None else wanted


def _content(
    connection: Connection, connector: type[Connector], text: str, options: SendOptions, *, is_change: bool
) -> Content:
    """What goes, of what a new message can have, or one that is there already; with a button that puts it off."""
    text, options = _tagged(connection, connector, text, options)
    able = connector.capabilities_of(connection)
    able = replace(able, extras=able.extras & IN_AN_EDIT) if is_change else able
    if options.get("confidential") is True:  # buttons are kept, for who presses them later; the words go with its end
        able = replace(able, button_url=0)
    rows, unheard = offered(connection.type, able, options)
    content = fitted(connection.type, able, text, {**options, "buttons": rows})
    return with_words(replace(content, lost=(*unheard, *content.lost)) if unheard else content, rows)


def _tagged(
    connection: Connection, connector: type[Connector], text: str, options: SendOptions
) -> tuple[str, SendOptions]:
    """With the sender's tag before what is read first. What is no text is left to who refuses it."""
    form = options.get("format", Format.PLAIN)
    tag = prefix(connection, form, is_known=isinstance(form, str) and connector.capabilities.shows(form))
    title = options.get("title")
    if tag and isinstance(title, str) and title:
        return text, SendOptions(**{**options, "title": f"{prefix(connection, Format.PLAIN)}{title}"})
    return (f"{tag}{text}" if tag and isinstance(text, str) and text.strip() else text), options


def make_change(
    message: Message,
    operation: Operation,
    connection: Connection,
    connector: type[Connector],
    text: str,
    *,
    options: SendOptions,
    now: float,
    max_retries: int,
) -> Draft:
    """The checked change of a message that was sent: a message of its own, in the same lane. Raises an `InputError`.

    For a reaction, `text` is the emoji; where nothing is said it is empty.
    """
    _check_can(connector, operation, connection.type)
    if message.remote_id is None or message.operation is not Operation.SEND:
        raise NotSentError(id=message.id, status=message.status)
    what = text if operation.has_words else "-"
    options = SendOptions(**{**options, "confidential": message.confidential or options.get("confidential", False)})
    if operation is not Operation.EDIT:
        connection = replace(connection, settings={})  # no words that could have a sender
    draft = make_draft(
        connection, connector, message.recipient, what, options, now=now, max_retries=max_retries, is_change=True
    )
    words = draft.text if text else ""
    return replace(draft, operation=operation, target=message.remote_id, text=words)


def make_change_of_other(
    place: tuple[Connection, str],
    operation: Operation,
    connector: type[Connector],
    target: str,
    emoji: str,
    *,
    options: SendOptions,
    now: float,
    max_retries: int,
) -> Draft:
    """The same of what somebody wrote in a place, whose number at the platform is `target`: a reaction, or a pin."""
    connection, recipient = replace(place[0], settings={}), place[1]
    _check_can(connector, operation, connection.type)
    what = emoji if operation.has_words else "-"
    draft = make_draft(connection, connector, recipient, what, options, now=now, max_retries=max_retries)
    text = draft.text if operation.has_words else ""
    return replace(draft, operation=operation, target=bounded("a message", target), text=text)


_CANNOT: Final = {
    Operation.EDIT: Sentence("edit", "edit"),
    Operation.DELETE: Sentence("delete", "delete"),
    Operation.REACT: Sentence("react_to", "react to"),
    Operation.PIN: Sentence("pin", "pin"),
    Operation.UNPIN: Sentence("unpin", "unpin"),
}
"""What stands before "messages"."""


def _check_can(connector: type[Connector], operation: Operation, type_: str) -> None:
    if operation not in connector.capabilities.operations:
        raise CannotDoError(type=type_, operation=_CANNOT[operation])


def make_request(draft: Draft, options: SendOptions, number: int = 1) -> Request | None:
    """The caller's key with what it stands for, if there is one. Raises `InvalidValueError`.

    `number`: which of those that are sent under one key; each is known by itself.
    """
    key = short("idempotency_key", options.get("idempotency_key"))
    if key is None:
        return None
    timeless = replace(draft, created_at=0.0, expires_at=options.get("time_to_live"))
    wish = _moment(options.get("not_before"))
    words = f"{timeless!r}{'' if wish is None else wish}{draft.extras or ''}{_of_buttons(draft)}"
    contents = b"".join(bytes.fromhex(file.digest) or sha256(file.content).digest() for file in draft.files)
    return Request(key=key if number == 1 else f"{key} #{number}", digest=sha256(words.encode() + contents).hexdigest())


def _of_buttons(draft: Draft) -> str:
    """What buttons have beside text and value, which keys of earlier versions do not know."""
    found = [(one.url, one.style) for row in draft.buttons for one in row]
    return str(found) if any(any(one) for one in found) else ""


def _delivery(value: Delivery | str) -> Delivery:
    try:
        return Delivery(value)
    except ValueError:
        raise InvalidValueError(field="delivery", value=value, expected=", ".join(Delivery)) from None


def _due(value: object, now: float) -> float | None:
    """When it is scheduled for; None for a time that has come."""
    if (time := _moment(value)) is None:
        return None
    if time > now + _FARTHEST:
        raise InvalidValueError(field="not_before", value=str(value)[:50], expected=A_TIME_WITH_ITS_ZONE_WITHIN_A_YEAR)
    return time if time > now else None


def _moment(value: object) -> float | None:
    """In seconds since 1970; of what is no time with a zone, the end of time."""
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else value
        return time.timestamp() if isinstance(time, datetime) and time.utcoffset() is not None else inf
    except (ValueError, OverflowError):  # or of a year that no clock shows
        return inf


def _seconds(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
        is_endless = isinstance(value, int) and abs(value) > LONGEST  # it may have more digits than can be shown
        raise InvalidTimeToLiveError(value=f"{'-' if value < 0 else 'over '}{LONGEST:.0f}" if is_endless else value)
    return float(value)


def _whole(field: str, value: int, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidValueError(
            field=field,
            value=value,
            expected=A_WHOLE_NUMBER_FROM_LOW_TO_HIGH(low=low, high=high),
        )
    return value


def _switch(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValueError(field=field, value=str(value)[:20], expected=TRUE_OR_FALSE)
    return value
