"""A server that says nothing, from the beginning or in the middle: whoever asks it is told so, and nothing is in doubt.

Here it is silent for good, and only the seconds after which BACH looks are fewer: what waits without end does not pass.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace

import pytest

from bach_lib.errors import StoreAwayError
from bach_lib.storage import Address, ServerDatabase, Transaction
from bach_lib.storage.postgresql import driver, outage
from bach_lib.storage.postgresql.notifier import Notifier
from tests.lib.storage.postgresql.cutting import Network
from tests.lib.storage.work import add, names
from tests.servers import Server

_ASLEEP = "SELECT 1 FROM pg_stat_activity WHERE datname = 'empty' AND query LIKE '%pg_sleep(600)%' AND state = 'active'"


@pytest.fixture
def network(postgresql: Server) -> Iterator[Network]:
    """The way to the server, which can fall silent."""
    network = Network(postgresql.port)
    yield network
    network.close()


@pytest.fixture
def far(network: Network, postgresql: Server) -> str:
    """The address of an empty database behind it."""
    return network.address(postgresql.empty_database())


@pytest.fixture
async def store(far: str, network: Network) -> AsyncIterator[ServerDatabase]:
    """An open database with one row."""
    store = ServerDatabase(far)
    await store.open()
    await store.submit(add("ada"))
    yield store
    network.heard.set()
    await store.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look soon."""
    monkeypatch.setattr(driver, "_QUIET", 0.2)
    monkeypatch.setattr(driver, "CONNECT", 2.0)
    monkeypatch.setattr(outage, "PATIENCE", 0.5)


def asleep(tx: Transaction) -> object:
    """A statement that takes longer than any test."""
    return tx.ask("SELECT 1 AS woke FROM pg_sleep(600)")


async def until(holds: Callable[[], bool]) -> None:
    """Look again and again while others have their turn; the test is red if that never comes."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - it is about what other threads and a server do
            await asyncio.sleep(0)


@pytest.mark.usefixtures("impatient")
async def test_who_asks_a_silent_server_is_told_so_and_it_goes_on_later(
    store: ServerDatabase, network: Network
) -> None:
    """Whoever sends would wait for as long as a network swallows everything, an hour or a day."""
    network.heard.clear()
    async with asyncio.timeout(60):
        with pytest.raises(StoreAwayError, match="does not answer"):
            await store.submit(add("bob"))
        for _ in range(20):  # all of them together: each in its turn would wait a minute
            with pytest.raises(StoreAwayError, match="does not answer"):
                await store.read(names)
        network.heard.set()
        found: list[str] = []
        while not found:
            try:
                found = await store.read(names)
            except StoreAwayError:
                await store_answers(store)
    assert found == ["ada"]


async def store_answers(store: ServerDatabase) -> None:
    """Wait until the writer has found the server again."""
    while True:
        try:
            await store.submit(names, writes=False)
        except StoreAwayError:
            continue  # told at once or after a look at the server
        return


async def test_a_commit_after_which_the_server_falls_silent_is_done_once(
    store: ServerDatabase, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message would be there twice, or whoever sent it would never hear whether it is there."""
    monkeypatch.setattr(driver, "_QUIET", 0.2)
    monkeypatch.setattr(driver, "CONNECT", 2.0)
    network.hush_after = 1
    async with asyncio.timeout(60):
        stored = asyncio.ensure_future(store.submit(add("bob")))
        await until(lambda: bool(store._link._doubtful))
        network.heard.set()
        assert await stored == 2
    assert await store.read(names) == ["ada", "bob"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("hush_after", [0, 1])
async def test_who_opens_it_is_told_so(far: str, network: Network, hush_after: int) -> None:
    """A daemon or a command would start for ever; also if it falls silent while the tables are made."""
    network.hush_after = hush_after
    if not hush_after:
        network.heard.clear()
    store = ServerDatabase(far)
    async with asyncio.timeout(60):
        with pytest.raises(StoreAwayError, match="does not answer"):
            await store.open()
    network.heard.set()


@pytest.mark.usefixtures("impatient")
async def test_who_listens_is_told_what_may_have_been_missed(store: ServerDatabase, network: Network, far: str) -> None:
    """Notices of other processes would never be heard again, and everything would take seconds."""
    heard, missed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def call(callback: Callable[..., object], *arguments: object) -> None:
        loop.call_soon_threadsafe(callback, *arguments)

    notifier = Notifier(Address(far), call)
    notifier.start(lambda _: heard.set(), missed.set)
    try:
        async with asyncio.timeout(60):
            notifier.tell("one")
            await heard.wait()
            network.heard.clear()
            heard.clear()
            notifier.tell("two")
            await until(lambda: not notifier._pending)
            await until(lambda: bool(notifier._pending))  # what was not taken is called out again
            network.heard.set()
            await missed.wait()
            await heard.wait()
    finally:
        await asyncio.to_thread(notifier.close)
    assert await store.submit(names) == ["ada"]


async def test_what_takes_long_is_waited_for(store: ServerDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long list, or the change of a large table at an update, would be broken off and begun anew, for ever."""
    monkeypatch.setattr(driver, "_QUIET", 0.2)
    monkeypatch.setattr(driver._Connection, "quiet", 60.0)  # of who asks the server, which may be busy
    before = store._link._connected.wire.place
    await store.submit(lambda tx: tx.ask("SELECT 1 AS woke FROM pg_sleep(1)"))
    await store.read(lambda tx: tx.ask("SELECT 1 AS woke FROM pg_sleep(1)"))
    assert store._link._connected.wire.place == before


async def test_a_lookup_that_nobody_wants_any_more_ends_on_the_server(
    store: ServerDatabase, postgresql: Server
) -> None:
    """Whoever looks for something in a long history and gives up would keep the server busy, and the next one waiting.

    A neighbour's is not ended with it.
    """
    other = ServerDatabase(postgresql.address("empty"))
    await other.open()
    try:
        async with asyncio.timeout(60):
            theirs, ours = asyncio.ensure_future(other.read(asleep)), asyncio.ensure_future(store.read(asleep))
            await until(lambda: len(postgresql.ask(_ASLEEP)) == 2)
            ours.cancel()
            assert await store.read(names) == ["ada"]
            assert len(postgresql.ask(_ASLEEP)) == 1
            theirs.cancel()
            await until(lambda: not postgresql.ask(_ASLEEP))
    finally:
        await other.close()


async def test_a_database_that_is_closed_ends_its_lookups(far: str, postgresql: Server) -> None:
    """A command that somebody has stopped would stay until the server has found what nobody waits for."""
    store = ServerDatabase(far)
    await store.open()
    looking = asyncio.ensure_future(store.read(asleep))
    async with asyncio.timeout(60):
        await until(lambda: bool(postgresql.ask(_ASLEEP)))
        looking.cancel()
        await store.close()
        assert not postgresql.ask(_ASLEEP)


def test_all_are_told_at_the_same_time_however_late_it_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks would wait for eight seconds until it is noticed, and then for ten more."""
    now = 100.0
    monkeypatch.setattr(outage, "time", SimpleNamespace(monotonic=lambda: now))
    here = outage.Outage()
    assert here.ask() == 110.0
    now = 108.0
    here.goes_on("it says nothing")
    assert (here.ask(), here.left, here.is_known) == (110.0, 2.0, False)
    now = 110.0
    here.goes_on("it says nothing")
    assert (here.left, here.is_known) == (0.0, True), "who comes now is told at once"
    now = 112.0
    assert (here.left, here.is_known) == (-2.0, False), "it is tried again"
    here.ends()
    assert here.ask() == 122.0
