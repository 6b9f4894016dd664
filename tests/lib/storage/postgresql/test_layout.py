"""What stands at an address is what BACH needs, or it is left as it was and one sentence says why."""

import asyncio
import logging
import signal
from collections.abc import Iterator

import psycopg
import pytest

from bach_lib.errors import (
    StorageError,
    StoreAddressError,
    StoreForeignError,
    StoreTooNewError,
    StoreUnreachableError,
    StoreUnsuitableError,
)
from bach_lib.storage import ServerDatabase
from bach_lib.storage.postgresql import layout
from tests.lib.storage.work import add, names
from tests.servers import Server

_PASSWORD = "s3cret-p4ssword"


async def refused(address: str, caplog: pytest.LogCaptureFixture) -> StorageError:
    """Why it is not opened. Neither that nor a log has the password."""
    store = ServerDatabase(address)
    with caplog.at_level(logging.DEBUG), pytest.raises(StorageError) as raised:
        await store.open()
    everything = f"{raised.value!r} {raised.value} {raised.value.__cause__!r} {caplog.text} {store!r} {vars(store)!r}"
    assert _PASSWORD not in everything
    return raised.value


def tables(postgresql: Server) -> list[tuple[object, ...]]:
    """What there is in the schema."""
    return postgresql.ask("SELECT table_name FROM information_schema.tables WHERE table_schema = 'bach'", "empty")


def shape(postgresql: Server) -> dict[str, list[tuple[object, ...]]]:
    """All columns, rules and indexes."""
    return {
        "columns": postgresql.ask(
            "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
            " WHERE table_schema = 'bach' ORDER BY 1, 2",
            "empty",
        ),
        "rules": postgresql.ask(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = to_regnamespace('bach') ORDER BY 1, 2",
            "empty",
        ),
        "indexes": postgresql.ask(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'bach' ORDER BY 1", "empty"
        ),
    }


