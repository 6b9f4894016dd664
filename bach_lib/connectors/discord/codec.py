"""Decodes gateway events and messages of the history into incoming messages.

What lacks the ids by which it could be told from others is set aside; what makes no sense in the rest is as if it were
not there. Messages of bots and webhooks are skipped, ours among them: two programs that answer each other would never
end. One that is let in by its own id, and not only with its channel, is read, and marked as what asks for nothing.
Shapes: https://discord.com/developers/docs/resources/message and …/events/gateway-events.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bach_lib.connectors.base import Incoming
from bach_lib.connectors.discord import message_text
from bach_lib.connectors.discord.attachments import media_of
from bach_lib.connectors.discord.channel_cache import ChannelCache
from bach_lib.connectors.discord.deletions import DELETIONS, deleted
from bach_lib.connectors.discord.json_fields import items, moment, name_of, number, part, seconds_of, text
from bach_lib.connectors.tolerant import UnreadableError
from bach_lib.models.incoming import Content, Kind, own_words
from bach_lib.models.spellings import Sighting

_MAX_TEXT = 16_384
_PLAIN_TYPES = frozenset({0, 19, 20, 23})
"""Default, reply, and what people made commands of; other types are system messages."""
_JOINED = 7
_BUTTON_PRESS = 3
_MAX_CHOSEN = 25
_COMMAND = re.compile(r"[/!]([A-Za-z0-9_-]{1,64})(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Decoder of one bot. `own_id` is the bot's user; `allowed` says whose messages are let in."""

    channels: ChannelCache
    own_id: Callable[[], int | None]
    allowed: Callable[[], frozenset[str]]

    def read(self, event: str, data: object, *, now: float) -> list[Incoming]:
        """What an event of the gateway brings. Raises `UnreadableError` for one that lacks what it must have."""
        if not isinstance(data, dict):
            raise UnreadableError("no object")
        if event in DELETIONS:
            return deleted(data, self.channels, now=now)
        if missing := [path for path in _needed(event, data) if not _has(data, path)]:
            raise UnreadableError(f"a {event} without {', '.join(missing)}")
        match event:
            case "MESSAGE_CREATE":
                return self.message(data)
            case "MESSAGE_UPDATE":
                return self.edited(data)
            case "INTERACTION_CREATE":
                return self.press(data)
        read = self.vote if event.startswith("MESSAGE_POLL_VOTE") else self.reaction
        return read(data, now=now, is_gone=event.endswith("_REMOVE"))

    def read_again(self, data: object, *, is_direct: bool) -> list[Incoming]:
        """A message of the history. Raises `UnreadableError`."""
        if not isinstance(data, dict) or not _has(data, "id") or not _has(data, "author.id"):
            raise UnreadableError("a message without id, author.id")
        return self.message(data, is_direct=is_direct)

    def message(self, data: Mapping[str, object], *, is_direct: bool | None = None) -> list[Incoming]:
        """A message; one with several files is several.

        `is_direct`: where it comes from the history, which does not say where that belongs; the gateway does.
        """
        first = self._message(data, is_direct=_is_direct(data) if is_direct is None else is_direct)
        if first is None:
            return []
        message = message_text.original(data)
        files = [media_of(message, file) for file in items(message, "attachments")]
        found = [media for media in files if media is not None]
        if not found or first.kind is Kind.EDITED:
            return [first]
        kind = Kind.COMMAND if first.kind is Kind.COMMAND else Kind.MEDIA
        first = replace(first, kind=kind, content=replace(first.content, media=found[0]))
        blank = replace(first, kind=Kind.MEDIA, text="")
        others = [
            replace(blank, remote_id=f"{first.remote_id}#{count}", content=Content(media=media))
            for count, media in enumerate(found[1:], start=2)
        ]
        return [first, *others]

    def press(self, data: Mapping[str, object]) -> list[Incoming]:
        """A button that was pressed, or what was chosen in a list; other interactions are none of ours."""
        interaction, message = number(data, "id"), number(part(data, "message"), "id")
        if number(data, "type") != _BUTTON_PRESS or interaction is None or message is None:
            return []
        user = part(part(data, "member"), "user") or part(data, "user")
        origin, _, value = text(part(data, "data"), "custom_id").partition(".")
        chosen = part(data, "data").get("values")
        if isinstance(chosen, list):
            value = ",".join(one for one in chosen[:_MAX_CHOSEN] if isinstance(one, str))
        is_direct = _is_direct(data)
        recipient, title = self._recipient(number(data, "channel_id"), user, is_direct=is_direct)
        if recipient is None:
            return []
        return [
            Incoming(
                remote_id=str(interaction),
                recipient=recipient,
                recipient_title=title,
                sightings=_sightings(number(data, "channel_id"), recipient),
                sender_id=_id(user),
                sender_name=_name(user, part(data, "member")),
                kind=Kind.BUTTON,
                text="",
                content=Content(value=value),
                reply_to=str(message),
                origin=origin,
                handle=f"{interaction}/{text(data, 'token')}",
                sent_at=seconds_of(interaction),
                metadata=_metadata(user, data, is_direct=is_direct),
            )
        ]

    def reaction(self, data: Mapping[str, object], *, now: float, is_gone: bool) -> list[Incoming]:
        """An emoji that somebody put below a message, or took away."""
        emoji, sign = name_of(part(data, "emoji"), "name"), "-" if is_gone else "+"
        blank = self._below(data, Kind.REACTION, f"{sign}{emoji}", now) if emoji else None
        if blank is None:
            return []
        if is_gone:
            return [replace(blank, metadata={**blank.metadata, "removed": emoji})]
        return [replace(blank, text=emoji, content=Content(reactions=(emoji,)))]

    def vote(self, data: Mapping[str, object], *, now: float, is_gone: bool) -> list[Incoming]:
        """One answer of a poll that somebody chose, or took back; they count from 1."""
        answer, sign = number(data, "answer_id"), "-" if is_gone else "+"
        blank = self._below(data, Kind.VOTE, f"{sign}{answer}", now) if answer else None
        if blank is None or answer is None:
            return []
        return [replace(blank, poll=blank.reply_to, content=Content(choices=() if is_gone else (answer - 1,)))]

    def _below(self, data: Mapping[str, object], kind: Kind, what: str, now: float) -> Incoming | None:
        """Something that a person did below a message."""
        person, message = number(data, "user_id"), number(data, "message_id")
        if person is None or message is None or person == self.own_id():
            return None
        user = part(part(data, "member"), "user") or {"id": str(person)}
        is_direct = _is_direct(data)
        recipient, title = self._recipient(number(data, "channel_id"), user, is_direct=is_direct)
        if recipient is None or user.get("bot") is True:
            return None
        return Incoming(
            remote_id=f"{message}#{person}{what}@{now:.3f}",
            recipient=recipient,
            recipient_title=title,
            sightings=_sightings(number(data, "channel_id"), recipient),
            sender_id=str(person),
            sender_name=_name(user, part(data, "member")),
            kind=kind,
            text="",
            reply_to=str(message),
            sent_at=now,
            metadata=_metadata(user, data, is_direct=is_direct),
        )

    def _message(self, data: Mapping[str, object], *, is_direct: bool) -> Incoming | None:
        message, author = number(data, "id"), part(data, "author")
        if message is None or not self._is_heard(data, author):
            return None
        recipient, title = self._recipient(number(data, "channel_id"), author, is_direct=is_direct)
        if recipient is None:
            return None
        written = message_text.words(message_text.original(data), self.channels)
        kind, command = self._kind(data, written)
        return Incoming(
            remote_id=str(message),
            recipient=recipient,
            recipient_title=title,
            sightings=_sightings(number(data, "channel_id"), recipient),
            sender_id=_id(author),
            sender_name=_name(author, part(data, "member")),
            kind=kind,
            text=written,
            content=command,
            reply_to=_reply_to(data),
            sent_at=seconds_of(message),
            metadata=_metadata(author, data, is_direct=is_direct)
            | message_text.marks(data, self.channels)
            | ({"content": message_text.content_of(message_text.original(data), written)} if kind is Kind.OTHER else {})
            | ({"member_id": _id(author), "member_name": _name(author, {})} if kind is Kind.MEMBERSHIP else {}),
        )

    def _is_heard(self, data: Mapping[str, object], author: Mapping[str, object]) -> bool:
        own = _id(author)
        if not own or own == str(self.own_id()):
            return False
        return not message_text.is_program(data) or any(
            one.rpartition("#")[2] in (own, f"@{own}") for one in self.allowed()
        )

    def _kind(self, data: Mapping[str, object], written: str) -> tuple[Kind, Content]:
        kind, message = number(data, "type") or 0, message_text.original(data)
        if kind == _JOINED:
            return Kind.MEMBERSHIP, Content()
        if kind not in _PLAIN_TYPES or not written or (message.get("poll") and not message.get("content")):
            return Kind.OTHER, Content()
        asked = message_text.without_us(text(data, "content")[:_MAX_TEXT], self.own_id())
        if own_words(message_text.marks(data, self.channels)) and (
            match := _COMMAND.fullmatch(message_text.readable(data, asked, self.channels))
        ):
            return Kind.COMMAND, Content(command=match[1].lower(), args=(match[2] or "").strip())
        return Kind.TEXT, Content()

    def edited(self, data: Mapping[str, object]) -> list[Incoming]:
        """A message that was corrected. Discord also "updates" one when it has looked at a link in it."""
        edited_at = moment(text(data, "edited_timestamp"))
        first = self._message(data, is_direct=_is_direct(data))
        if first is None or edited_at is None:
            return []
        return [
            replace(
                first,
                remote_id=f"{first.remote_id}#{edited_at:.6f}",
                kind=Kind.EDITED,
                content=Content(),
                reply_to=first.remote_id,
                sent_at=edited_at,
                metadata={**first.metadata, "content": str(first.kind)},
            )
        ]

    def _recipient(self, channel: int | None, user: Mapping[str, object], *, is_direct: bool) -> tuple[str | None, str]:
        """Where to answer, and what it is called."""
        if channel is None:
            return None, ""
        if is_direct:
            return f"@{_id(user)}", _name(user, {})
        place = self.channels.get(channel)
        if place is None:
            return str(channel), str(channel)
        if place.parent is None:
            return str(channel), place.title
        return f"{place.parent}/{channel}", place.title


