"""What all tests of the library share: they may talk to servers on this machine, and to nothing else."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Setup
from bach_lib.storage import MemoryDatabase, Store
from bach_lib.testing import FakeClock, FakePlatform, fake_connector


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@pytest.fixture
def clock() -> FakeClock:
    """Time that stands still."""
    return FakeClock()


@pytest.fixture
def platform() -> FakePlatform:
    """The other side, which does as it is told."""
    return FakePlatform()


@pytest.fixture
async def setup(clock: FakeClock) -> AsyncIterator[Setup]:
    """What a connector for the connection "home" is made from."""
    connection = Connection(name="home", type="fake")
    async with ClientSession() as session:
        yield Setup(connection=connection, secrets={}, session=session, new_session=ClientSession, clock=clock)


@pytest.fixture
async def bach(clock: FakeClock, platform: FakePlatform) -> AsyncIterator[Bach]:
    """An open BACH without any connection, whose type "fake" leads to the platform."""
    bach = Bach(MemoryDatabase(), clock=clock, connectors={"fake": fake_connector(platform, receives=True)})
    await bach.open()
    yield bach
    await bach.close(grace=0)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    """An open, empty storage."""
    store = MemoryDatabase()
    await store.open()
    yield store
    await store.close()
