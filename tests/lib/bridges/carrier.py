"""A process to be killed: carries what comes in as fast as it can, and prints how far the inbox has come."""

import asyncio
import sys

from bach_lib import Bach, Connection, Place
from bach_lib.bridges import judging
from bach_lib.events import MessageQueued, MessageReceived
from bach_lib.models.bridge import Bridge
from bach_lib.testing.connector import FakePlatform, fake_connector
from tests.lib.promises.listener import endless_platform

BRIDGE = Bridge(
    name="over",
    source=Place(connection="here", recipient="42"),
    targets=(Place(connection="there", recipient="club"),),
)


judging.MOST_A_MINUTE = 1_000_000  # type: ignore[misc] # no people write here


async def carry(database: str, last: int) -> None:
    """Print the number of every message that came in, until all that did is carried."""

    def announced(event: MessageReceived) -> None:
        sys.stdout.write(f"{event.message.remote_id}\n")
        sys.stdout.flush()

    carried = asyncio.Event()
    kinds = {"endless": endless_platform(last), "fake": fake_connector(FakePlatform())}
    bach = Bach(database, connectors=kinds)
    bach.subscribe(MessageReceived, announced)
    bach.subscribe(MessageQueued, lambda _: carried.set())
    async with bach:
        if not bach.registry.list():
            await bach.registry.add(Connection(name="there", type="fake"))
            await bach.registry.add(Connection(name="here", type="endless", is_active=False, allowed=frozenset({"42"})))
            await bach.bridges.set(BRIDGE)
        await bach.registry.update("here", is_active=True)
        async with asyncio.timeout(60):  # what is left out is told by nothing, and would be waited for without end
            while sum(side.carried + side.left_out for side in await bach.bridges.sides("over")) < last:
                await carried.wait()
                carried.clear()


if __name__ == "__main__":
    asyncio.run(carry(sys.argv[1], int(sys.argv[2])))
