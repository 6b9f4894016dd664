"""A process to be killed: carries what comes in as fast as it can, and prints how far the inbox has come."""

import asyncio
import sys

from bach_lib import Bach, Connection, Place
from bach_lib.bridges import judging
from bach_lib.events import MessageReceived
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

    kinds = {"endless": endless_platform(last), "fake": fake_connector(FakePlatform())}
    bach = Bach(database, connectors=kinds)
    bach.subscribe(MessageReceived, announced)
    async with bach:
        if not bach.registry.list():
            await bach.registry.add(Connection(name="there", type="fake"))
            await bach.registry.add(Connection(name="here", type="endless", is_active=False, allowed=frozenset({"42"})))
            await bach.bridges.set(BRIDGE)
        await bach.registry.update("here", is_active=True)
        while sum(side.carried + side.left_out for side in await bach.bridges.sides("over")) < last:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(carry(sys.argv[1], int(sys.argv[2])))
