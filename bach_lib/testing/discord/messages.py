"""Calls about messages, by bots and by webhooks (https://discord.com/developers/docs/resources/message)."""

from bach_lib.testing.discord import payloads
from bach_lib.testing.discord.arguments import Body
from bach_lib.testing.discord.calls import Call
from bach_lib.testing.discord.errors import invalid, not_the_author, too_large, unknown
from bach_lib.testing.discord.forms import check_message, check_nonce
from bach_lib.testing.discord.models import NO_EMBEDS, Attachment, Channel, Message, User, Webhook
from bach_lib.testing.discord.people import People

MAX_FILE = (20 << 20, 20 << 20, 50 << 20, 100 << 20)
"""Bytes of each file, by the tier of the server: https://discord.com/developers/docs/reference#uploading-files."""
NONCE_SECONDS = 300.0
"""Discord remembers nonces for "the past few minutes"."""


def create_message(call: Call) -> object:
    """Send. With `enforce_nonce`, a nonce that was there already brings back the message it was there with."""
    channel, values = call.writable_channel(), call.body.values
    forwards = _forwarded(call, values.get("message_reference"))
    if forwards is None:
        check_message(call.body)
    nonce = check_nonce(values)
    author = call.bot.user
    if nonce is not None and values.get("enforce_nonce") is True:
        known = call.platform.nonces.get((author.id, nonce))
        if known is not None and known.created_at > call.platform.clock.now() - NONCE_SECONDS:
            return payloads.message(known, call.platform.origin)
    message = _compose(call.platform, channel, author, call.body)
    message.nonce = nonce
    message.forwards = forwards
    message.reply_to = None if forwards else _reply_target(channel, values.get("message_reference"))
    message.type = 19 if message.reply_to else 0
    if nonce is not None:
        call.platform.nonces[author.id, nonce] = message
    call.platform.store(message)
    return payloads.message(message, call.platform.origin)


def get_messages(call: Call) -> object:
    """The history, newest first: the newest, those before a message, or those that come right after one."""
    found = sorted(call.channel().messages)
    text = call.query.get("limit", "50")
    limit = min(max(int(text), 1), 100) if text.isdecimal() else 50
    if "after" in call.query:
        after = int(call.query["after"])
        found = [number for number in found if number > after][:limit]
    elif "before" in call.query:
        before = int(call.query["before"])
        found = [number for number in found if number < before][-limit:]
    else:
        found = found[-limit:]
    messages = call.channel().messages
    return [payloads.message(messages[one], call.platform.origin, call.bot) for one in reversed(found)]


def get_message(call: Call) -> object:
    """One message."""
    return payloads.message(_message(call), call.platform.origin, call.bot)


def edit_message(call: Call) -> object:
    """Change a message of one's own."""
    call.writable_channel()
    message = _message(call)
    if message.author is not call.bot.user:
        raise not_the_author()
    return _edit(call, message)


def delete_message(call: Call) -> object:
    """Take a message away."""
    call.writable_channel()
    _delete(call, _message(call))
    return None


def add_reaction(call: Call) -> object:
    """Put an emoji below a message."""
    message = _message(call)
    call.writable_channel()
    emoji = call.words["emoji"]
    if emoji.isascii() and ":" not in emoji:
        raise unknown("Emoji")
    call.platform.react(message, call.bot.user, emoji)
    return None


def remove_reaction(call: Call) -> object:
    """Take one's own emoji back."""
    call.platform.react(_message(call), call.bot.user, call.words["emoji"], take_back=True)
    return None


def pin_message(call: Call) -> object:
    """Keep a message in sight."""
    _pin(call, is_on=True)
    return None


def unpin_message(call: Call) -> object:
    """No longer."""
    _pin(call, is_on=False)
    return None


def _pin(call: Call, *, is_on: bool) -> None:
    message = _message(call)
    call.writable_channel()
    message.is_pinned = is_on


def get_webhook(call: Call) -> object:
    """What a webhook is."""
    return payloads.webhook(_webhook(call))


