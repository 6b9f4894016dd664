"""A recipient is removed while a message to it is under way."""

import asyncio

import pytest

from bach_lib import Bach, Connection, Fault, Status
from bach_lib.events import MessageCancelled
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Wait
from bach_lib.testing import FakeClock, FakePlatform

NOBODY = Fault(code="refused", text="Chat not found")
AWAY = Fault(code="unreachable", text="No route to host")


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A BACH with a connection at work."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    return bach


@pytest.mark.parametrize(
    "outcome", [Retry(fault=AWAY, scope=Scope.MESSAGE), Wait(fault=AWAY, scope=Scope.RECIPIENT, seconds=5)]
)
async def test_what_is_under_way_to_a_removed_recipient_does_not_wait_again(
    home: Bach, platform: FakePlatform, clock: FakeClock, outcome: Outcome
) -> None:
    """A try that failed just when somebody moved out would be repeated, and the code of the alarm arrive after all."""
    told: list[MessageCancelled] = []
    home.subscribe(MessageCancelled, told.append)
    platform.hold = asyncio.Event()
    platform.outcomes.append(outcome)
    receipt = await home.send("home", "ada", "code")
    await clock.settle()
    assert await home.withdraw("home", "ada") == 0
    assert (await home.get(receipt.id)).status is Status.SENDING

    platform.hold.set()
    await clock.settle()
    message, attempts = await home.history(receipt.id)
    assert (message.status, message.error and message.error.code) == (Status.CANCELLED, "recipient_removed")
    assert [one.error for one in attempts] == [AWAY], "why it did not arrive is in its history"
    assert [event.message for event in told] == [message]
    await clock.advance(600)
    assert platform.sent == []

    await home.retry(receipt.id)
    await clock.advance(600)
    assert [one.id for one in platform.sent] == [receipt.id], "what a person sends again all the same goes"


@pytest.mark.parametrize(
    ("outcome", "status"), [(Sent(), Status.SENT), (Dead(fault=NOBODY), Status.DEAD)], ids=["sent", "dead"]
)
async def test_an_end_of_what_is_under_way_to_a_removed_recipient_counts(
    home: Bach, platform: FakePlatform, clock: FakeClock, outcome: Outcome, status: Status
) -> None:
    """What had arrived would be asked about as undelivered, or the platform's own reason be lost."""
    platform.hold = asyncio.Event()
    platform.outcomes.append(outcome)
    receipt = await home.send("home", "ada", "code")
    await clock.settle()
    await home.withdraw("home", "ada")
    platform.hold.set()
    await clock.settle()
    assert (await home.get(receipt.id)).status is status


async def test_what_is_broken_off_to_a_removed_recipient_does_not_wait_again(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """A removal while the connection starts anew would come too early for one, and too late for the other."""
    platform.hold = asyncio.Event()
    receipt = await home.send("home", "ada", "code")
    await clock.settle()
    stopping = asyncio.create_task(home.stop("home"))
    await clock.settle()
    await home.withdraw("home", "ada")
    await clock.advance(60)
    await stopping
    platform.hold.set()
    await home.start("home")
    await clock.advance(600)
    message = await home.get(receipt.id)
    assert (message.status, message.error and message.error.code) == (Status.CANCELLED, "recipient_removed")
    assert len(platform.sent) <= 1, "only the one that was broken off"


async def test_the_next_does_not_stand_behind_what_was_withdrawn(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Somebody who comes back would wait as long as the message that was taken from them."""
    platform.hold = asyncio.Event()
    platform.outcomes.append(Retry(fault=AWAY, scope=Scope.MESSAGE))
    await home.send("home", "ada", "code")
    await clock.settle()
    await home.withdraw("home", "ada")
    again = await home.send("home", "ada", "welcome")
    platform.hold.set()
    await clock.settle()
    assert [one.id for one in platform.sent] == [again.id]
