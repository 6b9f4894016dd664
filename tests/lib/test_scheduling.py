"""Messages that are sent at a later time: not before it, whatever happens meanwhile, and then in their place."""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Fault, File, Message, Operation, Status
from bach_lib.clock import Clock
from bach_lib.errors import (
    InputError,
    InvalidValueError,
    NotScheduledError,
    ScheduleFullError,
    StoreFailedError,
    UnknownMessageError,
)
from bach_lib.outbound import room
from bach_lib.outbound.going_together import Together
from bach_lib.outcomes import Dead
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

AWAY = Fault(code="unreachable", text="No route to host")
HOUR = 3600.0


def at(clock: Clock, seconds: float) -> datetime:
    """So many seconds from now."""
    return datetime.fromtimestamp(clock.now() + seconds, UTC)


def texts(platform: FakePlatform) -> list[str]:
    """What has arrived, in order."""
    return [message.text for message in platform.sent]


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A BACH with a connection at work."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    return bach


async def later(home: Bach, clock: FakeClock, text: str = "Bins out", **options: object) -> Message:
    """A message for in an hour."""
    options = {"not_before": at(clock, HOUR), **options}
    receipt = await home.send("home", "ada", text, **options)  # type: ignore[arg-type] # options of `send`
    return await home.get(receipt.id)


