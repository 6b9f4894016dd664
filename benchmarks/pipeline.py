"""Messages a second from `send` until the platform has confirmed them: 32 recipients, each in order.

Beside it: bare aiohttp, which stores nothing; one message after another with the commits that safety needs, which is
the best that the system BACH replaces could do; and the most that 32 recipients allow, who take one message at a time.
How near bare aiohttp comes to that most says what of the distance is the machine's and not BACH's; how near it comes
when each recipient's next message also waits for the commit that safety needs, what of it is the promise's.
The request class alone is measured as the connector uses it, and as python-telegram-bot's own `Bot.send_message` does,
which also makes an object of every answer, beside the stock request class on httpx.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing

from aiohttp import ClientSession
from telegram import Bot
from telegram.request import HTTPXRequest

from bach_lib import Message, Status, SystemClock
from bach_lib.connectors.telegram import Timeouts
from bach_lib.connectors.telegram.bot import TOKEN_PLACEHOLDER, RawBot
from bach_lib.connectors.telegram.http_request import AiohttpRequest
from bach_lib.events import MessageFinished
from bach_lib.outbound.queue import Queue
from bach_lib.storage import Database
from benchmarks.claim import sent
from benchmarks.floor import CONNECTION, TEXT, RawSqlite, fill, open_raw
from benchmarks.measuring import (
    Effort,
    Figures,
    Side,
    countdown,
    grow_log,
    in_loop,
    opened,
    rate_of_callers,
    scratch,
    take_turns,
)
from benchmarks.table import Aim, Row
from benchmarks.telegram import CHATS, TOKEN, connected, post, prompt_server, warm

LATENCIES = (0.0, 0.02, 0.1)
_SECONDS = 0.75
"""What a run takes at least. All is sent at once: of a shorter one that beginning would be most."""
HALF = Aim(limit=0.5, at_least=True, of_ratio=True)
THIRTY_TIMES = Aim(limit=30, at_least=True, of_ratio=True)
NINE_TENTHS = Aim(limit=0.9, at_least=True, of_ratio=True)


def rows(effort: Effort) -> Iterator[Row]:
    """For each latency of the server: ours to the others."""
    for latency in LATENCIES:
        with prompt_server(latency) as url:
            figures = take_turns(_sides(url, latency, effort), effort.rounds)
        yield from _rows(figures, f"pipeline, server {latency * 1000:.0f} ms", latency)


def _rows(figures: Figures, name: str, latency: float) -> Iterator[Row]:
    yield figures.row(name, "/s", "BACH", "bare aiohttp")
    if latency:
        yield _to_the_most(figures["BACH"], name, len(CHATS) / latency, NINE_TENTHS)
        yield _to_the_most(figures["bare aiohttp"], f"{name}, bare aiohttp alone", len(CHATS) / latency)
        yield _to_the_most(figures["with commits"], f"{name}, bare aiohttp and our commits", len(CHATS) / latency)
        yield figures.row(name, "/s", "BACH", "one after another", THIRTY_TIMES)
    else:
        yield figures.row("our request class, as the connector uses it", "/s", "raw bot", "bare aiohttp", HALF)
        yield figures.row("our request class, Bot.send_message", "/s", "PTB", "Bot.send_message on httpx")


def _to_the_most(reached: float, name: str, most: float, aim: Aim | None = None) -> Row:
    return Row(name=name, unit="/s", ours=reached, other="32 ÷ latency", theirs=most, ratio=reached / most, aim=aim)


def _sides(url: str, latency: float, effort: Effort) -> dict[str, Side]:
    seconds = effort.seconds
    whole = max(3 * seconds, _SECONDS * effort.share)
    each = max(round(whole / latency), effort.of(8)) if latency else round(200 * seconds)
    sides = {"BACH": in_loop(through_bach, url, CHATS, each), "bare aiohttp": in_loop(_bare, url, each)}
    if latency:
        commits = in_loop(_bare_with_commits, url, each)
        return sides | {"with commits": commits, "one after another": in_loop(one_after_another, url, seconds)}
    return sides | {
        "raw bot": in_loop(_raw_bot, url, each),
        "PTB": in_loop(_ptb_with_ours, url, max(each // 2, 1)),
        "Bot.send_message on httpx": in_loop(_ptb_with_httpx, url, max(each // 4, 1)),
    }


async def through_bach(url: str, chats: Sequence[int], each: int) -> float:
    """Messages a second from the first `send` until the last one is finished; all are sent at once."""
    count = each * len(chats)
    finished, all_finished = countdown(count)
    with scratch() as folder:
        async with ClientSession() as session, connected(url, folder, session) as bach:
            await warm(session, url)
            grow_log(folder)
            bach.subscribe(MessageFinished, lambda _: finished())
            start = time.perf_counter()
            await asyncio.gather(*(bach.send(CONNECTION, str(chat), TEXT) for _ in range(each) for chat in chats))
            await all_finished.wait()
            return count / (time.perf_counter() - start)


async def _bare(url: str, each: int) -> float:
    async with ClientSession() as session:
        await warm(session, url)
        return await _lanes(lambda chat: post(session, url, chat), each)


async def _bare_with_commits(url: str, each: int) -> float:
    """As `_bare`; each message is settled and the next claimed before that goes. All are on disk before."""
    count = each * len(CHATS)
    with scratch() as folder:
        with closing(open_raw(folder / "bach.db")) as sqlite:
            fill(sqlite, count, Status.PENDING)
        async with opened(Database(folder / "bach.db")) as store, ClientSession() as session:
            grow_log(folder)
            await warm(session, url)
            queue, waiting = Queue(store, SystemClock(), "bench"), iter(range(1, count + 1))
            under_way: dict[int, Message | None] = {}

            async def step(chat: int) -> None:
                last = under_way.get(chat)
                claimed = await queue.advance(sent(last) if last else None, next(waiting))
                under_way[chat] = claimed.claimed
                await post(session, url, chat)

            return await _lanes(step, each)


async def one_after_another(url: str, seconds: float) -> float:
    """Stored and claimed, sent with bare aiohttp, acknowledged; each with raw sqlite3 and a commit of its own."""
    with scratch() as folder, closing(RawSqlite(folder)) as queue:
        grow_log(folder)
        async with ClientSession() as session:
            await post(session, url, CHATS[0])

            async def step() -> None:
                queue.put()
                queue.claim()
                await post(session, url, CHATS[0])
                queue.acknowledge()

            return await rate_of_callers(step, 1, seconds)


async def _raw_bot(url: str, each: int) -> float:
    async with ClientSession() as session:
        await warm(session, url)
        request = _our_request(session)
        bot = RawBot(url, request=request, polling=request)
        return await _lanes(lambda chat: bot.call("sendMessage", chat_id=chat, text=TEXT), each)


async def _ptb_with_ours(url: str, each: int) -> float:
    async with ClientSession() as session:
        return await _ptb(Bot(TOKEN_PLACEHOLDER, base_url=f"{url}/bot", request=_our_request(session)), each)


def _our_request(session: ClientSession) -> AiohttpRequest:
    timeouts = Timeouts(connect=10, total=20)  # the connector's own
    return AiohttpRequest(
        lambda: session, token=TOKEN, host="loopback", timeouts=timeouts, max_answer=1 << 20, now=time.time
    )


async def _ptb_with_httpx(url: str, each: int) -> float:
    request = HTTPXRequest(connection_pool_size=len(CHATS))
    return await _ptb(Bot(TOKEN, base_url=f"{url}/bot", request=request), each)


async def _ptb(bot: Bot, each: int) -> float:
    await asyncio.gather(*(bot.send_message(chat, TEXT) for chat in CHATS))
    try:
        return await _lanes(lambda chat: bot.send_message(chat, TEXT), each)
    finally:
        await bot.request.shutdown()


async def _lanes(call: Callable[[int], Awaitable[object]], each: int) -> float:
    """Calls a second, for 32 chats that take one message after another."""

    async def lane(chat: int) -> None:
        for _ in range(each):
            await call(chat)

    start = time.perf_counter()
    await asyncio.gather(*map(lane, CHATS))
    return each * len(CHATS) / (time.perf_counter() - start)
