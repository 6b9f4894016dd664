"""A database on a server: what is stored is stored once, whatever becomes of the connection; what is not is said."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from bach_lib.clock import SystemClock
from bach_lib.errors import (
    BackupElsewhereError,
    InvalidValueError,
    StorageError,
    StoreAwayError,
    StoreFailedError,
    StoreUnknownError,
)
from bach_lib.storage import CommonClock, ServerDatabase, Transaction
from bach_lib.storage.postgresql import outage, reconnecting, server_database
from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.driver import Wire
from bach_lib.storage.postgresql.server_errors import ConnectionGoneError
from bach_lib.storage.request import Single
from tests.lib.storage.postgresql.cutting import Network
from tests.lib.storage.work import add, fail, names
from tests.servers import Server

_CUT_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bach'"


@pytest.fixture
async def store(database_address: str) -> AsyncIterator[ServerDatabase]:
    """An open database with one row."""
    store = ServerDatabase(database_address)
    await store.open()
    await store.submit(add("ada"))
    yield store
    await store.close()


@pytest.fixture
def network(postgresql: Server) -> Iterator[Network]:
    """The way to the server, which can be cut."""
    network = Network(postgresql.port)
    yield network
    network.close()


@pytest.fixture
async def far_store(network: Network, postgresql: Server) -> AsyncIterator[ServerDatabase]:
    """The same behind that network."""
    store = ServerDatabase(network.address(postgresql.empty_database()))
    await store.open()
    await store.submit(add("ada"))
    yield store
    network.is_down = False
    await store.close()


def put(text: str) -> Single[Transaction, int]:
    """Work that is one statement and adds a row with an id of its own."""
    values = ("home", text, "", 0.0)
    return Single(lambda tx: tx.insert("add_unreadable", values))


def texts(tx: Transaction) -> list[str]:
    """What `put` has added, the newest first."""
    return [str(row["raw"]) for row in tx.rows("list_unreadable", connection="home")]


# -- the connection breaks -------------------------------------------------------------------------------------------


def ask_last(wire: Wire) -> object:
    """One statement, which is the last of its transaction."""
    wire.end_with_next()
    return wire.execute("SELECT 1")


TRIPS: dict[str, Callable[[Wire], object]] = {
    "execute": lambda wire: wire.execute("SELECT 1"),
    "executemany": lambda wire: wire.executemany("SELECT ?1", [("one",), ("two",)]),
    "commit": lambda wire: wire.commit(),
    "last": ask_last,
}


@pytest.mark.parametrize("how", TRIPS)
def test_a_server_that_goes_away_in_the_middle_is_told_of_once(
    database_address: str, postgresql: Server, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """The log would warn of a "Pipeline" that was "terminated", of which nobody can do anything; the health says it."""
    wire = Wire(Address(database_address))
    wire.script("BEGIN")
    postgresql.ask(_CUT_ALL)
    long = "x" * 3_000_000  # more than goes into the connection before anybody notices
    for _ in range(5):
        wire.later("SELECT ?1", (long,))
    with pytest.raises(ConnectionGoneError) as caught:
        TRIPS[how](wire)
    assert caught.value.in_doubt is (how in {"commit", "last"})
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []
    wire.close()


async def test_a_connection_that_was_ended_comes_back_by_itself(store: ServerDatabase, postgresql: Server) -> None:
    """A server that is started again would stop every home that it serves."""
    postgresql.ask(_CUT_ALL)
    assert await store.submit(add("bob")) == 2
    assert await store.read(names) == ["ada", "bob"]
    postgresql.ask(_CUT_ALL)
    assert await store.read(names) == ["ada", "bob"]


@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("where", ["cut_before", "cut_after"])
async def test_a_commit_that_breaks_off_is_done_once(
    far_store: ServerDatabase, network: Network, where: str, count: int
) -> None:
    """A message would be lost that somebody was promised, or be there twice."""
    setattr(network, where, 1)
    ids = await asyncio.gather(*(far_store.submit(put(f"{number}")) for number in range(count)))
    assert getattr(network, where) == 0
    assert await far_store.read(texts) == [f"{number}" for number in reversed(range(count))]
    assert len(set(ids)) == count
    assert await far_store.submit(add("bob")) == 2


async def test_what_is_found_out_of_a_commit_is_told_in_order(far_store: ServerDatabase, network: Network) -> None:
    """What was asked later would be done before what is tried again."""
    for where in ("cut_before", "cut_after"):
        setattr(network, where, 2)
        work = [add(f"{where} {number}") for number in range(3)]
        found = [await far_store.submit(one) for one in work[:1]] + list(
            await asyncio.gather(*map(far_store.submit, work[1:]))
        )
        assert found == [found[0], found[0] + 1, found[0] + 2]


async def test_a_bad_request_fails_alone_when_the_connection_breaks_as_well(
    far_store: ServerDatabase, network: Network
) -> None:
    """One mistake beside a broken network would take the others with it."""
    network.cut_before = network.cut_after = 1
    good, bad, last = far_store.submit(add("bob")), far_store.submit(fail), far_store.submit(add("cid"))
    assert await good == 2
    with pytest.raises(StoreFailedError):
        await bad
    assert await last == 3


async def test_whoever_asks_while_the_server_is_away_is_told_so_and_it_goes_on_later(
    far_store: ServerDatabase, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would wait for ever, or BACH would have to be started again after each outage."""
    monkeypatch.setattr(outage, "PATIENCE", 0.2)
    monkeypatch.setattr(reconnecting, "_OFTEN", 0.05)
    told: asyncio.Queue[StorageError | None] = asyncio.Queue()
    far_store.watch(told.put_nowait)
    network.is_down = True
    network.cut()
    with pytest.raises(StoreAwayError, match="does not answer"):
        await far_store.submit(add("bob"))
    assert isinstance(await told.get(), StoreAwayError)
    network.is_down = False
    async with asyncio.timeout(60):
        assert await told.get() is None
        assert await far_store.submit(add("bob")) == 2


