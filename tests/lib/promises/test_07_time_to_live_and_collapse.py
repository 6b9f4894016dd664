"""Promise 7: too late is not sent; the newer message of a tag replaces the waiting older one."""

from bach_lib.events import MessageCancelled, MessageExpired
from bach_lib.models import Fault, Status
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform
from tests.lib.promises.conftest import OpenBach, record

DOWN = Fault(code="refused", text="Connection refused")


async def test_a_message_whose_time_is_over_is_not_sent_late(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """The words "Dinner is ready" would arrive at midnight."""
    async with open_bach() as bach:
        expired = record(bach, MessageExpired)
        platform.fault = DOWN
        await bach.send("home", "42", "dinner", time_to_live=600)
        await bach.send("home", "42", "alarm")
        await clock.advance(599)
        assert expired == []
        await clock.advance(2)
        assert [event.message.text for event in expired] == ["dinner"]
        platform.fault = None
        await clock.advance(31)
        assert [message.text for message in platform.sent] == ["alarm"]


async def test_it_expires_while_its_connection_is_switched_off(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Old news would come when the connection is switched on again."""
    async with open_bach() as bach:
        await bach.registry.update("home", is_active=False)
        await clock.advance(2)
        receipt = await bach.send("home", "42", "dinner", time_to_live=600)
        await clock.advance(700)
        assert (await bach.get(receipt.id)).status is Status.EXPIRED
        await bach.registry.update("home", is_active=True)
        await clock.advance(5)
        assert platform.sent == []


async def test_the_newer_message_of_a_tag_replaces_the_waiting_one(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """After an outage a person would read twenty temperatures instead of the last one."""
    async with open_bach() as bach:
        cancelled = record(bach, MessageCancelled)
        platform.fault = DOWN
        await bach.send("home", "42", "first in lane")
        for degrees in (17, 18, 19):
            await bach.send("home", "42", f"{degrees} °C", tag="temperature")
        await bach.send("home", "43", "20 °C", tag="temperature")
        assert [event.message.text for event in cancelled] == ["17 °C", "18 °C"]
        assert {event.message.error.code for event in cancelled if event.message.error} == {"replaced"}
        platform.fault = None
        await clock.advance(60)
        assert sorted(message.text for message in platform.sent) == ["19 °C", "20 °C", "first in lane"]
