"""An id that names something that goes on, such as an alarm: each change under it is new, a repetition is not."""

from dataclasses import replace

import pytest

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.inbound.make import incoming


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