def execute_webhook(call: Call) -> object:
    """Write through a webhook, in its channel or in a thread of that; the message comes back if `wait` asks for it."""
    hook = _webhook(call)
    channel = _place(call, hook)
    check_message(call.body)
    name = call.body.values.get("username")
    if isinstance(name, str) and (len(name) > 80 or "discord" in name.lower()):
        raise invalid("username", "USERNAME_INVALID_CONTAINS", 'Username cannot contain "discord"')
    author = User(id=hook.id, username=str(name or hook.name), bot=True)
    message = _compose(call.platform, channel, author, call.body)
    message.webhook_id = hook.id
    call.platform.store(message)
    return payloads.message(message, call.platform.origin) if call.query.get("wait") in {"true", "1"} else None


def get_webhook_message(call: Call) -> object:
    """A message of a webhook."""
    return payloads.message(_webhook_message(call), call.platform.origin)


def edit_webhook_message(call: Call) -> object:
    """Change one."""
    return _edit(call, _webhook_message(call))


def delete_webhook_message(call: Call) -> object:
    """Take one away."""
    _delete(call, _webhook_message(call))
    return None


def _compose(platform: People, channel: Channel, author: User, body: Body) -> Message:
    most = MAX_FILE[channel.guild.premium_tier if channel.guild else 0]
    if any(len(file.content) > most for file in body.files):
        raise too_large()
    components = body.values.get("components")
    flags = body.values.get("flags")
    return Message(
        id=platform.snowflakes.take(),
        channel=channel,
        author=author,
        content=str(body.values.get("content") or ""),
        created_at=platform.clock.now(),
        flags=flags if isinstance(flags, int) else 0,
        components=list(components) if isinstance(components, list) else [],
        attachments=[
            Attachment(
                id=platform.snowflakes.take(),
                filename=file.filename,
                content=file.content,
                content_type=file.content_type,
            )
            for file in body.files
        ],
        payload=body.values,
    )


def _reply_target(channel: Channel, reference: object) -> int | None:
    if not isinstance(reference, dict):
        return None
    number = int(str(reference.get("message_id", 0)))
    if number in channel.messages:
        return number
    if reference.get("fail_if_not_exists", True) is False:
        return None
    raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")


def _forwarded(call: Call, reference: object) -> Message | None:
    """What is passed on, of a reference of that type. Raises ApiError (400) for what is not there."""
    if not isinstance(reference, dict) or reference.get("type") != 1:
        return None
    place = call.platform.channels.get(int(str(reference.get("channel_id", 0))))
    found = place.messages.get(int(str(reference.get("message_id", 0)))) if place else None
    if found is None:
        raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    return found


def _message(call: Call) -> Message:
    message = call.channel().messages.get(call.ids["message"])
    if message is None:
        raise unknown("Message")
    return message


def _edit(call: Call, message: Message) -> object:
    check_message(call.body, changing=True)
    values = call.body.values
    if isinstance(values.get("content"), str):
        message.content = str(values["content"])
    if isinstance(components := values.get("components"), list):
        message.components = components
    if isinstance(flags := values.get("flags"), int):  # of all flags only this one can be changed
        message.flags = message.flags & ~NO_EMBEDS | flags & NO_EMBEDS
    message.edited_at = call.platform.clock.now()
    message.payload = values
    call.platform.tell_message("MESSAGE_UPDATE", message)
    return payloads.message(message, call.platform.origin)


def _delete(call: Call, message: Message) -> None:
    del message.channel.messages[message.id]
    call.platform.deleted.append(message)


def _webhook(call: Call) -> Webhook:
    hook = call.platform.webhooks.get(call.ids["webhook"])
    if hook is None or hook.token != call.words["token"]:
        raise unknown("Webhook")
    return hook


def _place(call: Call, hook: Webhook) -> Channel:
    if "thread_id" not in call.query:
        return hook.channel
    thread = call.platform.channels.get(int(call.query["thread_id"]))
    if thread is None or thread.parent is not hook.channel:
        raise unknown("Channel")
    return thread


def _webhook_message(call: Call) -> Message:
    hook = _webhook(call)
    message = _place(call, hook).messages.get(call.ids["message"])
    if message is None or message.webhook_id != hook.id:
        raise unknown("Message")
    return message
