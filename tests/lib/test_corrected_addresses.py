"""A person corrects a recipient's address while a message to it is under way."""

import asyncio
from collections.abc import Sequence
from typing import TypedDict, Unpack

import pytest

from bach_lib import Bach, Connection, Delivery, Fault, Message, Status
from bach_lib.events import MessageSent
from bach_lib.models.spellings import Sighting
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing import FakeClock, FakePlatform

BUSY = Fault(code="busy", text="Not now")
NOBODY = Fault(code="refused", text="Chat not found")
LOST = Fault(code="lost", text="No answer")
AGAIN = Retry(fault=BUSY, scope=Scope.MESSAGE)


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A BACH with a connection at work."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    return bach


class Options(TypedDict, total=False):
    """How it is sent."""

    tag: str
    priority: int
    delivery: Delivery


class Trip:
    """A message that is under way to ada."""

    def __init__(self, home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
        self._home, self._platform, self._clock = home, platform, clock
        self._hold = platform.hold = asyncio.Event()

    async def begin(self, outcome: Outcome | None = None, **options: Unpack[Options]) -> int:
        """Send it; its attempt will come to this, or to `Sent`."""
        if outcome is not None:
            self._platform.outcomes.append(outcome)
        receipt = await self._home.send("home", "ada", "code", **options)
        await self._clock.settle()
        return receipt.id

    async def end(self) -> None:
        """Its attempt ends."""
        self._hold.set()
        await self._clock.settle()


@pytest.fixture
def trip(home: Bach, platform: FakePlatform, clock: FakeClock) -> Trip:
    """One that is still to be sent."""
    return Trip(home, platform, clock)


def told(messages: Sequence[Message]) -> list[tuple[str, int]]:
    """To whom each went."""
    return [(message.recipient, message.id) for message in messages]


async def ways(home: Bach, number: int) -> list[str]:
    """The addresses to which a message was tried, by its history."""
    return [attempt.recipient for attempt in (await home.history(number))[1]]


@pytest.mark.parametrize(
    "outcome",
    [
        AGAIN,
        Wait(fault=BUSY, scope=Scope.RECIPIENT, seconds=5),
        Wait(fault=BUSY, scope=Scope.CONNECTION, seconds=5),
        Retry(fault=BUSY, scope=Scope.CONNECTION, written=False),
        Uncertain(fault=LOST),
    ],
    ids=["busy", "chat", "all", "unreached", "lost"],
)
async def test_what_fails_meanwhile_is_tried_at_the_new_address_before_what_is_newer(
    home: Bach, platform: FakePlatform, clock: FakeClock, trip: Trip, outcome: Outcome
) -> None:
    """The code of the alarm would be sent to a stranger a second time, and after "it was a false alarm"."""
    under_way = await trip.begin(outcome)
    assert await home.move("home", "ada", "bob") == 1
    newer = await home.send("home", "bob", "false alarm")
    await trip.end()
    await clock.advance(600)
    assert told(platform.attempts) == [("ada", under_way), ("bob", under_way), ("bob", newer.id)]
    assert await ways(home, under_way) == ["ada", "bob"]
    assert (await home.get(under_way)).recipient == "bob"


async def test_what_arrives_meanwhile_is_where_it_arrived(
    home: Bach, platform: FakePlatform, clock: FakeClock, trip: Trip
) -> None:
    """An edit of it, or an answer to it, would name a message of another chat."""
    under_way = await trip.begin()
    heard: list[MessageSent] = []
    home.subscribe(MessageSent, heard.append)
    await home.move("home", "ada", "bob")
    assert (await home.get(under_way)).recipient == "bob", "whoever looks for what bob is to get finds it"
    await trip.end()
    message = await home.get(under_way)
    assert (message.status, message.recipient) == (Status.SENT, "ada")
    assert [event.message for event in heard] == [message]
    assert await ways(home, under_way) == ["ada"]


async def test_a_dead_letter_of_it_belongs_to_the_new_address(
    home: Bach, platform: FakePlatform, clock: FakeClock, trip: Trip
) -> None:
    """Who corrects a wrong address would have corrected it for all letters but the one that showed that it is wrong."""
    under_way = await trip.begin(Dead(fault=NOBODY))
    await home.move("home", "ada", "bob")
    await trip.end()
    message = await home.get(under_way)
    assert (message.status, message.recipient, message.error) == (Status.DEAD, "bob", NOBODY)
    await home.retry_all("home", recipient="bob")
    await clock.settle()
    assert told(platform.sent) == [("bob", under_way)]
    assert await ways(home, under_way) == ["ada", "bob"]


async def test_all_corrections_of_one_attempt_count(
    home: Bach, platform: FakePlatform, clock: FakeClock, trip: Trip
) -> None:
    """Who mistypes the correction as well would have to stop the message by hand; who removes the recipient, too."""
    under_way = await trip.begin(AGAIN)
    await home.move("home", "ada", "bbo")
    await home.move("home", "bbo", "bob")
    await trip.end()
    assert (await ways(home, under_way), (await home.get(under_way)).recipient) == (["ada"], "bob")
    await clock.advance(600)
    assert told(platform.sent) == [("bob", under_way)]


async def test_what_is_corrected_back_is_the_same_message(
    home: Bach, platform: FakePlatform, clock: FakeClock, trip: Trip
) -> None:
    """It would go under another name to where it may have arrived, and a platform that knows names show it twice."""
    under_way = await trip.begin(AGAIN)
    before = (await home.get(under_way)).nonce
    await home.move("home", "ada", "bob")
    await home.move("home", "bob", "ada")
    await trip.end()
    await clock.advance(600)
    assert [(one.recipient, one.nonce) for one in platform.sent] == [("ada", before)]


@pytest.mark.parametrize("is_removed", [True, False], ids=["removed", "tag"])
async def test_what_is_not_wanted_at_the_new_address_ends(
    home: Bach, platform: FakePlatform, clock: FakeClock, trip: Trip, is_removed: bool
) -> None:
    """Two decisions about one attempt would forget each other: the old temperature came last, or to who moved out."""
    old = await trip.begin(AGAIN, tag="t", priority=-1)
    await home.move("home", "ada", "bob")
    if is_removed:
        await home.withdraw("home", "bob")
    else:
        await home.send("home", "bob", "20 degrees", tag="t")
    await trip.end()
    await clock.advance(600)
    message = await home.get(old)
    assert (message.status, message.recipient) == (Status.CANCELLED, "bob")
    assert message.error is not None
    assert message.error.code == ("recipient_removed" if is_removed else "replaced")
    assert [one.text for one in platform.sent] == ([] if is_removed else ["20 degrees"])
    assert await ways(home, old) == ["ada"]


@pytest.mark.parametrize("delivery", Delivery)
async def test_what_is_broken_off_goes_to_the_new_address(
    home: Bach, platform: FakePlatform, clock: FakeClock, trip: Trip, delivery: Delivery
) -> None:
    """After a crash, or a pause, it would be tried at the address that somebody has corrected."""
    under_way = await trip.begin(delivery=delivery)
    stopping = asyncio.create_task(home.stop("home"))
    await clock.settle()
    await home.move("home", "ada", "bob")
    await clock.advance(60)
    await stopping
    await trip.end()
    await home.start("home")
    await clock.advance(600)
    message = await home.get(under_way)
    assert message.recipient == "bob"
    assert (await ways(home, under_way))[0] == "ada"
    if delivery is Delivery.AT_MOST_ONCE:
        assert message.status is Status.UNCERTAIN
    else:
        assert told(platform.sent)[-1] == ("bob", under_way)


async def test_nothing_of_it_has_arrived_at_the_new_address(
    home: Bach, platform: FakePlatform, clock: FakeClock, trip: Trip
) -> None:
    """Of a long text only the end would come there; and what knows repetitions by their name would drop it."""
    under_way = await trip.begin(AGAIN)
    parts = home._open_parts
    await parts.queue.keep_progress(under_way, "1 of 2")
    await home.move("home", "ada", "bob")
    await parts.queue.keep_progress(under_way, "1 of 2")
    await trip.end()
    message = await home.get(under_way)
    assert (message.progress, message.nonce) == (None, f"{platform.attempts[0].nonce}-1")


async def test_what_waited_for_the_old_address_goes_before_what_is_newer(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Who was to get the code and then "it has changed" would get them the other way round."""
    platform.outcomes.append(AGAIN)
    old = [(await home.send("home", "ada", "code")).id for _ in range(2)]
    await clock.settle()
    await home.move("home", "ada", "bob")
    newer = await home.send("home", "bob", "it has changed")
    await clock.advance(600)
    assert told(platform.sent) == [("bob", one) for one in (*old, newer.id)]


async def test_what_waits_is_whole_at_the_new_address(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The same of what is not under way when its address is corrected."""
    platform.outcomes.append(AGAIN)
    receipt = await home.send("home", "ada", "code")
    await clock.settle()
    first = await home.get(receipt.id)
    await home.move("home", "ada", "bob")
    await clock.advance(600)
    assert [(one.recipient, one.nonce) for one in platform.sent] == [("bob", f"{first.nonce}-1")]


async def test_a_change_stays_with_the_message_that_it_changes(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Its number is another message's at the new address, which would get other words, or be deleted."""
    receipt = await home.send("home", "ada", "code")
    await clock.settle()
    platform.outcomes.append(AGAIN)
    edit = await home.edit(receipt.id, "other code")
    await clock.settle()
    assert await home.move("home", "ada", "bob") == 0
    await clock.advance(600)
    assert told(platform.sent) == [("ada", receipt.id), ("ada", edit.id)]


async def test_all_forms_of_the_old_address_are_corrected(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """What waits under the id that a mistyped name turned out to have would still go to its owner."""
    platform.outcomes += [Sent(sightings=(Sighting(id="-1", names=("@chan",)),)), AGAIN]
    await home.send("home", "@chan", "hello")
    await clock.settle()
    receipt = await home.send("home", "@chan", "code")
    await clock.settle()
    assert (await home.get(receipt.id)).recipient == "-1"
    assert await home.move("home", "@chan", "bob") == 1
    await clock.advance(600)
    assert told(platform.sent)[1:] == [("bob", receipt.id)]