async def test_what_nobody_can_find_out_is_said_and_never_called_a_failure(
    far_store: ServerDatabase, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was told that it failed would ask again, and the message would come twice."""
    monkeypatch.setattr(reconnecting, "DOUBT", 0.2)
    network.cut_after = 1
    network.is_down = True
    with pytest.raises(StoreUnknownError, match="not known"):
        await far_store.submit(add("bob"))
    network.is_down = False
    assert await far_store.submit(names) == ["ada", "bob"]


async def test_too_many_who_wait_are_told_at_once(store: ServerDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has become slow would fill the memory of this machine."""
    monkeypatch.setattr(server_database, "_MOST", 3)
    asked = [store.submit(add(f"{number}")) for number in range(10)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in answers] == [int] * 3 + [StoreAwayError] * 7
    assert await store.submit(add("later")) == 5


async def test_a_server_that_is_started_again_loses_nothing(database_address: str, postgresql: Server) -> None:
    """What was promised would be gone after a crash of the server."""
    store = ServerDatabase(database_address)
    await store.open()
    await asyncio.gather(*(store.submit(put(f"{number}")) for number in range(20)))
    asked = [asyncio.ensure_future(store.submit(put(f"{number}"))) for number in range(20, 40)]
    postgresql.stop(signal.SIGQUIT)
    postgresql.start()  # here: it ends with the thread that started it
    await asyncio.gather(*asked)
    assert sorted(map(int, await store.read(texts))) == list(range(40))
    await store.close()


# -- several at once -------------------------------------------------------------------------------------------------


async def test_what_somebody_else_changes_meanwhile_is_not_overwritten(
    store: ServerDatabase, postgresql: Server
) -> None:
    """A message that was claimed would be cancelled, and go out all the same."""
    seen: list[int] = []

    def twice(tx: Transaction) -> str:
        before = tx.row("get_cursor", name="ada")
        seen.append(1)
        if len(seen) == 1:
            postgresql.ask("UPDATE bach.connections SET receive_cursor = 'theirs'", "empty")
        tx.run("save_cursor", name="ada", cursor="ours", blocked=0, polled_at=None)
        return str(before and before["receive_cursor"])

    assert await store.submit(twice) == "theirs"
    assert len(seen) == 2


# -- what goes in comes out ------------------------------------------------------------------------------------------


async def test_ids_are_given_in_turn_and_none_is_left_out(store: ServerDatabase) -> None:
    """People would look for the messages in between."""
    many = await asyncio.gather(*(store.submit(put(f"{number}")) for number in range(300)))
    assert many == list(range(1, 301))
    await asyncio.gather(*(store.submit(put("x")) for _ in range(2)), store.submit(fail), return_exceptions=True)
    assert await store.submit(put("last")) > 302


async def test_texts_that_no_database_can_hold_do_no_harm(store: ServerDatabase) -> None:
    """One broken character would stop everybody's messages, or make a message that cannot be sent."""
    assert await store.submit(put("a\0b")) == 1
    assert await store.read(texts) == ["a\ufffdb"]
    with pytest.raises(InvalidValueError):
        await store.submit(put("\ud800"))
    with pytest.raises(InvalidValueError):
        await store.submit(lambda tx: tx.run("keep_progress", id=2**70, progress=""))
    assert await store.submit(put("😀 ü \\ ' \" $1 ?1 %s :x")) > 1
    assert (await store.read(texts))[0] == "😀 ü \\ ' \" $1 ?1 %s :x"


async def test_a_lookup_cannot_write(store: ServerDatabase) -> None:
    """What only reads could change a message behind everybody's back."""
    with pytest.raises(StorageError):
        await store.read(lambda tx: tx.run("delete_meta", key="instance"))
    assert await store.submit(lambda tx: tx.row("instance")) is not None


async def test_it_writes_no_file(store: ServerDatabase, tmp_path: object) -> None:
    """Somebody would believe to have a backup."""
    with pytest.raises(BackupElsewhereError, match="pg_dump"):
        await store.backup(tmp_path / "copy")  # type: ignore[operator]
    await store.stand_still()
    await store.move_on()


async def test_its_time_is_that_of_all(database_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two machines that share it, the one whose clock is wrong would end what the other has stored."""
    store = ServerDatabase(database_address)
    clock, right = CommonClock(store), time.time
    assert store.ahead is None
    assert abs(clock.now() - right()) < 600
    await store.open()
    monkeypatch.setattr(time, "time", lambda: right() - 7200)
    assert abs(clock.now() - right()) < 600
    await store.close()


async def test_its_time_is_asked_for_also_where_somebody_always_writes(
    store: ServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No two clocks run alike: after a month of work, what waits would end by a time that is nobody's."""
    monkeypatch.setattr(reconnecting, "_SELDOM", -1.0)
    store._time.ahead = 0.0
    await store.submit(lambda tx: tx.row("instance"))
    await store.submit(lambda tx: tx.row("instance"))  # in turn: the first has been looked after
    assert store.ahead is not None
    assert abs(SystemClock().monotonic() + store.ahead - time.time()) < 600


async def test_it_says_nothing_while_all_is_well(database_address: str, caplog: pytest.LogCaptureFixture) -> None:
    """Every start would leave a line that nobody needs."""
    with caplog.at_level(logging.INFO):
        store = ServerDatabase(database_address)
        await store.open()
        await store.close()
    assert caplog.messages == []
