"""`kill -9` in the middle of 1,000 messages: how many are lost, and how many arrive twice.

A process sends one after another and tells which ones `send` has taken, while they are being delivered to a server that
takes 20 ms for each. When that has some hundreds, the process is killed. The database then says how many were in
flight, and a second process delivers what is left. `python -m benchmarks.crash FOLDER URL MESSAGES` is that process.
"""

import asyncio
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from aiohttp import ClientSession

from bach_lib import Status
from benchmarks.floor import CONNECTION
from benchmarks.measuring import Effort, scratch
from benchmarks.table import Aim, Row
from benchmarks.telegram import CHATS, connected, received, server

MESSAGES = 1000
KILL_AT = 400
UNFINISHED = (Status.PENDING, Status.SENDING, Status.FAILED)


def rows(effort: Effort) -> Iterator[Row]:
    """Lost, and repeated beside those in flight."""
    lost, repeated, in_flight = asyncio.run(_crash(effort.of(MESSAGES), effort.of(KILL_AT)))
    yield Row(name="kill -9 in 1,000 messages, lost", unit="", ours=lost, aim=Aim(limit=0))
    yield Row(
        name="kill -9 in 1,000 messages, repeated",
        unit="",
        ours=repeated,
        other="in flight when killed",
        theirs=in_flight,
        aim=Aim(limit=in_flight),
    )


async def _crash(messages: int, kill_at: int) -> tuple[int, int, int]:
    with server(0.02) as url, scratch() as folder:
        async with ClientSession() as session:
            with _start(folder, url, messages) as process:
                await received(session, url, kill_at)
                process.kill()
                taken, _ = process.communicate()
            in_flight = _in_flight(folder / "bach.db")
            with _start(folder, url, 0) as process:
                process.wait()
            arrived = Counter(message.text for message in await received(session, url))
    lost = sum(text not in arrived for text in taken.splitlines())
    return lost, arrived.total() - len(arrived), in_flight


def _start(folder: Path, url: str, messages: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.crash", str(folder), url, str(messages)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _in_flight(path: Path) -> int:
    with closing(sqlite3.connect(path)) as sqlite:
        [(count,)] = sqlite.execute("SELECT count(*) FROM messages WHERE status = 'sending'")
    return int(count)


async def _work(folder: Path, url: str, messages: int) -> None:
    """Send so many messages, and end when nothing waits any more."""
    async with ClientSession() as session, connected(url, folder, session) as bach:
        for number in range(messages):
            await bach.send(CONNECTION, str(CHATS[number % len(CHATS)]), f"message {number}")
            print(f"message {number}", flush=True)
        while waiting := await bach.messages(status=UNFINISHED, limit=500):
            for message in waiting:
                await bach.wait(message.id)


if __name__ == "__main__":
    asyncio.run(_work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
