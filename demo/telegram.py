"""Telegram in the demo: what the person does there, and what arrives."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from demo.double import Double

TOKEN: Final = "123456:ABC-demo-token"  # noqa: S105 - of a bot that exists on loopback only
USERNAME: Final = "demo_bot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message as Telegram has it. `received_at` is on the monotonic clock that all processes of a machine share."""

    chat_id: int
    message_id: int
    text: str
    received_at: float


class Telegram(Double):
    """Each life begins with the same chats ("42:Ada") and no messages."""

    def __init__(self, folder: Path, *, chats: Sequence[str] = ()) -> None:
        people = [option for chat in chats for option in ("--chat", chat)]
        super().__init__(folder, "telegram_server", ["--token", TOKEN, "--username", USERNAME, *people])

    async def write(self, chat_id: int, text: str, *, first_name: str) -> int:
        """A person writes to the bot; the id of the message."""
        message = await self._do("texts", {"chat_id": chat_id, "text": text, "first_name": first_name})
        number: int = message["message_id"]
        return number

    async def join(self, chat_id: int, title: str) -> None:
        """Somebody adds the bot to a group."""
        await self._do("chats", {"id": chat_id, "type": "supergroup", "title": title})

    async def edit(self, chat_id: int, message_id: int, text: str) -> None:
        """A person corrects a message."""
        await self._do("edits", {"chat_id": chat_id, "message_id": message_id, "text": text})

    async def press(self, message: Arrived, button: str, *, first_name: str) -> None:
        """A person presses the button with this text."""
        where = {"chat_id": message.chat_id, "message_id": message.message_id}
        await self._do("presses", {**where, "button": button, "first_name": first_name})

    async def push(self, update: dict[str, Any]) -> None:
        """Telegram tells the bot this, whatever it is."""
        await self._do("updates", {"update": update})

    async def arrived(self, count: int = 0, *, seconds: float = 5.0) -> list[Arrived]:
        """All messages of this life, oldest first, once there are `count`, at the latest after `seconds`."""
        return [_arrived(message) for message in await self.stored(count, seconds)]

    async def edited(self) -> list[str]:
        """What messages of the bot became, oldest first."""
        return [message["text"] for message in (await self.control("GET", "edited"))["result"]]

    async def _do(self, what: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - somebody else's JSON
        return (await self.control("POST", what, body))["result"]


def _arrived(message: dict[str, Any]) -> Arrived:
    names = ("chat_id", "message_id", "text", "received_at")
    return Arrived(**{name: message[name] for name in names})
