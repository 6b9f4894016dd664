"""Decodes Telegram's updates into incoming messages, and says how a message names what it answers.

Nothing here raises, whatever comes in. A person's devices, Telegram itself and a newer Bot API may all send what this
code does not know; what should be understood and is not is handed back as it is, to be set aside.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.telegram.contents import name_of_content, read_content, read_edited
from bach_lib.connectors.telegram.json_fields import MAX_NAME, Fields, identity, name, number, part, parts, text
from bach_lib.connectors.telegram.message_metadata import marks
from bach_lib.connectors.telegram.scene import Scene, filled, topic_of
from bach_lib.connectors.tolerant import UnreadableError, read_each
from bach_lib.models import Button, Buttons, Fault
from bach_lib.models.incoming import Content, Kind
from bach_lib.said import Sentence
from bach_lib.text.web_address import LONGEST_ADDRESS

BATCH = 100
"""Updates a poll brings at most, by the platform's rule."""

MAX_BUTTON_DATA = 64
"""Bytes: https://core.telegram.org/bots/api#inlinekeyboardbutton, callback_data."""

MAX_URL = LONGEST_ADDRESS
"""Characters of what a button opens; Telegram names no limit."""

POLL = "poll#"
"""Begins the id of a poll, beside that of its message."""

_MESSAGE_NUMBER = re.compile(r"[0-9]{1,15}")
_NONCE = re.compile(r"[0-9a-z]{1,8}-[0-9a-f]{1,16}", re.ASCII)
_MAX_REACTIONS = 20
_MAX_UPDATE = 1 << 31


def batch(
    updates: object, cursor: str | None, bot_name: str | None = None, told_at: float | None = None
) -> Batch | Fault:
    """The result of `getUpdates` as messages and the next cursor, which is one above the highest update id.

    `bot_name` is ours, without the @. `told_at`: what Telegram's clock said with the answer.
    """
    if not isinstance(updates, list):
        return Fault(
            code="bad_answer",
            text=Sentence("the_answer_to_getupdates_is_no_list", "The answer to getUpdates is no list."),
        )
    if not updates:
        return Batch(messages=(), cursor=cursor, told_at=told_at)
    numbers = [found for update in updates if (found := _update_id(update)) is not None]
    if not numbers:
        return Fault(
            code="bad_answer",
            text=Sentence("the_answer_to_getupdates_has_no_update_ids", "The answer to getUpdates has no update ids."),
        )
    read = read_each(updates, lambda update: _read(update, bot_name))
    return Batch(
        messages=tuple(message for message in read if isinstance(message, Incoming)),
        cursor=str(max(numbers) + 1),
        unreadable=tuple(message for message in read if isinstance(message, Unreadable)),
        is_complete=len(updates) < BATCH,
        told_at=told_at,
    )


def incoming(update: object, bot_name: str | None = None) -> Incoming | Unreadable | None:
    """The message in an update; None if it is of a kind that nobody asked for."""
    return next(iter(read_each([update], lambda one: _read(one, bot_name))), None)


def _read(update: object, bot_name: str | None) -> Iterable[Incoming]:
    update_id = _update_id(update)
    if update_id is None or not isinstance(update, dict):
        raise UnreadableError("an update without a number")
    for field, read in _READERS.items():
        if field in update:
            if (message := read(part(update, field), update_id, bot_name)) is None:
                raise UnreadableError(f"an incomplete {field}")
            return [message]
    return []


def reply(remote_id: str, chat: str) -> dict[str, object] | None:
    """What makes a message an answer to `remote_id`: a message's number in `chat`, or the remote id of an incoming one.

    None for a message of another chat, whose number means something else here, and for what names no message. Neither
    that nor a message deleted meanwhile (`allow_sending_without_reply`) may keep an alarm from arriving.
    """
    origin, _, found = remote_id.partition("#")[0].rpartition(":")
    if origin not in {"", chat} or not _MESSAGE_NUMBER.fullmatch(found):
        return None
    return {"message_id": int(found), "allow_sending_without_reply": True}


def message_number(remote_id: str | None) -> int | None:
    """The number in a remote id of ours."""
    found = (remote_id or "").rpartition(":")[2]
    return int(found) if _MESSAGE_NUMBER.fullmatch(found) else None


def keyboard(buttons: Buttons, nonce: str) -> dict[str, object] | None:
    """Buttons below a message. The data says whose they are, and `_press` reads it back."""
    rows = [[_button(button, nonce) for button in row] for row in buttons]
    return {"inline_keyboard": rows} if rows else None


def _button(button: Button, nonce: str) -> dict[str, str]:
    """https://core.telegram.org/bots/api#inlinekeyboardbutton, which has the styles that we have."""
    does = {"callback_data": f"{nonce}.{button.value}"} if button.url is None else {"url": button.url}
    return {"text": button.text, **does, **({} if button.style is None else {"style": button.style.value})}


def reaction(emoji: str) -> list[dict[str, object]]:
    """One emoji; Telegram knows them without the selector that keyboards put behind some."""
    return [{"type": "emoji", "emoji": emoji.replace("\ufe0f", "")}]


def _update_id(update: object) -> int | None:
    """A number above all that Telegram gives would confirm whatever comes later."""
    found = number(update, "update_id") if isinstance(update, dict) else None
    return found if found is not None and 0 <= found < _MAX_UPDATE else None


