"""Decodes signal-cli's JSON into incoming messages, and encodes references. Nothing here raises, whatever comes in.

Signal numbers nothing: a message is named by its author and the millisecond in which that author sent it. Of our own
messages the author is known, so the millisecond alone is their id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bach_lib.connectors import metadata
from bach_lib.connectors.base import Incoming, Unreadable
from bach_lib.connectors.signal.mentions import Written, written
from bach_lib.connectors.signal.recipients import group_of, person, user_name
from bach_lib.connectors.slash_commands import content_of
from bach_lib.connectors.tolerant import UnreadableError, decode, read_one
from bach_lib.models.incoming import Content, Kind, Media
from bach_lib.models.spellings import Sighting

type Fields = Mapping[str, object]

_REMOTE_ID = re.compile(r"(?:([^:/]{1,100}):)?([0-9]{1,15})(?:/[0-9]+)?")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
_MAX_NAME = 128
_MAX_TEXT = 65_536
_MAX_FILES = 32
_DEEPEST = 6
_MAX_NUMBER = 1 << 53

PASSED_OVER: Mapping[str, str] = {
    "syncMessage": "what the account's owner does on another device",
    "receiptMessage": "that somebody got or read something",
    "typingMessage": "that somebody types",
    "callMessage": "calls",
    "storyMessage": "stories",
}
"""What an envelope may hold instead of a message, none of which is one."""

OTHERS: Mapping[str, str] = {
    "pollCreate": "poll",
    "contacts": "contact",
    "sticker": "sticker",
    "payment": "payment",
}
"""The fields of a message that has no text, and what each is called."""

NO_MESSAGES: Mapping[str, str] = {
    "remoteDelete": "a message was taken back",
    "adminDelete": "an administrator took one back",
    "pinMessage": "a message was pinned",
    "unpinMessage": "it was taken off again",
    "pollVote": "somebody voted",
    "pollTerminate": "a poll is over",
    "isExpirationUpdate": "messages vanish after another time",
    "groupCallUpdate": "a call in a group",
}
"""Fields that report on other messages or on the group: what has them and no text is no message."""

_AROUND = frozenset(
    {"timestamp", "message", "expiresInSeconds", "viewOnce", "reaction", "quote", "mentions", "previews", "attachments"}
    | {"textStyles", "groupInfo", "storyContext"}
)
"""The rest of what is known; with nothing but these a message has nothing in it, as one that brings a profile key."""


def read(frame: str, account: str) -> Sequence[Incoming | Unreadable]:
    """What a frame of the WebSocket says to `account`, whatever it is."""
    return read_one(frame, lambda frame: _read(frame, account))


def _read(frame: str, account: str) -> Sequence[Incoming | Unreadable]:
    """Nothing for what is in `PASSED_OVER`, whatever lies beside it."""
    found = _object(frame)
    envelope = _part(found, "envelope")
    if any(_part(envelope, field) for field in ("syncMessage", "storyMessage")):
        return []
    changed = _part(envelope, "editMessage")
    message = _part(changed, "dataMessage") or _part(envelope, "dataMessage")
    if not message:
        if not envelope or "exception" in found or changed or envelope.get("dataMessage"):
            raise UnreadableError("an envelope that cannot be read")
        return []
    calls = [envelope.get(field) for field in ("sourceUuid", "sourceNumber", "source")]
    author = person(*calls)  # by the id, which is theirs for good
    sent = _number(envelope, "timestamp") or _number(message, "timestamp")
    group = _part(message, "groupInfo")
    place = group_of(group.get("groupId")) if group else author
    if author is None or sent is None or place is None:
        # nobody can say that it is from somebody who is let in, so nobody's words are kept
        return [Unreadable(raw=json.dumps(_shape(found)), reason="an envelope without sender, time or place")]
    # both by Signal's own clock: a phone, or a home, may be wrong about the time
    came, left = _number(envelope, "serverReceivedTimestamp"), _number(envelope, "serverDeliveredTimestamp")
    name = _text(envelope, "sourceName", _MAX_NAME) or author
    blank = Incoming(
        remote_id=f"{author}:{sent}",
        recipient=place,
        recipient_title=(_text(group, "groupName", _MAX_NAME) or place) if group else name,
        sender_id=author,
        sender_name=name,
        kind=Kind.OTHER,
        text="",
        sent_at=(came if came and left else sent) / 1000,
        told_at=left / 1000 if came and left else None,
        metadata={"chat_type": "group" if group else "private", "timestamp": sent},
        sightings=_sightings(author, calls),
    )
    return _fill(blank, message, _number(changed, "targetSentTimestamp"), account)


def _object(frame: str) -> Fields:
    try:
        found = decode(frame)
    except ValueError:
        raise UnreadableError("no JSON") from None
    if not isinstance(found, dict):
        raise UnreadableError("no object")
    return found


def _fill(blank: Incoming, message: Fields, edited: int | None, account: str) -> Sequence[Incoming]:
    said = written(_text(message, "message", _MAX_TEXT), _parts(message, "mentions"), account)
    blank = replace(blank, text=said.text, metadata={**blank.metadata, **_notes(message, said, account)})
    if edited is not None:
        return [replace(blank, kind=Kind.EDITED, reply_to=f"{blank.sender_id}:{edited}")]
    if reaction := _part(message, "reaction"):
        emoji = _text(reaction, "emoji", _MAX_NAME)
        content = Content(reactions=() if reaction.get("isRemove") is True or not emoji else (emoji,))
        about = _about(reaction, "targetAuthor", "targetSentTimestamp", account)
        return [replace(blank, kind=Kind.REACTION, text="", content=content, reply_to=about)]
    quote = _part(message, "quote")
    blank = replace(blank, reply_to=_about(quote, "author", "id", account) if quote else None)
    kind, content = content_of(said.asked)
    if files := [media for one in _parts(message, "attachments")[:_MAX_FILES] if (media := _media(one))]:
        return _with_files(blank, files, content if kind is Kind.COMMAND else Content())
    if said.text:
        return [replace(blank, kind=kind, content=content)]
    return _without_text(blank, message)


def _with_files(blank: Incoming, files: Sequence[Media], content: Content) -> Sequence[Incoming]:
    """One message for each. A command may stand below the first."""
    kind = Kind.COMMAND if content.command else Kind.MEDIA
    first = replace(blank, kind=kind, content=replace(content, media=files[0]))
    return [first] + [
        replace(first, remote_id=f"{blank.remote_id}/{number}", kind=Kind.MEDIA, text="", content=Content(media=media))
        for number, media in enumerate(files[1:], start=2)
    ]


def _without_text(blank: Incoming, message: Fields) -> Sequence[Incoming]:
    """What has no text: a poll, a contact, a sticker, or what a newer signal-cli knows. Nothing for mere reports."""
    there = [field for field, value in message.items() if field not in _AROUND and value not in (None, False)]
    if not there or not NO_MESSAGES.keys().isdisjoint(there) or _part(message, "groupInfo").get("type") == "UPDATE":
        return []
    field = there[0]
    poll, contact = _part(message, "pollCreate"), next(iter(_parts(message, "contacts")), {})
    phone = next(iter(_parts(contact, "phone")), {})
    options = poll.get("options")
    found = metadata.notes(
        content=OTHERS.get(field, metadata.line(field)),
        poll=metadata.poll(
            _text(poll, "question", _MAX_TEXT),
            [one for one in options if isinstance(one, str)] if isinstance(options, list) else [],
        ),
        contact=metadata.contact(_name_of(contact), _text(phone, "value", _MAX_NAME), ""),
    )
    text = _text(poll, "question", _MAX_TEXT)
    return [replace(blank, text=text, metadata={**blank.metadata, **found})]


def _name_of(contact: Fields) -> str:
    name = _part(contact, "name")
    parts = (_text(name, field, _MAX_NAME) for field in ("given", "family"))
    shown = " ".join(part for part in parts if part) or _text(name, "nickname", _MAX_NAME)
    return shown or _text(contact, "organization", _MAX_NAME)


def _notes(message: Fields, said: Written, account: str) -> dict[str, object]:
    quote = _part(message, "quote")
    return metadata.notes(
        quote=metadata.quoted(written(_text(quote, "text", _MAX_TEXT), _parts(quote, "mentions"), account).text),
        mentions=metadata.mentions(said.mentions),
        view_once=message.get("viewOnce") is True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """A reference to a message as Signal has it: the author and the timestamp in milliseconds."""

    author: str
    timestamp: int

    @classmethod
    def parse(cls, remote_id: str | None, account: str) -> MessageRef | None:
        """None for what names no message."""
        match = _REMOTE_ID.fullmatch(remote_id or "")
        author = person(match[1]) if match and match[1] else account
        return cls(author=author, timestamp=int(match[2])) if match and author else None


def _sightings(author: str, calls: Sequence[object]) -> tuple[Sighting, ...]:
    """What else whoever wrote is called: a number, a name."""
    names = [name for call in calls for name in (person(call), user_name(call)) if name not in {None, author}]
    found = tuple(dict.fromkeys(name for name in names if name))
    return (Sighting(id=author, names=found),) if found else ()


def _about(value: Fields, author: str, time: str, account: str) -> str | None:
    """The remote id of what a reaction or a quote is about."""
    calls = [value.get(field) for field in (f"{author}Uuid", f"{author}Number", author)]
    writer = account if account in calls else person(*calls)
    sent = _number(value, time)
    if writer is None or sent is None:
        return None
    return str(sent) if writer == account else f"{writer}:{sent}"


def _media(file: Fields) -> Media | None:
    """A file by the name under which the server keeps it."""
    reference = _text(file, "id", 200)
    if not _REFERENCE.fullmatch(reference):
        return None
    mime_type = _text(file, "contentType", _MAX_NAME)
    return Media(
        type=_type_of(mime_type, is_voice=file.get("isVoiceNote") is True or file.get("voiceNote") is True),
        reference=reference,
        name=_text(file, "filename", _MAX_NAME) or None,
        size=_number(file, "size"),
        mime_type=mime_type or None,
    )


def _type_of(mime_type: str, *, is_voice: bool) -> str:
    if mime_type == "image/gif":
        return "animation"
    family = mime_type.partition("/")[0]
    usual = {"image": "photo", "audio": "voice" if is_voice else "audio", "video": "video"}
    return usual.get(family, "document")


def _shape(value: object, depth: int = 0) -> object:
    """What there is in it, and none of what it says."""
    if isinstance(value, dict) and depth < _DEEPEST:
        return {str(key)[:_MAX_NAME]: _shape(one, depth + 1) for key, one in list(value.items())[:_MAX_FILES]}
    if isinstance(value, list) and depth < _DEEPEST:
        return [_shape(one, depth + 1) for one in value[:_MAX_FILES]]
    return type(value).__name__


def _part(value: Fields, field: str) -> Fields:
    found = value.get(field)
    return found if isinstance(found, dict) else {}


def _parts(value: Fields, field: str) -> list[Fields]:
    found = value.get(field)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(value: Fields, field: str, limit: int) -> str:
    found = value.get(field)
    return found[:limit] if isinstance(found, str) else ""


def _number(value: Fields, field: str) -> int | None:
    found = value.get(field)
    return found if type(found) is int and 0 <= found < _MAX_NUMBER else None
