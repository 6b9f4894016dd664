"""What one of several processes does beside its work: beginning it, remembering who waits, and saying that it lives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import OwnedElsewhereError
from bach_lib.runtime.connection_runtime import ConnectionRuntime
from bach_lib.storage import ServerDatabase, Transaction
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
        assert parts.runtimes.get("home")


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
