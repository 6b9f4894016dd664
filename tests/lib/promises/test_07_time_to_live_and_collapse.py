"""Promise 7: too late is not sent; the newer message of a tag replaces the waiting older one."""

import asyncio

import pytest

from bach_lib.events import MessageCancelled, MessageExpired, MessageFinished
from bach_lib.models import Fault, Operation, Status
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain
from bach_lib.storage import Store
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform
from tests.lib.promises.conftest import OpenBach, record

DOWN = Fault(code="refused", text="Connection refused")
BUSY = Fault(code="busy", text="Not now")


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


async def test_it_expires_on_a_connection_that_rests_since_the_start(
    open_bach: OpenBach, lasting_store: Store, clock: FakeClock
) -> None:
    """A message on a connection that is switched off would wait for ever after a restart."""
    async with open_bach(lasting_store) as bach:
        await bach.registry.update("home", is_active=False)
        await clock.advance(2)
        receipt = await bach.send("home", "42", "dinner", time_to_live=600)
    async with open_bach(lasting_store) as bach:
        await clock.advance(601)
        assert (await bach.get(receipt.id)).status is Status.EXPIRED


@pytest.mark.parametrize("jump", [7199, 7201, 3 * 86_400, -3600, -10 * 365 * 86_400])
@pytest.mark.parametrize("down_for", [30, 7000])
async def test_every_message_ends_whatever_the_clock_does(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, jump: float, down_for: float
) -> None:
    """After the machine found the time, a message would wait for ever, or be over minutes after it was sent."""
    async with open_bach() as bach:
        finished = record(bach, MessageFinished)
        platform.fault = DOWN
        receipt = await bach.send("home", "42", "leak", time_to_live=7200)
        receipt_at = clock.now()
        await clock.advance(60)
        clock.jump(jump)
        await clock.advance(down_for)
        platform.fault = None
        await clock.advance(7200)
        message = await bach.get(receipt.id)
        assert message.status is Status.SENT
        assert message.expires_at == pytest.approx(message.created_at + 7200)
        assert message.created_at == pytest.approx(receipt_at + jump)
        assert [event.message.status for event in finished] == [message.status]
        assert (await bach.queue_status())["home"].waiting == 0


async def test_a_claim_in_the_moment_of_expiry_ends_the_message(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """The disk would say that it is too late, memory would let it go, and nobody would end it."""
    async with open_bach() as bach:
        expired = record(bach, MessageExpired)
        platform.hold = asyncio.Event()
        await bach.send("home", "42", "first")
        receipt = await bach.send("home", "42", "second", time_to_live=600)
        await clock.settle()
        await clock.advance(599)
        clock.jump(86_400)
        await clock.advance(1)
        platform.hold.set()
        await clock.settle()
        assert (await bach.get(receipt.id)).status is Status.EXPIRED
        assert [event.message.id for event in expired] == [receipt.id]


async def test_a_clock_set_back_before_a_restart_does_not_make_it_last(
    open_bach: OpenBach, lasting_store: Store, clock: FakeClock, platform: FakePlatform
) -> None:
    """A machine that boots in the past would send last year's "dinner is ready"."""
    platform.fault = DOWN
    async with open_bach(lasting_store) as bach:
        receipt = await bach.send("home", "42", "dinner", time_to_live=60)
        await clock.advance(1)
    clock.jump(-365 * 86_400)
    async with open_bach(lasting_store) as bach:
        await clock.advance(61)
        assert (await bach.get(receipt.id)).status is Status.EXPIRED


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


@pytest.mark.parametrize("newer", [Sent(remote_id="9"), Dead(fault=BUSY), Uncertain(fault=BUSY)])
async def test_the_older_message_of_a_tag_does_not_go_after_the_newer_one(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, newer: Outcome
) -> None:
    """Somebody who read "door closed" would then read "door open", which failed before, and get up for it."""
    async with open_bach() as bach:
        cancelled = record(bach, MessageCancelled)
        platform.hold = asyncio.Event()
        platform.outcomes += [Retry(fault=BUSY, scope=Scope.MESSAGE), newer]
        older = await bach.send("home", "42", "door open", tag="door", priority=-5)
        await clock.settle()
        await bach.send("home", "42", "door closed", tag="door", delivery="at_most_once")
        platform.hold.set()
        await clock.advance(3600)
        assert [event.message.id for event in cancelled] == [older.id]
        message = await bach.get(older.id)
        assert (message.status, message.error and message.error.code) == (Status.CANCELLED, "replaced")
        assert [one.text for one in platform.attempts] == ["door open", "door closed"]


async def test_the_older_message_of_a_tag_that_was_broken_off_does_not_go_again(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """After a restart the old temperature would be read last, for the new one was more urgent."""
    async with open_bach(lasting_store) as bach:
        platform.hold = asyncio.Event()
        older = await bach.send("home", "42", "17 °C", tag="temperature", priority=-5)
        await clock.settle()
        await bach.send("home", "42", "18 °C", tag="temperature")
        await bach.close(grace=0)
    platform.hold = None
    async with open_bach(lasting_store) as bach:
        await clock.advance(60)
        message = await bach.get(older.id)
        assert (message.status, message.error and message.error.code) == (Status.CANCELLED, "replaced")
        assert [one.text for one in platform.attempts] == ["17 °C", "18 °C"]
        assert bach.registry.get("home").error_count == 1, "in memory as on disk: it may have arrived, or not"


async def test_what_has_arrived_is_sent_although_a_newer_one_of_its_tag_came(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """What people have read would stand there as cancelled."""
    async with open_bach() as bach:
        platform.hold = asyncio.Event()
        older = await bach.send("home", "42", "17 °C", tag="temperature")
        await clock.settle()
        await bach.send("home", "42", "18 °C", tag="temperature")
        platform.hold.set()
        await clock.settle()
        message = await bach.get(older.id)
        assert (message.status, message.error) == (Status.SENT, None)
        assert [one.text for one in platform.sent if one.operation is Operation.SEND] == ["17 °C", "18 °C"]
