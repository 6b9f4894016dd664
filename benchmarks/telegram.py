"""Telegram on loopback, as a process of its own so that it does not share our event loop, and three clients for it.

BACH's own limiter would stop at Telegram's 30 messages a second; it is told that there are no limits. Everything else
is what users get.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import override

import orjson
from aiohttp import ClientSession

from bach_lib import Bach, Connection, Identity
from bach_lib.connectors.capabilities import Rate
from bach_lib.connectors.telegram import TelegramConnector
from benchmarks.floor import CONNECTION, TEXT

TOKEN = "123456:ABC-test-token"  # noqa: S105 - the one of the server below
CHATS = tuple(range(1, 33))


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message that reached the server, and when (monotonic seconds)."""

    text: str
    at: float


class Unlimited(TelegramConnector):
    """Telegram as if it had no limits."""

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        return {}


def server(latency: float = 0.0) -> AbstractContextManager[str]:
    """The address of the tests' double, which keeps every message and when it came."""
    chats = [option for chat in CHATS for option in ("--chat", f"{chat}:Ada")]
    return _serving("bach_lib.testing.telegram_server", "--token", TOKEN, "--latency", str(latency), *chats)


def prompt_server(latency: float) -> AbstractContextManager[str]:
    """The address of a server that confirms every message after `latency` seconds, and does nothing else."""
    return _serving("benchmarks.prompt_server", str(latency))


@contextmanager
def _serving(module: str, *options: str) -> Iterator[str]:
    command = [sys.executable, "-m", module, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


@asynccontextmanager
async def connected(url: str, folder: Path, session: ClientSession) -> AsyncIterator[Bach]:
    """A BACH with one bot on that server, proved to work."""
    connectors, secrets = {"telegram": Unlimited}, {"bench": lambda _: TOKEN}
    async with Bach(folder / "bach.db", session=session, connectors=connectors, secrets=secrets) as bach:
        if not bach.registry.list():
            row = Connection(name=CONNECTION, type="telegram", endpoint=url, auth_config={"bot_token": "bench:token"})
            await bach.registry.add(row)
        answer = await bach.check(CONNECTION)
        if not isinstance(answer, Identity):
            raise RuntimeError(f"the Telegram server does not answer: {answer}")
        yield bach


async def post(session: ClientSession, url: str, chat: int, text: str = TEXT) -> None:
    """One bare call of sendMessage: what nobody who uses aiohttp can do with less."""
    body = orjson.dumps({"chat_id": chat, "text": text})
    headers = {"Content-Type": "application/json"}
    async with session.post(f"{url}/bot{TOKEN}/sendMessage", data=body, headers=headers) as response:
        response.raise_for_status()
        await response.read()


async def warm(session: ClientSession, url: str) -> None:
    """Open a connection for every chat, so that no side pays for that."""
    await asyncio.gather(*(post(session, url, chat) for chat in CHATS))


async def received(session: ClientSession, url: str, count: int = 0) -> list[Received]:
    """What the server has stored, oldest first; waits until it is at least so much."""
    async with session.get(f"{url}/control/sent?count={count}&timeout=60") as response:
        answer = orjson.loads(await response.read())
    return [Received(text=message["text"], at=message["received_at"]) for message in answer["result"]]