async def test_it_is_sent_at_its_time(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """What is wanted at seven would be sent at night, or not at all."""
    message = await later(home, clock)
    assert (message.status, message.scheduled_for) == (Status.PENDING, clock.now() + HOUR)
    await clock.advance(HOUR - 1)
    assert texts(platform) == []
    await clock.advance(1.0)
    assert texts(platform) == ["Bins out"]
    sent = await home.get(message.id)
    assert (sent.status, sent.scheduled_for, sent.next_retry_at) == (Status.SENT, None, None)
    assert sent.created_at == message.scheduled_for


async def test_the_others_go_meanwhile(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A birthday wish for next month would hold up the water alarm of today."""
    await later(home, clock, priority=10)
    await home.send("home", "ada", "Water leak")
    await clock.settle()
    assert texts(platform) == ["Water leak"]


async def test_then_it_takes_its_place(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """What came first would go last, or before what is more urgent."""
    await later(home, clock)
    platform.fault = AWAY
    for text, priority in (("Door open", 0), ("Water leak", 5)):
        await home.send("home", "ada", text, priority=priority)
    await clock.advance(HOUR + 1)
    platform.fault = None
    await clock.advance(HOUR)
    assert texts(platform) == ["Water leak", "Bins out", "Door open"]


async def test_of_several_each_has_its_time(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The first would take the others along, or be the last that goes."""
    for seconds in (300, 100, 200, 100):
        await later(home, clock, str(seconds), not_before=at(clock, seconds))
    for due in (["100", "100"], ["200"], ["300"]):
        platform.sent.clear()
        await clock.advance(100)
        assert texts(platform) == due


@pytest.mark.parametrize("set_by", [1800, HOUR, 86_400])
async def test_it_goes_by_the_clock_on_the_wall(
    home: Bach, platform: FakePlatform, clock: FakeClock, set_by: float
) -> None:
    """After a power cut the clock is hours behind; what is meant for seven would be sent at nine."""
    await later(home, clock)
    clock.jump(set_by)
    await clock.settle()
    assert texts(platform) == (["Bins out"] if set_by >= HOUR else [])
    await clock.advance(max(HOUR - set_by, 0))
    assert texts(platform) == ["Bins out"]


async def test_it_waits_when_the_clock_is_set_back(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """It would be sent at six because the clock was wrong."""
    await later(home, clock)
    await clock.advance(HOUR - 60)
    clock.jump(-HOUR)
    await clock.advance(HOUR)
    assert texts(platform) == []
    await clock.advance(61)
    assert texts(platform) == ["Bins out"]


@pytest.mark.parametrize("set_by", [0, 1800, -1800])
async def test_its_time_to_live_begins_when_it_is_due(
    home: Bach, platform: FakePlatform, clock: FakeClock, set_by: float
) -> None:
    """It would be over before it may go, or be sent late at night."""
    platform.fault = AWAY
    message = await later(home, clock, time_to_live=600)
    clock.jump(set_by)
    await home.send("home", "bob", "unconcerned", time_to_live=9e5)  # which looks at the clock
    await clock.advance(HOUR - set_by + 599)
    assert (await home.get(message.id)).status in {Status.PENDING, Status.FAILED}
    await clock.advance(2)
    assert (await home.get(message.id)).status is Status.EXPIRED


async def test_once_due_no_clock_calls_it_back(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """What somebody saw waiting for the platform would vanish for an hour; or live for an hour longer."""
    platform.fault = AWAY
    message = await later(home, clock, time_to_live=600)
    await clock.advance(HOUR + 1)
    clock.jump(-HOUR)
    await home.send("home", "bob", "which looks at the clock")
    await clock.settle()
    assert (await home.get(message.id)).scheduled_for is None
    await clock.advance(600)
    assert (await home.get(message.id)).status is Status.EXPIRED


async def test_a_tag_replaces_it(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A reminder would come of what is long done."""
    first = await later(home, clock, tag="bins")
    await later(home, clock, "Bins are out", tag="bins", not_before=None)
    await clock.advance(HOUR)
    assert texts(platform) == ["Bins are out"]
    assert (await home.get(first.id)).status is Status.CANCELLED


async def test_it_replaces_what_waits_with_its_tag(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Who moves a reminder would get it twice."""
    await later(home, clock, "at eight", tag="bins")
    await later(home, clock, "at nine", tag="bins", not_before=at(clock, 2 * HOUR))
    await clock.advance(2 * HOUR)
    assert texts(platform) == ["at nine"]


async def test_it_is_a_new_message_whatever_its_tag_has_sent(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """It would change today what is to be read tomorrow, or tomorrow what nobody looks at any more."""
    await later(home, clock, "20 %", tag="wash", silent=True, not_before=None)
    await clock.settle()
    message = await later(home, clock, "Hang it up", tag="wash", silent=True)
    assert message.operation is Operation.SEND
    await clock.advance(HOUR)
    assert [one.operation for one in platform.sent] == [Operation.SEND, Operation.SEND, Operation.DELETE]


async def test_it_can_be_cancelled_and_put_back(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """It would be sent although somebody took it back; or at once, as they thought twice."""
    message = await later(home, clock)
    await home.cancel(message.id)
    assert await home.undo(message.id) == message
    await clock.advance(HOUR - 1)
    assert texts(platform) == []
    other = await later(home, clock)
    await home.cancel(other.id)
    await clock.advance(2 * HOUR)
    assert texts(platform) == ["Bins out"]


async def test_it_keeps_its_time_when_it_is_amended(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Who corrects a word would send it at once; and its time to live would begin too soon."""
    await home.registry.add(Connection(name="work", type="fake"))
    message = await later(home, clock, time_to_live=60)
    amended = await home.amend(message.id, text="Bins", connection="work", time_to_live=120)
    assert amended.scheduled_for == message.scheduled_for
    assert amended.expires_at == clock.now() + HOUR + 120
    await clock.advance(HOUR - 1)
    assert texts(platform) == []
    await clock.advance(1)
    assert [(one.connection, one.text) for one in platform.sent] == [("work", "Bins")]


async def test_it_can_have_another_time(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Who wants it later would have to write it again; or it would come at both times, or be too old at the new one."""
    message = await later(home, clock, time_to_live=60)
    at = datetime.fromtimestamp(clock.now() + 2 * HOUR, UTC)
    amended = await home.amend(message.id, not_before=at)
    assert (amended.scheduled_for, amended.expires_at) == (clock.now() + 2 * HOUR, clock.now() + 2 * HOUR + 60)
    await clock.advance(2 * HOUR - 1)
    assert texts(platform) == []
    platform.outcomes.append(Dead(fault=Fault(code="blocked", text="Blocked.")))
    await clock.advance(1)
    dead = await home.get(message.id)
    assert dead.status is Status.DEAD
    again = await home.amend(message.id, not_before=datetime.fromtimestamp(clock.now() + HOUR, UTC).isoformat())
    assert (again.scheduled_for, again.error) == (clock.now() + HOUR, None)
    platform.sent.clear()
    assert (await home.amend(message.id, not_before=None)).scheduled_for is None
    await clock.settle()
    assert texts(platform) == ["Bins out"]
    with pytest.raises(InputError):
        await home.amend(message.id, not_before="soon")


async def test_it_can_be_sent_now(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Who does not want to wait would have to write it again; and its time to live would go on until tomorrow."""
    platform.fault = AWAY
    message = await later(home, clock, time_to_live=60)
    waiting = await home.send_now(message.id)
    assert (waiting.scheduled_for, waiting.created_at) == (None, clock.now())
    assert waiting.expires_at == clock.now() + 60
    platform.fault = None
    await clock.advance(59)
    assert texts(platform) == ["Bins out"]
    await clock.advance(2 * HOUR)
    assert texts(platform) == ["Bins out"]


async def test_only_what_is_scheduled_can_be_sent_now(home: Bach, clock: FakeClock) -> None:
    """A press on an old page would send twice what has arrived."""
    sent = await home.send("home", "ada", "Door open")
    await clock.settle()
    with pytest.raises(NotScheduledError, match="sent"):
        await home.send_now(sent.id)
    with pytest.raises(UnknownMessageError):
        await home.send_now(99)


async def test_its_files_are_kept(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The picture would be gone when it is time."""
    await later(home, clock, files=[File(name="bins.jpg", content=b"picture")])
    await clock.advance(HOUR)
    assert [file.content for file in platform.sent[0].files] == [b"picture"]


async def test_it_does_not_count_as_waiting(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A wish for next month would show as a platform that has been away for a month."""
    await later(home, clock)
    status = (await home.queue_status())["home"]
    assert (status.scheduled, status.pending, status.waiting, status.oldest) == (1, 0, 0, None)
    platform.fault = AWAY
    await clock.advance(10)
    await home.send("home", "ada", "Door open")
    await clock.settle()
    status = (await home.queue_status())["home"]
    assert (status.scheduled, status.waiting, status.oldest) == (1, 1, clock.now())


@pytest.mark.parametrize(
    "value",
    [
        datetime(2027, 1, 15, 7),  # noqa: DTZ001 - the mistake under test
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-12))),
        "2027-01-15T09:00:00",
        "tomorrow",
        1_800_003_600.0,
    ],
)
async def test_a_time_that_is_none_is_refused(home: Bach, value: object) -> None:
    """Seven o'clock would be another hour in another place, or a year nobody lives to see."""
    with pytest.raises(InvalidValueError, match="a date and time with its time zone, at most a year from now"):
        await home.send("home", "ada", "Bins out", not_before=value)  # type: ignore[arg-type] # under test
    with pytest.raises(UnknownMessageError):
        await home.get(1)


async def test_a_time_may_be_written(home: Bach, clock: FakeClock) -> None:
    """Programs that talk in JSON could send nothing later."""
    message = await later(home, clock, not_before=at(clock, HOUR).isoformat())
    assert message.scheduled_for == clock.now() + HOUR


async def test_a_time_that_has_passed_is_now(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Whoever counts in seconds would be refused for being late by one."""
    await later(home, clock, not_before=at(clock, -1))
    await clock.settle()
    assert texts(platform) == ["Bins out"]


async def test_so_many_can_be_scheduled(home: Bach, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """An automation that runs in circles would fill the memory with next year."""
    monkeypatch.setattr(room, "MOST_SCHEDULED", 2)
    first, _ = [await later(home, clock) for _ in range(2)]
    with pytest.raises(ScheduleFullError, match="2 scheduled messages"):
        await later(home, clock)
    await home.send("home", "ada", "Water leak")  # there is room for an alarm
    await home.cancel(first.id)
    await later(home, clock)


async def test_the_same_key_is_the_same_time(home: Bach, clock: FakeClock) -> None:
    """Who asks again for another time would believe that they got it."""
    when = at(clock, HOUR)
    first = await later(home, clock, idempotency_key="k", not_before=when)
    await clock.advance(5)
    assert (await later(home, clock, idempotency_key="k", not_before=when)).id == first.id
    with pytest.raises(ValueError, match="was used for another message"):
        await later(home, clock, idempotency_key="k", not_before=when + timedelta(seconds=1))


async def test_all_of_several_are_sent_then(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Of a household one would be woken at once."""
    await home.send_all([("home", "ada"), ("home", "bob")], "Bins out", not_before=at(clock, HOUR))
    await clock.advance(HOUR - 1)
    assert texts(platform) == []
    await clock.advance(1)
    assert sorted(message.recipient for message in platform.sent) == ["ada", "bob"]


async def test_it_goes_to_the_corrected_address(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """It would go to a number that nobody has any more."""
    await later(home, clock)
    await home.move("home", "ada", "bob")
    await clock.advance(HOUR)
    assert [message.recipient for message in platform.sent] == ["bob"]


async def test_a_disk_that_is_full_delays_it(
    home: Bach, platform: FakePlatform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fell due while the disk was full would be forgotten until the next start."""
    await later(home, clock)
    queue, left = home._open_parts.queue, [3]
    real = queue.fall_due

    def full(
        connection: str, message_ids: Sequence[int], now: float, settings: Mapping[str, object]
    ) -> Awaitable[tuple[list[Message], Together]]:
        left[0] -= 1
        if left[0] >= 0:
            raise StoreFailedError(path="bach.db", reason="database or disk is full")
        return real(connection, message_ids, now, settings)

    monkeypatch.setattr(queue, "fall_due", full)
    await clock.advance(HOUR + 14)
    assert texts(platform) == []
    await clock.advance(1)
    assert texts(platform) == ["Bins out"]


@pytest.mark.parametrize("away", [HOUR - 600, HOUR + 600])
async def test_it_outlives_the_process(tmp_path: Path, clock: FakeClock, away: float) -> None:
    """A restart would send it at once, or lose it."""
    platform, path = FakePlatform(), tmp_path / "bach.db"
    kind = fake_connector(platform)
    async with Bach(path, connectors={"fake": kind}, clock=clock) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        message = await later(bach, clock)
    await clock.advance(away)
    async with Bach(path, connectors={"fake": kind}, clock=clock) as bach:
        await clock.settle()
        assert texts(platform) == (["Bins out"] if away > HOUR else [])
        await clock.advance(600)
        assert texts(platform) == ["Bins out"]
        assert (await bach.get(message.id)).status is Status.SENT
