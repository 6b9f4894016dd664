"""A press counts for the message and the button of which the platform says so, whatever the client brings along."""

import re
from dataclasses import replace

import pytest

from bach_lib import Bach, Button, Connection, Fault, IncomingMessage, Message
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.inbound.presses import LABEL
from bach_lib.models.incoming import Content, Kind
from bach_lib.models.spellings import Sighting
from bach_lib.outcomes import Sent, Uncertain
from bach_lib.testing import FakeClock, FakePlatform

ADA, BOB, GROUP = "42", "43", "-100"
OPEN, WAIT = Button(text="Open", value="open"), Button(text="Wait", value="wait")


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A connection that lets Ada, Bob and a group in."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({ADA, BOB, GROUP})))
    await clock.settle()
    return bach


async def sent(home: Bach, clock: FakeClock, recipient: str, *buttons: Button) -> Message:
    """A message that has arrived."""
    receipt = await home.send("home", recipient, "Open?", buttons=(buttons,) if buttons else ())
    await clock.settle()
    return await home.get(receipt.id)


def press(message: Message, value: str, **fields: object) -> Incoming:
    """What a client says that was pressed below a message, there where it is."""
    honest = Incoming(
        remote_id="p1",
        recipient=message.recipient,
        recipient_title="",
        sender_id=message.recipient,
        sender_name="Somebody",
        kind=Kind.BUTTON,
        text="",
        content=Content(value=value),
        origin=message.nonce,
        reply_to=message.remote_id,
        handle="h",
    )
    return replace(honest, **fields)  # type: ignore[arg-type]


async def taken(home: Bach, platform: FakePlatform, clock: FakeClock, *presses: Incoming) -> IncomingMessage:
    """The last of some presses, as it was stored."""
    platform.incoming.put_nowait(Batch(messages=presses, cursor=None))
    await clock.settle()
    return (await home.inbox())[0]


def said(message: IncomingMessage) -> tuple[int | None, str | None]:
    """What a press is taken for."""
    return message.message_id, message.content.value


