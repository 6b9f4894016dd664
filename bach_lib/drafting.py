"""Checking what a caller wants to send, completely, before anything is written."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TypedDict

from bach_lib.attaching import check_files
from bach_lib.buttons import in_words
from bach_lib.connectors.base import Capabilities, Connector
from bach_lib.errors import (
    CannotDoError,
    EmptyTextError,
    InvalidButtonsError,
    InvalidTimeToLiveError,
    InvalidValueError,
    NotSentError,
    TextTooLongError,
    UnknownFormatError,
)
from bach_lib.models import Button, Buttons, Connection, Delivery, File, Format, Message, Operation
from bach_lib.outbound.records import Draft, Request

MAX_PRIORITY = 10
MAX_BUTTON_TEXT = 64
"""Characters; more is cut off on a phone's screen."""

_MAX_IN_WORDS = 25
"""Buttons that are said in words; nobody reads a longer list."""
_MAX_RETRIES = 100
_LAST = 253_402_300_799.0
"""The end of the year 9999, after which no time can be written."""
_MAX_SHORT = 255
"""Characters of a title, tag, context or reply reference; they are names, not texts."""
_LONGEST = 250_000_000_000.0
"""Seconds of a time to live: with more, it ends after the last date there is, in the year 9999."""


class SendOptions(TypedDict, total=False):
    """What may be said about a message beside its text. Times in seconds."""

    title: str | None
    format: Format | str
    silent: bool
    reply_to: str | None
    priority: int
    tag: str | None
    time_to_live: float | None
    delivery: Delivery | str
    max_retries: int | None
    context: str | None
    buttons: Buttons
    idempotency_key: str | None
    files: Sequence[File]


def make_draft(
    connection: Connection,
    connector: type[Connector],
    recipient: str,
    text: str,
    options: SendOptions,
    *,
    now: float,
    max_retries: int,
) -> Draft:
    """The checked message. Raises an `InputError`, or `TypeError` for an option there is not."""
    if unknown := options.keys() - SendOptions.__annotations__.keys():
        raise TypeError(f"send() got an unexpected keyword argument {min(unknown)!r}")
    recipient, text, title = _text("recipient", recipient), _text("text", text), _short("title", options.get("title"))
    time_to_live = options.get("time_to_live")
    retries = options.get("max_retries")
    form = _format(connection.type, connector.capabilities, options.get("format", Format.PLAIN))
    buttons = _buttons(connector.capabilities, options.get("buttons", ()))
    if buttons and not connector.capabilities.max_buttons:  # then people can at least read what there is to choose
        text, buttons = f"{text}\n\n{in_words(buttons, form)}", ()
    files = check_files(connection.type, connector.capabilities, options.get("files", ()))
    _check_text(connection.type, connector.capabilities, title, text, has_files=bool(files))
    return Draft(
        connection=connection.name,
        recipient=_bounded("recipient", connector.normalize_recipient(recipient)),
        text=text,
        title=title,
        format=form,
        silent=_switch("silent", options.get("silent", False)),
        reply_to=_short("reply_to", options.get("reply_to")),
        priority=_whole("priority", options.get("priority", 0), -MAX_PRIORITY, MAX_PRIORITY),
        tag=_short("tag", options.get("tag")),
        delivery=_delivery(options.get("delivery", Delivery.AT_LEAST_ONCE)),
        context=_short("context", options.get("context")),
        created_at=now,
        expires_at=None if time_to_live is None else min(now + _seconds(time_to_live), _LAST),
        max_retries=_whole("max_retries", max_retries if retries is None else retries, 0, _MAX_RETRIES),
        buttons=buttons,
        files=files,
    )


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

    For a reaction, `text` is the emoji; for a deletion it is empty.
    """
    if operation not in connector.capabilities.operations:
        raise CannotDoError(type=connection.type, operation=operation)
    if message.remote_id is None or message.operation is not Operation.SEND:
        raise NotSentError(id=message.id, status=message.status)
    what = "-" if operation is Operation.DELETE else text
    draft = make_draft(connection, connector, message.recipient, what, options, now=now, max_retries=max_retries)
    return replace(draft, operation=operation, target=message.remote_id, text=draft.text if text else "")


def make_request(draft: Draft, options: SendOptions) -> Request | None:
    """The caller's key with what it stands for, if there is one. Raises `InvalidValueError`."""
    key = _short("idempotency_key", options.get("idempotency_key"))
    if key is None:
        return None
    timeless = replace(draft, created_at=0.0, expires_at=options.get("time_to_live"))
    contents = b"".join(sha256(file.content).digest() for file in draft.files)
    return Request(key=key, digest=sha256(repr(timeless).encode() + contents).hexdigest())


