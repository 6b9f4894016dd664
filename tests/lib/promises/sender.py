"""A process to be killed: sends as fast as it can, prints each id, and notes what the platform got."""

import asyncio
import sys
from pathlib import Path
from typing import override

from bach_lib import Bach, Connection, File
from bach_lib.models import Message
from bach_lib.outcomes import Outcome
from bach_lib.testing.connector import FakePlatform, fake_connector


class Journal(FakePlatform):
    """A platform that writes down what it got before it answers, as a real one does on its own machine."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("a", buffering=1)

    @override
    async def deliver(self, message: Message, *, idempotent: bool) -> Outcome:
        if "" in {file.content.decode() for file in message.files} or message.lost:
            self._file.write("-1\n")
        self._file.write(f"{message.id}\n")
        await asyncio.sleep(0.002)  # a platform takes its time, so that the kill finds messages in flight
        return await super().deliver(message, idempotent=idempotent)


async def main(database: str, journal: str) -> None:
    """Send until killed."""
    connector = fake_connector(Journal(Path(journal)))
    async with Bach(database, connectors={"fake": connector}) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))

        async def send(person: int) -> None:
            for number in range(1000):
                # some with a picture of their own, some with one that others have as well
                name = f"{person} {number}" if number % 4 else "shared"
                files = [File(name="door.jpg", content=name.encode())] if number % 2 == 0 else []
                receipt = await bach.send("home", f"person{person}", f"text {number}", files=files)
                sys.stdout.write(f"{receipt.id}\n")
                sys.stdout.flush()

        await asyncio.gather(*(send(person) for person in range(8)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
