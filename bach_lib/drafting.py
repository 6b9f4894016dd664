"""Checking what a caller wants to send, completely, before anything is written."""

import sys
import unicodedata
from typing import TypedDict

from bach_lib.connectors.base import Capabilities, Connector
from bach_lib.errors import (
    EmptyTextError,
    InvalidTimeToLiveError,
    InvalidValueError,
    TextTooLongError,
    UnknownFormatError,
)
from bach_lib.models import Connection, Delivery, Format
from bach_lib.outbound.records import Draft

MAX_PRIORITY = 10
_MAX_RETRIES = 100
_MAX_SHORT = 255
"""Characters of a title, tag, context or reply reference; they are names, not texts."""


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
    title = _short("title", options.get("title"))
    time_to_live = options.get("time_to_live")
    retries = options.get("max_retries")
    _check_text(connection.type, connector.capabilities, title, text)
    return Draft(
        connection=connection.name,
        recipient=_bounded("recipient", connector.normalize_recipient(recipient)),
        text=text,
        title=title,
        format=_format(connection.type, connector.capabilities, options.get("format", Format.PLAIN)),
        silent=options.get("silent", False),
        reply_to=_short("reply_to", options.get("reply_to")),
        priority=_whole("priority", options.get("priority", 0), -MAX_PRIORITY, MAX_PRIORITY),
        tag=_short("tag", options.get("tag")),
        delivery=_delivery(options.get("delivery", Delivery.AT_LEAST_ONCE)),
        context=_short("context", options.get("context")),
        created_at=now,
        expires_at=None if time_to_live is None else now + _seconds(time_to_live),
        max_retries=_whole("max_retries", max_retries if retries is None else retries, 0, _MAX_RETRIES),
    )


def _check_text(type_: str, capabilities: Capabilities, title: str | None, text: str) -> None:
    if not any(_is_visible(character) for character in text):
        raise EmptyTextError
    whole = f"{title}\n\n{text}" if title else text
    length = len(whole.encode("utf-16-le", "surrogatepass")) // 2 if capabilities.counts_utf16 else len(whole)
    if length > capabilities.max_text:
        raise TextTooLongError(length=length, type=type_, limit=capabilities.max_text)
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
    if value not in capabilities.formats:
        raise UnknownFormatError(type=type_, format=value, known=", ".join(sorted(capabilities.formats)))
    return Format(value)


def _delivery(value: Delivery | str) -> Delivery:
    try:
        return Delivery(value)
    except ValueError:
        raise InvalidValueError(field="delivery", value=value, expected=" or ".join(Delivery)) from None


def _seconds(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= sys.float_info.max:
        raise InvalidTimeToLiveError(value=value)
    return float(value)


def _whole(field: str, value: int, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidValueError(field=field, value=value, expected=f"a whole number from {low} to {high}")
    return value


def _short(field: str, value: str | None) -> str | None:
    """Nothing instead of an empty text."""
    return _bounded(field, value) if value else None


def _bounded(field: str, value: str) -> str:
    _check_characters(field, value)
    if len(value) > _MAX_SHORT:
        raise InvalidValueError(field=field, value=f"{value[:20]}…", expected=f"at most {_MAX_SHORT} characters")
    return value
