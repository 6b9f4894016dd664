"""A Telegram Bot API server on loopback that answers like the real one: the public test double for Telegram.

```python
async with TelegramServer() as server:
    bot = server.add_bot("123456:ABC-test-token", username="home_bot")
    server.add_chat(42, first_name="Ada")
    server.fail(Fault.too_many_requests(retry_after=3), methods=["sendMessage"])
    ...  # a client that calls f"{server.url}/bot{bot.token}/sendMessage"
    [message] = await server.wait_for(1)
```

It knows getMe, getUpdates, sendMessage with inline keyboards, editMessageText, editMessageReplyMarkup, deleteMessage,
deleteMessages, setMessageReaction, sendChatAction, sendMessageDraft, answerCallbackQuery, getChat, getFile with the
download, and the methods of webhooks. People write, send files and places, press buttons, correct themselves, react,
come and go; `push_update` plays any other update. `python -m bach_lib.testing.telegram_server --help` runs it as a
process of its own, driven over `/control`.
"""

from bach_lib.testing.faults import ActiveFault
from bach_lib.testing.telegram.faults import Fault
from bach_lib.testing.telegram.keyboards import InlineButton
from bach_lib.testing.telegram.markup import Entity
from bach_lib.testing.telegram.models import (
    Bot,
    BotReaction,
    CallbackAnswer,
    Chat,
    ChatAction,
    Draft,
    File,
    MessageName,
    SentMessage,
)
from bach_lib.testing.telegram.process import main
from bach_lib.testing.telegram.server import TelegramServer

__all__ = [
    "ActiveFault",
    "Bot",
    "BotReaction",
    "CallbackAnswer",
    "Chat",
    "ChatAction",
    "Draft",
    "Entity",
    "Fault",
    "File",
    "InlineButton",
    "MessageName",
    "SentMessage",
    "TelegramServer",
]

if __name__ == "__main__":
    main()
