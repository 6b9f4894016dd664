"""What is sent later through a process that does not own the connection: its owner sends it, at its time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import NotScheduledError, ScheduleFullError
from bach_lib.models import Message
from bach_lib.outbound import room
from bach_lib.testing import FakePlatform, fake_connector

type Two = tuple[Bach, Bach, FakePlatform]


@pytest.fixture
async def two(database_address: str) -> AsyncIterator[Two]:
    """The owner of a connection, and a process that owns nothing."""
    platform = FakePlatform()
    connectors = {"fake": fake_connector(platform)}
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(Bach(database_address, connectors=connectors, grace=0.0))
        await owner.registry.add(Connection(name="home", type="fake"))
        beside = Bach(database_address, connectors=connectors, autostart=False)
        yield owner, await stack.enter_async_context(beside), platform


def now(bach: Bach) -> float:
    """As the server has it."""
    return bach._base.clock.now()


async def later(bach: Bach, seconds: float) -> Message:
    """A message for so many seconds from now."""
    when = datetime.fromtimestamp(now(bach) + seconds, UTC)
    return await bach.get((await bach.send("home", "ada", "Bins out", not_before=when, time_to_live=60)).id)


async def test_its_owner_sends_it_at_its_time(two: Two) -> None:
    """It would be sent at once, or wait for the next start of its owner."""
    owner, beside, platform = two
    due = now(owner) + 0.3
    message = await later(beside, 0.3)
    assert (await owner.wait(message.id, 30)).status is Status.SENT
    assert now(owner) >= due
    assert len(platform.sent) == 1


async def test_it_is_counted_amended_and_sent_now_from_anywhere(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner would keep to a time that nobody wants any more; or the database would fill from beside it."""
    owner, beside, platform = two
    monkeypatch.setattr(room, "MOST_SCHEDULED", 1)
    message = await later(beside, 3600)
    with pytest.raises(ScheduleFullError):
        await later(beside, 3600)
    status = (await beside.queue_status())["home"]
    assert (status.scheduled, status.waiting, status.oldest) == (1, 0, None)
    amended = await beside.amend(message.id, text="Bins", time_to_live=120)
    assert amended.scheduled_for == message.scheduled_for
    assert amended.expires_at == pytest.approx((message.scheduled_for or 0) + 120)
    waits = await beside.send_now(message.id)
    assert waits.expires_at == pytest.approx(now(beside) + 120, abs=30)
    assert (await owner.wait(message.id, 30)).status is Status.SENT
    assert [one.text for one in platform.sent] == ["Bins"]
    with pytest.raises(NotScheduledError):
        await owner.send_now(message.id)


async def test_what_is_put_beside_the_owner_goes_together(two: Two) -> None:
    """Its owner would never send it; or each process count its own only."""
    _, beside, platform = two
    entry = {"at": "03:33", "after": 3}
    await beside.registry.update("home", settings={"gathering": [entry, {"per_hour": 1}, {"same_minutes": 5}]})
    ids = [(await beside.send("home", "ada", "Milk")).id for _ in range(3)]
    for one in ids:
        ended = await beside.wait(one, 30)
        assert ended.error is not None
        assert (ended.status, ended.error.code) == (Status.CANCELLED, "told_in")
    [carrier] = await platform.wait_for(1)
    assert carrier.text.endswith("Milk (3×)")
    await beside.registry.update("home", settings={"gathering": [{"per_hour": 1}, {"same_minutes": 5}]})
    limited = await beside.get((await beside.send("home", "ada", "Eggs")).id)
    assert limited.error is not None
    assert limited.error.code == "at_most_an_hour"
    await beside.registry.update("home", settings={"gathering": [{"same_minutes": 5}]})
    alike = await beside.get((await beside.send("home", "ada", carrier.text)).id)
    assert alike.error is not None
    assert alike.error.code == "same_text"
