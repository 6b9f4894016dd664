"""The words of what is carried over: who wrote it, when, and what does not go along. Pure.

What people write must be no markup elsewhere, nor ring anybody. The name is bold where that can be had without risk.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Final

from bach_lib.models import Format
from bach_lib.models.bridge import Bridge
from bach_lib.models.incoming import IncomingMessage, Kind

_LONGEST_NAME: Final = 64
_ROOM: Final = 500
"""Characters for what stands around the words."""
_NO_MARKUP: Final = re.compile(r"[^\\_*`\[\]~|<>#@]*")
"""What reads the same in everybody's Markdown, if no line begins a list and nothing in it is an address."""
_LIST: Final = re.compile(r"^\s*(?:[-+]|[0-9]+[.)])|https?:|www\.", re.MULTILINE)


def words_of(
    bridge: Bridge,
    message: IncomingMessage,
    *,
    name: str,
    now: float | None = None,
    notes: Iterable[str] = (),
    formats: frozenset[Format] = frozenset({Format.PLAIN}),
    most: int = 4_000,
) -> tuple[str, Format]:
    """The text of a message, and in which format it is.

    `now`: it comes late, so the time is said. `notes` stand below it. `formats` and `most` are the platform's.
    """
    head = _head(bridge, message, name, now)
    body = "\n".join(one for one in (_body(bridge, message), *notes) if one)
    most = max(most - _ROOM, 1)
    body = body if len(body) <= most else f"{body[: most - 1]}…"
    if not head:
        return body, Format.PLAIN
    if Format.HTML in formats:
        return f"<b>{escape(head, quote=False)}</b> {escape(body, quote=False)}".rstrip(), Format.HTML
    if Format.MARKDOWN in formats and _is_plain(head) and _is_plain(body):
        return f"**{head}** {body}".rstrip(), Format.MARKDOWN
    return f"{head} {body}".rstrip(), Format.PLAIN


def name_of(message: IncomingMessage) -> str:
    """What whoever wrote it calls themselves."""
    return message.sender_name or message.sender_id


def _head(bridge: Bridge, message: IncomingMessage, name: str, now: float | None) -> str:
    marks = [
        _time(message.written_at, now) if now is not None else "",
        bridge.words.forwarded if message.metadata.get("forwarded") else "",
        bridge.words.edited if message.kind is Kind.EDITED else "",
    ]
    said = ", ".join(mark for mark in marks if mark)
    shown = " ".join(name.split())[:_LONGEST_NAME] if bridge.with_name else ""
    if not shown:
        return f"({said})" if said else ""
    return f"{shown} ({said}):" if said else f"{shown}:"


def _body(bridge: Bridge, message: IncomingMessage) -> str:
    text, location = message.text.strip(), message.content.location
    if location is not None:
        where = f"{location.latitude:.6f}, {location.longitude:.6f}"
        return f"{text}\n📍 {where}".strip()
    if not text and message.kind is Kind.OTHER:
        return bridge.words.unshown
    return text


def _time(at: float, now: float) -> str:
    """By the clock of this machine; with the day, if that is another."""
    then, today = (datetime.fromtimestamp(one, UTC).astimezone() for one in (at, now))
    return f"{then:%H:%M}" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M}"


def _is_plain(text: str) -> bool:
    return bool(_NO_MARKUP.fullmatch(text)) and not _LIST.search(text)
