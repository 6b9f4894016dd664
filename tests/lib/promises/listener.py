"""A process to be killed: reads as fast as it can from a platform that never runs dry, and prints what is announced."""

import asyncio
import sys
from typing import override

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Batch, Connector, Incoming
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.events import MessageReceived
from bach_lib.models import Fault, Format
from bach_lib.models.incoming import Kind
from bach_lib.testing.connector import FakePlatform, fake_connector

BATCH = 3


def endless_platform(last: int) -> type[Connector]:
    """A platform whose messages are numbered up to `last`; it hands out those after the cursor, as a real one does."""

    class Endless(fake_connector(FakePlatform(), receives=True)):  # type: ignore[misc] # the class is made by a function
        capabilities = Capabilities(receives=True, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=4096)

        @override
        async def receive(self, cursor: str | None) -> Batch | Fault:
            first = int(cursor or 0) + 1
            if first > last:
                await asyncio.Event().wait()
            end = min(first + BATCH, last + 1)
            return Batch(messages=tuple(map(_message, range(first, end))), cursor=str(end - 1))

    return Endless


def _message(number: int) -> Incoming:
    return Incoming(
        remote_id=str(number),
        recipient="42",
        recipient_title="Ada",
        sender_id="42",
        sender_name="Ada",
        kind=Kind.TEXT,
        text="open",
    )


async def listen(database: str, last: int) -> None:
    """Print the platform's number of every message that is announced, until the last one is."""
    done = asyncio.Event()

    def announced(event: MessageReceived) -> None:
        sys.stdout.write(f"{event.message.remote_id}\n")
        sys.stdout.flush()
        if event.message.remote_id == str(last):
            done.set()

    bach = Bach(database, connectors={"fake": endless_platform(last)})
    bach.subscribe(MessageReceived, announced)
    async with bach:
        if not bach.registry.list():
            await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
        await done.wait()


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], int(sys.argv[2])))
