"""Parses the addresses a bot can write to, and gives their rate limits.

A recipient is a chat id (`42`, for groups and channels negative: `-1001234567890`) or the public name of a group or
channel (`@channelname`), each perhaps with a topic: `-1001234567890/7`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import override

from bach_lib.connectors.address_text import tidy
from bach_lib.connectors.capabilities import Rate
from bach_lib.errors import InvalidRecipientError
from bach_lib.said import Sentence

GENERAL_TOPIC = 1
"""The topic every forum begins with. Sending to its number is refused ("message thread not found"), so it is the chat:
https://github.com/tdlib/telegram-bot-api/issues/798."""

# Ids have at most 52 bits (https://core.telegram.org/bots/api#chat), topics 31; names have 4 to 32 characters.
_FORM = re.compile(r"(?P<chat>-?[1-9][0-9]{0,15}|@[a-z][a-z0-9_]{3,31})(?:/(?P<topic>[1-9][0-9]{0,9}))?")

_BOT_RATE = Rate(count=25, per=1, burst=5)
_CHAT_RATE = Rate(count=1, per=1, burst=3)
_GROUP_RATE = Rate(count=15, per=60, burst=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A recipient, taken apart. `chat` is an id or a name in lower case, for Telegram does not tell cases apart."""

    chat: str
    topic: int | None = None

    @staticmethod
    @lru_cache(maxsize=1000)  # asked for some five times on the way of a message, of always the same few
    def parse(recipient: str) -> Target:
        """Raises `InvalidRecipientError`."""
        if (match := _FORM.fullmatch(tidy(recipient).lower())) is None:
            raise InvalidRecipientError(
                recipient=recipient[:100],
                type="telegram",
                expected=Sentence(
                    "a_chat_id_42_1001234567890_or_name_for_a_topic",
                    'a chat id ("42", "-1001234567890") or "@name", for a topic followed by "/" and its number',
                ),
            )
        topic = int(match["topic"]) if match["topic"] else None
        return Target(chat=match["chat"], topic=None if topic == GENERAL_TOPIC else topic)

    @property
    def chat_id(self) -> int | str:
        """The chat as the Bot API wants it."""
        return self.chat if self.chat.startswith("@") else int(self.chat)

    @property
    def is_shared(self) -> bool:
        """True for groups and channels. Only they have negative ids, and only they can be addressed by name."""
        return self.chat.startswith(("-", "@"))

    @override
    def __str__(self) -> str:
        return self.chat if self.topic is None else f"{self.chat}/{self.topic}"

    def rates(self) -> Mapping[str, Rate]:
        """The published limits (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).

        About 30 messages a second for a bot: 5 at once and 25 in the second that follows. 20 a minute in a group, and,
        as @BotSupport says, in a channel: 5 at once and 15 in the minute that follows. So no second and no minute ever
        sees more. One a second in a chat, where "short bursts" are allowed: 3. The topics of a chat share its limits.
        An own Bot API server changes none of this: the limits are Telegram's, behind it.
        """
        rates = {"bot": _BOT_RATE, f"chat:{self.chat}": _CHAT_RATE}
        return rates | {f"group:{self.chat}": _GROUP_RATE} if self.is_shared else rates
