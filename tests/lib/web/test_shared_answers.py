"""What many open pages ask is looked up once, and nobody is shown what was or what is another's."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bach_lib import Bach, Connection, MessageQueued
from bach_lib.clock import Clock
from bach_lib.events import Event
from bach_lib.models import QueueStatus
from bach_lib.models.incoming import InboxStatus
from bach_lib.testing import FakeClock, FakePlatform
from bach_lib.web.change_signal import Changes
from bach_lib.web.shared_answers import SharedAnswers
from bach_lib.web.viewer import ForbiddenError, Visit
from tests.lib.web.viewers import Everybody, OnlyAda

COUNTS = "bach/panel/counts"


class House:
    """Pages of one home, and how often it looked at its queue."""

    def __init__(self, bach: Bach, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.visit = Visit(bach, Everybody())
        self.changes = Changes(clock)
        self.shared = SharedAnswers(self.changes, clock=clock)
        self.looks = 0
        look = bach.queue_status

        async def counted() -> dict[str, QueueStatus]:
            self.looks += 1
            return await look()

        monkeypatch.setattr(bach, "queue_status", counted)
        bach.subscribe(Event, self.changes.note)

    async def waiting(self, who: str = "ada") -> int:
        """How many messages a page of somebody says are waiting."""
        answer = await self.shared.perform(who, self.visit, COUNTS, {})
        assert isinstance(answer, dict)
        return int(answer["counts"]["waiting"])


@pytest.fixture
async def house(bach: Bach, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A connection that rests, and a page that hears of changes."""
    await bach.registry.add(Connection(name="home", type="fake", is_active=False))
    house = House(bach, clock, monkeypatch)
    stop = house.changes.follow(lambda: None)
    yield house
    stop()


async def test_twenty_pages_that_ask_the_same_are_one_look(house: House) -> None:
    """A family with panels on the wall would keep a small computer busy with nothing."""
    assert await asyncio.gather(*(house.waiting() for _ in range(20))) == [0] * 20
    assert house.looks == 1
    await house.waiting("ben")
    assert house.looks == 2


async def test_whoever_hears_of_a_change_sees_it(house: House, bach: Bach, clock: FakeClock) -> None:
    """A page would go on showing what was, until something else happens."""
    seen, asked = list[int](), set[asyncio.Task[None]]()

    async def look() -> None:
        seen.append(await house.waiting())

    def hear() -> None:
        asked.add(asyncio.create_task(look()))

    house.changes.follow(hear)
    await house.waiting()
    for _ in range(3):
        await bach.send("home", "ada", "Tea.")
        await house.waiting()  # somebody comes in between
    await clock.advance(2.0)
    assert seen[-1] == 3


async def test_what_is_read_on_the_phone_loses_its_mark_on_the_desk(
    house: House, bach: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """A page that is open elsewhere would call a message unread until somebody reloads it."""
    await bach.registry.update("home", is_active=True, allowed=frozenset({"ada"}))
    await clock.settle()
    platform.says("Is the door open?", sender="ada")
    await clock.settle()
    [message] = await bach.inbox()
    await clock.advance(2)
    before = house.changes.told
    for act in (
        bach.mark([message.id], InboxStatus.READ),
        bach.mark([message.id], InboxStatus.READ),  # nothing changes: nobody need look
        bach.discard([message.id]),
    ):
        await act
        await clock.advance(2)
    assert house.changes.told == before + 2


async def test_whoever_does_something_sees_what_came_of_it(house: House, bach: Bach) -> None:
    """After *Cancel* the message would stand there as before."""
    receipt = await bach.send("home", "ada", "Tea.")
    assert await house.waiting() == 1
    await house.shared.perform("ada", house.visit, "bach/panel/act", {"what": "cancel", "ids": [receipt.id]})
    assert await house.waiting() == 0


async def test_an_answer_is_a_second_old_at_most(house: House, clock: FakeClock) -> None:
    """Names and rights change without a word to pages: somebody would be shown what is theirs no more."""
    await house.waiting()
    await clock.advance(0.9)
    await house.waiting()
    assert house.looks == 1
    await clock.advance(0.2)
    await house.waiting()
    assert house.looks == 2


async def test_without_anybody_who_hears_of_changes_all_look(
    bach: Bach, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that only asks would be given what was."""
    house = House(bach, clock, monkeypatch)
    await house.waiting()
    await house.waiting()
    assert house.looks == 2


async def test_whoever_goes_takes_the_answer_from_nobody_else(house: House) -> None:
    """A tab that is closed would leave the others without a page."""
    first = asyncio.ensure_future(house.waiting())
    second = asyncio.ensure_future(house.waiting())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 0


async def test_what_one_may_not_see_is_not_taken_from_another(house: House, bach: Bach) -> None:
    """A child would read what was said to its parents."""
    receipt = await bach.send("home", "ben", "Private.")
    question = "bach/panel/message", {"message_id": receipt.id}
    await house.shared.perform("parent", house.visit, *question)
    with pytest.raises(ForbiddenError):
        await house.shared.perform("child", Visit(bach, OnlyAda()), *question)


async def test_a_busy_time_is_told_once_a_second(bach: Bach, clock: FakeClock) -> None:
    """Pages would ask at four different moments of each second, and share nothing."""
    await bach.registry.add(Connection(name="home", type="fake", is_active=False))
    changes, told = Changes(clock), list[float]()
    bach.subscribe(MessageQueued, changes.note)
    changes.follow(lambda: told.append(clock.monotonic()))
    start = clock.monotonic()
    for _ in range(40):
        await bach.send("home", "ada", "Tea.")
        await clock.advance(0.1)
    assert [round(at - start, 2) for at in told] == [0.25, 1.25, 2.25, 3.25]
