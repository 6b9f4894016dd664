"""Promise 6: a lane is first in, first out and waits for its head; other lanes go on; priority goes first."""

import asyncio
from collections import Counter
from typing import override

import pytest

from bach_lib.models import Fault, Message
from bach_lib.outcomes import Outcome, Retry, Scope
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform
from tests.lib.promises.conftest import OpenBach

BUSY = Retry(fault=Fault(code="busy", text="Try again"), scope=Scope.MESSAGE)
DOWN = Fault(code="refused", text="Connection refused")


async def test_a_lane_keeps_its_order_and_waits_for_its_head(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """The words "Door closed" would be read before "Door open"."""
    async with open_bach() as bach:
        platform.outcomes.append(BUSY)
        await bach.send("home", "ada", "1")
        await bach.send("home", "ada", "2")
        await bach.send("home", "bob", "other lane")
        await clock.advance(20)
        assert [message.text for message in platform.sent] == ["other lane"]
        await clock.advance(20)
        assert [message.text for message in platform.sent] == ["other lane", "1", "2"]


async def test_order_holds_under_concurrency_and_failures(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Many senders at once, some attempts refused: the order within a chat would break."""
    async with open_bach() as bach:
        platform.outcomes.extend([BUSY, BUSY, BUSY])
        await asyncio.gather(*(bach.send("home", f"person{number % 3}", str(number)) for number in range(60)))
        await clock.advance(600)
        for person in range(3):
            texts = [int(message.text) for message in platform.sent if message.recipient == f"person{person}"]
            assert texts == sorted(texts)
            assert len(texts) == 20


class Slow(FakePlatform):
    """A platform that takes a few turns of the loop, and notes who was there at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    @override
    async def deliver(self, message: Message, *, idempotent: bool) -> Outcome:
        for place in (message.recipient, "everywhere"):
            self.inside[place] += 1
            self.most[place] = max(self.most[place], self.inside[place])
        for _ in range(5):
            await asyncio.sleep(0)
        self.inside[message.recipient] -= 1
        self.inside["everywhere"] -= 1
        return await super().deliver(message, idempotent=idempotent)


@pytest.mark.parametrize("platform", [Slow()])
async def test_one_message_of_a_lane_is_under_way_at_a_time(
    open_bach: OpenBach, clock: FakeClock, platform: Slow
) -> None:
    """Two messages to one chat would race each other through the network."""
    async with open_bach() as bach:
        await asyncio.gather(*(bach.send("home", f"person{number % 3}", str(number)) for number in range(30)))
        async with asyncio.timeout(60):
            while len(platform.sent) < 30:
                await clock.settle()
        assert {platform.most[f"person{person}"] for person in range(3)} == {1}
        assert platform.most["everywhere"] == 3, "but lanes do not wait for each other"


async def test_priority_goes_first_within_and_between_lanes(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """The smoke alarm would stand in line behind fifty weather reports."""
    async with open_bach() as bach:
        platform.fault = DOWN
        await bach.send("home", "ada", "first")
        await bach.send("home", "ada", "report")
        await bach.send("home", "bob", "report")
        await bach.send("home", "ada", "alarm", priority=10)
        await clock.advance(120)
        platform.fault = None
        await clock.advance(31)
        assert platform.sent[0].text == "alarm"
        assert {message.text for message in platform.sent} == {"alarm", "first", "report"}


async def test_one_recipient_is_one_lane_however_it_is_written(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Two spellings of one chat would overtake each other."""
    async with open_bach() as bach:
        platform.outcomes.append(BUSY)
        await bach.send("home", "ADA", "1")
        await bach.send("home", " ada ", "2")
        await clock.advance(60)
        assert [message.text for message in platform.sent] == ["1", "2"]
