"""Promise 6: a lane is first in, first out and waits for its head; other lanes go on; priority goes first."""

import asyncio

from bach_lib.models import Fault
from bach_lib.outcomes import Retry, Scope
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
