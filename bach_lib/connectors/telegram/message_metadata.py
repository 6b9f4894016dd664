"""Metadata of a message beside its text: mentions, links, quotes, forwards.

https://core.telegram.org/bots/api#message
"""

from collections.abc import Iterator

from bach_lib.connectors import metadata
from bach_lib.connectors.telegram import rich
from bach_lib.connectors.telegram.json_fields import Fields, identity, name, number, part, parts, text

_FORWARDED = ("forward_origin", "forward_date", "forward_from", "forward_from_chat", "forward_sender_name")
"""The first is what a Bot API says since 7.0; a server of one's own may be older."""
_MAX_WORDS = 8192
_MAX_ENTITIES = 200
"""Telegram's own texts have 4,096 characters and a hundred marks."""


def is_own(message: Fields) -> bool:
    """Whether these are the sender's own words: not forwarded, not an inline bot's, a linked channel's or a bot's."""
    return not (_is_forwarded(message) or _via(message) or _is_automatic(message) or _is_of_bot(message))


def marks(message: Fields) -> dict[str, object]:
    """All of it, under the names that every platform shares."""
    answered = part(message, "reply_to_message")
    venue, poll, contact = (part(message, one) for one in ("venue", "poll", "contact"))
    return metadata.notes(
        forwarded=_is_forwarded(message),
        forwarded_from=_origin(message),
        via=_via(message),
        automatic=_is_automatic(message),
        bot=_is_of_bot(message),
        album=metadata.line(text(message, "media_group_id")),
        quote=metadata.quoted(text(part(message, "quote"), "text") or words(answered)),
        links=metadata.links(_links(message)),
        mentions=metadata.mentions(_mentions(message)),
        contact=metadata.contact(name({**contact, "id": None}), text(contact, "phone_number"), _id(contact, "user_id")),
        poll=metadata.poll(text(poll, "question"), (text(one, "text") for one in parts(poll, "options"))),
        place=metadata.place(text(venue, "title"), text(venue, "address")),
        sticker=metadata.line(text(part(message, "sticker"), "emoji")),
    )


def speaks_as(fields: Fields) -> str:
    """In whose name somebody writes, reacts or posts who is not to be seen: `group`, `channel`, or nobody's.

    Posts of a channel name nobody at all where the server is older than `sender_chat`.
    """
    chat = part(fields, "chat")
    speaks = part(fields, "sender_chat") or ({} if part(fields, "from") or text(chat, "type") == "private" else chat)
    return ("channel" if text(speaks, "type") == "channel" else "group") if speaks else ""


def words(message: Fields) -> str:
    """What is written: a text, the words below a file, a poll's question."""
    written = text(message, "text") or text(message, "caption") or text(part(message, "poll"), "question")
    return written or rich.words(message)


def entities(message: Fields) -> list[Fields]:
    """What Telegram marks in a text, or in the words below a file."""
    return parts(message, "entities" if "text" in message else "caption_entities")


def _links(message: Fields) -> Iterator[tuple[str, str]]:
    for entity, shown in _marked(message, "text_link"):
        yield shown, text(entity, "url")
    yield from rich.links(message)


def _mentions(message: Fields) -> Iterator[tuple[str, str]]:
    """People without a name that begins with an @; of the others the name stands in the text."""
    for entity, shown in _marked(message, "text_mention"):
        yield shown, identity(part(entity, "user"))


def _marked(message: Fields, kind: str) -> Iterator[tuple[Fields, str]]:
    written = words(message)[:_MAX_WORDS]
    for entity in entities(message)[:_MAX_ENTITIES]:
        if text(entity, "type") == kind:
            yield entity, metadata.between(written, number(entity, "offset"), number(entity, "length"))


def _is_forwarded(message: Fields) -> bool:
    return any(field in message for field in _FORWARDED)


def _is_automatic(message: Fields) -> bool:
    """A post of a linked channel, which Telegram itself puts into the group."""
    return message.get("is_automatic_forward") is True


def _is_of_bot(message: Fields) -> bool:
    """Where a chat speaks, `from` is a bot of Telegram's own that stands for it."""
    return part(message, "from").get("is_bot") is True and not part(message, "sender_chat")


def _origin(message: Fields) -> str:
    """Whose words they were first, as far as that person lets it be known."""
    origin = part(message, "forward_origin")
    who = part(origin, "sender_user") or part(origin, "sender_chat") or part(origin, "chat")
    who = who or part(message, "forward_from") or part(message, "forward_from_chat")
    return name(who) or metadata.line(text(origin, "sender_user_name") or text(message, "forward_sender_name"))


def _via(message: Fields) -> str:
    """The inline bot whose words were chosen."""
    if "via_bot" not in message:
        return ""
    bot = part(message, "via_bot")
    own = text(bot, "username")
    return f"@{metadata.line(own)}" if own else name(bot) or "?"


def _id(value: Fields, field: str) -> str:
    found = number(value, field)
    return "" if found is None else str(found)
