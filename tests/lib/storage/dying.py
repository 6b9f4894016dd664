"""A process that has a message waiting, perhaps while its files are copied, and is killed."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.lib.storage.test_restored import begun


async def die(folder: Path, *, is_copied: bool) -> None:
    """Nothing is tidied up."""
    bach = await begun(folder)
    if is_copied:
        await bach.begin_backup()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(die(Path(sys.argv[1]), is_copied=bool(sys.argv[2])))
