"""Promise 2: failures of the connection never use up a message's attempts."""

from itertools import pairwise
from typing import override

import pytest

from bach_lib import Bach, Connection
from bach_lib.events import MessageDead, MessageRetrying
from bach_lib.models import BreakerState, Fault, Message, Status
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Uncertain
from bach_lib.storage import MemoryDatabase
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform, fake_connector
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
    """A platform that breaks on one recipient's messages, and on every picture, for ever."""

    @override
    async def deliver(self, message: Message, *, idempotent: bool) -> Outcome:
        if message.recipient == "victim" or message.text == "picture":
            self.outcomes.append(Retry(fault=Fault(code="server_error", text="500"), scope=Scope.CONNECTION))
        return await super().deliver(message, idempotent=idempotent)


@pytest.mark.parametrize("platform", [Poisonable()])
async def test_one_poisonous_message_stops_nobody_and_ends(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A message on which the platform always breaks would close the connection for all, and be tried for ever."""
    async with open_bach() as bach:
        poison = await bach.send("home", "victim", "poison")
        await clock.advance(16)
        assert bach.breaker("home") is BreakerState.CLOSED
        await bach.send("home", "other", "harmless")
        await clock.advance(1)
        assert [message.text for message in platform.sent] == ["harmless"]
        await clock.advance(1200)
        assert (await bach.get(poison.id)).status is Status.FAILED, "nothing else got through since"
        await bach.send("home", "other", "harmless")
        await clock.advance(1)
        assert (await bach.get(poison.id)).status is Status.DEAD
        assert len([message for message in platform.attempts if message.text == "poison"]) <= 8


class BrokenSending(FakePlatform):
    """A platform whose checks are good while nothing can be sent."""

    is_broken = True

    @override
    async def deliver(self, message: Message, *, idempotent: bool) -> Outcome:
        if self.is_broken:
            self.outcomes.appendleft(Uncertain(fault=Fault(code="server_error", text="502")))
            self.attempts.append(message)
            return self.outcomes.popleft()
        return await super().deliver(message, idempotent=idempotent)


@pytest.mark.parametrize("platform", [BrokenSending()])
async def test_a_night_of_broken_sending_with_good_checks_kills_nothing(
    open_bach: OpenBach, clock: FakeClock, platform: BrokenSending
) -> None:
    """Every alarm of the night would be thrown away, since the platform said that it was well."""
    async with open_bach() as bach:
        for number in range(20):
            await bach.send("home", f"person{number % 4}", f"text {number}")
        await clock.advance(8 * 3600)
        assert set(await statuses(bach)) <= {Status.PENDING, Status.FAILED}
        per_message = [sum(attempt.id == number for attempt in platform.attempts) for number in range(1, 21)]
        assert max(per_message) <= 20, "at a growing distance"
        platform.is_broken = False
        await clock.advance(3600)
        assert await statuses(bach) == [Status.SENT] * 20


@pytest.mark.parametrize("platform", [Poisonable()])
async def test_a_message_that_always_fails_lets_its_lane_go_on(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """In a house with one chat the fire alarm would wait for ever behind a picture that the platform cannot take."""
    async with open_bach() as bach:
        picture = await bach.send("home", "42", "picture")
        alarm = await bach.send("home", "42", "FIRE")
        await clock.advance(1200)
        assert (await bach.get(alarm.id)).status is Status.SENT
        await clock.advance(1)
        assert (await bach.get(picture.id)).status is Status.DEAD


class Crashing(FakePlatform):
    """A bridge that one picture makes crash for a minute, again and again."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    @override
    async def deliver(self, message: Message, *, idempotent: bool) -> Outcome:
        outcome = await super().deliver(message, idempotent=idempotent)
        if message.text == "picture" and self.fault is None:
            self.fault = DOWN
            self._clock.call_later(60, self._restart)
            return Uncertain(fault=DOWN)
        return outcome

    def _restart(self) -> None:
        self.fault = None


async def test_a_message_that_takes_the_connection_down_each_time_ends(clock: FakeClock) -> None:
    """A picture that makes the bridge crash would be sent after every restart of it, for ever."""
    platform = Crashing(clock)
    async with Bach(MemoryDatabase(), clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        await clock.settle()
        picture = await bach.send("home", "victim", "picture")
        for number in range(200):
            await bach.send("home", "other", f"{number}")
            await clock.advance(120)
        assert (await bach.get(picture.id)).status is Status.DEAD
        assert sum(attempt.text == "picture" for attempt in platform.attempts) < 30
        assert [message.status for message in await bach.messages(recipient="other", limit=500)].count(
            Status.SENT
        ) >= 195
