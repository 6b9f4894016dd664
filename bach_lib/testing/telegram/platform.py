"""The state of the Telegram double: bots, chats, messages, updates, and waiting for what bots do."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Unpack, override

from bach_lib.clock import Clock
from bach_lib.testing.outbox import Outbox
from bach_lib.testing.telegram.arguments import Arguments, whole_number
from bach_lib.testing.telegram.errors import bad_request, unauthorized
from bach_lib.testing.telegram.limits import FloodControl
from bach_lib.testing.telegram.models import (
    Bot,
    BotReaction,
    CallbackAnswer,
    Chat,
    ChatAction,
    ChatFields,
    Draft,
    File,
    MessageName,
    SentMessage,
)
from bach_lib.testing.telegram.updates import UpdateQueue

TOKEN = re.compile(r"\d+:[\w-]+", re.ASCII)


class Platform(Outbox[SentMessage]):
    """What the platform knows. `People` adds what people do, `TelegramServer` the way in over HTTP.

    `sent`, `edited`, `deleted`, `reactions`, `actions`, `drafts` and `callback_answers` are what bots did, oldest
    first; `calls` counts the calls of each method. `files` are what people sent, `queries` the presses and whose
    buttons they were.
    """

    def __init__(self, *, clock: Clock, enforce_limits: bool, first_id: int) -> None:
        super().__init__()
        self.bots: dict[str, Bot] = {}
        """By token."""
        self.chats: dict[int, Chat] = {}
        """By id; `add_chat` and `says` bring them."""
        self.edited: list[SentMessage] = []
        self.deleted: list[MessageName] = []
        self.reactions: list[BotReaction] = []
        self.pinned: list[MessageName] = []
        """What is in sight in its chat now, the oldest pin first."""
        self.actions: list[ChatAction] = []
        self.drafts: list[Draft] = []
        self.callback_answers: list[CallbackAnswer] = []
        self.files: dict[str, File] = {}
        self.queries: dict[str, str] = {}
        self.calls: Counter[str] = Counter()
        self.clock = clock
        self._first_id = first_id
        self._limits = FloodControl(clock.monotonic) if enforce_limits else None

    @property
    @override
    def texts(self) -> list[str]:
        return [message.text for message in self.sent]

    @property
    def first_bot(self) -> Bot:
        """The one that people mean where a test names none. Raises ValueError without any."""
        for bot in self.bots.values():
            return bot
        raise ValueError("no bot is there: add_bot comes first")

    async def wait_until_heard(self, timeout: float = 30.0) -> None:
        """Wait until a bot has asked for updates, which are kept until then. Raises TimeoutError after `timeout` s."""
        await self.wait_until(lambda: bool(self.calls["getUpdates"]), timeout)

    def add_bot(
        self,
        token: str,
        *,
        username: str = "test_bot",
        id: int | None = None,  # noqa: A002 – the name it has in the Bot API
        first_name: str = "Test bot",
    ) -> Bot:
        """Let the bot with this token call the server; `id` is by default the number in the token.

        Raises ValueError for a token of the wrong form.
        """
        if not TOKEN.fullmatch(token):
            raise ValueError("a bot token is a number, a colon, and letters, digits, - or _")
        number = whole_number(token.partition(":")[0]) if id is None else id
        updates = UpdateQueue(self.clock, self._first_id, self.changed)
        bot = Bot(token=token, id=number, username=username, first_name=first_name, updates=updates)
        self.bots[token] = bot
        return bot

    def revoke(self, bot: Bot) -> None:
        """The token stops working (401), as after /revoke at @BotFather."""
        self.bots.pop(bot.token, None)
        bot.updates.interrupt(unauthorized())

    def add_chat(self, chat_id: int, **fields: Unpack[ChatFields]) -> Chat:
        """A chat that every bot may write to; `type` is private (default), group, supergroup or channel."""
        chat = Chat(id=chat_id, next_message_id=self._first_id, **fields)
        self.chats[chat_id] = chat
        return chat

    def push_update(self, bot: Bot, update: Mapping[str, object]) -> int:
        """Queue any update and return its `update_id`, which is added when it is missing."""
        return bot.updates.push(update)

    def new_query(self, bot: Bot) -> str:
        """The id of a press that this bot may answer."""
        query_id = str((self._first_id << 32) + len(self.queries) + 1)
        self.queries[query_id] = bot.username
        return query_id

    @property
    def unanswered(self) -> list[str]:
        """The presses that no bot has answered: people still see them wait."""
        answered = {answer.callback_query_id for answer in self.callback_answers}
        return [query_id for query_id in self.queries if query_id not in answered]

    def store(self, message: SentMessage) -> None:
        """Keep a message from a bot."""
        self.chats[message.chat_id].messages[message.message_id] = message
        self.sent.append(message)
        self.changed()

    def chat(self, arguments: Arguments) -> Chat:
        """The chat a call names by id or @username. Raises ApiError (400) when there is none."""
        name = arguments.text("chat_id")
        if not name:
            raise bad_request("chat_id is empty")
        if name.startswith("@"):
            chat = next((chat for chat in self.chats.values() if chat.username == name[1:]), None)
        else:
            chat = self.chats.get(whole_number(name))
        if chat is None:
            raise bad_request("chat not found")
        return chat

    def writable_chat(self, arguments: Arguments) -> Chat:
        """The chat of a call that wants to write. Raises ApiError (400, 403) when that is impossible."""
        chat = self.chat(arguments)
        chat.check_writable()
        return chat

    def check_limits(self, bot: Bot, chat: Chat) -> None:
        """Raise ApiError (429) when the bot sends too much and the server was told to care."""
        if self._limits is not None:
            self._limits.check(bot.username, chat.id, group=chat.is_group)
