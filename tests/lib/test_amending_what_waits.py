"""Amending a message that still waits: it keeps its turn, goes once, and goes as it was corrected."""

import asyncio

import pytest

from bach_lib import Bach, Connection, Fault, Status
from bach_lib.errors import NotAmendableError
from bach_lib.models import Message
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.rows import Draft
from bach_lib.outcomes import Retry, Scope
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

AWAY = Fault(code="refused", text="away")


@pytest.fixture
async def home(bach: Bach, platform: FakePlatform, clock: FakeClock) -> Bach:
    """Two connections whose platform is away, and three messages that wait for one person."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await bach.registry.add(Connection(name="work", type="fake"))
    platform.fault = AWAY
    for text in ("first", "second", "third"):
        await bach.send("home", "ada", text, time_to_live=10_000)
    await clock.settle()
    return bach


async def back(platform: FakePlatform, clock: FakeClock) -> list[tuple[str, str, str]]:
    """What arrives when the platform is back."""
    platform.fault = None
    await clock.advance(4000)
    return [(message.connection, message.recipient, message.text) for message in platform.sent]


async def test_it_keeps_its_turn(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Who corrects a word would be answered before they asked."""
    amended = await home.amend(1, text="the first")
    assert amended.status is Status.PENDING
    await home.amend(2, text="the second")
    arrived = await back(platform, clock)
    assert arrived == [("home", "ada", text) for text in ("the first", "the second", "third")]


