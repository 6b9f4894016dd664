"""A process that has a great many connections to begin, or a server that is far away: it lives all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bach_lib import Bach, Connection, SystemClock
from bach_lib.owners import cluster
from bach_lib.owners.cluster import Cluster
from bach_lib.owners.membership import Membership
from bach_lib.storage import ServerDatabase
from bach_lib.testing import FakePlatform, fake_connector

MANY = 3 * cluster._BEGUN_AT_ONCE


@dataclass
class Held:
    """Work of which every beginning takes until somebody lets it go on."""

    has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    let_on: asyncio.Event = field(default_factory=asyncio.Event)
    begun: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    at_once: int = 0
    most: int = 0

    async def take(self, connection: str) -> bool:
        """Begin, which takes its time."""
        self.begun.append(connection)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.has_begun.set()
        await self.let_on.wait()
        self.at_once -= 1
        return True

    async def give(self, connection: str, grace: float) -> None:
        """Stop."""
        self.given.append(connection)

    async def let_go(self, grace: float) -> None:
        """There is nothing of others."""


@dataclass
class Opening:
    """A process that is just beginning, and what it works on."""

    store: ServerDatabase
    membership: Membership
    work: Held
    cluster: Cluster
    opening: asyncio.Task[None]

    async def seen_at(self) -> float:
        """When it said last that it lives."""
        return (await self.membership.processes())[-1].seen_at


@pytest.fixture
async def opening(database_address: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Opening]:
    """One that has begun with the first of its connections."""
    monkeypatch.setattr(cluster, "BEAT", 0.05)
    connectors = {"fake": fake_connector(FakePlatform())}
    async with Bach(database_address, connectors=connectors, autostart=False) as bach:
        await asyncio.gather(*(bach.registry.add(Connection(name=f"c{n}", type="fake")) for n in range(MANY)))
    store, work = ServerDatabase(database_address), Held()
    await store.open()
    membership = Membership(store, "one")
    one = Cluster(membership, SystemClock(), work, lambda: None)
    opening = asyncio.create_task(one.open())
    async with asyncio.timeout(60):
        await work.has_begun.wait()
    yield Opening(store, membership, work, one, opening)
    work.let_on.set()
    await opening
    await one.close(0.0)
    await store.close()


async def test_it_says_that_it_lives_while_it_begins(opening: Opening) -> None:
    """The others would take it for dead before it has begun, and it would begin anew for ever."""
    first = await opening.seen_at()
    async with asyncio.timeout(60):
        while await opening.seen_at() == first:
            pass  # each question goes to the server and back
    assert not opening.opening.done()


async def test_not_all_begin_at_once(opening: Opening) -> None:
    """Its sign of life would wait behind what hundreds of them ask, for longer than the others wait for it."""
    opening.work.let_on.set()
    await opening.opening
    assert opening.work.most == cluster._BEGUN_AT_ONCE
    assert len({*opening.work.begun}) == len(opening.work.begun) == MANY


async def test_what_has_not_begun_when_the_session_ends_does_not_begin(opening: Opening) -> None:
    """Who was taken for dead would first begin the rest of what is not its own any more."""
    work, begun = opening.work, len(opening.work.begun)
    await opening.membership.leave(opening.cluster.session)
    async with asyncio.timeout(60):
        while opening.cluster.owns(work.begun[0]):
            await opening.seen_at()  # each question goes to the server and back
        work.let_on.set()
        while len({*work.begun[begun:]}) < MANY:  # until it has begun anew
            await opening.seen_at()
    assert len(work.begun) == begun + MANY
    assert len(work.given) == MANY
