"""Letter format, version 1: what one BACH writes to the BACH in another Home Assistant.

Its id is the message's nonce, which is the same in every attempt and in no other message. The other side stores a
letter under its id, answers after the commit, and answers the same to a repetition: so a letter is stored once, however
often the line breaks in between.
"""

import re

from bach_lib.connectors.base import Incoming
from bach_lib.connectors.homeassistant.recipients import BACH
from bach_lib.connectors.slash_commands import content_of
from bach_lib.errors import PushRefusedError
from bach_lib.models import Message
from bach_lib.said import Sentence

_VERSION = 1
_MAX_TEXT = 65_536
_MAX_TITLE = 1_000
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_LATEST = 1e11
"""Seconds since 1970, as far as dates go."""


def write_letter(message: Message, now: float | None = None) -> dict[str, object]:
    """The letter that a message becomes.

    `now` (seconds since 1970) is by the clock of `created_at`, so the other side can know the age by one clock.
    """
    letter: dict[str, object] = {
        "v": _VERSION,
        "id": message.nonce,
        "text": message.text,
        "sent_at": message.created_at,
    }
    if now is not None:
        letter["told_at"] = now
    if message.title:
        letter["title"] = message.title
    if message.reply_to:
        letter["reply_to"] = message.reply_to
    return letter


def read_letter(letter: object) -> Incoming:
    """The message in a letter. Who sent it has to be known otherwise. Raises `PushRefusedError`."""
    match letter:
        case {"v": int(version)} if version != _VERSION:
            raise _refused(
                Sentence(
                    "it_is_of_version_version_only_version2",
                    "it is of version {version}; only {version2} is known here",
                    version=version,
                    version2=_VERSION,
                )
            )
        case {"v": int(), "id": str(id_), "text": str(text), **rest} if _ID.fullmatch(id_):
            title, reply_to = _text(rest.get("title"), _MAX_TITLE), _text(rest.get("reply_to"), 64)
            if not text.strip() or len(text) > _MAX_TEXT:
                raise _refused(
                    Sentence(
                        "its_text_must_have_1_to_number_characters",
                        "its text must have 1 to {number} characters",
                        number=_MAX_TEXT,
                    )
                )
        case _:
            raise _refused(Sentence("it_is_none", "it is none"))
    kind, content = content_of(text)
    return Incoming(
        remote_id=id_,
        recipient=BACH,
        recipient_title="BACH",
        sender_id=BACH,
        sender_name="BACH",
        kind=kind,
        text=f"{title}\n{text}" if title else text,
        content=content,
        reply_to=reply_to,
        origin=reply_to,
        sent_at=_time(rest.get("sent_at")),
        told_at=_time(rest.get("told_at")),
        metadata={"chat_type": "private"} | ({"title": title} if title else {}),
    )


def _text(value: object, limit: int) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= limit else None


def _time(value: object) -> float | None:
    match value:
        case bool():
            return None
        case int() | float() if 0 < value < _LATEST:
            return float(value)
    return None


def _refused(reason: str) -> PushRefusedError:
    return PushRefusedError(name=BACH, reason=reason)
