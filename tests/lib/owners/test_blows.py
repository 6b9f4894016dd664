"""Real processes that share a database, and what happens to them: killed, stopped, asleep for longer than a lease."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Delivery, Status
from benchmarks.cluster.fleet import Fleet, Lane, now
from benchmarks.cluster.judging import Blow, judge
from benchmarks.cluster.worker import CONNECTORS

pytestmark = pytest.mark.slow  # processes of their own, a server, and leases that run out

LANES = [(f"c{number}", recipient) for number in range(6) for recipient in ("ada", "bob")]
EACH = 30


@pytest.fixture
async def fleet(database_address: str, tmp_path: Path) -> AsyncIterator[Fleet]:
    """Nobody yet."""
    fleet = Fleet(database_address, tmp_path, seconds=0.01)
    yield fleet
    await fleet.end_all()


@pytest.fixture
async def bach(fleet: Fleet) -> AsyncIterator[Bach]:
    """Who sends, with connections that two processes share."""
    async with Bach(fleet.address, connectors=CONNECTORS, autostart=False) as bach:
        for name in sorted({name for name, _ in LANES}):
            await bach.registry.add(Connection(name=name, type="plain"))
        await fleet.start("one", "two")
        await shared_by(bach, "one", "two")
        yield bach


async def put(bach: Bach, delivery: Delivery = Delivery.AT_LEAST_ONCE) -> dict[Lane, list[str]]:
    """Send to all lanes; what was accepted, by lane and in order."""
    sent: dict[Lane, list[str]] = {lane: [] for lane in LANES}
    for number in range(EACH):
        for lane in LANES:
            await bach.send(*lane, f"{number}", delivery=delivery)
            sent[lane].append(f"{number}")
    return sent


async def all_ended(bach: Bach) -> None:
    """Wait until nothing waits or is under way."""
    async with asyncio.timeout(120):
        while any(queue.pending + queue.sending + queue.failed for queue in (await bach.queue_status()).values()):
            pass  # each question goes to the server and back


async def shared_by(bach: Bach, *names: str) -> None:
    """Wait until these, and nobody else, have connections."""
    async with asyncio.timeout(60):
        while {one.name for one in await bach.processes() if one.ended_at is None and one.connections} != {*names}:
            pass  # as above


@pytest.mark.parametrize("delivery", Delivery)
async def test_a_killed_process_is_followed_and_nothing_is_lost(fleet: Fleet, bach: Bach, delivery: Delivery) -> None:
    """A power cut of one of two machines would cost messages, or mix them up."""
    sent, began = await put(bach, delivery), now()
    await fleet.end("one", signal.SIGKILL)
    blow = Blow(began, now())
    await all_ended(bach)
    rows = await bach.messages(status=[Status.UNCERTAIN], limit=500)
    uncertain = frozenset(((row.connection, row.recipient), row.text) for row in rows)
    once = frozenset(LANES) if delivery is Delivery.AT_MOST_ONCE else frozenset[Lane]()
    verdict = judge(fleet.arrived(), sent, [blow], once=once, uncertain=uncertain)
    assert verdict.is_good, verdict
    assert len(uncertain) <= len(once), "more than what was under way"


async def test_a_process_that_was_asleep_writes_nothing_and_begins_anew(fleet: Fleet, bach: Bach) -> None:
    """A machine that was suspended would settle, and send again, what its successor has sent."""
    sent, began = await put(bach), now()
    fleet.tell("one", signal.SIGSTOP)
    await shared_by(bach, "two")
    await all_ended(bach)
    before = await bach.messages(limit=500)
    fleet.tell("one", signal.SIGCONT)
    await shared_by(bach, "one", "two")
    assert await bach.messages(limit=500) == before
    verdict = judge(fleet.arrived(), sent, [Blow(began, now())])
    assert verdict.is_good, verdict


async def test_who_is_told_to_end_hands_over_without_a_repetition(fleet: Fleet, bach: Bach) -> None:
    """Each update of a machine would send something twice."""
    sent = await put(bach)
    await fleet.end("two")
    await fleet.start("three")
    await fleet.end("one")
    await all_ended(bach)
    verdict = judge(fleet.arrived(), sent, [])
    assert verdict.is_good, verdict