def _message(message: Fields, _: int, bot_name: str | None) -> Incoming | None:
    """Each chat numbers its messages, so the remote id names the chat."""
    scene = Scene.of(message)
    sent = number(message, "message_id")
    if scene is None or sent is None:
        return None
    kind, written, content = read_content(message, bot_name)
    return scene.incoming(
        remote_id=f"{scene.chat_id}:{sent}",
        kind=kind,
        text=written,
        content=content,
        reply_to=_answered(message),
        sent_at=number(message, "date"),
        metadata=filled(
            message_id=sent,
            content=name_of_content(message) if kind is Kind.OTHER else None,
            **marks(message),
            **(_member(message) if kind is Kind.MEMBERSHIP else {}),
        ),
    )


def _edited(message: Fields, update_id: int, _: str | None) -> Incoming | None:
    """Each edit is an incoming message of its own, so its id names the update too."""
    scene = Scene.of(message)
    sent = number(message, "message_id")
    if scene is None or sent is None:
        return None
    written, content = read_edited(message)
    return scene.incoming(
        remote_id=f"{scene.chat_id}:{sent}#{update_id}",
        kind=Kind.EDITED,
        text=written,
        content=content,
        reply_to=str(sent),
        sent_at=number(message, "edit_date"),
        metadata={"message_id": sent, "content": name_of_content(message), **marks(message)},
    )


def _press(query: Fields, _: int, _name: str | None) -> Incoming | None:
    """A button below one of our messages. It has no date; an old message comes without content, but with its chat."""
    message = part(query, "message")
    scene = Scene.of({**message, "from": query.get("from"), "sender_chat": None})
    query_id, data = text(query, "id"), text(query, "data")
    if scene is None or not identity(part(query, "from")) or not 0 < len(query_id) <= MAX_NAME:
        return None
    origin, dot, value = data.partition(".")
    ours = bool(dot and _NONCE.fullmatch(origin))
    pressed = number(message, "message_id")
    return scene.incoming(
        remote_id=f"press:{query_id}",
        kind=Kind.BUTTON,
        content=Content(value=(value if ours else data)[:MAX_NAME]),
        reply_to=None if pressed is None else str(pressed),
        origin=origin if ours else None,
        handle=query_id,
        not_before=number(message, "date") or None,
    )


def _reaction(change: Fields, update_id: int, _: str | None) -> Incoming | None:
    """Which emoji somebody's reaction consists of now. Those of Telegram Premium are named by their number."""
    scene = Scene.of({**change, "from": change.get("user"), "sender_chat": change.get("actor_chat")})
    about = number(change, "message_id")
    if scene is None or about is None or not (part(change, "user") or part(change, "actor_chat")):
        return None
    found = (
        text(one, "emoji") or text(one, "custom_emoji_id") or text(one, "type")
        for one in parts(change, "new_reaction")[:_MAX_REACTIONS]
    )
    return scene.incoming(
        remote_id=f"{scene.chat_id}:{about}#{update_id}",
        kind=Kind.REACTION,
        content=Content(reactions=tuple(one[:MAX_NAME] for one in found if one)),
        reply_to=str(about),
        sent_at=number(change, "date"),
    )


def _vote(answer: Fields, update_id: int, _: str | None) -> Incoming | None:
    """What somebody chose in a poll. It says neither where that is nor when."""
    scene = Scene({**answer, "from": answer.get("user"), "sender_chat": answer.get("voter_chat")}, 0)
    poll, chosen = text(answer, "poll_id"), answer.get("option_ids")
    if not poll or not isinstance(chosen, list) or not identity(part(answer, "user") or part(answer, "voter_chat")):
        return None
    choices = tuple(one for one in chosen[:_MAX_REACTIONS] if type(one) is int and one >= 0)
    found = scene.incoming(remote_id=f"vote:{update_id}", kind=Kind.VOTE, content=Content(choices=choices))
    return replace(found, recipient="", recipient_title="", poll=f"{POLL}{poll[:MAX_NAME]}", sightings=())


def _membership(change: Fields, update_id: int, _: str | None) -> Incoming | None:
    """Somebody, perhaps the bot itself, was added, removed or blocked.

    The text is what they are there now ("member", "kicked" …).
    """
    scene, now = Scene.of(change), part(change, "new_chat_member")
    if scene is None:
        return None
    return scene.incoming(
        remote_id=f"{scene.chat_id}:#{update_id}",
        kind=Kind.MEMBERSHIP,
        text=text(now, "status")[:MAX_NAME],
        sent_at=number(change, "date"),
        metadata=_named(part(now, "user")),
    )


def _member(message: Fields) -> dict[str, object]:
    """Who came or went; of several the first, as administrators get an update for each."""
    return _named(next(iter(parts(message, "new_chat_members")), part(message, "left_chat_member")))


def _named(member: Fields) -> dict[str, object]:
    return filled(member_id=identity(member), member_name=name(member))


type _Reader = Callable[[Fields, int, str | None], Incoming | None]

_READERS: Mapping[str, _Reader] = {
    "message": _message,
    "channel_post": _message,
    "edited_message": _edited,
    "edited_channel_post": _edited,
    "callback_query": _press,
    "message_reaction": _reaction,
    "poll_answer": _vote,
    "my_chat_member": _membership,
    "chat_member": _membership,
}
KINDS_OF_UPDATE = list(_READERS)
"""What we ask for: reactions and members come only to those who do."""


def _answered(message: Fields) -> str | None:
    """The number of the message it answers. In a topic, what answers nobody seems to answer the topic's beginning."""
    answered = number(part(message, "reply_to_message"), "message_id")
    return None if answered is None or answered == topic_of(message) else str(answered)
