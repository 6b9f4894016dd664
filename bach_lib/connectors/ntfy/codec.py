"""Encodes messages for ntfy, and decodes the lines of a subscription. Nothing here raises for a line.

A message of ntfy has no author: whoever knows the name of a topic may publish there. So its sender is the topic, and
that is a claim, as in the body of a webhook.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bach_lib.connectors import metadata
from bach_lib.connectors.base import Incoming
from bach_lib.connectors.ntfy.recipients import is_topic
from bach_lib.connectors.slash_commands import content_of
from bach_lib.connectors.tolerant import UnreadableError, decode
from bach_lib.models import File, Format, Message
from bach_lib.models.incoming import CLAIMED, Content, Kind, Media

type Fields = Mapping[str, object]

PASSED_OVER: Final = frozenset({"open", "keepalive", "poll_request", "message_delete", "message_clear"})
"""The events that are no messages: a stream begins, still goes on, tells phones to ask, or clears what was read."""
_LOW: Final = 2
"""The priority that makes no sound."""
_MAX_TEXT: Final = 65_536
_MAX_NAME: Final = 128
_MAX_TAGS: Final = 20
_MAX_SECONDS: Final = 1 << 40
_MAX_SIZE: Final = 1 << 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a subscription. `message`: what came in; `mark`: what tells it from others without its id."""

    event: str
    time: float | None
    id: str
    topic: str
    message: Incoming | None = None
    mark: str = ""


def body_of(message: Message) -> dict[str, object]:
    """A text, as it is published."""
    body: dict[str, object] = {"topic": message.recipient, "message": message.text}
    if message.title and message.title.strip():
        body["title"] = message.title.strip()
    if message.format is Format.MARKDOWN:
        body["markdown"] = True
    if message.silent:
        body["priority"] = _LOW
    return body


def headers_of(message: Message, file: File) -> dict[str, str]:
    """What stands beside the bytes of a file; in headers, where none of it can be anything but ASCII."""
    found = {"Filename": _header(" ".join(file.name.split()))}
    if message.text.strip():
        found["Message"] = _header(message.text)
    if message.title and message.title.strip():
        found["Title"] = _header(message.title.strip())
    if message.format is Format.MARKDOWN:
        found["Markdown"] = "yes"
    if message.silent:
        found["X-Priority"] = str(_LOW)  # "Priority" is HTTP's own, which what stands in between may set
    return found


def mark_of(message: Message) -> str:
    """What will tell this message of ours from others when it comes back, as long as its id is not known."""
    name = " ".join(message.files[0].name.split()) if message.files else ""
    return _mark(message.title or "", message.text, name)


def published(answer: object) -> str | None:
    """The id of what was published; None if this is not how the server says so."""
    match answer:
        case {"id": str(named), "event": "message", "topic": str()} if 0 < len(named) <= _MAX_NAME:
            return named
    return None


def read(raw: bytes) -> Line:
    """What a line says. Raises `UnreadableError`."""
    try:
        found = decode(raw)
    except ValueError:
        raise UnreadableError("no JSON") from None
    if not isinstance(found, dict):
        raise UnreadableError("no object")
    event, named, topic = found.get("event"), found.get("id"), found.get("topic")
    time = _number(found, "time", _MAX_SECONDS)
    if not isinstance(event, str):
        raise UnreadableError("a line without an event")
    if event in PASSED_OVER:
        return Line(event=event, time=time, id="", topic="")
    if event != "message":
        return Line(event=event[:_MAX_NAME], time=time, id="", topic="")
    if not isinstance(named, str) or not 0 < len(named) <= _MAX_NAME or not isinstance(topic, str):
        raise UnreadableError("a message without id or topic")
    if not is_topic(named) or not is_topic(topic):
        raise UnreadableError("a message with an id or a topic that can be none")
    attached = found.get("attachment")
    attachment: Fields = attached if isinstance(attached, dict) else {}
    title, text = _text(found, "title", _MAX_TEXT), _text(found, "message", _MAX_TEXT)
    mark = _mark(title, text, _text(attachment, "name", _MAX_TEXT))
    message = _message(found, named, topic, time, attachment)
    return Line(event=event, time=time, id=named, topic=topic, message=message, mark=mark)