async def test_an_honest_press_counts(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Nobody could answer."""
    message = await sent(home, clock, ADA, OPEN, WAIT)
    press_taken = await taken(home, platform, clock, press(message, "wait"))
    assert (press_taken.kind, *said(press_taken)) == (Kind.BUTTON, message.id, "wait")
    assert platform.acknowledged


async def test_nobody_presses_below_a_message_to_somebody_else(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Ada alone is asked, and Bob answers for her from his own chat: he counts up what his own buttons bring along."""
    asked = await sent(home, clock, ADA, OPEN)
    own = await sent(home, clock, BOB, OPEN)
    forged = press(own, "open", origin=asked.nonce)
    assert said(await taken(home, platform, clock, forged)) == (None, None)
    numbered = press(own, "open", origin=asked.nonce, reply_to=asked.remote_id, remote_id="p2")
    assert said(await taken(home, platform, clock, numbered)) == (None, None)


@pytest.mark.parametrize("value", ["open ", "OPEN", "garage_open", "0", "", "a" * 300])
async def test_a_button_that_was_never_there_has_no_value(
    home: Bach, platform: FakePlatform, clock: FakeClock, value: str
) -> None:
    """An automation for "garage_open" would run for somebody who was only offered to leave it."""
    message = await sent(home, clock, ADA, WAIT)
    assert said(await taken(home, platform, clock, press(message, value))) == (None, None)


async def test_a_message_without_buttons_was_not_pressed(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A client may say so of any message."""
    message = await sent(home, clock, ADA)
    assert said(await taken(home, platform, clock, press(message, "open"))) == (None, None)


@pytest.mark.parametrize("reply_to", [None, "", "99", "x"])
async def test_a_press_belongs_to_the_message_that_the_platform_names(
    home: Bach, platform: FakePlatform, clock: FakeClock, reply_to: str | None
) -> None:
    """In a group, a press below one message would answer the question in another."""
    message = await sent(home, clock, GROUP, OPEN)
    forged = press(message, "open", reply_to=reply_to)
    assert said(await taken(home, platform, clock, forged)) == (None, None)


@pytest.mark.parametrize("origin", [None, "", "open", "1", "ffffffff-1", "{}-zz", "{}-ffff"])
async def test_a_press_of_anothers_button_has_no_value(
    home: Bach, platform: FakePlatform, clock: FakeClock, origin: str | None
) -> None:
    """A button of another program, or of before a reinstallation, would open the door."""
    message = await sent(home, clock, ADA, OPEN)
    ours = re.sub("-.*", "", message.nonce)
    forged = press(message, "open", origin=origin and origin.format(ours))
    assert said(await taken(home, platform, clock, forged)) == (None, None)


async def test_a_reaction_is_about_its_message_and_has_no_button(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Whoever reacts to a message with buttons would stop all that comes in, or be said to have pressed one."""
    message = await sent(home, clock, ADA, OPEN)
    reaction = press(message, "open", kind=Kind.REACTION, text="👍", content=Content())
    now = await taken(home, platform, clock, reaction)
    assert (now.kind, now.message_id, LABEL in now.metadata) == (Kind.REACTION, message.id, False)


async def test_a_press_in_a_topic_and_in_a_group_that_moved_counts(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """The buttons in a group would be dead after it has become a large one, or where a topic was lost."""
    message = await sent(home, clock, f"{GROUP}/7", OPEN)
    above = press(message, "open", recipient=GROUP)
    assert said(await taken(home, platform, clock, above)) == (message.id, "open")
    moved = Sighting(id="-200", was=(GROUP,))
    there = press(message, "open", recipient="-200/7", sender_id=ADA, remote_id="p2")
    platform.incoming.put_nowait(Batch(messages=(), cursor=None, sightings=(moved,)))
    await clock.settle()
    assert said(await taken(home, platform, clock, there)) == (message.id, "open")


async def test_an_earlier_copy_of_a_message_can_be_pressed(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Nobody knew whether it arrived, so it went again; of the first copy only the person has the number."""
    lost = Uncertain(fault=Fault(code="timeout", text="no answer"))
    platform.outcomes.extend([lost, Sent()])
    message = await sent(home, clock, ADA, OPEN)
    unknown = press(message, "open", reply_to="1")
    assert message.remote_id is None
    assert said(await taken(home, platform, clock, unknown)) == (message.id, "open")
    assert (await home.get(message.id)).remote_id == "1", "it is edited where it was pressed"


async def test_an_earlier_copy_can_be_pressed_when_another_has_the_number(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """A person has two, and presses the one that BACH does not know."""
    lost = Uncertain(fault=Fault(code="timeout", text="no answer"))
    platform.outcomes.extend([lost, Sent()])
    message = await sent(home, clock, ADA, OPEN)
    await clock.advance(120)
    message = await home.get(message.id)
    assert message.remote_id is not None
    first = press(message, "open", reply_to="1", remote_id="p2")
    assert said(await taken(home, platform, clock, first)) == (message.id, "open")


@pytest.mark.parametrize(
    ("ours", "pressed"), [("-100:7", "-100:7"), ("-100:7#8,9", "-100:7"), ("-100:7", "-200:7"), ("7", "-100:7")]
)
async def test_a_message_is_known_by_its_number_alone(
    home: Bach, platform: FakePlatform, clock: FakeClock, ours: str, pressed: str
) -> None:
    """Buttons of a message with files, or in a group that moved, would be dead."""
    platform.outcomes.append(Sent(remote_id=ours))
    message = await sent(home, clock, GROUP, OPEN)
    assert said(await taken(home, platform, clock, press(message, "open", reply_to=pressed))) == (message.id, "open")
    other = press(message, "open", reply_to=pressed + "1", remote_id="p2")
    assert said(await taken(home, platform, clock, other)) == (None, None)
