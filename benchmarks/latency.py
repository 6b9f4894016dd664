"""How long one message takes when nothing else happens: from the call of `send` until the server has it.

Beside it: from the call of a bare aiohttp POST until the server has it. Both run in turns, message by message, over
connections that are open, with a pause between them so that everything is at rest. The server's clock is ours
(`time.monotonic` is the same for all processes of a machine).
"""

import asyncio
import time
from collections.abc import Iterator, Mapping

from aiohttp import ClientSession

from benchmarks.floor import CONNECTION
from benchmarks.measuring import Effort, grow_log, percentile, scratch
from benchmarks.table import Aim, Row
from benchmarks.telegram import CHATS, connected, post, received, server, warm

PAUSE = 0.005


def rows(effort: Effort) -> Iterator[Row]:
    """The median and the slowest hundredth."""
    ours, bare = asyncio.run(_measure(effort.samples))
    for name, share, limit in (("median", 0.5, 4), ("p99", 0.99, 10)):
        one, two = percentile(ours, share), percentile(bare, share)
        aim = Aim(limit=limit, of_ratio=True)
        yield Row(
            name=f"idle, send → the server has it, {name}",
            unit="ms",
            ours=one,
            other="bare aiohttp",
            theirs=two,
            ratio=one / two,
            aim=aim,
        )


async def _measure(samples: int) -> tuple[list[float], list[float]]:
    started: dict[str, float] = {}
    with server() as url, scratch() as folder:
        async with ClientSession() as session, connected(url, folder, session) as bach:
            await warm(session, url)
            grow_log(folder)
            for number in range(samples):
                chat = CHATS[number % len(CHATS)]
                started[f"ours {number}"] = time.monotonic()
                receipt = await bach.send(CONNECTION, str(chat), f"ours {number}")
                await bach.wait(receipt.id)
                await asyncio.sleep(PAUSE)
                started[f"bare {number}"] = time.monotonic()
                await post(session, url, chat, f"bare {number}")
                await asyncio.sleep(PAUSE)
            arrived = {message.text: message.at for message in await received(session, url)}
    return _milliseconds(started, arrived, "ours"), _milliseconds(started, arrived, "bare")


def _milliseconds(started: Mapping[str, float], arrived: Mapping[str, float], side: str) -> list[float]:
    return [(arrived[text] - start) * 1000 for text, start in started.items() if text.startswith(side)]
