"""Routes in a database on a real server, which two processes share: here two open `Bach`, each as its own process."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from hashlib import sha256

from bach_lib import Bach, Connection, File, Operation, Place, Route, RouteStatus, Step
from bach_lib.testing import FakePlatform, fake_connector

PLACES = [Place(connection=name, recipient=f"person-{name}") for name in "abcd"]
DIGESTS = json.dumps([sha256(b"p" * 900).hexdigest()])
STEPS = tuple(Step(places=(place,), wait=0.2) for place in PLACES)


async def until(bach: Bach, run_id: int, status: RouteStatus) -> None:
    """Ask the server again and again; the test is red if that never comes."""
    async with asyncio.timeout(60):
        while (await bach.route_run(run_id)).status is not status:
            pass  # each question goes to the server and back, so others have their turn


async def test_two_processes_tell_each_once_and_whoever_hears_ends_it(database_address: str) -> None:
    """Everybody would be woken by each process; or what one process hears would not stop the other."""
    platform = FakePlatform()
    kinds = {"fake": fake_connector(platform, receives=True)}
    async with AsyncExitStack() as stack:
        one, two = [
            await stack.enter_async_context(Bach(database_address, process=name, connectors=kinds, grace=0.0))
            for name in ("one", "two")
        ]
        for place in PLACES:
            await one.registry.add(Connection(name=place.connection, type="fake"))
        await one.routes.set(Route(name="water", steps=STEPS))
        run = await one.start_route("water", "Water!")
        await until(two, run.id, RouteStatus.EXHAUSTED)
        async with asyncio.timeout(60):
            await platform.wait_for(4)
        told = Counter(sent.recipient for sent in platform.sent)
        assert told == Counter(place.recipient for place in PLACES)
        await two.acknowledge(run.id, "Ada")
        async with asyncio.timeout(60):
            await platform.wait_for(8)
        changes = Counter(sent.recipient for sent in platform.sent if sent.operation is Operation.EDIT)
        assert changes == told
        async with asyncio.timeout(60):
            while await one._routing.book.open_runs():
                pass  # until nothing is left to be done, in whichever of them


async def test_what_a_run_carries_comes_from_the_server_and_goes_with_it(database_address: str) -> None:
    """Whichever process tells the next has no disk of the one that began, and would tell them without the picture."""
    platform, photo = FakePlatform(), File(name="door.jpg", content=b"p" * 900)
    kinds = {"fake": fake_connector(platform, receives=True)}
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(Bach(database_address, process="one", connectors=kinds, grace=0.0))
        await one.registry.add(Connection(name="a", type="fake"))
        route = Route(name="door", steps=tuple(Step(places=(PLACES[0],), wait=0.1) for _ in range(2)))
        run = await one.start_route(route, "Ring", files=[photo])
    async with Bach(database_address, process="two", connectors=kinds, grace=0.0) as two:
        async with asyncio.timeout(60):
            await platform.wait_for(2)
        assert [[file.content for file in sent.files] for sent in platform.sent] == [[photo.content]] * 2
        await two.acknowledge(run.id, "Ada")
        async with asyncio.timeout(60):
            while await two._open_parts.registry._store.read(lambda tx: tx.rows("known_contents", digests=DIGESTS)):
                pass  # until the last message has gone and says so
