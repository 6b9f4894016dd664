"""A process that has a message waiting, perhaps while its files are copied, and is killed."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from bach_lib import Bach, Connection
from tests.lib.storage.test_restored import begun
from tests.lib.storage.test_restored_cases import noted


async def die(folder: Path, *, is_copied: bool) -> None:
    """Nothing is tidied up."""
    bach = await begun(folder)
    await end(bach, is_copied=is_copied)


async def die_noted(folder: Path, *, is_copied: bool) -> None:
    """The same, with a note outside of the folder, and as often as it is asked to."""
    bach = noted(folder)
    await bach.open()
    if not bach.registry.list():
        await bach.registry.add(Connection(name="home", type="fake"))
    await bach.send("home", "42", "ding")
    await end(bach, is_copied=is_copied)


async def end(bach: Bach, *, is_copied: bool) -> None:
    """By the hardest signal there is."""
    if is_copied:
        await bach.begin_backup()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    work = die_noted if sys.argv[3:] else die
    asyncio.run(work(Path(sys.argv[1]), is_copied=bool(sys.argv[2])))
