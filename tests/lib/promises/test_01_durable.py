"""Promise 1: `send` returns after the commit; whatever kills the process, nothing handed over is lost."""

import asyncio
import json
import signal
import sqlite3
import sys
from pathlib import Path

from bach_lib import Bach, Connection
from bach_lib.models import Status
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform, fake_connector
from tests.lib.promises.conftest import OpenBach

SENDER = Path(__file__).with_name("sender.py")


async def send_until_killed(database: Path, journal: Path, kill_after: int) -> list[int]:
    """Run a process that sends as fast as it can, kill it in the middle, return the ids it had been given."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SENDER), str(database), str(journal), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    acknowledged: list[int] = []
    while len(acknowledged) < kill_after:
        acknowledged.append(int(await process.stdout.readline()))
    process.send_signal(signal.SIGKILL)
    acknowledged.extend(
        int(line) for line in (await process.stdout.read()).splitlines(keepends=True) if line.endswith(b"\n")
    )
    await process.wait()
    return acknowledged


async def test_no_acknowledged_message_is_lost_by_kill_9(tmp_path: Path) -> None:
    """A power cut would swallow an alarm that the automation believes is on its way."""
    database, journal = tmp_path / "bach.db", tmp_path / "delivered"
    acknowledged = await send_until_killed(database, journal, kill_after=100)
    platform = FakePlatform()
    async with Bach(database, connectors={"fake": fake_connector(platform)}) as bach:
        last = await asyncio.gather(*(bach.wait(message_id, timeout=60) for message_id in acknowledged))
        for message in await bach.messages(limit=500):  # some were on disk, and nobody had been told yet
            await bach.wait(message.id, timeout=60)
    assert {message.status for message in last} == {Status.SENT}
    assert not [message for message in last if message.lost], "a picture did not outlive it"
    assert not [one for one in database.with_name("bach.db-files").rglob("*") if one.is_file()], "something was left"
    before = [json.loads(line) for line in journal.read_text().splitlines()]
    assert -1 not in before, "a picture was lost before the end"
    delivered = before + [message.id for message in platform.sent]
    assert set(acknowledged) <= set(delivered)
    repeated = len(delivered) - len(set(delivered))
    assert repeated <= 32, "more was repeated than can have been in flight"


async def test_send_returns_only_after_the_commit(tmp_path: Path) -> None:
    """The caller would hold an id that no disk knows."""
    database = tmp_path / "bach.db"
    async with Bach(database, connectors={"fake": fake_connector(FakePlatform())}) as bach:
        await bach.registry.add(Connection(name="home", type="fake", is_active=False))
        receipt = await bach.send("home", "42", "text")
        with sqlite3.connect(database) as other:  # another connection sees committed data only
            rows = other.execute("SELECT id, status FROM messages").fetchall()
        other.close()
    assert rows == [(receipt.id, "pending")]


async def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    """With a weaker setting SQLite may lose the last commits in a power cut."""
    async with Bach(tmp_path / "bach.db") as bach:
        store = bach._base.store
        mode = await store.submit(
            lambda tx: tx._connection.execute("PRAGMA journal_mode").fetchall()[0]["journal_mode"]
        )
        level = await store.submit(lambda tx: tx._connection.execute("PRAGMA synchronous").fetchall()[0]["synchronous"])
    assert (mode, level) == ("wal", 2)


async def test_a_cancelled_caller_does_not_take_its_message_back(
    open_bach: OpenBach, platform: FakePlatform, clock: FakeClock
) -> None:
    """An automation stopped while it sends would leave a message that is on disk and that nobody delivers."""
    async with open_bach() as bach:
        sending = asyncio.create_task(bach.send("home", "42", "text"))
        await asyncio.sleep(0)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await clock.settle()  # a database with a thread of its own knows it by then
        async with asyncio.timeout(60):
            message = await bach.wait(1)
        assert message.status is Status.SENT
        assert len(platform.sent) == 1