async def test_it_goes_to_the_new_recipient_alone(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """It would go to both, or hold up the lane that it left."""
    await home.amend(1, recipient="bob")
    arrived = await back(platform, clock)
    assert sorted(arrived) == [("home", "ada", "second"), ("home", "ada", "third"), ("home", "bob", "first")]


async def test_it_goes_through_the_new_connection_alone(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Both connections would send it."""
    await home.amend(2, connection="work")
    arrived = await back(platform, clock)
    assert sorted(arrived) == [("home", "ada", "first"), ("home", "ada", "third"), ("work", "ada", "second")]


async def test_its_time_goes_on(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A corrected word would make a message immortal."""
    before = await home.get(1)
    assert (await home.amend(1, text="the first")).expires_at == before.expires_at
    assert (await home.amend(1, time_to_live=None)).expires_at is None
    await clock.advance(12_000)
    assert (await home.get(1)).status in {Status.PENDING, Status.FAILED}
    assert (await home.get(2)).status is Status.EXPIRED


@pytest.mark.parametrize("set_by", [3e4, -3e4])
@pytest.mark.parametrize("connection", ["home", "work"])
async def test_its_time_goes_on_whatever_the_clock_shows(
    home: Bach, platform: FakePlatform, clock: FakeClock, connection: str, set_by: float
) -> None:
    """Whose time is found anew, as on a machine without a clock, could amend nothing: it would be over at once."""
    new, old = [(await home.send("home", "ada", "text", time_to_live=100)).id for _ in range(2)]
    clock.jump(set_by)
    await home.amend(new, connection=connection, recipient="bob", time_to_live=200)
    await home.amend(old, connection=connection, recipient="bob")
    await clock.advance(90)
    messages = [await home.get(number) for number in (old, new)]
    assert not any(message.status.is_final for message in messages)
    assert [(message.expires_at or 0.0) - clock.now() for message in messages] == pytest.approx([10, 110]), "on disk"
    await clock.advance(20)
    assert [(await home.get(number)).status.is_final for number in (old, new)] == [True, False]
    await clock.advance(100)
    assert (await home.get(new)).status is Status.EXPIRED


@pytest.mark.parametrize("set_by", [3e4, -3e4])
async def test_its_time_goes_on_if_the_clock_is_set_while_it_is_written(
    home: Bach, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, set_by: float
) -> None:
    """What the disk has just answered goes by the old time; it would be over at once, or hours too late."""
    write = Corrections.amend

    async def slow(
        corrections: Corrections, message: Message, draft: Draft, *, is_moved: bool
    ) -> tuple[Message, Message] | None:
        written = await write(corrections, message, draft, is_moved=is_moved)
        clock.jump(set_by)
        return written

    monkeypatch.setattr(Corrections, "amend", slow)
    number = (await home.send("home", "ada", "text", time_to_live=100)).id
    await home.amend(number, recipient="bob")
    await clock.advance(90)
    assert not (await home.get(number)).status.is_final
    await clock.advance(20)
    assert (await home.get(number)).status is Status.EXPIRED


async def test_one_that_waits_for_its_next_try_can_be_amended(
    bach: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """What is wrong with it would be tried five times more before anybody may correct it."""
    await bach.registry.add(Connection(name="home", type="fake"))
    platform.outcomes.append(Retry(fault=AWAY, scope=Scope.MESSAGE))
    await bach.send("home", "ada", "text")
    await clock.settle()
    assert (await bach.get(1)).status is Status.FAILED
    await bach.amend(1, text="another")
    await clock.settle()
    assert [message.text for message in platform.sent] == ["another"]
    assert (await bach.get(1)).status is Status.SENT


async def test_an_amendment_and_the_sending_never_both_win(
    bach: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """One text would be said to have gone, and another would have."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await bach.registry.add(Connection(name="work", type="fake"))
    for number in range(40):
        await bach.stop("home")
        receipt = await bach.send("home", "ada", f"old {number}")
        starting = asyncio.create_task(bach.start("home"))
        for _ in range(number % 12):
            await asyncio.sleep(0)
        try:
            await bach.amend(receipt.id, text=f"new {number}", connection="work")
            is_new = True
        except NotAmendableError:
            is_new = False
        await starting
        await clock.settle()
        assert [(one.text, one.connection) for one in platform.sent[number:]] == [
            (f"new {number}", "work") if is_new else (f"old {number}", "home")
        ]


async def test_what_may_have_arrived_goes_as_another_message(platform: FakePlatform, clock: FakeClock) -> None:
    """A platform that knows it again would drop what was corrected, and that be called sent."""
    connectors = {"fake": fake_connector(platform, idempotent=True)}
    async with Bach(MemoryDatabase(), clock=clock, connectors=connectors) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        platform.hold = asyncio.Event()  # it has arrived, and the answer is lost
        receipt = await bach.send("home", "ada", "at ten")
        await clock.settle()
        platform.hold = None
        stopping = asyncio.create_task(bach.stop("home"))
        await clock.advance(60)
        await stopping
        await bach.amend(receipt.id, text="at eleven", recipient="bob")
        await bach.start("home")
        await clock.advance(60)
        assert [(message.recipient, message.text) for message in platform.sent][-1] == ("bob", "at eleven")
        assert (await bach.get(receipt.id)).status is Status.SENT


async def test_it_begins_anew(platform: FakePlatform, clock: FakeClock) -> None:
    """Of a long message, whom it was amended for would get the part that was missing elsewhere, and no more."""
    store, half = MemoryDatabase(), "UPDATE messages SET progress = 'the first half'"
    async with Bach(store, clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        platform.fault = AWAY
        receipt = await bach.send("home", "ada", "a long text")
        await clock.settle()
        await store.submit(lambda tx: tx._connection.execute(half))
        await bach.amend(receipt.id, recipient="bob")
        await back(platform, clock)
    assert [(message.recipient, message.progress) for message in platform.sent] == [("bob", None)]


async def test_two_who_amend_it_at_the_same_time_both_get_what_they_want(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Who corrects a word would undo what somebody else has just corrected, and neither would notice."""
    await asyncio.gather(home.amend(1, recipient="bob"), home.amend(1, text="the first"), home.amend(1))
    arrived = await back(platform, clock)
    assert [one for one in arrived if "first" in one[2]] == [("home", "bob", "the first")]
