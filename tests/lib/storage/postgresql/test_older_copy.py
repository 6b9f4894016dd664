"""A database that goes back in time: a backup is put back, or a server takes over that lacks the last commits.

What was sent since is not sent again, and whoever is at work notices by himself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import StorageError, StoreAwayError, StoreLostError, StoreTooNewError, StoreVanishedError
from bach_lib.storage import ServerDatabase, Transaction
from bach_lib.storage.postgresql import known_commits, outage, reconnecting
from bach_lib.testing import FakePlatform, fake_connector
from tests.lib.storage.postgresql.backups import Backups
from tests.lib.storage.postgresql.cutting import Network
from tests.lib.storage.work import add, names
from tests.servers import Server

_CUT_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bach'"
_PUT = (
    "INSERT INTO messages (connection, recipient, status, text, format, silent, priority, delivery, created_at,"
    " max_retries) VALUES ('ada', 'bob', 'pending', '', 'plain', 0, 0, 'at_least_once', 0, 5) RETURNING id"
)


@pytest.fixture
def backups(postgresql: Server) -> Backups:
    """Of the database of the tests."""
    return Backups(postgresql)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What is closed in the end."""
    async with AsyncExitStack() as stack:
        yield stack


async def opened(address: str, stack: AsyncExitStack, note: Path | None = None) -> ServerDatabase:
    """A process's database."""
    store = ServerDatabase(address, runs_file=note)
    await store.open()
    stack.push_async_callback(store.close)
    return store


def held(tx: Transaction) -> list[bool]:
    """Of each message whether it is held."""
    return [bool(row["held"]) for row in tx.ask("SELECT held FROM messages ORDER BY id")]


def put(tx: Transaction) -> None:
    """One more message waits."""
    tx.ask(_PUT)


@pytest.fixture(params=["in place", "connections cut"])
def after(request: pytest.FixtureRequest, postgresql: Server) -> Callable[[], object]:
    """What happens beside: nothing, or all connections break, as when another server takes over."""
    return (lambda: postgresql.ask(_CUT_ALL)) if request.param != "in place" else lambda: None


