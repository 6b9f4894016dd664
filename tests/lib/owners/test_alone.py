"""A program that wants a database on a server for itself: a home, which shares its connections with nobody."""

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import StorageError, StoreInUseError
from bach_lib.storage.postgresql import layout, outage
from bach_lib.testing import FakePlatform, fake_connector
from tests.lib.storage.postgresql.cutting import Network
from tests.servers import Server


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused is refused at once."""
    monkeypatch.setattr(layout, "_LETS_GO", 0.0)
    monkeypatch.setattr(outage, "PATIENCE", 0.1)


def program(address: str, platform: FakePlatform, *, alone: bool = True) -> Bach:
    """One that begins nothing by itself, as in a home."""
    return Bach(address, alone=alone, autostart=False, connectors={"fake": fake_connector(platform)}, grace=0.0)


async def test_it_works_on_all_without_owners(database_address: str) -> None:
    """A home would wait until somebody owns its connections, and send nothing."""
    platform = FakePlatform()
    async with program(database_address, platform) as bach:
        assert bach.engine.startswith("PostgreSQL 1")
        await bach.registry.add(Connection(name="home", type="fake"))
        await bach.start("home")
        receipt = await bach.send("home", "ada", "hello")
        assert (await bach.wait(receipt.id, 60)).status is Status.SENT
    async with program(database_address, platform) as bach:
        await bach.start("home")
        assert [message.text for message in await bach.messages()] == ["hello"]
    assert [message.text for message in platform.sent] == ["hello"]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
async def test_only_those_that_share_go_beside_each_other(database_address: str, first: bool, second: bool) -> None:
    """Two homes would poll the same bot; a daemon would work on what a home has for itself."""
    async with program(database_address, FakePlatform(), alone=first):
        if first or second:
            with pytest.raises(StoreInUseError, match="in use by another BACH"):
                await program(database_address, FakePlatform(), alone=second).open()
        else:
            async with program(database_address, FakePlatform(), alone=False):
                pass


async def test_who_was_cut_off_while_another_came_writes_nothing(
    postgresql: Server, database_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that was suspended would come back and send what another one has sent since."""
    network = Network(postgresql.port)
    cut_off = program(network.address("empty"), FakePlatform())
    await cut_off.open()
    await cut_off.registry.add(Connection(name="home", type="fake"))
    network.is_down = True
    network.cut()
    monkeypatch.setattr(layout, "_LETS_GO", 60.0)  # until the server has noticed
    async with program(database_address, FakePlatform()) as other:
        monkeypatch.setattr(layout, "_LETS_GO", 0.0)
        network.is_down = False
        with pytest.raises(StorageError):  # in use, or still away: it depends on when it has looked last
            await cut_off.send("home", "ada", "too late")
        assert await other.messages() == []
    monkeypatch.setattr(layout, "_LETS_GO", 60.0)
    monkeypatch.setattr(outage, "PATIENCE", 60.0)
    assert (await cut_off.send("home", "ada", "alone again")).id
    await cut_off.close()
    network.close()
