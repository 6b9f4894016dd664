"""Renders a message of Discord's as readable text: names instead of ids, embeds, polls, and forwarded messages.

A forwarded message has nothing of its own; what it holds lies in a snapshot. Programs put their words into embeds and
components. https://docs.discord.com/developers/resources/message
"""

import re
from collections.abc import Iterator, Mapping

from bach_lib.connectors import metadata
from bach_lib.connectors.discord.channel_cache import ChannelCache
from bach_lib.connectors.discord.json_fields import items, name_of, number, part, text

_FORWARD = 1
_CROSSPOST = 1 << 1
_SNAPSHOT = 1 << 14
"""Flags: https://docs.discord.com/developers/resources/message#message-object-message-flags."""
_TEXT_DISPLAY = 10
_MENTION = re.compile(r"<(?:(?P<kind>@[!&]?|#)(?P<id>\d{15,20})|a?:(?P<emoji>\w{1,64}):\d{15,20})>")
_MAX_TEXT = 16_384
_CONTENTS: Mapping[int, str] = {
    1: "recipient_add",
    2: "recipient_remove",
    3: "call",
    4: "channel_name_change",
    5: "channel_icon_change",
    6: "pinned_message",
    **dict.fromkeys((8, 9, 10, 11), "boost"),
    12: "channel_follow_add",
    18: "thread_created",
    21: "thread_starter_message",
    24: "auto_moderation_action",
    46: "poll_result",
}
"""What system messages are called; https://docs.discord.com/developers/resources/message#message-object."""


def original(data: Mapping[str, object]) -> Mapping[str, object]:
    """The message in which the words and files lie: of one that is passed on, the snapshot."""
    if not is_forwarded(data):
        return data
    found = next((part(one, "message") for one in items(data, "message_snapshots")), {})
    return {**found, "id": data.get("id"), "channel_id": data.get("channel_id")}


def is_forwarded(data: Mapping[str, object]) -> bool:
    """Whether somebody passes somebody else's message on."""
    reference, flags = number(part(data, "message_reference"), "type"), number(data, "flags") or 0
    return reference == _FORWARD or bool(items(data, "message_snapshots") or flags & _SNAPSHOT)


def words(message: Mapping[str, object], channels: ChannelCache) -> str:
    """All that is written in it by its author.

    People cannot write embeds: what a person's message has of them are words of the page that a link leads to.
    """
    own = readable(message, text(message, "content")[:_MAX_TEXT], channels)
    question = text(part(part(message, "poll"), "question"), "text")
    is_persons = bool(part(message, "author")) and not is_program(message)
    lines = [own or question, *(() if is_persons else (*_embeds(message), *_displays(message.get("components"))))]
    return "\n".join(line for line in lines if line)[:_MAX_TEXT]


def readable(message: Mapping[str, object], written: str, channels: ChannelCache) -> str:
    """A text with names where people, roles, channels and emojis stand as numbers."""
    people = {str(user.get("id")): shown(user) for user in items(message, "mentions")}

    def name(match: re.Match[str]) -> str:
        if match["emoji"]:
            return f":{match['emoji']}:"
        if match["kind"] != "#":
            is_role = match["kind"] == "@&"
            known = channels.role(int(match["id"])) if is_role else people.get(match["id"])
            return f"@{known}" if known else match[0]
        place = channels.get(int(match["id"]))
        return f"#{place.name}" if place else match[0]

    return _MENTION.sub(name, written)


def without_us(written: str, own_id: int | None) -> str:
    """A text without being spoken to at its beginning, which a command may follow."""
    stripped = written.strip()
    for spoken in (f"<@{own_id}>", f"<@!{own_id}>"):
        if stripped.startswith(spoken):
            return stripped.removeprefix(spoken).strip()
    return stripped


def shown(user: Mapping[str, object]) -> str:
    """A person as others see them."""
    member = part(user, "member")
    found = name_of(member, "nick") or name_of(user, "global_name") or name_of(user, "username")
    return found or str(number(user, "id") or "")


def marks(data: Mapping[str, object], channels: ChannelCache) -> dict[str, object]:
    """What is known of a message beside its words, under the names that every platform shares."""
    message, origin = original(data), number(part(data, "message_reference"), "channel_id")
    poll, place = part(message, "poll"), channels.get(origin) if origin else None
    answered = part(data, "referenced_message")
    return metadata.notes(
        forwarded=is_forwarded(data),
        forwarded_from=place.title if place and is_forwarded(data) else "",
        automatic=bool((number(data, "flags") or 0) & _CROSSPOST),
        bot=is_program(data),
        quote="" if is_forwarded(data) else metadata.quoted(words(answered, channels)),
        mentions=metadata.mentions((shown(user), str(number(user, "id") or "")) for user in items(message, "mentions")),
        poll=metadata.poll(
            text(part(poll, "question"), "text"),
            (text(part(one, "poll_media"), "text") for one in items(poll, "answers")),
        ),
        sticker=", ".join(name_of(one, "name") for one in items(message, "sticker_items")[:3]),
    )


def is_program(data: Mapping[str, object]) -> bool:
    """Whether a bot or a webhook wrote it."""
    return part(data, "author").get("bot") is True or bool(data.get("webhook_id"))


def content_of(message: Mapping[str, object], written: str) -> str:
    """What a message is that is neither a text nor a file."""
    if (kind := number(message, "type") or 0) in _CONTENTS:
        return _CONTENTS[kind]
    for field, name in (("poll", "poll"), ("sticker_items", "sticker"), ("embeds", "embed"), ("activity", "activity")):
        if message.get(field):
            return name
    return "other" if written or kind or message.get("attachments") else "hidden"


def _embeds(message: Mapping[str, object]) -> Iterator[str]:
    """What somebody put there. What Discord itself found behind a link that stands in the text adds nothing."""
    content = text(message, "content")
    for embed in items(message, "embeds")[:10]:
        address = text(embed, "url")
        if text(embed, "type") not in {"", "rich"} or (address and address in content):
            continue
        yield from (text(part(embed, "author"), "name"), text(embed, "title"), text(embed, "description"))
        for field in items(embed, "fields")[:25]:
            yield f"{text(field, 'name')}: {text(field, 'value')}"
        yield text(part(embed, "footer"), "text")


def _displays(found: object) -> Iterator[str]:
    """The texts among components, however deep."""
    for component in items({"": found}, ""):
        if number(component, "type") == _TEXT_DISPLAY:
            yield text(component, "content")
        yield from _displays(component.get("components"))
