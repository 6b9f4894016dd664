"""Real processes that share a database, and what happens to them: killed, stopped, asleep for longer than a lease."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Delivery
from tests.lib.owners.worker import Filed
from tests.lib.owners.workers import Workers, faults

LANES = [(f"c{number}", recipient) for number in range(6) for recipient in ("ada", "bob")]
EACH = 30


@pytest.fixture
async def workers(database_address: str, tmp_path: Path) -> AsyncIterator[Workers]:
    """Nobody yet."""
    workers = Workers(database_address, tmp_path, seconds=0.01)
    yield workers
    await workers.end_all()


async def put(bach: Bach, delivery: Delivery = Delivery.AT_LEAST_ONCE) -> dict[tuple[str, str], list[str]]:
    """Send to all lanes; what was accepted, by lane and in order."""
    sent: dict[tuple[str, str], list[str]] = {lane: [] for lane in LANES}
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
async def test_a_killed_process_is_followed_and_nothing_is_lost(workers: Workers, delivery: Delivery) -> None:
    """A power cut of one of two machines would cost messages, or mix them up."""
    async with Bach(workers.address, connectors={"filed": Filed}, autostart=False) as bach:
        for name in sorted({name for name, _ in LANES}):
            await bach.registry.add(Connection(name=name, type="filed"))
        await workers.start("one", "two")
        await shared_by(bach, "one", "two")
        sent = await put(bach, delivery)
        await workers.end("one", signal.SIGKILL)
        await all_ended(bach)
        found = faults(workers.arrived(), sent)
        uncertain = sum(queue.uncertain for queue in (await bach.queue_status()).values())
    assert (found["strange"], found["disordered"]) == ([], [])
    if delivery is Delivery.AT_MOST_ONCE:
        assert found["repeated"] == []
        assert len(found["lost"]) <= uncertain <= len(LANES)
    else:
        assert found["lost"] == []
        assert len(found["repeated"]) <= len(LANES), "more than what was under way"


async def test_a_process_that_was_asleep_writes_nothing_and_begins_anew(workers: Workers) -> None:
    """A machine that was suspended would settle, and send again, what its successor has sent."""
    async with Bach(workers.address, connectors={"filed": Filed}, autostart=False) as bach:
        for name in sorted({name for name, _ in LANES}):
            await bach.registry.add(Connection(name=name, type="filed"))
        await workers.start("one", "two")
        await shared_by(bach, "one", "two")
        sent = await put(bach)
        workers.tell("one", signal.SIGSTOP)
        await shared_by(bach, "two")
        await all_ended(bach)
        before = await bach.messages(limit=500)
        workers.tell("one", signal.SIGCONT)
        await shared_by(bach, "one", "two")
        assert await bach.messages(limit=500) == before
        found = faults(workers.arrived(), sent)
    assert {kind: found[kind] for kind in ("lost", "strange", "disordered")} == {
        "lost": [],
        "strange": [],
        "disordered": [],
    }
    assert len(found["repeated"]) <= len(LANES)


async def test_who_is_told_to_end_hands_over_without_a_repetition(workers: Workers) -> None:
    """Each update of a machine would send something twice."""
    async with Bach(workers.address, connectors={"filed": Filed}, autostart=False) as bach:
        for name in sorted({name for name, _ in LANES}):
            await bach.registry.add(Connection(name=name, type="filed"))
        await workers.start("one", "two")
        await shared_by(bach, "one", "two")
        sent = await put(bach)
        await workers.end("two")
        await workers.start("three")
        await workers.end("one")
        await all_ended(bach)
        assert faults(workers.arrived(), sent) == {"lost": [], "strange": [], "disordered": [], "repeated": []}
