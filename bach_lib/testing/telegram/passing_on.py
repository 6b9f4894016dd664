"""The methods that keep a message in sight, or pass it on: pin, unpin, forward, copy.

Each is described at https://core.telegram.org/bots/api under its name; `errors` says where the texts of refusals come
from.
"""

from collections.abc import Mapping

from bach_lib.testing.telegram.arguments import Arguments
from bach_lib.testing.telegram.calls import Call, Method
from bach_lib.testing.telegram.errors import bad_request
from bach_lib.testing.telegram.models import Chat, MessageName, SentMessage
from bach_lib.testing.telegram.payloads import sent_message

_MOST = 100


def pin_chat_message(call: Call) -> object:
    """Keep a message in sight."""
    chat, number = _named(call, "message to pin not found")
    name = MessageName(chat_id=chat.id, message_id=number)
    if name in call.platform.pinned:
        raise bad_request("CHAT_NOT_MODIFIED")
    call.platform.pinned.append(name)
    call.platform.changed()
    return True


def unpin_chat_message(call: Call) -> object:
    """No longer."""
    chat, number = _named(call, "message to unpin not found")
    name = MessageName(chat_id=chat.id, message_id=number)
    if name not in call.platform.pinned:
        raise bad_request("message to unpin not found")
    call.platform.pinned.remove(name)
    call.platform.changed()
    return True


def _named(call: Call, otherwise: str) -> tuple[Chat, int]:
    chat = call.platform.writable_chat(call.arguments)
    number = call.arguments.integer("message_id")
    if number not in chat.messages:
        raise bad_request(otherwise)
    return chat, number


def forward_message(call: Call) -> object:
    """Pass a message on, with whose words they were."""
    message = _passed_on(call, call.arguments.integer("message_id"), "forward")
    return sent_message(message, call.bot, call.platform.chat(call.arguments))


def copy_message(call: Call) -> object:
    """Send the same as a message of one's own."""
    return {"message_id": _passed_on(call, call.arguments.integer("message_id"), "copy").message_id}


def forward_messages(call: Call) -> object:
    """The same with up to 100; those that are not there are skipped."""
    return _all(call, "forward")


def copy_messages(call: Call) -> object:
    """The same with up to 100; those that are not there are skipped."""
    return _all(call, "copy")


def _all(call: Call, what: str) -> object:
    given = call.arguments.nested("message_ids")
    numbers = [one for one in given if isinstance(one, int)] if isinstance(given, list) else []
    if not numbers or len(numbers) > _MOST or numbers != sorted(set(numbers)):
        raise bad_request("message identifiers must be in a strictly increasing order")
    source = _source(call)
    return [
        {"message_id": _passed_on(call, number, what).message_id} for number in numbers if number in source.messages
    ]


def _source(call: Call) -> Chat:
    """The chat that it comes from. Raises ApiError (400) when there is none."""
    named = Arguments({"chat_id": call.arguments.values.get("from_chat_id")})
    return call.platform.chat(named)


def _passed_on(call: Call, number: int, what: str) -> SentMessage:
    """The new message of what a bot or a person has written. Raises ApiError."""
    chat, source = call.platform.writable_chat(call.arguments), _source(call)
    if number not in source.messages:
        raise bad_request(f"message to {what} not found")
    old = source.messages[number]
    thread_id = chat.check_thread(call.arguments.integer("message_thread_id"))
    call.platform.check_limits(call.bot, chat)
    received = source.received.get(number, {})
    message = SentMessage(
        bot=call.bot.username,
        chat_id=chat.id,
        message_id=chat.take_message_id(),
        text=old.text if old else str(received.get("text") or received.get("caption") or ""),
        received_at=call.platform.clock.monotonic(),
        date=int(call.platform.clock.now()),
        thread_id=thread_id,
        silent=call.arguments.flag("disable_notification"),
        entities=old.entities if old else (),
        kind=old.kind if old else "text",
        file=old.file if old else None,
        poll=old.poll if old else None,
        origin=MessageName(chat_id=source.id, message_id=number) if what == "forward" else None,
        arguments=call.arguments.values,
    )
    call.platform.store(message)
    return message


METHODS: Mapping[str, tuple[str, Method]] = {
    "copymessage": ("copyMessage", copy_message),
    "copymessages": ("copyMessages", copy_messages),
    "forwardmessage": ("forwardMessage", forward_message),
    "forwardmessages": ("forwardMessages", forward_messages),
    "pinchatmessage": ("pinChatMessage", pin_chat_message),
    "unpinchatmessage": ("unpinChatMessage", unpin_chat_message),
}
"""By the name in lower case, as in `methods`."""
