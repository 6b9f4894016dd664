"""Discord on loopback, as a process of its own: how fast messages go, and how long one takes when nothing else happens.

The peers are bare aiohttp, which stores nothing, and discord.py as it comes, whose `HTTPClient` makes the same calls.
The server tells of no limits, and BACH's own limiter, which would stop at Discord's 50 a second, is told that there are
none. Everything else is what users get. The server's clock and ours are the machine's (`time.time`).
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import override

import orjson
from aiohttp import ClientSession
from discord.http import HTTPClient, Route, handle_message_parameters

from bach_lib import Bach, Connection, Identity
from bach_lib.connectors.capabilities import Rate
from bach_lib.connectors.discord import DiscordConnector
from bach_lib.events import MessageFinished
from benchmarks.floor import CONNECTION, TEXT
from benchmarks.measuring import Effort, Side, countdown, grow_log, in_loop, percentile, scratch, take_turns
from benchmarks.table import Aim, Row

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GtEsT0.not_a_real_token_but_of_its_form-x"  # noqa: S105 - of the server below
CHANNELS = 32
PAUSE = 0.005


class Unlimited(DiscordConnector):
    """Discord as if it had no limits."""

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        return {}


def rows(effort: Effort) -> Iterator[Row]:
    """Throughput to the others, then the median and the slowest hundredth of single messages."""
    with _server() as url:
        channels = asyncio.run(_channels(url))
        figures = take_turns(_sides(url, channels, effort.seconds), effort.rounds)
        for other in ("bare aiohttp", "discord.py"):
            yield figures.row(f"Discord, {CHANNELS} channels, 0 ms", "/s", "BACH", other)
        ours, bare = asyncio.run(_latencies(url, channels, effort.samples))
    for name, share in (("median", 0.5), ("p99", 0.99)):
        one, two = percentile(ours, share), percentile(bare, share)
        aim = Aim(limit=4 if name == "median" else 10, of_ratio=True)
        what = f"Discord, idle, send → the server has it, {name}"
        yield Row(name=what, unit="ms", ours=one, other="bare aiohttp", theirs=two, ratio=one / two, aim=aim)


def _sides(url: str, channels: Sequence[str], seconds: float) -> dict[str, Side]:
    each = max(round(100 * seconds), 4)
    return {
        "BACH": in_loop(_through_bach, url, channels, each),
        "bare aiohttp": in_loop(_bare, url, channels, each),
        "discord.py": in_loop(_discord_py, url, channels, max(each // 4, 2)),
    }


@contextmanager
def _server() -> Iterator[str]:
    """The address of a server with channels, all of which its bot sees."""
    command = [sys.executable, "-m", "bach_lib.testing.discord_server", "--token", TOKEN]
    channels = [option for number in range(CHANNELS) for option in ("--channel", f"channel-{number}")]
    with subprocess.Popen([*command, *channels], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


async def _channels(url: str) -> list[str]:
    async with ClientSession() as session, session.get(f"{url}/control/places") as response:
        channels: dict[str, str] = orjson.loads(await response.read())["channels"]
        return list(channels.values())


@asynccontextmanager
async def _connected(url: str, folder: Path, session: ClientSession) -> AsyncIterator[Bach]:
    connectors, secrets = {"discord": Unlimited}, {"bench": lambda _: TOKEN}
    async with Bach(folder / "bach.db", session=session, connectors=connectors, secrets=secrets) as bach:
        config = {"bot_token": "bench:token"}
        await bach.registry.add(
            Connection(name=CONNECTION, type="discord", endpoint=f"{url}/api/v10", auth_config=config)
        )
        answer = await bach.check(CONNECTION)
        if not isinstance(answer, Identity):
            raise RuntimeError(f"the Discord server does not answer: {answer}")
        yield bach


async def _through_bach(url: str, channels: Sequence[str], each: int) -> float:
    """Messages a second from the first `send` until the last one is finished; all are sent at once."""
    count = each * len(channels)
    finished, all_finished = countdown(count)
    with scratch() as folder:
        async with ClientSession() as session, _connected(url, folder, session) as bach:
            await _lanes(lambda channel: _post(session, url, channel), channels, 1)
            grow_log(folder)
            bach.subscribe(MessageFinished, lambda _: finished())
            start = time.perf_counter()
            await asyncio.gather(*(bach.send(CONNECTION, channel, TEXT) for _ in range(each) for channel in channels))
            await all_finished.wait()
            return count / (time.perf_counter() - start)


async def _bare(url: str, channels: Sequence[str], each: int) -> float:
    async with ClientSession() as session:
        await _lanes(lambda channel: _post(session, url, channel), channels, 1)
        return await _lanes(lambda channel: _post(session, url, channel), channels, each)


async def _discord_py(url: str, channels: Sequence[str], each: int) -> float:
    """As the library comes: it makes objects of nothing, but keeps its own limits and a session of its own."""
    base, Route.BASE = Route.BASE, f"{url}/api/v10"
    client = HTTPClient(asyncio.get_running_loop())
    try:
        await client.static_login(TOKEN)

        async def send(channel: str) -> None:
            with handle_message_parameters(TEXT) as parameters:
                await client.send_message(int(channel), params=parameters)

        await _lanes(send, channels, 1)
        return await _lanes(send, channels, each)
    finally:
        await client.close()
        Route.BASE = base


async def _latencies(url: str, channels: Sequence[str], samples: int) -> tuple[list[float], list[float]]:
    started: dict[str, float] = {}
    with scratch() as folder:
        async with ClientSession() as session, _connected(url, folder, session) as bach:
            await _lanes(lambda channel: _post(session, url, channel), channels, 1)
            grow_log(folder)
            for number in range(samples):
                channel = channels[number % len(channels)]
                started[f"ours {number}"] = time.time()
                receipt = await bach.send(CONNECTION, channel, f"ours {number}")
                await bach.wait(receipt.id)
                await asyncio.sleep(PAUSE)
                started[f"bare {number}"] = time.time()
                await _post(session, url, channel, f"bare {number}")
                await asyncio.sleep(PAUSE)
            async with session.get(f"{url}/control/sent") as response:
                sent = orjson.loads(await response.read())
    arrived = {message["content"]: datetime.fromisoformat(message["timestamp"]).timestamp() for message in sent}
    return _milliseconds(started, arrived, "ours"), _milliseconds(started, arrived, "bare")


def _milliseconds(started: Mapping[str, float], arrived: Mapping[str, float], side: str) -> list[float]:
    return [(arrived[text] - start) * 1000 for text, start in started.items() if text.startswith(side)]


async def _post(session: ClientSession, url: str, channel: str, text: str = TEXT) -> None:
    """One bare call: what nobody who uses aiohttp can do with less."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bot {TOKEN}"}
    body = orjson.dumps({"content": text})
    async with session.post(f"{url}/api/v10/channels/{channel}/messages", data=body, headers=headers) as response:
        response.raise_for_status()
        await response.read()


async def _lanes(call: Callable[[str], Awaitable[object]], channels: Sequence[str], each: int) -> float:
    """Calls a second, for channels that take one message after another."""

    async def lane(channel: str) -> None:
        for _ in range(each):
            await call(channel)

    start = time.perf_counter()
    await asyncio.gather(*map(lane, channels))
    return each * len(channels) / (time.perf_counter() - start)
