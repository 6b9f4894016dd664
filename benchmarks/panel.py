"""What the panel costs: until something is seen, a page of a long list, and what many open pages take from the daemon.

The daemon's page over loopback, with its socket: the same application as `bach serve`. Pages of lists are asked for as
the app asks. Open pages run in a process of their own (`python -m benchmarks.panel ADDRESS PAGES`), which does what the
app does about changes, without a browser; so what is measured is BACH's part.
"""

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

from aiohttp import ClientSession, ClientWebSocketResponse, web

from bach_lib import Bach, Connection, Status
from bach_lib.rest import make_application
from bach_lib.web.page import Page
from benchmarks import panel_at_home
from benchmarks.cluster.worker import CONNECTORS, Plain
from benchmarks.floor import CONNECTION, fill, open_raw
from benchmarks.measuring import Effort, scratch
from benchmarks.table import Aim, Row

TOKEN = "only-for-this-measurement"  # noqa: S105 - of a daemon that is gone with it
_WAITING = 100_000
_PAGES = 20
_RATE = 10
"""Messages a second."""
_PAUSE = 1.0
"""Seconds between two questions of a page while things go on changing (`frontend/src/live.ts`)."""
_LOOK = 0.5
"""Seconds between two looks at what this process does."""
_ROW = "bach-waiting tbody tr"
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def rows(effort: Effort) -> Iterator[Row]:
    """All of them, over one database."""
    with scratch() as folder:
        path = folder / "bach.db"
        asyncio.run(_make(path))
        waiting = effort.of(_WAITING)
        with closing(open_raw(path)) as sqlite:
            _fill(sqlite, waiting)
        yield from asyncio.run(_lists(path, waiting, effort))
        yield asyncio.run(_open_pages(path, folder, effort))
        yield from asyncio.run(_paint(path, effort))
    yield from panel_at_home.rows(effort)


async def _make(path: Path) -> None:
    async with Bach(path, connectors=CONNECTORS, autostart=False) as bach:
        await bach.registry.add(Connection(name=CONNECTION, type="plain", is_active=False))
        await bach.registry.add(Connection(name="busy", type="plain"))


def _fill(sqlite: sqlite3.Connection, waiting: int) -> None:
    """As many were sent, so that a conversation is as long as the list."""
    fill(sqlite, waiting, Status.PENDING)
    fill(sqlite, waiting, Status.SENT)


@asynccontextmanager
async def _served(bach: Bach) -> AsyncIterator[str]:
    """The daemon's page; its address."""
    page = Page(bach, token=TOKEN)
    application = make_application(bach, token=TOKEN, pages=page.routes)
    application.on_shutdown.append(page.close)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await (site := web.TCPSite(runner, "127.0.0.1", 0)).start()
    try:
        yield f"{runner.addresses[0][0]}:{runner.addresses[0][1]}"
    finally:
        await site.stop()
        await runner.cleanup()


async def _quiet() -> None:
    """Wait until all that waits is known, as in a daemon that has run for a while."""
    while True:
        busy = time.process_time()
        await asyncio.sleep(_LOOK)
        if time.process_time() - busy < _LOOK / 20:
            return


@dataclass
class _Open:
    """One page that is open, as the server sees it."""

    socket: ClientWebSocketResponse
    number: Iterator[int]

    async def ask(self, command: str, **values: object) -> Mapping[str, object]:
        """Ask, and pass over what is told meanwhile."""
        number = next(self.number)
        await self.socket.send_json({"id": number, "type": f"bach/panel/{command}", **values})
        while (frame := await self.socket.receive_json())["type"] == "event":
            pass
        if not frame["success"]:
            raise RuntimeError(frame["error"])
        return frame["result"] or {}


@asynccontextmanager
async def _logged_in(address: str, pages: int) -> AsyncIterator[list[_Open]]:
    async with ClientSession(f"http://{address}", headers={"Origin": f"http://{address}"}) as browser:
        async with browser.post("/login", json={"token": TOKEN}) as answer:
            answer.raise_for_status()
            cookie = {"Cookie": "; ".join(f"{name}={one.value}" for name, one in answer.cookies.items())}
        sockets = [await browser.ws_connect("/ws", headers=cookie) for _ in range(pages)]
        yield [_Open(socket, count(1)) for socket in sockets]


