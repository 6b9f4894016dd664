"""What one of several processes does beside its work: beginning it, remembering who waits, and saying that it lives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bach_lib import Bach, Connection, Message, Status
from bach_lib.errors import OwnedElsewhereError
from bach_lib.outbound.history import History
from bach_lib.runtime import neighbours
from bach_lib.runtime.connection_runtime import ConnectionRuntime
from bach_lib.storage import ServerDatabase, Transaction, Value
from bach_lib.storage.positions import InOrder
from bach_lib.storage.transaction import Row
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

DAY = 86_400.0
MANY = 1000
"""Questions to the server in a day of a test: a process that said each 1.5 s of it that it lives would ask 57,600."""


async def test_what_is_given_away_while_it_begins_costs_nothing(
    database_address: str, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first that comes beside two hundred connections would fail to open, or log an error for each."""
    async with Bach(database_address, connectors={"fake": fake_connector(platform)}, grace=0.0) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        runtimes = bach._open_parts.runtimes
        await runtimes.give("home", 0.0)

        async def given(_: ConnectionRuntime) -> None:
            await runtimes.give("home", 0.0)

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(ConnectionRuntime, "start", given)
            assert await runtimes.take("home")
        assert not runtimes.has("home")


async def test_what_is_just_being_taken_is_not_called_unknown(
    database_address: str, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks at the wrong moment would be told to install what is there."""
    async with Bach(database_address, connectors={"fake": fake_connector(platform)}, grace=0.0) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        parts = bach._open_parts
        assert parts.sharing
        await parts.runtimes.give("home", 0.0)
        know, asked = parts.sharing.neighbours.know, list[str]()

        async def meanwhile(connection: str) -> None:
            with pytest.raises(OwnedElsewhereError, match="home"):
                parts.runtimes.get(connection)
            asked.append(connection)
            await know(connection)

        monkeypatch.setattr(parts.sharing.neighbours, "know", meanwhile)
        assert await parts.runtimes.take("home")
        assert asked == ["home"]
        assert parts.runtimes.has("home")


async def test_who_waits_for_what_is_forgotten_when_it_has_ended(database_address: str, platform: FakePlatform) -> None:
    """An owner would need more memory with each message that another process sends, for months."""
    connectors = {"fake": fake_connector(platform)}
    async with Bach(database_address, connectors=connectors, grace=0.0) as owner:
        await owner.registry.add(Connection(name="home", type="fake"))
        async with Bach(database_address, connectors=connectors, autostart=False) as sender:
            for number in range(20):
                receipt = await sender.send("home", "ada", f"{number}")
                assert (await sender.wait(receipt.id, 60)).status is Status.SENT
        assert owner._open_parts.sharing
        assert owner._open_parts.sharing.neighbours._asked == {}


async def test_a_look_at_many_connections_is_one_question(
    database_address: str, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With hundreds of connections a process would do nothing else than look for notices that were lost."""
    async with Bach(database_address, connectors={"fake": fake_connector(platform)}, grace=0.0) as bach:
        for number in range(20):
            await bach.registry.add(Connection(name=f"c{number}", type="fake"))
        parts, rows, asked = bach._open_parts, Transaction.rows, list[str]()

        def counted(tx: Transaction, query: str, **values: Value) -> list[Row]:
            asked.append(query)
            return rows(tx, query, **values)

        assert parts.sharing
        monkeypatch.setattr(Transaction, "rows", counted)
        await parts.sharing.neighbours._look_again()
        assert asked.count("newest_waiting") == 1
        assert asked.count("newest_unfinished") == 0


async def test_a_share_is_taken_in_one_question(
    database_address: str, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who begins beside hundreds of connections would hold the first of them for as long as it asks for the others.

    A process that begins at the same time waits for that, and gives up after five seconds.
    """
    connectors = {"fake": fake_connector(platform)}
    async with Bach(database_address, connectors=connectors, autostart=False) as bach:
        for number in range(20):
            await bach.registry.add(Connection(name=f"c{number}", type="fake"))
    ready, asked = Transaction._ready, list[str]()

    def counted(tx: Transaction, query: str) -> tuple[str, InOrder]:
        asked.append(query)
        return ready(tx, query)

    monkeypatch.setattr(Transaction, "_ready", counted)
    async with Bach(database_address, connectors=connectors, grace=0.0) as bach:
        [process] = [one for one in await bach.processes() if one.ended_at is None]
        assert len(process.connections) == 20
    assert asked.count("own") == 1


async def test_a_look_that_takes_long_is_no_reason_for_another(
    database_address: str, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a slow server cannot answer in five seconds would pile up, and nothing be sent any more."""
    monkeypatch.setattr(neighbours, "_LOOK", 0.001)
    begun, held = list[int](), asyncio.Event()

    async def slow(*_: object) -> list[Message]:
        begun.append(len(begun))
        await held.wait()
        return []

    monkeypatch.setattr(History, "waiting_in", slow)
    async with Bach(database_address, connectors={"fake": fake_connector(platform)}, grace=0.0) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        while not begun:
            await bach.processes()  # each question goes to the server and back
        for _ in range(20):
            await bach.processes()
        assert begun == [0]
        held.set()
        while len(begun) < 2:
            await bach.processes()


async def test_days_of_a_tests_clock_ask_the_server_nothing(
    database_address: str, clock: FakeClock, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would run all tests on a server, as it takes hours."""
    submit, asked = ServerDatabase.submit, list[object]()

    def counted(store: ServerDatabase, work: Callable[[Transaction], object], **options: bool) -> object:
        asked.append(work)
        return submit(store, work, **options)

    monkeypatch.setattr(ServerDatabase, "submit", counted)
    async with Bach(database_address, clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
        await bach.registry.add(Connection(name="home", type="fake", is_active=False))
        await clock.advance(DAY)
    assert len(asked) < MANY
