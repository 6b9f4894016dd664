"""Several processes deliver one connection: real processes, real lanes, and what happens to whoever has one in hand."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Delivery, Status
from bach_lib.owners.membership import Process
from benchmarks.cluster.fleet import Fleet, Lane, now
from benchmarks.cluster.judging import Blow, judge
from benchmarks.cluster.worker import CONNECTORS

LANES = [("hook", f"r{number}") for number in range(16)]
EACH = 15
PARALLEL = 4
"""Attempts of a process at once: fewer than there are lanes."""


@pytest.fixture
async def fleet(database_address: str, tmp_path: Path) -> AsyncIterator[Fleet]:
    """Nobody yet."""
    fleet = Fleet(database_address, tmp_path, seconds=0.02, parallel=PARALLEL)
    yield fleet
    await fleet.end_all()


async def opened(bach: Bach, fleet: Fleet) -> None:
    """A connection that several may deliver, and three who do."""
    await bach.registry.add(Connection(name="hook", type="together"))
    await fleet.start("one", "two", "three")


async def put(bach: Bach, delivery: Delivery = Delivery.AT_LEAST_ONCE) -> dict[Lane, list[str]]:
    """Send to all lanes, to each in order; what was accepted."""

    async def fill(lane: Lane) -> list[str]:
        for number in range(EACH):
            await bach.send(*lane, f"{number}", delivery=delivery)
        return [f"{number}" for number in range(EACH)]

    return dict(zip(LANES, await asyncio.gather(*map(fill, LANES)), strict=True))


async def all_ended(bach: Bach) -> None:
    """Wait until nothing waits or is under way."""
    async with asyncio.timeout(120):
        while any(queue.pending + queue.sending + queue.failed for queue in (await bach.queue_status()).values()):
            pass  # each question goes to the server and back


async def untold(bach: Bach) -> frozenset[tuple[Lane, str]]:
    """Messages of which nobody knows whether they arrived."""
    rows = await bach.messages(status=[Status.UNCERTAIN], limit=500)
    return frozenset(((row.connection, row.recipient), row.text) for row in rows)


async def found(bach: Bach, is_it: Callable[[Process], bool]) -> Process:
    """Wait for a process that lives and is so."""
    async with asyncio.timeout(60):
        while True:
            for process in await bach.processes():
                if process.ended_at is None and is_it(process):
                    return process


def has_lanes(process: Process) -> bool:
    """Whether it has something of another one's in hand."""
    return bool(process.lanes.get("hook"))


def is_owner(process: Process) -> bool:
    """Whether the connection is its own."""
    return "hook" in process.connections


async def test_all_deliver_what_one_has_no_hands_for(fleet: Fleet) -> None:
    """A webhook with much to do would be no faster with three machines than with one; or its order would be lost."""
    async with Bach(fleet.address, connectors=CONNECTORS, autostart=False) as bach:
        await opened(bach, fleet)
        sent = await put(bach)
        await found(bach, has_lanes)
        await all_ended(bach)
        arrived = fleet.arrived()
    for _ in range(100):  # each process writes a moment later what it has counted
        async with Bach(fleet.address, connectors=CONNECTORS, autostart=False) as bach:
            counted = bach.registry.get("hook").success_count
        if counted == len(arrived):
            break
    verdict = judge(arrived, sent, [])
    assert verdict.is_good, verdict
    assert {one.worker for one in arrived} == {"one", "two", "three"}
    assert counted == len(arrived)


@pytest.mark.slow  # a lease has to run out
@pytest.mark.parametrize("delivery", Delivery)
@pytest.mark.parametrize("whom", [has_lanes, is_owner])
async def test_whoever_is_killed_loses_nothing(
    fleet: Fleet, delivery: Delivery, whom: Callable[[Process], bool]
) -> None:
    """The death of a helper, or of the owner while others help, would cost messages, or mix them up."""
    async with Bach(fleet.address, connectors=CONNECTORS, autostart=False) as bach:
        await opened(bach, fleet)
        sent = await put(bach, delivery)
        await found(bach, has_lanes)
        began = now()
        await fleet.end((await found(bach, whom)).name, signal.SIGKILL)
        blow = Blow(began, now())
        await all_ended(bach)
        uncertain = await untold(bach)
    once = frozenset(LANES) if delivery is Delivery.AT_MOST_ONCE else frozenset[Lane]()
    verdict = judge(fleet.arrived(), sent, [blow], once=once, uncertain=uncertain)
    assert verdict.is_good, verdict
    assert verdict.repeated + len(uncertain) <= PARALLEL, "more than what was under way"


@pytest.mark.slow  # a lease has to run out
@pytest.mark.parametrize("delivery", Delivery)
async def test_a_helper_that_was_asleep_writes_nothing_about_lanes_that_are_no_longer_its_own(
    fleet: Fleet, delivery: Delivery
) -> None:
    """A machine that was suspended would settle, or send again, what others have sent meanwhile."""
    async with Bach(fleet.address, connectors=CONNECTORS, autostart=False) as bach:
        await opened(bach, fleet)
        sent = await put(bach, delivery)
        began, helper = now(), await found(bach, has_lanes)
        fleet.tell(helper.name, signal.SIGSTOP)
        await all_ended(bach)
        before = await bach.messages(limit=500)
        fleet.tell(helper.name, signal.SIGCONT)
        await found(bach, lambda one: one.name == helper.name and one.session > helper.session)
        assert await bach.messages(limit=500) == before
        uncertain = await untold(bach)
    once = frozenset(LANES) if delivery is Delivery.AT_MOST_ONCE else frozenset[Lane]()
    verdict = judge(fleet.arrived(), sent, [Blow(began, now())], once=once, uncertain=uncertain)
    assert verdict.is_good, verdict
    assert verdict.repeated + len(uncertain) <= PARALLEL, "more than what was under way"


async def test_who_is_told_to_end_gives_its_lanes_back_without_a_repetition(fleet: Fleet) -> None:
    """Each update of a machine would send something twice."""
    async with Bach(fleet.address, connectors=CONNECTORS, autostart=False) as bach:
        await opened(bach, fleet)
        sent = await put(bach)
        await fleet.end((await found(bach, has_lanes)).name)
        await fleet.end((await found(bach, is_owner)).name)
        await all_ended(bach)
        verdict = judge(fleet.arrived(), sent, [])
    assert verdict.is_good, verdict
