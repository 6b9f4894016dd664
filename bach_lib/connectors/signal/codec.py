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
from bach_lib.connectors.base import Incoming, Proof, Unreadable
from bach_lib.connectors.signal.fields import (
    MAX_NAME,
    Fields,
    calls_of,
    number_of,
    part_of,
    parts_of,
    server_times,
    text_of,
)
from bach_lib.connectors.signal.mentions import Written, written
from bach_lib.connectors.signal.receipts import proofs
from bach_lib.connectors.signal.recipients import group_of, person, user_name
from bach_lib.connectors.slash_commands import content_of
from bach_lib.connectors.tolerant import UnreadableError, decode, read_one
from bach_lib.models.incoming import Content, Kind, Media
from bach_lib.models.spellings import Sighting

_REMOTE_ID = re.compile(r"(?:([^:/]{1,100}):)?([0-9]{1,15})(?:/[0-9]+)?")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
_MAX_TEXT = 65_536
_MAX_FILES = 32
_DEEPEST = 6

PASSED_OVER: Mapping[str, str] = {
    "syncMessage": "what the account's owner does on another device",
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
    "adminDelete": "an administrator took one back",
    "pinMessage": "a message was pinned",
    "unpinMessage": "it was taken off again",
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


def read(frame: str, account: str) -> Sequence[Incoming | Unreadable | Proof]:
    """What a frame of the WebSocket says to `account`, whatever it is."""
    return read_one(frame, lambda frame: _read(frame, account))


def _read(frame: str, account: str) -> Sequence[Incoming | Unreadable | Proof]:
    """Nothing for what is in `PASSED_OVER`, whatever lies beside it."""
    found = _object(frame)
    envelope = part_of(found, "envelope")
    if any(part_of(envelope, field) for field in ("syncMessage", "storyMessage")):
        return []
    changed = part_of(envelope, "editMessage")
    message = part_of(changed, "dataMessage") or part_of(envelope, "dataMessage")
    if not message:
        if not envelope or "exception" in found or changed or envelope.get("dataMessage"):
            raise UnreadableError("an envelope that cannot be read")
        return proofs(envelope)
    calls = calls_of(envelope)
    author = person(*calls)  # by the id, which is theirs for good
    sent = number_of(envelope, "timestamp") or number_of(message, "timestamp")
    group = part_of(message, "groupInfo")
    place = group_of(group.get("groupId")) if group else author
    if author is None or sent is None or place is None:
        # nobody can say that it is from somebody who is let in, so nobody's words are kept
        return [Unreadable(raw=json.dumps(_shape(found)), reason="an envelope without sender, time or place")]
    came, left = server_times(envelope)
    name = text_of(envelope, "sourceName", MAX_NAME) or author
    blank = Incoming(
        remote_id=f"{author}:{sent}",
        recipient=place,
        recipient_title=(text_of(group, "groupName", MAX_NAME) or place) if group else name,
        sender_id=author,
        sender_name=name,
        kind=Kind.OTHER,
        text="",
        sent_at=sent / 1000 if came is None else came,
        told_at=left,
        metadata={"chat_type": "group" if group else "private", "timestamp": sent},
        sightings=_sightings(author, calls),
    )
    return _fill(blank, message, number_of(changed, "targetSentTimestamp"), account)


def _object(frame: str) -> Fields:
    try:
        found = decode(frame)
    except ValueError:
        raise UnreadableError("no JSON") from None
    if not isinstance(found, dict):
        raise UnreadableError("no object")
    return found


def _fill(blank: Incoming, message: Fields, edited: int | None, account: str) -> Sequence[Incoming]:
    said = written(text_of(message, "message", _MAX_TEXT), parts_of(message, "mentions"), account)
    blank = replace(blank, text=said.text, metadata={**blank.metadata, **_notes(message, said, account)})
    if edited is not None:
        return [replace(blank, kind=Kind.EDITED, reply_to=f"{blank.sender_id}:{edited}")]
    if (gone := number_of(part_of(message, "remoteDelete"), "timestamp")) is not None:
        return [replace(blank, kind=Kind.DELETED, text="", reply_to=f"{blank.sender_id}:{gone}")]
    if reaction := part_of(message, "reaction"):
        emoji = text_of(reaction, "emoji", MAX_NAME)
        content = Content(reactions=() if reaction.get("isRemove") is True or not emoji else (emoji,))
        about = _about(reaction, "targetAuthor", "targetSentTimestamp", account)
        return [replace(blank, kind=Kind.REACTION, text="", content=content, reply_to=about)]
    if message.get("pollVote") not in (None, False):
        return _vote(blank, part_of(message, "pollVote"), account)
    quote = part_of(message, "quote")
    blank = replace(blank, reply_to=_about(quote, "author", "id", account) if quote else None)
    kind, content = content_of(said.asked)
    if files := [media for one in parts_of(message, "attachments")[:_MAX_FILES] if (media := _media(one))]:
        return _with_files(blank, files, content if kind is Kind.COMMAND else Content())
    if said.text:
        return [replace(blank, kind=kind, content=content)]
    return _without_text(blank, message)


def _vote(blank: Incoming, vote: Fields, account: str) -> Sequence[Incoming]:
    """What somebody chose in a poll; of ours are those alone that our own account asked."""
    about, found = _about(vote, "author", "targetSentTimestamp", account), vote.get("optionIndexes")
    chosen = [one for one in found if type(one) is int and one >= 0] if isinstance(found, list) else []
    if about is None or ":" in about:  # or in words that cannot be read
        return []
    return [replace(blank, kind=Kind.VOTE, text="", content=Content(choices=tuple(chosen[:_MAX_FILES])), poll=about)]


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
    if not there or not NO_MESSAGES.keys().isdisjoint(there) or part_of(message, "groupInfo").get("type") == "UPDATE":
        return []
    field = there[0]
    poll, contact = part_of(message, "pollCreate"), next(iter(parts_of(message, "contacts")), {})
    phone = next(iter(parts_of(contact, "phone")), {})
    options = poll.get("options")
    found = metadata.notes(
        content=OTHERS.get(field, metadata.line(field)),
        poll=metadata.poll(
            text_of(poll, "question", _MAX_TEXT),
            [one for one in options if isinstance(one, str)] if isinstance(options, list) else [],
        ),
        contact=metadata.contact(_name_of(contact), text_of(phone, "value", MAX_NAME), ""),
    )
    text = text_of(poll, "question", _MAX_TEXT)
    return [replace(blank, text=text, metadata={**blank.metadata, **found})]


def _name_of(contact: Fields) -> str:
    name = part_of(contact, "name")
    parts = (text_of(name, field, MAX_NAME) for field in ("given", "family"))
    shown = " ".join(part for part in parts if part) or text_of(name, "nickname", MAX_NAME)
    return shown or text_of(contact, "organization", MAX_NAME)


def _notes(message: Fields, said: Written, account: str) -> dict[str, object]:
    quote = part_of(message, "quote")
    return metadata.notes(
        quote=metadata.quoted(written(text_of(quote, "text", _MAX_TEXT), parts_of(quote, "mentions"), account).text),
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
    sent = number_of(value, time)
    if writer is None or sent is None:
        return None
    return str(sent) if writer == account else f"{writer}:{sent}"


def _media(file: Fields) -> Media | None:
    """A file by the name under which the server keeps it."""
    reference = text_of(file, "id", 200)
    if not _REFERENCE.fullmatch(reference):
        return None
    mime_type = text_of(file, "contentType", MAX_NAME)
    return Media(
        type=_type_of(mime_type, is_voice=file.get("isVoiceNote") is True or file.get("voiceNote") is True),
        reference=reference,
        name=text_of(file, "filename", MAX_NAME) or None,
        size=number_of(file, "size"),
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
        return {str(key)[:MAX_NAME]: _shape(one, depth + 1) for key, one in list(value.items())[:_MAX_FILES]}
    if isinstance(value, list) and depth < _DEEPEST:
        return [_shape(one, depth + 1) for one in value[:_MAX_FILES]]
    return type(value).__name__
