"""An id that names something that goes on, such as an alarm: each change under it is new, a repetition is not."""

from dataclasses import replace

import pytest

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.inbound.make import incoming

START = FakeClock().now()


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A connection that hears Ada."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
    await clock.settle()
    return bach


def told(remote_id: str, text: str, says: str | None = None) -> Incoming:
    """Something that goes on."""
    return replace(incoming(remote_id=remote_id, text=text), recurs=True, says=says)


async def heard(home: Bach, platform: FakePlatform, clock: FakeClock, *messages: Incoming) -> list[str]:
    """What is new, the oldest first; each comes in a poll of its own."""
    for message in messages:
        platform.incoming.put_nowait(Batch(messages=(message,), cursor=None))
        await clock.settle()
    return [one.text for one in reversed(await home.inbox())]


@pytest.mark.parametrize("other", ["disk#", "disk%23", "disk%", "disk%2523", "disk~", "dis", "disk1", "Disk", "disk$"])
async def test_two_ids_are_two_however_alike_they_look(
    home: Bach, platform: FakePlatform, clock: FakeClock, other: str
) -> None:
    """One alarm would be taken for the repetition of another, and nobody would hear of it."""
    history = [told("disk", "full"), told(other, "full"), told("disk", "full"), told(other, "full")]
    assert await heard(home, platform, clock, *history) == ["full", "full"]
    marked = [told("disk#", "full"), told("disk%23", "full"), told("disk%2523", "full")]
    found = await heard(home, platform, clock, *marked)
    assert len(found) == (4 if other in {"disk#", "disk%23", "disk%2523"} else 5)


async def test_what_is_said_decides_and_not_the_text_around_it(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Each repetition of a sender that writes the time into its text would be a new alarm."""
    history = [told("disk", f"full since {minute} minutes", "firing") for minute in range(3)]
    assert await heard(home, platform, clock, *history) == ["full since 0 minutes"]
    empty = [told("oven", "hot", ""), told("oven", "hot", "")]
    assert await heard(home, platform, clock, *empty) == ["full since 0 minutes", "hot"]


async def test_a_word_that_no_encoding_takes_is_a_word(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Half a character would cost the whole alarm."""
    history = [told("disk", "full", "\ud800"), told("disk", "full", "\ud800")]
    assert await heard(home, platform, clock, *history) == ["full"]


async def test_each_change_is_news_once(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """An alarm that ends and fires again, for the third time, would be known already."""
    states = ["on", "off", "on", "off", "off", "on"]
    assert await heard(home, platform, clock, *(told("disk", state) for state in states)) == [
        "on",
        "off",
        "on",
        "off",
        "on",
    ]


async def at(home: Bach, platform: FakePlatform, clock: FakeClock, seconds: float, message: Incoming) -> int:
    """How many there are when this has come in, so many seconds after the start."""
    await clock.advance(START + seconds - clock.now())
    return len(await heard(home, platform, clock, message))


async def test_a_reminder_is_news_and_a_retry_is_none(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Who wants to be reminded of an alarm would hear of it once; or twice because an answer was lost."""
    alarm = replace(told("disk", "full"), reminds_after=300.0)
    comes_in = [(0, 1), (10, 1), (299, 1), (301, 2), (590, 2), (3_901, 3), (4_000, 3), (90_000, 4)]
    assert [(when, await at(home, platform, clock, when, alarm)) for when, _ in comes_in] == comes_in


async def test_what_names_a_delivery_is_known_for_as_long_as_it_is_kept(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """A sender that tries again after hours would open the door a second time."""
    delivered = told("5f1c", "open")
    for hours in (0, 1, 28, 24 * 5):
        assert await at(home, platform, clock, 3600.0 * hours, delivered) == 1


async def test_what_was_thrown_away_counts_as_what_is_there(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Who throws each alarm away when it has been seen to would never hear of it again; or of each retry."""
    alarm, over = (replace(told("disk", text), reminds_after=300.0) for text in ("full", "over"))
    comes_in = [(0, alarm, 1), (9, alarm, 0), (20, over, 1), (30, alarm, 1), (31, alarm, 0), (300, alarm, 0)]
    for when, message, new in [*comes_in, (331, alarm, 1), (340, alarm, 0)]:
        assert (when, await at(home, platform, clock, when, message)) == (when, new)
        await home.discard([one.id for one in await home.inbox()])


async def test_a_clock_that_was_wrong_keeps_no_reminder_back(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Where the clock was a year ahead when an alarm began, nobody would be reminded of it for a year."""
    alarm = replace(told("disk", "full"), reminds_after=300.0)
    assert await at(home, platform, clock, 0, alarm) == 1
    clock.jump(-86_400)
    assert len(await heard(home, platform, clock, alarm)) == 2
