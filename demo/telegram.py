"""The Telegram server double as a process: a platform that can be taken away and come back."""

from asyncio.subprocess import Process
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout

from demo import process
from demo.process import HOST, free_port
from demo.waiting import until

TOKEN: Final = "123456:ABC-demo-token"  # noqa: S105 - of a bot that exists on loopback only
USERNAME: Final = "demo_bot"
_START_SECONDS = 20.0
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message as Telegram has it. `received_at` is on the monotonic clock that all processes of a machine share."""

    chat_id: int
    message_id: int
    text: str
    received_at: float


class Telegram:
    """The server, at one address over all its lives. Each begins with the same chats ("42:Ada") and no messages."""

    def __init__(self, folder: Path, *, chats: Sequence[str] = ()) -> None:
        self._chats = chats
        self._log = folder / "telegram.log"
        self._port = free_port()
        self._process: Process | None = None
        self._session = ClientSession(f"http://{HOST}:{self._port}")

    @property
    def url(self) -> str:
        """What a bot uses as its Bot API server."""
        return f"http://{HOST}:{self._port}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        await self._session.close()

    async def start(self) -> None:
        """Come (back). Raises NotInTimeError, EndedError."""
        options = ["--port", str(self._port), "--token", TOKEN, "--username", USERNAME]
        for chat in self._chats:
            options += ["--chat", chat]
        self._process = await process.start(["-m", "bach_lib.testing.telegram_server", *options], self._log)
        await until(self._answers, what="the Telegram server to answer", seconds=_START_SECONDS)

    async def kill(self) -> None:
        """Go away in the middle of whatever it does."""
        if self._process:
            await process.kill(self._process)
            self._process = None

    async def write(self, chat_id: int, text: str, *, first_name: str) -> int:
        """A person writes to the bot; the id of the message."""
        message = await self._control("texts", {"chat_id": chat_id, "text": text, "first_name": first_name})
        number: int = message["message_id"]
        return number

    async def edit(self, chat_id: int, message_id: int, text: str) -> None:
        """A person corrects a message."""
        await self._control("edits", {"chat_id": chat_id, "message_id": message_id, "text": text})

    async def push(self, update: dict[str, Any]) -> None:
        """Telegram tells the bot this, whatever it is."""
        await self._control("updates", {"update": update})

    async def arrived(self, count: int = 0, *, seconds: float = 5.0) -> list[Arrived]:
        """All messages of this life, oldest first, once there are `count`, at the latest after `seconds`."""
        query = {"count": str(count), "timeout": str(seconds)}
        timeout = ClientTimeout(total=seconds + _ANSWER_SECONDS)
        async with self._session.get("/control/sent", params=query, timeout=timeout) as response:
            if response.status == 408:
                return await self.arrived()
            response.raise_for_status()
            answer: dict[str, Any] = await response.json()
        return [_arrived(message) for message in answer["result"]]

    async def _control(self, what: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - somebody else's JSON
        async with self._session.post(f"/control/{what}", json=body) as response:
            response.raise_for_status()
            return (await response.json())["result"]

    async def _answers(self) -> bool:
        process.check_running(self._process, "The Telegram server")
        try:
            async with self._session.get("/control/calls") as response:
                return response.ok
        except ClientConnectionError:
            return False


def _arrived(message: dict[str, Any]) -> Arrived:
    names = ("chat_id", "message_id", "text", "received_at")
    return Arrived(**{name: message[name] for name in names})
