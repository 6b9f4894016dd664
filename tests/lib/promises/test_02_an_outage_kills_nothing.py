"""Promise 2: failures of the connection never use up a message's attempts."""

from itertools import pairwise
from typing import override

import pytest

from bach_lib.events import MessageDead, MessageRetrying
from bach_lib.models import BreakerState, Fault, Message, Status
from bach_lib.outcomes import Dead, Outcome, Retry, Scope
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform
from tests.lib.promises.conftest import OpenBach, record, statuses

DOWN = Fault(code="unreachable", text="No route to host")
BUSY = Retry(fault=Fault(code="busy", text="Try again"), scope=Scope.MESSAGE)


@pytest.mark.parametrize("minutes", [20, 60, 24 * 60])
async def test_a_long_outage_loses_no_message(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, minutes: int
) -> None:
    """An alarm queued while the internet is away would be thrown away before it is back."""
    async with open_bach() as bach:
        platform.fault = DOWN
        for number in range(60):
            await bach.send("home", f"person{number % 6}", f"text {number}")
        await clock.advance(minutes * 60)
        assert platform.sent == []
        assert set(await statuses(bach)) == {Status.PENDING}
        assert all(message.retry_count == 0 for message in await bach.messages(limit=100))

        platform.fault = None
        await clock.advance(60)
        assert await statuses(bach) == [Status.SENT] * 60
        assert len(platform.sent) == 60


async def test_the_first_message_goes_within_thirty_seconds_of_recovery(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """People would wait up to five minutes for an alarm although the internet is back."""
    async with open_bach() as bach:
        platform.fault = DOWN
        await bach.send("home", "42", "text")
        await clock.advance(3600)
        platform.fault = None
        await clock.advance(30)
        assert len(platform.sent) == 1


async def test_an_open_breaker_burns_no_attempt(open_bach: OpenBach, clock: FakeClock, platform: FakePlatform) -> None:
    """Our own breaker would use up the retries, as the original system's did."""
    async with open_bach() as bach:
        platform.fault = DOWN
        await bach.send("home", "42", "text")
        await clock.advance(60)
        tried = len(platform.attempts)
        assert tried == 5
        await clock.advance(120)
        assert len(platform.attempts) == tried


async def test_a_refused_message_is_retried_five_times_and_then_dead(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A message the platform keeps refusing would block its lane for ever, or be given up too early."""
    async with open_bach() as bach:
        retries, dead = record(bach, MessageRetrying), record(bach, MessageDead)
        platform.outcomes.extend([BUSY] * 6)
        await bach.send("home", "42", "text")
        times = []
        for _ in range(20 * 60):
            before = len(platform.attempts)
            await clock.advance(1)
            times.extend([clock.monotonic()] * (len(platform.attempts) - before))
        assert len(platform.attempts) == 6
        assert [event.message.retry_count for event in retries] == [1, 2, 3, 4, 5]
        assert [event.message.error for event in dead] == [BUSY.fault]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        for gap, expected in zip(gaps, (60, 120, 240, 480), strict=True):
            assert expected * 0.9 - 1 <= gap <= expected * 1.1 + 1


async def test_a_permanent_refusal_is_dead_at_once_with_the_platforms_reason(
    open_bach: OpenBach, platform: FakePlatform, clock: FakeClock
) -> None:
    """A wrong chat id would be tried for a quarter of an hour before anybody learns of it."""
    async with open_bach() as bach:
        fault = Fault(code="chat_not_found", text="Bad Request: chat not found")
        platform.outcomes.append(Dead(fault=fault))
        receipt = await bach.send("home", "42", "text")
        await clock.settle()
        message = await bach.get(receipt.id)
        assert (message.status, message.error) == (Status.DEAD, fault)
        assert len(platform.attempts) == 1


class Poisonable(FakePlatform):
    """A platform that breaks on one recipient's messages, for ever."""

    @override
    async def deliver(self, message: Message, *, idempotent: bool) -> Outcome:
        if message.recipient == "victim":
            self.outcomes.append(Retry(fault=Fault(code="server_error", text="500"), scope=Scope.CONNECTION))
        return await super().deliver(message, idempotent=idempotent)


@pytest.mark.parametrize("platform", [Poisonable()])
async def test_one_poisonous_message_does_not_keep_the_connection_closed(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A message on which the platform always breaks would be the probe again and again, and nobody else's would go."""
    async with open_bach() as bach:
        await bach.send("home", "victim", "poison")
        await clock.advance(16)
        assert bach.breaker("home") is BreakerState.OPEN
        await bach.send("home", "other", "harmless")
        await clock.advance(90)
        assert [message.text for message in platform.sent] == ["harmless"]
