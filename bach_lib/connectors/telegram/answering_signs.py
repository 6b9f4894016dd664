"""Shows in a chat that an answer is coming, and what is known of it already: signs, which nobody has to get."""

from contextlib import suppress
from typing import Final

from telegram.error import TelegramError

from bach_lib.connectors.telegram.bot import RawBot
from bach_lib.connectors.telegram.recipients import Target

_LONGEST: Final = 4096
"""UTF-16 code units of a draft: https://core.telegram.org/bots/api#sendmessagedraft."""
_IDS: Final = (1 << 31) - 1


async def show_typing(bot: RawBot, target: Target) -> None:
    """`sendChatAction` shows "typing" for five seconds at most."""
    with suppress(TelegramError):
        await bot.call("sendChatAction", chat_id=target.chat_id, message_thread_id=target.topic, action="typing")


async def show_draft(bot: RawBot, target: Target, number: int, text: str) -> bool:
    """`sendMessageDraft` shows a text for 30 seconds, in private chats; False: no more of it can be shown.

    Also where Telegram asks to be left alone for a while: the answer itself must not wait for its signs.
    """
    if target.is_shared or not text.strip() or len(text.encode("utf-16-le", "replace")) // 2 > _LONGEST:
        return False
    draft = (number & _IDS) or 1
    try:
        await bot.call(
            "sendMessageDraft", chat_id=target.chat_id, message_thread_id=target.topic, draft_id=draft, text=text
        )
    except TelegramError:
        return False
    return True
