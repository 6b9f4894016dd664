"""What all tests of the library share: they may talk to servers on this machine, and to nothing else."""

from collections.abc import AsyncIterator

import pytest

from bach_lib.storage import MemoryDatabase, Store
from bach_lib.testing import FakeClock


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@pytest.fixture
def clock() -> FakeClock:
    """Time that stands still."""
    return FakeClock()


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    """An open, empty storage."""
    store = MemoryDatabase()
    await store.open()
    yield store
    await store.close()