@pytest.fixture
def guest(postgresql: Server, database_address: str) -> Iterator[str]:
    """The address for somebody who may connect, and nothing else."""
    assert database_address
    postgresql.ask("CREATE ROLE guest LOGIN")
    yield postgresql.address("empty", "guest")
    postgresql.ask("REASSIGN OWNED BY guest TO bach", "empty")
    postgresql.ask("DROP OWNED BY guest", "empty")
    postgresql.ask("DROP ROLE guest")


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://ada:{_PASSWORD}@127.0.0.1:port/bach",
        f"postgresql://ada:{_PASSWORD}@db.home/bach?nonsense=1",
        f"postgresql://ada:{_PASSWORD}%@db.home/bach",
        f"postgresql://ada:{_PASSWORD}@[::1/bach",
    ],
)
async def test_what_is_no_address_is_said_to_be_none(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody would look for a server that was never asked, or read their password in the answer."""
    assert isinstance(await refused(address, caplog), StoreAddressError)


async def test_a_server_that_is_not_there_does_not_answer(caplog: pytest.LogCaptureFixture) -> None:
    """Somebody would look for a mistake in the database."""
    error = await refused(f"postgresql://ada:{_PASSWORD}@127.0.0.1:9/bach", caplog)
    assert isinstance(error, StoreUnreachableError)
    assert "refused" in str(error)
    assert "by itself" not in str(error), "nobody tries it again"


async def test_who_is_not_let_in_is_told_what_the_server_says(
    postgresql: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody would know which of user, database and password to look at."""
    for address in (postgresql.address("nowhere"), postgresql.address("postgres", f"noone:{_PASSWORD}")):
        error = await refused(address, caplog)
        assert isinstance(error, StoreUnsuitableError)
        assert "does not exist" in str(error)


async def test_a_wrong_password_is_said_and_not_repeated(postgresql: Server, caplog: pytest.LogCaptureFixture) -> None:
    """It would stand in a log that others may read."""
    postgresql.ask("CREATE ROLE locked LOGIN PASSWORD 'another'")
    rules = postgresql.folder / "data" / "pg_hba.conf"
    before = rules.read_text("utf-8")
    rules.write_text(f"host all locked 127.0.0.1/32 scram-sha-256\n{before}", "utf-8")
    postgresql.ask("SELECT pg_reload_conf()")
    try:
        error: StorageError | None = None
        while not isinstance(error, StoreUnsuitableError) or "exist" in str(error):  # until the server has read it
            error = await refused(postgresql.address("nowhere", f"locked:{_PASSWORD}"), caplog)
        error = await refused(postgresql.address("postgres", f"locked:{_PASSWORD}"), caplog)
        assert isinstance(error, StoreUnsuitableError)
        assert "password authentication failed" in str(error)
    finally:
        rules.write_text(before, "utf-8")
        postgresql.ask("SELECT pg_reload_conf()")
        postgresql.ask("DROP ROLE locked")


async def test_who_may_make_no_schema_is_told_so(
    guest: str, postgresql: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Half of the tables would be there, or an error that names none of this."""
    error = await refused(guest, caplog)
    assert isinstance(error, StoreUnsuitableError)
    assert "no right" in str(error)
    assert tables(postgresql) == []


async def test_who_may_not_write_into_it_is_told_so(
    guest: str, database_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Every message would fail, one after the other."""
    store = ServerDatabase(database_address)
    await store.open()
    await store.close()
    assert isinstance(await refused(guest, caplog), StoreUnsuitableError)


@pytest.mark.parametrize("made", ["CREATE TABLE bach.meta (x int)", "CREATE TABLE bach.works (bwv int)"])
async def test_a_schema_of_somebody_else_is_left_alone(
    made: str, postgresql: Server, database_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody's collection of music would have our tables among its own."""
    postgresql.ask(f"CREATE SCHEMA bach; {made}", "empty")
    before = tables(postgresql)
    assert isinstance(await refused(database_address, caplog), StoreForeignError)
    assert tables(postgresql) == before


async def test_an_empty_schema_is_used(postgresql: Server, guest: str) -> None:
    """Who may make no schema would have no way to get one from whoever may."""
    postgresql.ask("CREATE SCHEMA bach AUTHORIZATION guest", "empty")
    store = ServerDatabase(guest)
    await store.open()
    assert await store.submit(add("ada")) == 1
    await store.close()


async def test_a_newer_layout_is_left_alone(
    postgresql: Server, database_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An old BACH would write what the new one cannot read."""
    store = ServerDatabase(database_address)
    await store.open()
    await store.close()
    postgresql.ask("UPDATE bach.meta SET value = '999' WHERE key = 'layout'", "empty")
    assert isinstance(await refused(database_address, caplog), StoreTooNewError)
    postgresql.ask("UPDATE bach.meta SET value = 'x' WHERE key = 'layout'", "empty")
    assert isinstance(await refused(database_address, caplog), StoreForeignError)


async def test_another_encoding_is_refused(postgresql: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Texts would be cut, or refused one by one."""
    postgresql.ask("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'")
    error = await refused(postgresql.address("latin"), caplog)
    postgresql.ask("DROP DATABASE latin")
    assert isinstance(error, StoreUnsuitableError)
    assert "LATIN1" in str(error)


async def test_an_old_server_is_refused(
    database_address: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query that it does not know would fail when somebody comes by."""
    monkeypatch.setattr(layout, "_OLDEST", 990000)
    error = await refused(database_address, caplog)
    assert "PostgreSQL 15" in str(error)
    assert "99" in str(error)


async def test_a_layout_that_fails_leaves_nothing_behind(
    postgresql: Server, database_address: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start would find half of the tables, and never get any further."""
    monkeypatch.setattr(layout, "_MIGRATIONS", (*layout._MIGRATIONS, "CREATE TABLE more (x nonsense)"))
    assert isinstance(await refused(database_address, caplog), StoreUnsuitableError)
    assert tables(postgresql) == []
    monkeypatch.undo()
    store = ServerDatabase(database_address)
    await store.open()
    await store.close()


@pytest.mark.parametrize("known", range(1, layout.SERVER_LAYOUT))
async def test_a_database_of_every_layout_becomes_one_of_today(
    postgresql: Server, database_address: str, known: int
) -> None:
    """Whoever skipped some releases would stand before a database that cannot be opened, or lose what is in it."""
    fresh = ServerDatabase(database_address)
    await fresh.open()
    await fresh.close()
    expected = shape(postgresql)
    assert postgresql.empty_database() in database_address
    row = "('ada', 'webhook', 'connector', 0, 'none', '{}', '[]', '{}')"
    columns = "name, type, category, is_active, auth_type, auth_config, allowed, settings"
    script = (
        "CREATE SCHEMA bach; SET search_path TO bach;",
        *layout._MIGRATIONS[:known],
        f"INSERT INTO meta (key, value) VALUES ('layout', '{known}');",
        f"INSERT INTO connections ({columns}) VALUES {row}",
    )
    postgresql.ask("\n".join(script), "empty")
    assert shape(postgresql) != expected
    for _ in range(2):  # at the second start nothing is left to do
        store = ServerDatabase(database_address)
        await store.open()
        assert await store.submit(names) == ["ada"]
        await store.close()
    assert shape(postgresql) == expected


async def test_several_that_begin_at_once_make_the_tables_once(database_address: str) -> None:
    """Two daemons that are started together would both fail, or both make them."""
    stores = [ServerDatabase(database_address) for _ in range(5)]
    await asyncio.gather(*(store.open() for store in stores))
    assert await stores[0].submit(add("ada")) == 1
    assert await stores[4].submit(names) == ["ada"]
    await asyncio.gather(*(store.close() for store in stores))


async def test_it_waits_for_its_commits_whatever_the_server_is_set_to(
    postgresql: Server, database_address: str
) -> None:
    """`send` would return before anything is on a disk."""
    postgresql.ask("ALTER DATABASE empty SET synchronous_commit TO off", "empty")
    store = ServerDatabase(database_address)
    await store.open()
    with psycopg.connect(database_address) as other:
        assert other.execute("SHOW synchronous_commit").fetchone() == ("off",)
    wire = store._link._connected.wire
    assert wire.execute("SHOW synchronous_commit").fetchall()[0]["synchronous_commit"] == "on"
    await store.close()
    postgresql.ask("ALTER DATABASE empty RESET synchronous_commit", "empty")


async def test_a_server_without_fsync_is_warned_of(
    postgresql: Server, database_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody would believe what a power cut proves wrong."""
    postgresql.ask("ALTER SYSTEM SET fsync TO off")
    postgresql.stop(signal.SIGINT)
    postgresql.start()
    store = ServerDatabase(database_address)
    await store.open()
    await store.close()
    postgresql.ask("ALTER SYSTEM RESET fsync")
    postgresql.stop(signal.SIGINT)
    postgresql.start()
    assert "has fsync turned off" in caplog.text
