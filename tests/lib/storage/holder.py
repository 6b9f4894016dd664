"""A process that holds a database open until it is killed."""

import asyncio
import sys
from pathlib import Path

from bach_lib.storage import Database


async def main(path: str) -> None:
    """Open, say so, and wait."""
    await Database(Path(path)).open()
    sys.stdout.write("open\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
