"""Promise 4: a server's wish to wait is obeyed and is no failure; our own limits keep us from being told."""

import pytest

from bach_lib.connectors.capabilities import Rate
from bach_lib.events import MessageRetrying
from bach_lib.models import BreakerState, Fault, Status
from bach_lib.outcomes import Scope, Wait
from bach_lib.storage import Store
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform
from tests.lib.promises.conftest import OpenBach, record

FLOOD = Fault(code="rate_limited", text="Too Many Requests: retry after 45", retry_after=45)


async def test_a_lane_pauses_until_the_servers_time_and_the_others_go_on(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Asking again too early makes platforms extend the ban; stopping everybody delays an alarm for no reason."""
    async with open_bach() as bach:
        retrying = record(bach, MessageRetrying)
        platform.outcomes.append(Wait(seconds=45, fault=FLOOD, scope=Scope.RECIPIENT))
        await bach.send("home", "crowd", "one")
        await clock.settle()
        await bach.send("home", "crowd", "two", priority=5)
        await bach.send("home", "quiet", "three")
        await clock.advance(44)
        assert [message.text for message in platform.sent] == ["three"]
        await clock.advance(2)
        assert [message.text for message in platform.sent] == ["three", "two", "one"]
        assert [event.message.retry_count for event in retrying] == [0]


async def test_the_limit_of_edits_stops_only_edits(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """An alarm would wait for the minutes of a washing machine, or an older text stand in the place of a newer one."""
    async with open_bach() as bach:
        first = await bach.send("home", "laundry", "40 minutes")
        await clock.settle()
        platform.outcomes.append(Wait(seconds=45, fault=FLOOD, scope=Scope.MESSAGE))
        older = await bach.edit(first.id, "39 minutes")
        await clock.settle()
        await bach.edit(first.id, "38 minutes")
        await bach.send("home", "laundry", "FIRE")
        await clock.advance(44)
        assert [message.text for message in platform.sent] == ["40 minutes", "FIRE"]
        assert (await bach.get(older.id)).retry_count == 0
        await clock.advance(2)
        assert [message.text for message in platform.sent] == ["40 minutes", "FIRE", "39 minutes", "38 minutes"]


async def test_the_whole_connection_pauses_if_the_server_says_so(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Other chats would keep the ban alive."""
    async with open_bach() as bach:
        platform.outcomes.append(Wait(seconds=45, fault=FLOOD, scope=Scope.CONNECTION))
        await bach.send("home", "one", "text")
        await clock.settle()
        await bach.send("home", "two", "text")
        await clock.advance(44)
        assert platform.sent == []
        await clock.advance(2)
        assert len(platform.sent) == 2


async def test_waiting_uses_up_nothing(open_bach: OpenBach, clock: FakeClock, platform: FakePlatform) -> None:
    """A busy evening would turn messages into dead letters or open the circuit."""
    async with open_bach() as bach:
        platform.outcomes.extend([Wait(seconds=10, fault=FLOOD, scope=Scope.CONNECTION)] * 5)
        receipt = await bach.send("home", "42", "text")
        await clock.advance(155)
        assert (await bach.get(receipt.id)).retry_count == 0
        assert bach.breaker("home") is BreakerState.CLOSED
        assert bach.registry.get("home").error_count == 0
        await clock.advance(10)
        assert len(platform.sent) == 1


@pytest.mark.parametrize("scope", [Scope.MESSAGE, Scope.RECIPIENT, Scope.CONNECTION])
@pytest.mark.parametrize("told", [0.0, 0.001, -5.0, float("nan")])
async def test_no_wait_is_shorter_than_a_second(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, scope: Scope, told: float
) -> None:
    """A platform whose clock is off by a moment would be asked ten thousand times a second, each with a write."""
    async with open_bach() as bach:
        platform.outcomes.extend([Wait(seconds=told, fault=FLOOD, scope=scope)] * 100)
        await bach.send("home", "42", "text")
        await clock.settle()
        assert len(platform.attempts) == 1
        await clock.advance(0.9)
        assert len(platform.attempts) == 1
        await clock.advance(0.2)
        assert len(platform.attempts) == 2


@pytest.mark.parametrize("scope", [Scope.RECIPIENT, Scope.CONNECTION])
@pytest.mark.parametrize("told", [0.001, 1, 3000])
async def test_being_told_to_wait_ends_after_a_day(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, scope: Scope, told: float
) -> None:
    """A message that is always told to wait a second would be sent 86,400 times a day, and nobody would hear of it."""
    async with open_bach() as bach:
        platform.outcomes.extend([Wait(seconds=told, fault=FLOOD, scope=scope)] * 100)
        receipt = await bach.send("home", "42", "text")
        await clock.advance(86_000)
        assert (await bach.get(receipt.id)).status is Status.PENDING
        await clock.advance(4000)
        message = await bach.get(receipt.id)
        assert message.status is Status.DEAD
        assert message.error
        assert message.error.text == FLOOD.text
        assert len(platform.attempts) < 40 if told > 1 else len(platform.attempts) < 20


async def test_a_long_wait_survives_a_restart(
    open_bach: OpenBach, lasting_store: Store, clock: FakeClock, platform: FakePlatform
) -> None:
    """After a restart the platform would be asked again hours too early, and extend the ban."""
    async with open_bach(lasting_store) as bach:
        platform.outcomes.append(Wait(seconds=8288, fault=FLOOD, scope=Scope.RECIPIENT))
        await bach.send("home", "42", "text")
        await clock.advance(60)
    async with open_bach(lasting_store):
        await clock.advance(8200)
        assert platform.sent == []
        await clock.advance(60)
        assert len(platform.sent) == 1


async def test_a_wait_of_hours_for_one_chat_does_not_silence_the_others(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """One chatty sensor would keep every alarm of the house for two hours."""
    async with open_bach() as bach:
        platform.outcomes.append(Wait(seconds=8288, fault=FLOOD, scope=Scope.CONNECTION))
        await bach.send("home", "chatty", "one")
        await clock.settle()
        fault = bach.health("home").fault
        assert fault
        assert fault.retry_after == 45, "what waits says why"
        await bach.send("home", "quiet", "alarm")
        await bach.send("home", "quiet", "alarm 2")
        await clock.advance(2)
        assert [message.text for message in platform.sent] == ["alarm", "alarm 2"]
        await clock.advance(8280)
        assert len(platform.sent) == 2
        await clock.advance(10)
        assert len(platform.sent) == 3


async def test_our_own_limiter_stays_under_the_published_limit(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """We would be told to wait, and a platform that is told too much bans bots."""
    async with open_bach() as bach:
        platform.rates = {"bot": Rate(count=30, per=1.0)}
        for number in range(90):
            await bach.send("home", f"person{number}", "text")
        await clock.settle()
        assert len(platform.sent) == 30
        await clock.advance(1)
        assert 58 <= len(platform.sent) <= 60
        await clock.advance(1)
        assert 88 <= len(platform.sent) <= 90
