"""A connection that a full disk kept from starting comes to work when there is space again."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import override

import pytest

from bach_lib import Bach, Connection, connectors
from bach_lib.errors import MissingLibraryError, StoreFailedError
from bach_lib.models import ConnectionState, Status
from bach_lib.storage import MemoryDatabase, Transaction
from bach_lib.testing import FakeClock, FakePlatform, fake_connector


class FullStore(MemoryDatabase):
    """A disk that may be full."""

    is_full = False

    @override
    def submit[T](
        self, work: Callable[[Transaction], T], *, writes: bool = True, ends: bool = False, as_owner: bool = False
    ) -> asyncio.Future[T]:
        if writes and self.is_full:
            refused: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            refused.set_exception(StoreFailedError(path="bach.db", reason="database or disk is full"))
            return refused
        return super().submit(work, writes=writes, ends=ends, as_owner=as_owner)


async def test_it_starts_when_there_is_space_again(clock: FakeClock, platform: FakePlatform) -> None:
    """A message would wait for a restart that nobody knows to be needed."""
    store = FullStore()
    async with Bach(store, clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        await clock.settle()
        store.is_full = True
        await bach.start("home")
        await clock.advance(12)
        assert bach.health("home").state is ConnectionState.DISCONNECTED
        store.is_full = False
        receipt = await bach.send("home", "ada", "Dinner")
        assert (await bach.get(receipt.id)).status is Status.PENDING
        await clock.advance(6)
        assert bach.health("home").state is ConnectionState.CONNECTED
        assert [message.text for message in platform.sent] == ["Dinner"]


async def test_what_was_stopped_meanwhile_does_not_start_again(clock: FakeClock, platform: FakePlatform) -> None:
    """A connection that was removed would go on sending."""
    store = FullStore()
    async with Bach(store, clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        await clock.settle()
        store.is_full = True
        await bach.start("home")
        store.is_full = False
        await bach.registry.remove("home")
        checks = platform.checks
        await clock.advance(60)
        assert platform.checks == checks


async def test_it_starts_when_its_library_has_come(
    clock: FakeClock, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was installed while the program runs would be of no use until the next start of it."""
    fake = fake_connector(platform)

    def absent(name: str) -> object:
        raise ModuleNotFoundError("No module named 'telegram'", name="telegram")

    async with Bach(tmp_path / "bach.db", clock=clock, connectors={"telegram": fake}) as bach:
        await bach.registry.add(Connection(name="home", type="telegram"))
    monkeypatch.setattr(connectors, "import_module", absent)
    async with Bach(tmp_path / "bach.db", clock=clock) as bach:
        for call in (bach.start("home"), bach.send("home", "ada", "Dinner")):
            with pytest.raises(MissingLibraryError):
                await call
        monkeypatch.setattr(connectors, "import_module", lambda name: SimpleNamespace(TelegramConnector=fake))
        await bach.start("home")
        await bach.send("home", "ada", "Dinner")
        await clock.settle()
        assert [message.text for message in platform.sent] == ["Dinner"]