async def test_what_waited_in_an_older_copy_is_held_once(
    database_address: str,
    backups: Backups,
    stack: AsyncExitStack,
    after: Callable[[], object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was sent since the backup would go out a second time; or what came afterwards would be held as well."""
    one, two = await opened(database_address, stack), await opened(database_address, stack)
    await one.submit(add("ada"))
    await one.submit(put)
    dump = backups.dump()
    await one.submit(add("bob"))
    await two.submit(add("cid"))
    backups.restore(dump)
    after()
    with caplog.at_level(logging.WARNING):
        await one.submit(put)
        await two.submit(put)
    assert await two.read(held) == [True, False, False]
    assert await two.read(names) == ["ada"]
    told = [line for line in caplog.messages if "older copy" in line]
    assert told[0].startswith("1 messages that waited")
    assert [line.split()[0] for line in told] == ["1", "0"]
    await one.submit(lambda tx: tx.ask("UPDATE messages SET held = 0 RETURNING id"))
    backups.restore(dump)
    await two.submit(names)
    await two.submit(put)
    assert await two.read(held) == [True, False], "it was put back once more"


async def test_nothing_is_sent_again_and_all_goes_on(
    database_address: str, backups: Backups, stack: AsyncExitStack
) -> None:
    """Everybody would get a second time what waited at the time of the backup, in the middle of the work."""
    platform = FakePlatform()
    platform.hold = asyncio.Event()
    connectors = {"fake": fake_connector(platform)}
    bach = await stack.enter_async_context(Bach(database_address, connectors=connectors, grace=0.0))
    await bach.registry.add(Connection(name="home", type="fake"))
    first = [await bach.send("home", who, "before") for who in ("ada", "bob")]
    dump = backups.dump()
    platform.hold.set()
    platform.hold = None
    for receipt in first:
        assert (await bach.wait(receipt.id, 60)).status is Status.SENT
    backups.restore(dump)
    async with asyncio.timeout(60):
        while (await bach.queue_status())["home"].held != 2:
            pass  # each question goes to the server and back
        later = await bach.send("home", "cid", "after")
        assert (await bach.wait(later.id, 60)).status is Status.SENT
        assert later.id > 1_000_000, "a platform that knows nonces would take it for one that was sent since"
        assert sorted(message.text for message in platform.sent) == ["after", "before", "before"]
        await bach.release()
        for receipt in first:
            assert (await bach.wait(receipt.id, 60)).status is Status.SENT


async def put_when_it_answers(store: ServerDatabase) -> None:
    """A busy server may take longer to answer than a request waits."""
    async with asyncio.timeout(60):
        while True:
            with suppress(StoreAwayError):
                await store.submit(put)
                return


async def test_tables_that_were_dropped_are_not_made_anew(
    database_address: str, backups: Backups, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty database would hide that all messages are gone, and stand in the way of the backup."""
    monkeypatch.setattr(outage, "PATIENCE", 0.2)
    monkeypatch.setattr(reconnecting, "_OFTEN", 0.05)
    store = await opened(database_address, stack)
    told: asyncio.Queue[StorageError | None] = asyncio.Queue()
    store.watch(told.put_nowait)
    await store.submit(add("ada"))
    await store.submit(put)
    dump = backups.dump()
    await store.submit(put)
    backups.drop()
    async with asyncio.timeout(60):
        with pytest.raises(StoreVanishedError, match="Put a backup of it back"):
            await put_when_it_answers(store)
        while not isinstance(await told.get(), StoreVanishedError):
            pass  # before that it may have been away
        assert not postgres_has_schema(backups)
        backups.restore(dump)
        while await told.get() is not None:
            pass  # meanwhile half of the tables are there
        assert await store.submit(held) == [True]


@pytest.mark.usefixtures("database_address")
async def test_another_reason_is_told_as_well(
    postgresql: Server, backups: Backups, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Health would say that the server is away when it has answered long ago, and nobody would put a backup back."""
    monkeypatch.setattr(outage, "PATIENCE", 0.2)
    monkeypatch.setattr(reconnecting, "_OFTEN", 0.05)
    network = Network(postgresql.port)
    stack.callback(network.close)
    store = await opened(network.address("empty"), stack)
    told: asyncio.Queue[StorageError | None] = asyncio.Queue()
    store.watch(told.put_nowait)
    network.is_down = True
    network.cut()
    async with asyncio.timeout(60):
        with pytest.raises(StoreAwayError):
            await store.submit(put)
        assert isinstance(await told.get(), StoreAwayError)
        backups.drop()
        network.is_down = False
        assert isinstance(await told.get(), StoreVanishedError)


def postgres_has_schema(backups: Backups) -> bool:
    """Whether somebody made it."""
    return bool(backups._server.ask("SELECT 1 FROM pg_namespace WHERE nspname = 'bach'", "empty"))


async def test_another_database_in_its_place_is_not_worked_on(
    database_address: str, backups: Backups, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in mind of one house would be written into the database of another."""
    monkeypatch.setattr(outage, "PATIENCE", 0.2)
    store = await opened(database_address, stack)
    dump = backups.dump()
    [(instance,)] = backups._server.ask("SELECT value FROM bach.meta WHERE key = 'instance'", "empty")
    backups.restore(dump.replace(str(instance), "0" * 16))
    backups._server.ask("DELETE FROM bach.commits", "empty")
    with pytest.raises(StoreLostError, match="another database"):
        await put_when_it_answers(store)


async def test_a_newer_layout_is_said_when_it_has_to_connect_anew(
    database_address: str, postgresql: Server, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old BACH would write what the new one cannot read, or say that the disk is full."""
    monkeypatch.setattr(outage, "PATIENCE", 0.2)
    store = await opened(database_address, stack)
    postgresql.ask("UPDATE bach.meta SET value = '999' WHERE key = 'layout'", "empty")
    postgresql.ask("ALTER TABLE bach.commits RENAME COLUMN number TO counted", "empty")
    with pytest.raises(StoreTooNewError, match="999"):
        await put_when_it_answers(store)
    postgresql.ask("ALTER TABLE bach.commits RENAME COLUMN counted TO number", "empty")
    postgresql.ask("UPDATE bach.meta SET value = '2' WHERE key = 'layout'", "empty")


async def test_an_older_copy_is_told_at_the_next_start(database_address: str, backups: Backups, tmp_path: Path) -> None:
    """What was sent since the backup would go out a second time; or at each start what was released is held anew."""
    note = tmp_path / "note"
    async with AsyncExitStack() as stack:
        store = await opened(database_address, stack, note)
        await store.submit(add("ada"))
        await store.submit(put)
        dump = backups.dump()
        await store.submit(add("bob"))
    async with AsyncExitStack() as stack:
        assert await (await opened(database_address, stack, note)).read(held) == [False], "nothing was put back"
    backups.restore(dump)
    async with AsyncExitStack() as stack:
        assert await (await opened(database_address, stack, tmp_path / "elsewhere")).read(held) == [False]
    async with AsyncExitStack() as stack:
        store = await opened(database_address, stack, note)
        assert await store.read(held) == [True]
        await store.submit(lambda tx: tx.ask("UPDATE messages SET held = 0 RETURNING id"))
    async with AsyncExitStack() as stack:
        assert await (await opened(database_address, stack, note)).read(held) == [False]
    backups.drop()
    with pytest.raises(StoreVanishedError, match=r"remove .*note and start BACH anew"):
        await ServerDatabase(database_address, runs_file=note).open()
    note.unlink()
    async with AsyncExitStack() as stack:
        assert await (await opened(database_address, stack, note)).read(names) == []


def test_a_note_of_long_ago_says_nothing(tmp_path: Path) -> None:
    """Rows of processes that have gone are forgotten, so who comes after a month would find everything held."""
    note = known_commits.Note(tmp_path / "note")
    commits = known_commits.Commits(instance="ours", done=3)
    note.write(commits, 1e9, at_once=True)
    assert note.read(1e9 + 86_400) == known_commits.Noted("ours", commits.session, 3, 0)
    assert note.read(1e9 + 25 * 86_400) is None
    assert known_commits.Note(None).read(1e9) is None
    note.write(known_commits.Commits(instance="theirs"), 2e9, at_once=True)
    assert note.read(1e9) is not None, "who has written nothing notes nothing"
