"""An outage of 20 minutes, an hour and a day in the middle of a burst of 60 messages, on a clock turned by hand.

Nothing here is about speed: how many messages are dead when the platform is back, and how long the first delivery takes
then. The moment of the recovery decides how far away the next check is, so several are tried and the worst counts.
"""

import asyncio
from collections.abc import Iterator

from bach_lib import Bach, Connection, Fault, Status
from bach_lib.storage import MemoryDatabase
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform, fake_connector
from benchmarks.floor import CONNECTION, TEXT
from benchmarks.measuring import Effort
from benchmarks.table import Aim, Row

MESSAGES = 60
DOWN = Fault(code="unreachable", text="No route to host")
OUTAGES = (("20 min", 20 * 60), ("60 min", 60 * 60), ("24 h", 24 * 3600))


def rows(effort: Effort) -> Iterator[Row]:
    """For each outage: dead messages, and seconds to the first delivery."""
    for name, seconds in OUTAGES:
        outcomes = [asyncio.run(_outage(seconds + 7 * number)) for number in range(effort.rounds)]
        lost, first = (max(column) for column in zip(*outcomes, strict=True))
        yield Row(name=f"outage of {name}, {MESSAGES} messages, dead", unit="%", ours=100 * lost, aim=Aim(limit=0))
        yield Row(name=f"outage of {name}, first delivery after", unit="s", ours=first, aim=Aim(limit=30))


async def _outage(seconds: float) -> tuple[float, float]:
    """The share of messages that did not arrive within ten minutes of the end, and after how long the first one did."""
    clock, platform = FakeClock(), FakePlatform()
    async with Bach(MemoryDatabase(), clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
        await bach.registry.add(Connection(name=CONNECTION, type="fake"))
        await clock.settle()
        platform.fault = DOWN
        for number in range(MESSAGES):
            await bach.send(CONNECTION, f"person{number % 6}", TEXT)
        await clock.advance(seconds)
        platform.fault = None
        first = await _until_first(clock, platform)
        await clock.advance(600)
        lost = [message for message in await bach.messages(limit=500) if message.status is not Status.SENT]
    return len(lost) / MESSAGES, first


async def _until_first(clock: FakeClock, platform: FakePlatform) -> float:
    waited = 0.0
    while not platform.sent and waited < 600:
        await clock.advance(0.5)
        waited += 0.5
    return waited
