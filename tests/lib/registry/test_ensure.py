"""A program says which connections there shall be, the same at each start."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, BachError, Category, Connection, EnsureResult, InputError
from bach_lib.errors import ConnectionExistsError, InvalidValueError, SecretNotFoundError
from bach_lib.events import ConnectionAdded, ConnectionUpdated
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakePlatform, OllamaServer, fake_connector

HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))


async def test_it_adds_then_updates_what_differs_and_then_does_nothing(bach: Bach) -> None:
    """A program would fail at its second start, or work with what it said at the first."""
    told: list[object] = []
    bach.subscribe(ConnectionAdded, told.append)
    bach.subscribe(ConnectionUpdated, told.append)
    first = await bach.registry.ensure(HOME)
    again = await bach.registry.ensure(HOME)
    other = await bach.registry.ensure(replace(HOME, settings={"sender": "The house"}, allowed=frozenset({"7"})))
    assert (first.result, first.changed) == (EnsureResult.ADDED, frozenset())
    assert (again.result, again.changed) == (EnsureResult.UNCHANGED, frozenset())
    assert (other.result, other.changed) == (EnsureResult.UPDATED, frozenset({"settings", "allowed"}))
    assert other.connection == bach.registry.get("home")
    assert other.connection.allowed == {"7"}
    assert [type(one) for one in told] == [ConnectionAdded, ConnectionUpdated]


async def test_what_people_did_by_hand_stays(bach: Bach) -> None:
    """Each start would switch on what somebody switched off, and shut out whom somebody let in."""
    await bach.registry.add(replace(HOME, allowed=frozenset()))
    await bach.registry.update("home", is_active=False, allowed=frozenset({"43"}))
    ensured = await bach.registry.ensure(replace(HOME, allowed=frozenset(), settings={"sender": "House"}))
    assert ensured.changed == {"settings"}
    assert not bach.registry.get("home").is_active
    assert bach.registry.get("home").allowed == {"43"}


async def test_other_credentials_are_taken_and_never_shown(bach: Bach, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program would go on with the old token, or write the new one into its log."""
    monkeypatch.setenv("OLD_TOKEN", "123456:old-secret")
    monkeypatch.setenv("NEW_TOKEN", "123456:new-secret")
    row = Connection(name="chat", type="telegram", auth_config={"bot_token": "env:OLD_TOKEN"}, is_active=False)
    await bach.registry.ensure(row)
    ensured = await bach.registry.ensure(replace(row, auth_config={"bot_token": "env:NEW_TOKEN"}))
    assert ensured.changed == {"auth_config"}
    assert bach.registry.get("chat").auth_config == {"bot_token": "env:NEW_TOKEN"}
    assert "secret" not in repr(ensured)


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (Connection(name="home", type="telegram"), InvalidValueError),
        (Connection(name="home", type="fake", category=Category.API), InvalidValueError),
        (Connection(name="HOME", type="fake"), ConnectionExistsError),
        (Connection(name="home", type="fake", auth_config={"token": "env:NOT_THERE"}), SecretNotFoundError),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_changed(
    bach: Bach, wanted: Connection, error: type[BachError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue would belong to another platform from then on, or a connection be half changed."""
    monkeypatch.delenv("NOT_THERE", raising=False)
    await bach.registry.add(HOME)
    with pytest.raises(error):
        await bach.registry.ensure(wanted)
    assert bach.registry.list() == [bach.registry.get("home")]
    assert bach.registry.get("home") == HOME


async def test_a_secret_that_is_gone_does_not_stop_a_start_that_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One missing file would keep all connections of a program from starting."""
    monkeypatch.setenv("TOKEN", "123456:secret-of-the-bot")
    row = Connection(name="chat", type="telegram", auth_config={"bot_token": "env:TOKEN"}, is_active=False)
    async with Bach(tmp_path / "bach.db", connections=[row]):
        pass
    monkeypatch.delenv("TOKEN")
    async with Bach(tmp_path / "bach.db", connections=[row]) as bach:
        assert bach.registry.get("chat") == row


async def test_two_that_ensure_the_same_at_once_agree(bach: Bach) -> None:
    """One of two tasks of a program would fail now and then."""
    results = await asyncio.gather(*(bach.registry.ensure(HOME) for _ in range(5)))
    assert sorted(one.result for one in results) == ["added", *["unchanged"] * 4]


async def test_connections_are_there_when_it_is_open_each_time(tmp_path: Path) -> None:
    """The shortest program there is would work once."""
    platform = FakePlatform()
    connectors = {"fake": fake_connector(platform)}
    for number in (1, 2, 3):
        changed = replace(HOME, settings={"sender": f"House {number // 2}"})
        async with Bach(tmp_path / "bach.db", connectors=connectors, connections=[changed]) as bach:
            receipt = await bach.send("home", "ada", "Hello")
            assert (await bach.wait(receipt.id, 10)).status == "sent"
    assert len(platform.sent) == 3


async def test_a_partner_is_put_to_work_once() -> None:
    """An AI partner would be asked twice as often as it should, for ever."""
    async with OllamaServer(models=["gemma3"], answer="Yes.") as server:
        row = Connection(name="ai", type="ollama", category=Category.AI, endpoint=server.url)
        async with Bach(":memory:", connections=[row]) as bach:
            await bach.check("ai")
            assert len(bach._open_parts.probers._probers) == 1


async def test_a_connection_that_cannot_be_keeps_it_closed(tmp_path: Path, clock: FakeClock) -> None:
    """A program would run on without the connection that it is for, or leave the file locked."""
    wrong = Bach(tmp_path / "bach.db", clock=clock, connections=[Connection(name="a b", type="fake")])
    with pytest.raises(InputError):
        await wrong.open()
    async with Bach(tmp_path / "bach.db", clock=clock) as bach:
        assert bach.registry.list() == []


@pytest.mark.sqlite_only
async def test_a_memory_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file called ":memory:" would appear, which no other program makes of that name."""
    monkeypatch.chdir(tmp_path)
    async with Bach(":memory:", connectors={"fake": fake_connector(FakePlatform())}, connections=[HOME]) as bach:
        assert isinstance(bach._base.store, MemoryDatabase)
        receipt = await bach.send("home", "ada", "Hello")
        assert (await bach.wait(receipt.id, 10)).status == "sent"
    assert list(tmp_path.iterdir()) == []
