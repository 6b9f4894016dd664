"""Removing a connection with all it had: in portions, and whole whatever comes between."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import override

import pytest

from bach_lib import Bach, Connection
from bach_lib.errors import StoreFailedError, UnknownMessageError
from bach_lib.storage import Database, MemoryDatabase, Transaction, Value, portions, removal
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

MANY = 30


class Disk(MemoryDatabase):
    """Outlives a BACH, counts what each transaction deletes, and can become full or be cut off."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[int] = []
        self.left: int | None = None
        self.is_open = False

    @override
    async def open(self) -> None:
        if not self.is_open:
            await super().open()
        self.is_open = True

    @override
    async def close(self) -> None:
        """Keep what is there."""

    @override
    def submit[T](
        self, work: Callable[[Transaction], T], *, writes: bool = True, ends: bool = False, as_owner: bool = False
    ) -> asyncio.Future[T]:
        def watched(tx: Transaction) -> T:
            def changes() -> int:
                return len(tx.rows("messages_of", name="home", after=0, limit=1000))

            before = changes()
            found = work(tx)
            if (gone := before - changes()) > 0:
                if self.left is not None and self.left <= 0:
                    raise StoreFailedError(path="bach.db", reason="database or disk is full")
                self.left = None if self.left is None else self.left - 1
                self.deleted.append(gone)
            return found

        return super().submit(watched, writes=writes, ends=ends, as_owner=as_owner)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portions of at most four rows, and lookups of ten."""
    monkeypatch.setattr(portions, "_FIRST", 4)
    monkeypatch.setattr(portions, "_LARGEST", 4)
    monkeypatch.setattr(portions, "_SHARE", 10)
    monkeypatch.setattr(removal, "_SHARE", 10)


@pytest.fixture
async def disk() -> AsyncIterator[Disk]:
    """What outlives a process."""
    disk = Disk()
    yield disk
    await MemoryDatabase.close(disk)


def bach_on(disk: Disk | Database, clock: FakeClock) -> Bach:
    """A process."""
    return Bach(disk, clock=clock, connectors={"fake": fake_connector(FakePlatform(), receives=True)}, autostart=False)


@pytest.fixture
async def bach(disk: Disk, clock: FakeClock) -> AsyncIterator[Bach]:
    """Two connections with messages."""
    async with bach_on(disk, clock) as bach:
        await fill(bach)
        yield bach


async def fill(bach: Bach) -> None:
    """Two connections, and messages of both."""
    for name in ("home", "work"):
        await bach.registry.add(Connection(name=name, type="fake"))
    for number in range(MANY):
        await bach.send("home", "ada", f"text {number}")
    await bach.send("work", "bob", "text")


async def names_left(bach: Bach) -> set[str]:
    """The connections of all messages."""
    return {message.connection for message in await bach.messages(limit=500)}


async def test_it_goes_in_portions(bach: Bach, disk: Disk) -> None:
    """Whoever sends through another connection would wait for all of them."""
    await bach.registry.remove("home")
    assert sum(disk.deleted) == MANY
    assert max(disk.deleted) <= 4
    assert await names_left(bach) == {"work"}


async def test_others_send_between_two_portions(tmp_path: Path, clock: FakeClock) -> None:
    """The alarm would come when the last message of a year has been deleted."""
    async with bach_on(Database(tmp_path / "bach.db"), clock) as bach:
        await fill(bach)
        removing = asyncio.create_task(bach.registry.remove("home"))
        sent = []
        while not removing.done():
            sent.append(await bach.send("work", "bob", "text"))
        assert len(sent) > 1
        assert await names_left(bach) == {"work"}


async def test_what_a_crash_left_goes_at_the_next_start(bach: Bach, disk: Disk, clock: FakeClock) -> None:
    """Half of an account's messages would stay for ever, and nobody could remove them any more."""
    disk.left = 2
    await bach.registry.remove("home")
    assert [row.name for row in bach.registry.list()] == ["work"]
    assert await names_left(bach) == {"home", "work"}
    disk.left = None
    async with bach_on(disk, clock) as again:
        assert [row.name for row in again.registry.list()] == ["work"]
        await clock.settle()
        assert await names_left(again) == {"work"}
    assert not [row for row in await disk.submit(lambda tx: tx.rows("all_meta")) if "home" in str(row["key"])]


async def test_a_full_disk_in_between_is_made_up_for(
    bach: Bach, disk: Disk, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever removes a connection because the disk is full would have to do it again, and could not."""
    disk.left = 2
    await bach.registry.remove("home")
    assert "home, which is removed, will be deleted later" in caplog.text
    disk.left = None
    await clock.advance(7 * 3600)
    assert await names_left(bach) == {"work"}


async def test_a_new_connection_of_the_name_gets_nothing_of_the_old_one(bach: Bach, disk: Disk) -> None:
    """Messages of a removed account would be sent through another one."""
    disk.left = 2
    await bach.registry.remove("home")
    with pytest.raises(StoreFailedError):
        await bach.registry.add(Connection(name="home", type="fake"))
    disk.left = None
    await bach.registry.add(Connection(name="home", type="fake"))
    assert await names_left(bach) == {"work"}
    receipt = await bach.send("home", "ada", "text")
    assert (await bach.get(receipt.id)).text == "text"


async def test_nobody_waits_for_a_message_that_goes(bach: Bach) -> None:
    """An automation that waits for its message would wait for ever."""
    receipt = await bach.send("home", "ada", "text")
    waiting = asyncio.create_task(bach.wait(receipt.id))
    await asyncio.sleep(0)
    await bach.registry.remove("home")
    with pytest.raises(UnknownMessageError):
        await waiting


async def test_what_was_thrown_away_and_set_aside_goes_too(bach: Bach, disk: Disk) -> None:
    """A new account of the name would take in nothing that has the number of an old message."""

    def throw_away(tx: Transaction) -> None:
        for number in range(10):
            values: dict[str, Value] = {
                "connection": "home",
                "remote_id": str(number),
                "recipient": "ada",
                "sender_id": "ada",
            }
            rest: dict[str, Value] = {
                "sender_name": "",
                "kind": "text",
                "text": "",
                "content": "{}",
                "metadata": "{}",
                "size": 1,
            }
            times: dict[str, Value] = dict.fromkeys(("reply_to", "message_id", "sent_at", "age"))
            row = tx.row("add_incoming", **values, **rest, **times, received_at=1.0)
            assert row
            tx.run("throw_away", ids=json.dumps([row["id"]]), now=1.0)
        tx.run("add_unreadable", connection="home", raw="?", reason="?", received_at=1.0)

    await disk.submit(throw_away)
    await bach.registry.remove("home")
    assert await bach.count_inbox() == 0
    await bach.registry.add(Connection(name="home", type="fake"))
    await disk.submit(throw_away)
    assert await bach.count_inbox() == 10
