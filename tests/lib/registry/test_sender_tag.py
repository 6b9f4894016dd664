"""The word in brackets that tells senders apart: before what is read first, once, and on no reaction."""

from dataclasses import replace

import pytest

from bach_lib import Bach, Connection, Format
from bach_lib.errors import InputError
from bach_lib.models import Fault, Status
from bach_lib.outcomes import Dead
from bach_lib.registry.sender_tag import prefix, without
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

HOME = Connection(name="home", type="fake", settings={"sender_tag": " Summer_house "})


@pytest.fixture
def platform() -> FakePlatform:
    """What is sent to."""
    return FakePlatform()


async def opened(platform: FakePlatform, clock: FakeClock) -> Bach:
    """A BACH with that connection."""
    bach = Bach(MemoryDatabase(), clock=clock, connectors={"fake": fake_connector(platform)})
    await bach.open()
    await bach.registry.add(HOME)
    return bach


async def test_it_stands_before_what_is_read_first(platform: FakePlatform) -> None:
    """Nobody would know which of two homes that share a bot is on fire."""
    bach = await opened(platform, clock := FakeClock())
    first = await bach.send("home", "ada", "Fire")
    await bach.send("home", "ada", "Fire", title="Alarm")
    await bach.send("home", "ada", "<b>Fire</b>", format="html")
    await clock.advance(1)
    await bach.edit(first.id, "No fire")
    await bach.react(first.id, "x")
    await bach.delete(first.id)
    await clock.advance(1)
    said = [(message.title, message.text) for message in platform.sent]
    assert said[:4] == [
        (None, "[Summer_house] Fire"),
        ("[Summer_house] Alarm", "Fire"),
        (None, "[Summer_house] <b>Fire</b>"),
        (None, "[Summer_house] No fire"),
    ]
    assert {text for _, text in said[4:]} <= {"x", ""}
    await bach.close()


async def test_a_corrected_message_has_it_once(platform: FakePlatform) -> None:
    """Each correction would put one more before it."""
    bach = await opened(platform, clock := FakeClock())
    platform.outcomes.append(Dead(fault=Fault(code="refused", text="no")))
    receipt = await bach.send("home", "ada", "Fire")
    await clock.advance(1)
    assert (await bach.get(receipt.id)).status is Status.DEAD
    await bach.amend(receipt.id, recipient="bob")
    await clock.advance(1)
    assert platform.sent[-1].text == "[Summer_house] Fire"
    await bach.close()


@pytest.mark.parametrize("tag", ["x" * 51, "two\nlines"])
async def test_a_tag_is_a_word(platform: FakePlatform, tag: str) -> None:
    """A page before each message would leave no room for it."""
    bach = await opened(platform, FakeClock())
    with pytest.raises(InputError, match="sender_tag"):
        await bach.registry.update("home", settings={"sender_tag": tag})
    await bach.close()


def test_it_is_no_markup() -> None:
    """A text could not be read by the platform, because of a name with an underline."""
    assert prefix(HOME, Format.MARKDOWN) == r"\[Summer\_house] "
    assert prefix(replace(HOME, settings={"sender_tag": "a<b"}), Format.HTML) == "[a&lt;b] "
    assert prefix(replace(HOME, settings={}), Format.PLAIN) == ""
    for form in Format:
        assert without(HOME, f"{prefix(HOME, form)}Fire") == "Fire"