async def _lists(path: Path, waiting: int, effort: Effort) -> Sequence[Row]:
    here = {"connection": CONNECTION, "recipient": "42"}
    questions: Mapping[str, tuple[str, Mapping[str, object]]] = {
        "waiting, the newest": ("waiting", {}),
        "waiting, in the middle": ("waiting", {"before": waiting // 2}),
        "a conversation, the newest": ("conversation", here),
        "a conversation, in the middle": ("conversation", {**here, "before_out": waiting}),
        "people and places": ("conversations", {}),
    }
    async with (
        Bach(path, connectors=CONNECTORS, autostart=False) as bach,
        _served(bach) as address,
        _logged_in(address, 1) as [page],
    ):
        await _quiet()
        found = list[Row]()
        for name, (command, values) in questions.items():
            times = list[float]()
            for _ in range(max(3, effort.samples // 10)):
                start = time.perf_counter()
                await page.ask(command, **values)
                times.append((time.perf_counter() - start) * 1000)
            found.append(Row(name=f"page of {waiting:,}: {name}", unit="ms", ours=median(times), aim=Aim(limit=50)))
        return found


async def _open_pages(path: Path, folder: Path, effort: Effort) -> Row:
    """How much of a processor goes to pages that are open, beside the same messages without any."""
    Plain.file = os.open(folder / "this.sent", os.O_CREAT | os.O_WRONLY)
    seconds = max(1.0, effort.seconds * 40)
    try:
        async with Bach(path, connectors=CONNECTORS) as bach, _served(bach) as address:
            await _quiet()
            alone = await _busy(bach, seconds)
            arguments = (sys.executable, "-m", "benchmarks.panel", address, str(_PAGES))
            pages = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
            try:
                if not pages.stdout or await pages.stdout.readline() != b"ready\n":
                    raise RuntimeError("no page could be opened")
                watched = await _busy(bach, seconds)
            finally:
                pages.kill()
                await pages.wait()
    finally:
        os.close(Plain.file)
    name = f"{_PAGES} open pages, {_RATE} messages a second: of a processor"
    aim = Aim(limit=5)
    return Row(name=name, unit="%", ours=watched - alone, other="all of it without pages", theirs=alone, aim=aim)


async def _busy(bach: Bach, seconds: float) -> float:
    """Percent of a processor while messages pass."""
    busy, start = time.process_time(), time.perf_counter()
    for number in range(round(seconds * _RATE)):
        await bach.send("busy", "ada", f"{number}")
        await asyncio.sleep(max(0.0, start + (number + 1) / _RATE - time.perf_counter()))
    return 100 * (time.process_time() - busy) / (time.perf_counter() - start)


async def _paint(path: Path, effort: Effort) -> Sequence[Row]:
    """From the click until the first words, and until the list is there; nothing cached."""
    names = ("page: first paint", "page: first row of the list")
    if not panel_at_home.BROWSER.exists():
        return [Row(name=name, unit="ms", ours=None, note="not measured: script/setup --browser") for name in names]
    from playwright.async_api import async_playwright  # noqa: PLC0415 - not everybody has it

    painted, listed = list[float](), list[float]()
    async with (
        Bach(path, connectors=CONNECTORS, autostart=False) as bach,
        _served(bach) as address,
        async_playwright() as playwright,
    ):
        await _quiet()
        browser = await playwright.chromium.launch(executable_path=panel_at_home.BROWSER.read_text("utf-8").strip())
        for _ in range(max(3, effort.samples // 50)):
            context = await browser.new_context(base_url=f"http://{address}")
            await context.request.post("/login", data={"token": TOKEN})
            tab = await context.new_page()
            await tab.goto("/")
            await tab.locator(_ROW).first.wait_for()
            listed.append(await tab.evaluate("performance.now()"))
            painted.append(await tab.evaluate(_PAINTED))
            await context.close()
        await browser.close()
    limits = (Aim(limit=300), None)
    return [
        Row(name=name, unit="ms", ours=median(times), aim=aim)
        for name, times, aim in zip(names, (painted, listed), limits, strict=True)
    ]


async def _watch(page: _Open) -> None:
    """As a page does: show what waits, and ask anew when something changed, at most once a second."""
    await page.ask("watch")
    while True:
        await page.ask("waiting")
        await asyncio.sleep(_PAUSE)
        while json.loads((await page.socket.receive()).data)["type"] != "event":
            pass


async def _main(address: str, pages: int) -> None:
    async with _logged_in(address, pages) as opened:
        watching = [asyncio.create_task(_watch(page)) for page in opened]
        await asyncio.sleep(_PAUSE)
        print("ready", flush=True)
        await asyncio.gather(*watching)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
