"""Validates the messages of connectors: what is none costs only itself.

A connector is foreign code, and one value of a wrong type would come again with every poll, and keep back all others.
That a batch is one has been seen to before (`connectors/answer_check.py`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bach_lib.connectors.base import Batch, Incoming, Proof, Unreadable
from bach_lib.connectors.tolerant import UnreadableError, read_each
from bach_lib.inbound.proving import is_time, validate_proof
from bach_lib.inbound.rows import incoming_values
from bach_lib.models.incoming import Content, Kind, own_words
from bach_lib.redact import called, readable, seen

_TEXTS = ("remote_id", "recipient", "recipient_title", "sender_id", "sender_name", "text", "language")
_PERHAPS_TEXTS = ("reply_to", "origin", "handle", "poll")
_MOST: Mapping[str, int] = {
    **dict.fromkeys(("recipient", "sender_id", "origin", "poll"), 1_000),
    **dict.fromkeys(("remote_id", "handle", "media.type"), 4_096),
    **dict.fromkeys(("reply_to", "value", "media.reference"), 16_384),
    **dict.fromkeys(("text", "args"), 262_144),
    **dict.fromkeys(("says", "metadata"), 1_048_576),
    **dict.fromkeys(("choices", "reactions", "sightings"), 100),
}
"""Length of what cannot be cut: half an id is somebody else's. All else are names, of which the beginning is kept.

Platforms keep far below; so no server that lies, and no connector, fills the disk with one message.
"""
_DEEPEST = 4
_MAX_NAME = 256
_MAX_LINE = 2048
"""Characters; an address behind words may have as many."""
_AS_POSTED = frozenset({"payload", "data"})
"""What metadata holds as it came, for automations."""
_WORDS = frozenset({"quote", "text"})
"""What of it is as somebody wrote it, on several lines perhaps; all else are names."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}", re.ASCII)
"""A tag as apps have them. Anything else is no language."""
_PERHAPS_TIMES = ("sent_at", "told_at", "not_before", "reminds_after")


def validate_batch(batch: Batch) -> Batch:
    """The same, with everything in `unreadable` that cannot be stored."""
    found, told = read_each(batch.messages, validate_message), read_each(batch.proofs, validate_proof)
    good = tuple(one for one in found if isinstance(one, Incoming))
    bad = tuple(one for one in (*found, *told) if isinstance(one, Unreadable))
    proofs = tuple(one for one in told if isinstance(one, Proof))
    if not bad and (good, proofs) == (batch.messages, batch.proofs):
        return batch
    return replace(batch, messages=good, unreadable=(*batch.unreadable, *bad), proofs=proofs)


def validate_message(message: object) -> Iterable[Incoming]:
    """The message, if it can be stored. Raises whatever stands against that."""
    if not isinstance(message, Incoming):
        raise UnreadableError(f"no message, but a {type(message).__name__}")
    if (name := _wrong_in(message)) is not None:
        raise UnreadableError(f"a message whose {name} is of a wrong type")
    for name, found in _sizes(message, incoming_values(message)):
        if found > _MOST[name]:
            raise UnreadableError(f"a message whose {name} has a length of {found:,}; {_MOST[name]:,} is the most")
    return [_quieted(_asking_nothing(message))]


def _sizes(message: Incoming, values: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    """How long everything is that is kept as it came."""
    content, media = message.content, message.content.media
    texts = {name: getattr(message, name) for name in (*_TEXTS, *_PERHAPS_TEXTS, "says")}
    texts |= {"args": content.args, "value": content.value, "metadata": values["metadata"]}
    if media:
        texts |= {"media.type": media.type, "media.reference": media.reference}
    yield from ((name, len(text)) for name, text in texts.items() if name in _MOST and isinstance(text, str))
    yield from (("choices", len(content.choices)), ("reactions", len(content.reactions)))
    yield "sightings", len(message.sightings)


def _quieted(message: Incoming) -> Incoming:
    """Names stand in logs, tables, titles and lists, so nothing in them may do anything there.

    Words are for agents, too, which read what people do not see.
    """
    content, media = message.content, message.content.media
    named = media and replace(media, name=media.name and called(media.name, ""), mime_type=_in_line(media.mime_type))
    return replace(
        message,
        sender_name=message.sender_name and called(message.sender_name, message.sender_id),
        recipient_title=message.recipient_title and called(message.recipient_title, message.recipient),
        sender_id=readable(message.sender_id),
        text=seen(message.text),
        language=message.language if _LANGUAGE.fullmatch(message.language) else "",
        content=replace(
            content,
            command=_in_line(content.command),
            args=seen(content.args),
            reactions=tuple(map(_in_line, content.reactions)),
            media=named,
        ),
        metadata={key: one if key in _AS_POSTED else _noted(one, key) for key, one in message.metadata.items()},
    )


def _noted(value: object, key: object, depth: int = 0) -> object:
    """What is noted of a message, with every text in it as it can only be read."""
    match value:
        case str():
            return readable(value, lines=True) if key in _WORDS else _in_line(value, _MAX_LINE)
        case list() | tuple() if depth < _DEEPEST:
            return [_noted(one, key, depth + 1) for one in value]
        case dict() if depth < _DEEPEST:
            return {inner: _noted(one, inner, depth + 1) for inner, one in value.items()}
    return value


def _in_line[T: (str, str | None)](text: T, limit: int = _MAX_NAME) -> T:
    return readable(" ".join(text.split())[:limit]) if text else text


def _asking_nothing(message: Incoming) -> Incoming:
    """What is only passed on asks for nothing, so a command in it is none."""
    if message.kind is not Kind.COMMAND or own_words(message.metadata):
        return message
    media = message.content.media
    return replace(message, kind=Kind.MEDIA if media else Kind.TEXT, content=Content(media=media))


def _wrong_in(message: Incoming) -> str | None:
    """The name of a field whose value is of a wrong type, if there is one."""
    right = {
        **{name: isinstance(getattr(message, name), str) for name in _TEXTS},
        **{name: isinstance(getattr(message, name), str | None) for name in _PERHAPS_TEXTS},
        **{name: is_time(getattr(message, name)) for name in _PERHAPS_TIMES},
        "kind": isinstance(message.kind, Kind),
        "content": isinstance(message.content, Content),
        "metadata": isinstance(message.metadata, Mapping),
    }
    if isinstance(message.content, Content):
        right["choices"] = all(type(one) is int and one >= 0 for one in message.content.choices)
    return next((name for name, is_right in right.items() if not is_right), None)