def _sightings(channel: int | None, recipient: str) -> tuple[Sighting, ...]:
    """What else the place is called: a thread by its own id alone, and a person by the channel that is theirs."""
    if channel is None or recipient == str(channel):
        return ()
    return (Sighting(id=recipient, names=(str(channel),), of_account=recipient.startswith("@")),)


def _needed(event: str, data: Mapping[str, object]) -> tuple[str, ...]:
    """Paths to the ids without which an event says nothing."""
    match event:
        case "MESSAGE_CREATE":
            return "id", "channel_id", "author.id"
        case "MESSAGE_UPDATE":  # of a link that was looked at it tells no more
            return ("id", "channel_id", "author.id") if data.get("edited_timestamp") else ("id", "channel_id")
        case "INTERACTION_CREATE":
            return ("id", "channel_id", "message.id") if number(data, "type") == _BUTTON_PRESS else ("id", "type")
    return "user_id", "message_id", "channel_id"


def _has(data: Mapping[str, object], path: str) -> bool:
    above, _, field = path.rpartition(".")
    return number(part(data, above) if above else data, field) is not None


def _is_direct(data: Mapping[str, object]) -> bool:
    """Whether an event is of the channel with one person: all others belong to a server."""
    return not data.get("guild_id")


def _reply_to(data: Mapping[str, object]) -> str | None:
    reference = part(data, "message_reference")
    answered = number(reference, "message_id") if not reference.get("type") else None
    return str(answered) if answered else None


def _metadata(user: Mapping[str, object], data: Mapping[str, object], *, is_direct: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "chat_type": "private" if is_direct else "channel",
        "username": name_of(user, "username"),
        "guild_id": name_of(data, "guild_id"),
    }
    return {name: value for name, value in found.items() if value}


def _name(user: Mapping[str, object], member: Mapping[str, object]) -> str:
    return name_of(member, "nick") or name_of(user, "global_name") or name_of(user, "username") or _id(user)


def _id(user: Mapping[str, object]) -> str:
    found = number(user, "id")
    return str(found) if found else ""