def _buttons(capabilities: Capabilities, rows: Buttons) -> Buttons:
    """Rows without any button are left out. Where there are no buttons, their values go nowhere: any length will do."""
    rows = _rows(rows)
    buttons = [button for row in rows for button in row]
    limit = capabilities.max_buttons
    if len(buttons) > (limit or _MAX_IN_WORDS):
        raise InvalidButtonsError(reason=f"there are {len(buttons)}, and the platform shows {limit or _MAX_IN_WORDS}")
    for button in buttons:
        for field, value in (("text", button.text), ("value", button.value)):
            _check_characters(f"button {field}", value)
            if not any(_is_visible(character) for character in value):
                raise InvalidButtonsError(reason=f"one has no {field}")
        if len(button.text) > MAX_BUTTON_TEXT:
            raise InvalidButtonsError(reason=f'"{button.text[:20]}…" has more than {MAX_BUTTON_TEXT} characters')
        if limit and len(button.value.encode()) > capabilities.button_value:
            raise InvalidButtonsError(
                reason=f'the value "{button.value[:20]}…" has more than {capabilities.button_value} bytes'
            )
    return rows


def _rows(given: object) -> Buttons:
    """Rows with something in them, if they are that."""
    rows: list[tuple[Button, ...]] = []
    for row in given if isinstance(given, Sequence) else [given]:
        buttons = tuple(row) if isinstance(row, Sequence) else (row,)
        for one in buttons:
            if not isinstance(one, Button) or not isinstance(one.text, str) or not isinstance(one.value, str):
                raise InvalidButtonsError(reason="they must be rows of Button, each with a text and a value")
        rows += [buttons] if buttons else []
    return tuple(rows)


def _check_text(type_: str, capabilities: Capabilities, title: str | None, text: str, *, has_files: bool) -> None:
    """A file needs no words, but words must not be lost below it."""
    if not any(_is_visible(character) for character in text) and not (has_files and not text and not title):
        raise EmptyTextError
    limit = capabilities.max_text
    if has_files and capabilities.max_caption is not None:
        limit = capabilities.max_caption
    whole = f"{title}\n\n{text}" if title else text
    length = len(whole.encode("utf-16-le", "surrogatepass")) // 2 if capabilities.counts_utf16 else len(whole)
    if length > limit:
        raise TextTooLongError(length=length, type=type_, limit=limit)
    _check_characters("message", text)


def _check_characters(field: str, value: str) -> None:
    """Halves of characters can be in a Python text, but in no database and no JSON."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValueError(
            field=field, value="a broken character", expected="text without halves of characters"
        ) from None


def _is_visible(character: str) -> bool:
    """Separators, controls and combining marks (Unicode categories Z, C, M) alone are nothing to read."""
    return unicodedata.category(character)[0] not in "ZCM"


def _format(type_: str, capabilities: Capabilities, value: Format | str) -> Format:
    if not isinstance(value, str) or value not in capabilities.formats:
        raise UnknownFormatError(type=type_, format=value, known=", ".join(sorted(capabilities.formats)))
    return Format(value)


def _delivery(value: Delivery | str) -> Delivery:
    try:
        return Delivery(value)
    except ValueError:
        raise InvalidValueError(field="delivery", value=value, expected=" or ".join(Delivery)) from None


def _seconds(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LONGEST:
        is_endless = isinstance(value, int) and abs(value) > _LONGEST  # it may have more digits than can be shown
        raise InvalidTimeToLiveError(value=f"{'-' if value < 0 else 'over '}{_LONGEST:.0f}" if is_endless else value)
    return float(value)


def _whole(field: str, value: int, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidValueError(field=field, value=value, expected=f"a whole number from {low} to {high}")
    return value


def _short(field: str, value: str | None) -> str | None:
    """Nothing instead of an empty text."""
    return None if value is None else _bounded(field, _text(field, value)) or None


def _text(field: str, value: object) -> str:
    """What people without a type checker give first is a number, or nothing."""
    if not isinstance(value, str):
        raise InvalidValueError(field=field, value=f"{type(value).__name__} {str(value)[:20]}".strip(), expected="text")
    return value


def _switch(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValueError(field=field, value=str(value)[:20], expected="true or false")
    return value


def _bounded(field: str, value: str) -> str:
    _check_characters(field, value)
    if len(value) > _MAX_SHORT:
        raise InvalidValueError(field=field, value=f"{value[:20]}…", expected=f"at most {_MAX_SHORT} characters")
    return value