def time_of(raw: bytes) -> float | None:
    """What time it was at the server when it said this; None where that cannot be read."""
    try:
        return read(raw).time
    except UnreadableError:
        return None


def _message(found: Fields, named: str, topic: str, time: int | None, attachment: Fields) -> Incoming:
    text = "" if _is_binary(found) else _text(found, "message", _MAX_TEXT)
    media = _media(attachment)
    if attachment and text == _without_words(_text(attachment, "name", _MAX_TEXT)):
        text = ""
    kind, content = content_of(text)
    if media is not None:
        kind, content = Kind.MEDIA, Content(media=media)
    elif _is_binary(found):
        kind = Kind.OTHER
    return Incoming(
        remote_id=named,
        recipient=topic,
        recipient_title=topic,
        sender_id=topic,
        sender_name=topic,
        kind=kind,
        text=text,
        content=content,
        sent_at=None if time is None else float(time),
        metadata={**_beside(found, attachment, media), CLAIMED: True},
    )


def _beside(found: Fields, attachment: Fields, media: Media | None) -> dict[str, object]:
    """What there is beside the words. A file that the server does not keep is only a link."""
    url = _text(attachment, "url", 2048) if media is None else ""
    click, tags = _text(found, "click", 2048), found.get("tags")
    links = [(_text(attachment, "name", _MAX_NAME) or url, url), (click, click), *_views(found.get("actions"))]
    marked = [one for one in tags[:_MAX_TAGS] if isinstance(one, str)] if isinstance(tags, list) else []
    own: dict[str, object] = {
        "title": metadata.line(_text(found, "title", _MAX_NAME)),
        "priority": _number(found, "priority", 5),
        "tags": [metadata.line(one) for one in marked],
    }
    return {
        **metadata.notes(
            chat_type="channel",
            content="binary" if _is_binary(found) else "",
            links=metadata.links(one for one in links if one[1]),
        ),
        **{name: value for name, value in own.items() if value},
    }


def _is_binary(found: Fields) -> bool:
    """Whether what is there instead of words are bytes that are none, as UnifiedPush sends them."""
    return found.get("encoding") == "base64"


def _media(attachment: Fields) -> Media | None:
    """A file that the server keeps; what only leads elsewhere is fetched from nowhere."""
    _, _, name = _text(attachment, "url", 2048).rpartition("/file/")
    stem, dot, ending = name.partition(".")
    size = _number(attachment, "size", _MAX_SIZE)
    if not _number(attachment, "expires", _MAX_SECONDS) or not is_topic(stem) or (dot and not is_topic(ending)):
        return None
    mime_type = _text(attachment, "type", _MAX_NAME).partition(";")[0].strip()
    family = {"image": "photo", "audio": "audio", "video": "video"}.get(mime_type.partition("/")[0], "document")
    return Media(
        type="animation" if mime_type == "image/gif" else family,
        reference=name,
        name=_text(attachment, "name", _MAX_NAME) or None,
        size=size,
        mime_type=mime_type or None,
    )


def _views(actions: object) -> list[tuple[str, str]]:
    """What the buttons open that open something."""
    found = [one for one in actions[:_MAX_TAGS] if isinstance(one, dict)] if isinstance(actions, list) else []
    views = ((_text(one, "label", _MAX_NAME), _text(one, "url", 2048)) for one in found if one.get("action") == "view")
    return [(metadata.line(label) or url, url) for label, url in views]


def _mark(title: str, text: str, name: str) -> str:
    """The server takes white space from both ends, and says something itself where there are no words."""
    words = text.strip() or (_without_words(name) if name else "")
    return f"{title.strip()}\0{words}\0{name.strip()}"


def _without_words(name: str) -> str:
    """What the server says with a file to which nothing was said."""
    return f"You received a file: {name}"


def _header(text: str) -> str:
    """A text as RFC 2047 has it, which the server reads in every header, however long it is."""
    return f"=?UTF-8?B?{b64encode(text.encode(errors='replace')).decode()}?="


def _text(value: Fields, field: str, limit: int) -> str:
    found = value.get(field)
    return found[:limit] if isinstance(found, str) else ""


def _number(value: Fields, field: str, limit: int) -> int | None:
    found = value.get(field)
    return found if type(found) is int and 0 <= found <= limit else None
