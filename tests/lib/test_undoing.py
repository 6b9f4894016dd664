"""What a person has just cancelled or discarded stands again as it stood, and nothing is sent for that."""

import pytest

from bach_lib import Bach, Connection, Fault, Message, Status
from bach_lib.errors import NotUndoableError
from bach_lib.events import MessageCancelled, MessageFinished, MessagePutBack
from bach_lib.models.spellings import Sighting
from bach_lib.outbound import by_hand
from bach_lib.outcomes import Dead, Sent, Uncertain
from bach_lib.testing import FakeClock, FakePlatform

NOBODY = Fault(code="refused", text="Chat not found")
AWAY = Fault(code="unreachable", text="No route to host")


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A BACH with a connection at work."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    return bach


async def stopped(home: Bach, platform: FakePlatform, clock: FakeClock, outcome: Dead | Uncertain) -> Message:
    """A message that waits for a person."""
    platform.outcomes.append(outcome)
    receipt = await home.send("home", "ada", "Water leak", delivery="at_most_once")
    await clock.settle()
    return await home.get(receipt.id)


async def waiting(home: Bach, platform: FakePlatform, clock: FakeClock, **options: object) -> Message:
    """A message that waits, as the platform is away."""
    platform.fault = AWAY
    receipt = await home.send("home", "ada", "Door open", **options)  # type: ignore[arg-type] # options of `send`
    await clock.settle()
    return await home.get(receipt.id)


@pytest.mark.parametrize("outcome", [Dead(fault=NOBODY), Uncertain(fault=AWAY)])
async def test_what_was_discarded_waits_for_a_person_again(
    home: Bach, platform: FakePlatform, clock: FakeClock, outcome: Dead | Uncertain
) -> None:
    """An alarm would go twice, or automations would hear of its death a second time, because somebody slipped."""
    before = await stopped(home, platform, clock, outcome)
    await home.discard_messages([before.id])
    told, ends = list[MessagePutBack](), list[MessageFinished]()
    home.subscribe(MessagePutBack, told.append)
    home.subscribe(MessageFinished, ends.append)
    sent = len(platform.sent)
    assert await home.undo(before.id) == before
    await clock.advance(600)
    assert await home.get(before.id) == before
    assert [(event.connection, event.message) for event in told] == [("home", before)]
    assert ends == []
    assert len(platform.sent) == sent
    assert (await home.queue_status())["home"].needs_person == 1


@pytest.mark.parametrize("number", [2, 3])
async def test_only_what_somebody_can_still_overlook_is_put_back(
    home: Bach, platform: FakePlatform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Of thousands that were discarded at once, all would be kept in memory for a minute."""
    monkeypatch.setattr(by_hand, "MOST", 2)
    letters = [await stopped(home, platform, clock, Dead(fault=NOBODY)) for _ in range(number)]
    await home.discard_messages([one.id for one in letters])
    for letter in letters:
        if number == 2:
            assert await home.undo(letter.id) == letter
            continue
        with pytest.raises(NotUndoableError):
            await home.undo(letter.id)


async def test_what_was_cancelled_waits_again_and_goes_once(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """What somebody cancelled by mistake would have to be written anew, or go twice."""
    before = await waiting(home, platform, clock, time_to_live=3600)
    told: list[int] = []
    home.subscribe(MessageCancelled, lambda event: told.append(event.message.id))
    await home.cancel(before.id)
    assert told == [before.id]
    back = await home.undo(before.id)
    assert (back.status, back.expires_at, back.retry_count) == (before.status, before.expires_at, before.retry_count)
    platform.fault = None
    await clock.advance(600)
    assert platform.texts == ["Door open"]
    assert (await home.get(before.id)).status is Status.SENT
    with pytest.raises(NotUndoableError):
        await home.undo(before.id)


async def test_what_was_held_is_held_again(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Of a restored backup, last month's alarm would be sent because somebody took back a cancellation."""
    before = await waiting(home, platform, clock)
    await home.stop("home")
    await home._base.store.submit(lambda tx: tx.run("hold_unfinished"))
    await home.start("home")
    await home.cancel(before.id)
    assert (await home.undo(before.id)).held
    platform.fault = None
    await clock.advance(600)
    assert platform.sent == []
    assert (await home.queue_status())["home"].held == 1


async def test_an_older_state_does_not_come_back_before_a_newer_one(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """That the machine washes would arrive after that it has finished."""
    before = await waiting(home, platform, clock, tag="washer")
    await home.cancel(before.id)
    await home.send("home", "ada", "finished", tag="washer")
    with pytest.raises(NotUndoableError) as caught:
        await home.undo(before.id)
    assert caught.value.placeholders == {"id": str(before.id)}
    platform.fault = None
    await clock.advance(600)
    assert platform.texts == ["finished"]
    with pytest.raises(NotUndoableError):
        await home.undo(before.id)


async def test_a_dead_letter_comes_back_whatever_is_newer(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Nobody could read again of a failure that somebody has discarded by mistake, and nothing is sent for that."""
    platform.outcomes.append(Dead(fault=NOBODY))
    receipt = await home.send("home", "ada", "washing", tag="washer")
    await clock.settle()
    before = await home.get(receipt.id)
    await home.discard_messages([before.id])
    await home.send("home", "ada", "finished", tag="washer")
    assert await home.undo(before.id) == before


async def test_an_older_state_does_not_come_back_whatever_its_recipient_is_called_by_now(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """The same, if the platform has told meanwhile what the recipient is really called."""
    before = await waiting(home, platform, clock, tag="washer")
    await home.cancel(before.id)
    platform.fault = None
    platform.outcomes.append(Sent(sightings=(Sighting(id="42", names=("ada",)),)))
    await home.send("home", "ada", "hello")
    await clock.advance(31)
    await home.send("home", "ada", "finished", tag="washer")
    await clock.settle()
    with pytest.raises(NotUndoableError):
        await home.undo(before.id)
    await clock.advance(600)
    assert [(one.recipient, one.text) for one in platform.sent] == [("ada", "hello"), ("42", "finished")]


async def test_what_was_done_since_stays(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """What somebody else has sent meanwhile would be a dead letter again, and be sent by the next."""
    before = await stopped(home, platform, clock, Dead(fault=NOBODY))
    await home.discard_messages([before.id])
    await home.retry(before.id)
    await clock.settle()
    with pytest.raises(NotUndoableError):
        await home.undo(before.id)
    assert (await home.get(before.id)).status is Status.SENT


async def test_it_is_for_a_minute(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """An alarm of yesterday would wait again."""
    first, second = [await waiting(home, platform, clock) for _ in range(2)]
    await home.cancel(first.id)
    await clock.advance(1)
    await home.cancel(second.id)
    await clock.advance(59)
    for number in (first.id, 2**70):
        with pytest.raises(NotUndoableError) as caught:
            await home.undo(number)
        assert caught.value.placeholders == {"id": str(number)}
    assert (await home.undo(second.id)).status is second.status
