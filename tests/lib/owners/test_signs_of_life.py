"""Who lives and who is taken for dead, on a busy server and after it was away."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from bach_lib.owners import membership
from bach_lib.owners.cluster import Cluster
from bach_lib.owners.share import Wishes
from bach_lib.storage import ServerDatabase
from bach_lib.storage.postgresql import driver, session_settings
from bach_lib.testing import FakeClock
from tests.lib.owners.test_sharing import note, until
from tests.lib.storage.postgresql.cutting import Network
from tests.servers import Server

pytestmark = pytest.mark.slow  # processes of their own, a server, and leases that run out


class Nothing:
    """There is nothing to do."""

    async def take(self, connection: str) -> bool:
        """Begin."""
        return True

    async def give(self, connection: str, grace: float) -> None:
        """Stop."""

    async def let_go(self, grace: float) -> None:
        """Stop all."""


async def test_who_says_anything_is_not_taken_for_dead(postgresql: Server, database_address: str) -> None:
    """With hundreds of connections on a busy machine a sign of life waits: processes would lose all, again and again.

    What each was just sending would arrive twice.
    """
    busy, other = ServerDatabase(database_address), ServerDatabase(database_address)
    await busy.open()
    await other.open()
    one, two = membership.Membership(busy, "busy"), membership.Membership(other, "other")
    try:
        session = await one.join()
        assert await one.turn(session, Wishes(), lambda: False)
        postgresql.ask("UPDATE bach.processes SET seen_at = 0", "empty")
        await busy.submit(note("at work"), as_owner=True)
        assert await other.submit(lambda tx: tx.rows("cut_off", seconds=60.0)) == []
        assert await other.submit(lambda tx: tx.run("bury", seconds=60.0)) == 0
        postgresql.ask("SELECT pg_terminate_backend(CAST(backend AS integer), 10000) FROM bach.processes", "empty")
        await busy.submit(note("still at work, through another connection"), as_owner=True)
        assert await other.submit(lambda tx: tx.run("bury", seconds=60.0)) == 0
        await busy.close()

        async def is_followed() -> bool:
            return not await two.is_anybody_there()

        await until(is_followed)
    finally:
        await busy.close()
        await other.close()


async def test_who_was_cut_off_itself_takes_nobody_for_dead_at_once(postgresql: Server, database_address: str) -> None:
    """After an outage whoever comes back first would end all others, and what they were sending would arrive twice.

    Its turn had waited for the server, and was decided on before that was away.
    """
    network, clock = Network(postgresql.port), FakeClock()
    other, store = ServerDatabase(database_address), ServerDatabase(network.address("empty"))
    await other.open()
    await store.open()
    cluster = Cluster(membership.Membership(store, "two"), clock, Nothing(), lambda: None)
    try:
        one = membership.Membership(other, "one")
        await one.join()
        await cluster.open()
        network.is_down = True
        network.cut()
        looking = asyncio.create_task(cluster.look_now())
        await clock.settle()
        await clock.advance(membership.LEASE / 2 + 0.1)
        postgresql.ask("UPDATE bach.processes SET seen_at = 0 WHERE name = 'one'", "empty")
        network.is_down = False
        await looking
        assert [process.name for process in await one.processes() if process.ended_at is None] == ["one", "two"]
        await clock.advance(membership.LEASE)
        await cluster.look_now()
        assert [process.name for process in await one.processes() if process.ended_at is None] == ["two"]
    finally:
        await cluster.close(0.0)
        await other.close()
        await store.close()
        network.close()


async def test_who_cannot_say_at_once_that_it_lives_works_all_the_same(
    postgresql: Server, database_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that hangs in the middle of a turn would keep this one from its database after each outage."""
    store = ServerDatabase(database_address)
    await store.open()
    one = membership.Membership(store, "one")
    try:
        session = await one.join()
        assert await one.turn(session, Wishes(), lambda: False)
        monkeypatch.setattr(driver, "SETTINGS", (*session_settings.SETTINGS, "SET lock_timeout TO '50ms'"))
        with psycopg.connect(postgresql.address("empty")) as hanging:
            hanging.execute("SELECT 1 FROM bach.processes FOR UPDATE")
            postgresql.ask("SELECT pg_terminate_backend(CAST(backend AS integer), 10000) FROM bach.processes", "empty")
            assert await store.submit(note("through another connection")) == 1
    finally:
        await store.close()
