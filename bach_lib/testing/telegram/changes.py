"""The methods that concern a message which is there already: change it, delete it, react to it."""

from dataclasses import replace

from bach_lib.testing.telegram.arguments import Arguments
from bach_lib.testing.telegram.calls import PARSERS, Call
from bach_lib.testing.telegram.errors import bad_request
from bach_lib.testing.telegram.keyboards import read_keyboard
from bach_lib.testing.telegram.markup import caption, message_text
from bach_lib.testing.telegram.models import BotReaction, Chat, MessageName, SentMessage
from bach_lib.testing.telegram.payloads import sent_message

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)

MAX_DELETED = 100

_EMOJI = (
    "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 "
    "🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 "
    "🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷 🤷\u200d♀ 😡"
)
REACTIONS = frozenset(_EMOJI.split())
"""https://core.telegram.org/bots/api#reactiontypeemoji; all without variation selectors, and no other form is taken."""


def edit_message_text(call: Call) -> object:
    """Change a text the bot has sent. A keyboard that is not given again is gone."""
    formatted = message_text(call.arguments, PARSERS)
    keyboard = read_keyboard(call.arguments)
    chat = call.platform.writable_chat(call.arguments)
    old = _own(call, chat)
    if old.file is not None:
        raise bad_request("there is no text in the message to edit")
    new = replace(old, text=formatted.text, entities=formatted.entities, keyboard=keyboard)
    return _edit(call, chat, old, replace(new, link_preview=shows_previews(call.arguments)))


def shows_previews(arguments: Arguments) -> bool:
    """Whether a preview of a link is shown (https://core.telegram.org/bots/api#linkpreviewoptions)."""
    given = arguments.nested("link_preview_options")
    if given is not None and not isinstance(given, dict):
        raise bad_request("object expected as link preview options")
    return given is None or not Arguments(given).flag("is_disabled")


def edit_message_caption(call: Call) -> object:
    """Change the words below a file the bot has sent."""
    formatted = caption(call.arguments, PARSERS)
    keyboard = read_keyboard(call.arguments)
    chat = call.platform.writable_chat(call.arguments)
    old = _own(call, chat)
    return _edit(call, chat, old, replace(old, text=formatted.text, entities=formatted.entities, keyboard=keyboard))


def edit_message_reply_markup(call: Call) -> object:
    """Change the keyboard of a message the bot has sent, and nothing else of it."""
    keyboard = read_keyboard(call.arguments)
    chat = call.platform.writable_chat(call.arguments)
    old = _own(call, chat)
    return _edit(call, chat, old, replace(old, keyboard=keyboard))


def _own(call: Call, chat: Chat) -> SentMessage:
    message_id = call.arguments.integer("message_id")
    if message_id not in chat.messages:
        raise bad_request("message to edit not found")
    message = chat.messages[message_id]
    if message is None or message.bot != call.bot.username:
        raise bad_request("message can't be edited")
    return message


def _edit(call: Call, chat: Chat, old: SentMessage, new: SentMessage) -> object:
    if old == new:
        raise bad_request(NOT_MODIFIED)
    new = replace(new, arguments=call.arguments.values)
    chat.messages[new.message_id] = new
    call.platform.edited.append(new)
    call.platform.changed()
    return {**sent_message(new, call.bot, chat), "edit_date": int(call.platform.clock.now())}


def delete_message(call: Call) -> object:
    """Delete a message: one of the bot's own, or, in a private chat, what the person wrote."""
    chat = call.platform.writable_chat(call.arguments)
    message_id = call.arguments.integer("message_id")
    if message_id not in chat.messages:
        raise bad_request("message to delete not found")
    old = chat.messages[message_id]
    if chat.is_group and (old is None or old.bot != call.bot.username):
        raise bad_request("message can't be deleted")
    _delete(call, chat, message_id)
    return True


def delete_messages(call: Call) -> object:
    """Delete up to 100 messages at once; "if some of the specified messages can't be found, they are skipped"."""
    given = call.arguments.nested("message_ids")
    numbers = [number for number in given if isinstance(number, int)] if isinstance(given, list) else []
    if not numbers:
        raise bad_request("message identifiers are not specified")
    if len(numbers) > MAX_DELETED:
        raise bad_request("too many message identifiers specified")
    chat = call.platform.writable_chat(call.arguments)
    for number in numbers:
        message = chat.messages.get(number)
        if number in chat.messages and not (chat.is_group and (message is None or message.bot != call.bot.username)):
            _delete(call, chat, number)
    return True


def _delete(call: Call, chat: Chat, message_id: int) -> None:
    del chat.messages[message_id]
    chat.received.pop(message_id, None)
    call.platform.deleted.append(MessageName(chat_id=chat.id, message_id=message_id))
    call.platform.changed()


def set_message_reaction(call: Call) -> object:
    """Put one emoji below a message, or none."""
    given = call.arguments.nested("reaction")
    emoji = tuple(map(_emoji, given)) if isinstance(given, list) else ()
    chat = call.platform.writable_chat(call.arguments)
    message_id = call.arguments.integer("message_id")
    if message_id not in chat.messages:
        raise bad_request("message to react not found")
    if len(emoji) > 1:  # more need Telegram Premium, which no bot has
        raise bad_request("REACTIONS_TOO_MANY")
    call.platform.reactions.append(
        BotReaction(bot=call.bot.username, chat_id=chat.id, message_id=message_id, emoji=emoji)
    )
    call.platform.changed()
    return True


def _emoji(reaction: object) -> str:
    match reaction:
        case {"type": "emoji", "emoji": str(emoji)} if emoji in REACTIONS:
            return emoji
    raise bad_request("REACTION_INVALID")
