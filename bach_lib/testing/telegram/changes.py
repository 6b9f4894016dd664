"""The methods that concern a message which is there already: change it, delete it, react to it."""

from dataclasses import replace

from bach_lib.testing.telegram.calls import PARSERS, Call
from bach_lib.testing.telegram.errors import bad_request
from bach_lib.testing.telegram.keyboards import read_keyboard
from bach_lib.testing.telegram.markup import message_text
from bach_lib.testing.telegram.models import BotReaction, MessageName
from bach_lib.testing.telegram.payloads import sent_message

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)

_REACTIONS = """
👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋
🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷\u200d♂ 🤷
🤷\u200d♀ 😡
"""
REACTIONS = frozenset(_REACTIONS.split())
"""https://core.telegram.org/bots/api#reactiontypeemoji; all without variation selectors, and no other form is taken."""


def edit_message_text(call: Call) -> object:
    """Change a text the bot has sent. A keyboard that is not given again is gone."""
    formatted = message_text(call.arguments, PARSERS)
    keyboard = read_keyboard(call.arguments)
    chat = call.platform.writable_chat(call.arguments)
    message_id = call.arguments.integer("message_id")
    if message_id not in chat.messages:
        raise bad_request("message to edit not found")
    old = chat.messages[message_id]
    if old is None or old.bot != call.bot.username:
        raise bad_request("message can't be edited")
    if (old.text, old.entities, old.keyboard) == (formatted.text, formatted.entities, keyboard):
        raise bad_request(NOT_MODIFIED)
    new = replace(
        old, text=formatted.text, entities=formatted.entities, keyboard=keyboard, arguments=call.arguments.values
    )
    chat.messages[message_id] = new
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
    del chat.messages[message_id]
    call.platform.deleted.append(MessageName(chat_id=chat.id, message_id=message_id))
    call.platform.changed()
    return True


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
