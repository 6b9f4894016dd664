"""Messages that wait for the end of quiet hours: with the reason, overridden by hand, never later than they live."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Fault, InvalidValueError, Place, ReceivedMessage, Route, Status, Step
from bach_lib.connectors.base import Connector
from bach_lib.control.operations import perform
from bach_lib.outcomes import Retry, Scope
from bach_lib.testing import FakeClock, FakePlatform, World, fake_connector

EVENING = datetime(2026, 12, 2, 23, tzinfo=UTC).timestamp()
NIGHT = {"from": "22:00", "until": "07:00", "zone": "UTC", "below": 5}
HOURS = [{**NIGHT, "recipient": who} for who in ("ada", "42")]
BUSY = Fault(code="busy", text="Not now.")
HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}), settings={"quiet_hours": HOURS})


@pytest.fixture
async def house() -> AsyncIterator[World]:
    """It is eleven in the evening."""
    platform, clock = FakePlatform(), FakeClock(EVENING)
    async with Bach(":memory:", clock=clock, connectors=kinds(platform), connections=[HOME], grace=0) as bach:
        await clock.settle()
        yield World(bach, platform, clock)


def kinds(platform: FakePlatform) -> Mapping[str, type[Connector]]:
    """One, which leads to this platform."""
    return {"fake": fake_connector(platform, receives=True)}


def told(platform: FakePlatform) -> list[str]:
    """What has arrived."""
    return [sent.text for sent in platform.sent]


async def test_it_waits_says_why_and_comes_in_the_morning(house: World) -> None:
    """The washing machine would wake somebody; or nobody could say where its message is."""
    bach, platform, clock = house
    receipt = await bach.send("home", "ada", "The washing is done")
    await bach.send("home", "bob", "Bob is awake")
    await bach.send("home", "ada", "Water!", priority=5)
    await clock.settle()
    assert told(platform) == ["Bob is awake", "Water!"]
    message = await bach.get(receipt.id)
    assert message.scheduled_for == EVENING + 8 * 3600
    assert message.error is not None
    assert (message.error.code, message.error.text) == ("quiet_hours", "Quiet until 07:00.")
    row = await perform(bach, "message", {"message_id": receipt.id})
    assert isinstance(row, dict)
    assert (row["scheduled_for"], row["error"]) == ("2026-12-03T07:00:00+00:00", "Quiet until 07:00.")
    await clock.advance(8 * 3600 - 1)
    assert len(told(platform)) == 2
    platform.hold = asyncio.Event()
    await clock.advance(1)
    under_way = await bach.get(receipt.id)
    assert (under_way.status, under_way.error) == (Status.SENDING, None), "what was quiet is over"
    platform.hold.set()
    await clock.settle()
    assert told(platform)[2:] == ["The washing is done"]
    assert ((await bach.get(receipt.id)).status, (await bach.get(receipt.id)).error) == (Status.SENT, None)


async def test_send_now_overrides_it_with_all_of_its_time_to_live(house: World) -> None:
    """Whoever clicks on it would see it expire."""
    bach, platform, clock = house
    receipt = await bach.send("home", "ada", "The washing is done", time_to_live=3600)
    await clock.advance(600)
    message = await bach.send_now(receipt.id)
    assert (message.scheduled_for, message.error, message.expires_at) == (None, None, EVENING + 3600)
    await clock.settle()
    assert told(platform) == ["The washing is done"]


async def test_what_does_not_live_so_long_expires_and_is_not_sent(house: World) -> None:
    """At seven, the doorbell of eleven in the evening would ring."""
    bach, platform, clock = house
    short = await bach.send("home", "ada", "Somebody is at the door", time_to_live=600)
    long = await bach.send("home", "ada", "Milk is out", time_to_live=9 * 3600)
    await clock.advance(599)
    assert (await bach.get(short.id)).status is Status.PENDING
    await clock.advance(1)
    assert (await bach.get(short.id)).status is Status.EXPIRED
    await clock.advance(8 * 3600)
    assert told(platform) == ["Milk is out"]
    assert (await bach.get(long.id)).status is Status.SENT


async def test_a_wish_for_the_night_is_moved_and_one_for_the_day_is_not(house: World) -> None:
    """A reminder for three at night would wake somebody who sleeps then; one for nine come at seven."""
    bach, _, _ = house
    for hour, expected in ((3, 7), (9, 9)):
        wish = datetime(2026, 12, 3, hour, tzinfo=UTC)
        message = await bach.get((await bach.send("home", "ada", "Pills", not_before=wish)).id)
        assert message.scheduled_for == datetime(2026, 12, 3, expected, tzinfo=UTC).timestamp()
        assert (message.error is not None) is (expected != hour)


async def test_who_has_just_written_gets_an_answer(house: World) -> None:
    """Ada asks at midnight whether the door is locked, and hears of it at seven."""
    bach, platform, _ = house
    await bach.send("home", "ada", "It is locked", reply_to="1")

    @bach.on_command("good")
    async def good(message: ReceivedMessage) -> None:
        await message.answer("Good night")

    platform.says("/good")
    async with asyncio.timeout(10):
        await platform.wait_for(2)
    assert told(platform) == ["It is locked", "Good night"]


async def test_it_waits_through_a_restart_and_a_key_is_the_same_message_at_any_hour(tmp_path: Path) -> None:
    """It would come at three, when the power is back; or be refused as another message in the morning."""
    path, platform = tmp_path / "bach.db", FakePlatform()
    async with Bach(path, connectors=kinds(platform), clock=FakeClock(EVENING)) as bach:
        await bach.registry.add(HOME)
        first = await bach.send("home", "ada", "The washing is done", idempotency_key="wash")
    clock = FakeClock(EVENING + 5 * 3600)
    async with Bach(path, connectors=kinds(platform), clock=clock) as bach:
        await clock.settle()
        assert told(platform) == []
        message = await bach.get(first.id)
        assert message.error is not None
        assert message.error.text == "Quiet until 07:00."
        await clock.advance(3 * 3600)
        assert told(platform) == ["The washing is done"]
        assert (await bach.send("home", "ada", "The washing is done", idempotency_key="wash")).id == first.id


async def test_a_route_goes_on_as_its_priority_says(house: World) -> None:
    """An alarm would wait for the morning; or what is none wake the one who sleeps."""
    bach, platform, clock = house
    places = tuple(Place(connection="home", recipient=one) for one in ("ada", "bob"))
    await bach.routes.set(Route(name="door", steps=(Step(places=places),)))
    await bach.start_route("door", "The door is open")
    await bach.start_route("door", "Burglars!", priority=9)
    await clock.settle()
    assert [(sent.recipient, sent.text) for sent in platform.sent] == [
        *(("bob", "The door is open"), ("ada", "Burglars!"), ("bob", "Burglars!"))
    ]


async def test_what_are_no_quiet_hours_is_refused_where_they_are_set(house: World) -> None:
    """Somebody would rely on them, and be woken."""
    with pytest.raises(InvalidValueError, match=r"settings\.quiet_hours\.zone"):
        await house.bach.registry.update("home", settings={"quiet_hours": [{**HOURS[0], "zone": "Berlin"}]})


async def test_what_waited_for_the_platform_comes_in_the_morning_too(house: World) -> None:
    """The platform is back at three in the morning, and so are all that waited, one after the other."""
    bach, platform, clock = house
    await bach.registry.update("home", settings={})
    platform.fails()
    first = await bach.send("home", "ada", "The washing is done")
    await clock.settle()
    second = await bach.send("home", "ada", "Milk is out", time_to_live=3600)
    alarm = await bach.send("home", "ada", "Water!", priority=5)
    answer = await bach.send("home", "ada", "It is locked", reply_to="1")
    await clock.settle()
    assert (await bach.get(first.id)).attempted_at is not None
    await bach.registry.update("home", settings=HOME.settings)
    await clock.advance(600)
    platform.works()
    await clock.advance(1200)
    assert told(platform) == ["Water!", "It is locked"]
    for receipt in (first, second):
        waiting = await bach.get(receipt.id)
        assert waiting.error is not None
        assert (waiting.status, waiting.error.text) == (Status.PENDING, "Quiet until 07:00.")
        assert waiting.scheduled_for is not None
    assert (await bach.queue_status())["home"].waiting == 0, "nothing says that the platform was away all night"
    await clock.advance(1801)
    assert (await bach.get(second.id)).status is Status.EXPIRED
    await clock.advance(7 * 3600)
    assert told(platform)[2:] == ["The washing is done"]
    sent = await bach.get(first.id)
    assert (sent.status, sent.asked_at, sent.created_at) == (Status.SENT, EVENING, EVENING + 8 * 3600)
    assert {(await bach.get(one.id)).status for one in (alarm, answer)} == {Status.SENT}


async def test_what_a_person_sends_now_is_not_quiet_again_at_its_next_try(house: World) -> None:
    """Whoever clicks on it would see it wait again, as it was just then that the platform did not answer."""
    bach, platform, clock = house
    receipt = await bach.send("home", "ada", "The washing is done")
    platform.outcomes.append(Retry(fault=BUSY, scope=Scope.MESSAGE))
    await bach.send_now(receipt.id)
    await clock.settle()
    assert told(platform) == []
    await clock.advance(120)
    assert told(platform) == ["The washing is done"]


async def test_what_has_arrived_in_part_goes_on(house: World) -> None:
    """Half of a message would stand there all night."""
    bach, platform, clock = house
    await bach.registry.update("home", settings={})
    platform.outcomes.append(Retry(fault=BUSY, scope=Scope.MESSAGE))
    receipt = await bach.send("home", "ada", "A long text")
    platform.hold = asyncio.Event()
    await clock.settle()
    await bach._open_parts.queue.keep_progress(receipt.id, "half")
    platform.works()
    await bach.registry.update("home", settings=HOME.settings)
    await clock.advance(120)
    assert (await bach.get(receipt.id)).status is Status.SENT
