"""A process that has a database open, and sends a message whenever it is told to."""

import asyncio
import sys
from pathlib import Path

from bach_lib import BachError
from tests.lib.storage.test_restored import begun


async def serve(folder: Path) -> None:
    """Answer each line with the id of a new message, or with the reason why there is none."""
    bach = await begun(folder)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    while await asyncio.to_thread(sys.stdin.readline):
        try:
            answer = str((await bach.send("home", "42", "dong")).id)
        except BachError as error:
            answer = f"{error.code}: {error}"
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    await bach.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
