"""What of a tag is taken away, and what stays, where things go wrong or come late."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import AsyncMock

import pytest

from bach_lib import Message, MessageSent, Operation, Status, StoreFailedError
from bach_lib.testing import FakePlatform, World, world


@pytest.fixture
async def house() -> AsyncIterator[World]:
    """One connection."""
    async with world() as made:
        yield made


async def sent(house: World, text: str = "Water!", recipient: str = "ada", **options: object) -> Message:
    """Send with the tag of the leak; it has arrived."""
    receipt = await house.bach.send("home", recipient, text, **{"tag": "leak", **options})  # type: ignore[arg-type] # fields
    await house.clock.settle()
    return await house.bach.get(receipt.id)


def later(house: World, seconds: float) -> datetime:
    """So long from now."""
    return datetime.fromtimestamp(house.clock.now() + seconds, UTC)


def deleted(platform: FakePlatform) -> list[str | None]:
    """What was taken away."""
    return [one.target for one in platform.sent if one.operation is Operation.DELETE]


async def test_what_arrives_late_takes_nothing_newer_away(house: World) -> None:
    """The news would be gone, and what was true an hour ago stand there."""
    bach, platform, clock = house
    first = await sent(house)
    for silent in (True, False):
        await sent(house, "Water, still!", silent=silent)
    assert deleted(platform) == [first.remote_id]
    bach._base.bus.publish(MessageSent(connection="home", message=first))
    await clock.settle()
    assert deleted(platform) == [first.remote_id]
    assert not bach._open_parts.superseding._tasks  # or the memory would fill, message by message


async def test_what_was_changed_for_days_is_too_old_to_be_taken_away(house: World) -> None:
    """Each morning there would be a dead letter: Telegram refuses to take away what is older than two days."""
    bach, platform, clock = house
    first = await sent(house, "Washing, 10 %")
    for percent in (20, 30, 40):
        await clock.advance(20 * 3600)
        await sent(house, f"Washing, {percent} %", silent=True)
    assert [one.target for one in platform.sent if one.operation is Operation.EDIT] == [first.remote_id] * 3
    await sent(house, "The washing is done")
    assert deleted(platform) == []
    assert (await bach.clear("home", "ada", "leak")).taken_away == 1  # of what was sent just now


async def test_what_was_sent_stands_for_its_changes(house: World) -> None:
    """It would be taken away once for each of its changes, or words be put where its picture stands."""
    first = await sent(house, "Washing, 10 %")
    for percent in (20, 30):
        await sent(house, f"Washing, {percent} %", silent=True)
    tagged = house.bach._open_parts.superseding._sender.tagged
    assert [one.id for one in await tagged.of_tag("home", ["ada"], "leak")] == [first.id]
    await sent(house, "The washing is done")
    assert deleted(house.platform) == [first.remote_id]


async def test_each_place_and_each_tag_is_its_own(house: World) -> None:
    """Bob's news would take Ada's away."""
    await sent(house)
    await sent(house, recipient="bob")
    await sent(house, tag="dishes")
    assert deleted(house.platform) == []


async def test_a_disk_that_cannot_be_read_leaves_a_line_and_what_stands(
    house: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody would know why two words of one leak stand there."""
    await sent(house)
    tagged = house.bach._open_parts.superseding._sender.tagged
    full = StoreFailedError(path="x", reason="full")
    monkeypatch.setattr(tagged, "of_tag", AsyncMock(side_effect=full))
    caplog.clear()
    newer = await sent(house, "Water, still!")
    assert newer.status is Status.SENT
    said = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert said == [f"What was sent before message {newer.id} with its tag stays: {full}"]
    assert deleted(house.platform) == []


async def test_where_nothing_can_be_taken_away_that_is_said(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An automation would believe that the word of the leak is gone."""
    bach = house.bach
    connector = await bach._base.connectors.load("fake")
    able = frozenset({Operation.SEND})
    monkeypatch.setattr(connector, "capabilities", replace(connector.capabilities, operations=able))
    await sent(house)
    cleared = await bach.clear("home", "ada", "leak")
    assert (cleared.cancelled, cleared.taken_away) == (0, 0)


async def test_what_is_cleared_twice_is_taken_away_once(house: World) -> None:
    """Each press of a button would put another deletion; and one that waits for a week would delete what is new."""
    bach, platform, clock = house
    first = await sent(house)
    assert [(await bach.clear("home", "ada", "leak")).taken_away for _ in range(2)] == [1, 0]
    await clock.settle()
    assert deleted(platform) == [first.remote_id]
    [deletion] = [one for one in platform.sent if one.operation is Operation.DELETE]
    assert deletion.expires_at == deletion.created_at + 3600


async def test_what_is_to_be_sent_later_is_cleared_oldest_first(house: World) -> None:
    """A reminder of a leak that is mended would come tomorrow."""
    bach, platform, clock = house
    for _ in range(2):
        await bach.send(
            "home", "ada", "Water!", tag="leak", not_before=later(house, 600)
        )  # the second replaces the first
    waiting = await bach._open_parts.superseding._sender.tagged.waiting("home", ["ada", "ada", "bob"], "leak")
    assert waiting == [2]
    cleared = await bach.clear("home", "ada", "leak")
    assert (cleared.cancelled, cleared.taken_away) == (1, 0)
    await clock.advance(600)
    assert platform.sent == []


async def test_a_silent_change_that_cannot_be_made_is_a_new_message(house: World) -> None:
    """A picture, a long text or what must be heard would be put into an old message, where nobody sees it."""
    bach = house.bach
    await sent(house)
    edited = await sent(house, "short", silent=True, title="T" * 100)
    assert (edited.operation, edited.recipient, edited.text) == (Operation.EDIT, "ada", "short")
    for text, options in (("loud", {}), ("x" * 1001, {"silent": True}), ("x" * 999, {"silent": True, "title": "TT"})):
        assert (await sent(house, text, **options)).operation is Operation.SEND
    assert (await sent(house, "x" * 998, silent=True, title="TT")).operation is Operation.EDIT
    receipt = await bach.send("home", "ada", "x", tag="leak", silent=True, not_before=later(house, 60))
    assert (await bach.get(receipt.id)).operation is Operation.SEND
