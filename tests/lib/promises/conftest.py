"""A BACH whose time is turned by hand and whose platform does what a test says."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import override

import pytest

from bach_lib import Bach, Connection, Policy
from bach_lib.events import Event
from bach_lib.models import Status
from bach_lib.storage import MemoryDatabase, ServerDatabase, Store
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform, fake_connector

type OpenBach = Callable[..., AbstractAsyncContextManager[Bach]]


@pytest.fixture
def clock() -> FakeClock:
    """Time that stands still."""
    return FakeClock()


@pytest.fixture
def platform() -> FakePlatform:
    """The other side."""
    return FakePlatform()


class LastingStore(MemoryDatabase):
    """Memory that outlives a BACH, as a disk outlives a process."""

    is_open = False

    @override
    async def open(self) -> None:
        if not self.is_open:
            await super().open()
        self.is_open = True

    @override
    async def close(self) -> None:
        """Keep what is there."""

    async def discard(self) -> None:
        """The end of the disk."""
        await super().close()


def _given() -> Store:
    """What the tests have for a database."""
    return MemoryDatabase()


@pytest.fixture
async def lasting_store() -> AsyncIterator[Store]:
    """A store for several BACHs, one after the other."""
    if isinstance(given := _given(), ServerDatabase):  # which lasts anyway
        yield given
        return
    store = LastingStore()
    yield store
    await store.discard()


@pytest.fixture
def open_bach(clock: FakeClock, platform: FakePlatform) -> OpenBach:
    """Open a BACH with one connection "home" to the platform; the store may outlive it."""

    @asynccontextmanager
    async def open_one(
        store: Store | None = None,
        *,
        idempotent: bool = False,
        receives: bool = False,
        allowed: frozenset[str] = frozenset(),
        policy: Policy | None = None,
    ) -> AsyncIterator[Bach]:
        connector = fake_connector(platform, idempotent=idempotent, receives=receives)
        bach = Bach(store or MemoryDatabase(), clock=clock, connectors={"fake": connector}, policy=policy)
        await bach.open()
        try:
            if not bach.registry.list():
                await bach.registry.add(Connection(name="home", type="fake", allowed=allowed))
            await clock.settle()
            yield bach
        finally:
            await bach.close(grace=0)

    return open_one


def record[E: Event](bach: Bach, event_type: type[E]) -> list[E]:
    """A list that fills with every event of this type."""
    events: list[E] = []
    bach.subscribe(event_type, events.append)
    return events


async def statuses(bach: Bach) -> list[Status]:
    """The status of every message, oldest first."""
    return [message.status for message in reversed(await bach.messages(limit=500))]
