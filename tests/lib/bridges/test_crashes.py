"""A process that carries dies at any moment, and nothing is carried twice, or not at all."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from bach_lib import Bach

CARRIER = Path(__file__).with_name("carrier.py")
LAST = 60


async def carry(database: Path, kill_after: int | None) -> None:
    """Run a process that carries, and perhaps kill it when so much has come in."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(CARRIER), str(database), str(LAST), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    for _ in range(kill_after or 0):
        await process.stdout.readline()
    if kill_after:
        process.send_signal(signal.SIGKILL)
    await process.stdout.read()
    assert await process.wait() in (0, -signal.SIGKILL)


@pytest.mark.slow  # four processes; that both are one commit is held by what the others try on one
async def test_kill_9_neither_loses_nor_repeats_what_is_carried(tmp_path: Path) -> None:
    """A power cut would swallow what somebody wrote to the others, or they would read it twice."""
    database = tmp_path / "bach.db"
    for kill_after in (15, 22, 11, None):
        await carry(database, kill_after)
    async with Bach(database, autostart=False) as bach:
        sent = await bach.messages(limit=500)
        came = {one.id for one in await bach.inbox(limit=500)}
        [side] = await bach.bridges.sides("over")
    assert (len(sent), len(came), side.carried) == (LAST, LAST, LAST)
