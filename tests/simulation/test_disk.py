"""The disk of the simulation: time stands still while the real one writes, or a seed tells many histories."""

import asyncio
import threading
from pathlib import Path
from random import Random

from bach_lib.storage import Transaction
from tests.simulation.disk import Clock, Disk, quiet


async def test_whoever_closes_it_waits_for_what_it_still_writes(tmp_path: Path) -> None:
    """A slow machine lets minutes pass in a history while its database is closed, and somebody looks for a fault."""
    disk, gate = Disk(tmp_path / "bach.db", Random(1)), threading.Event()
    Clock(disk, 0.0, lambda: None)
    await disk.open()

    def work(_: Transaction) -> str:
        assert gate.wait(60)
        return "written"

    written = disk.submit(work)
    closing = asyncio.ensure_future(disk.close())
    await quiet()
    is_busy = disk.is_busy
    gate.set()
    await closing
    assert is_busy
    assert written.result() == "written"  # whoever asked before is told, as by the database itself
    assert not disk.is_busy
