"""What was sent or came in is passed on as the platform does it, and else in words; nothing is lost without a word."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bach_lib import Bach, Button, Connection, Extras, Fault, File, Location, Status
from bach_lib.connectors.base import Batch, Connector, Incoming
from bach_lib.errors import CannotDoError, InvalidValueError, NotSentError, UnknownMessageError
from bach_lib.models.forwarding import Forwarding
from bach_lib.models.incoming import Content, Kind, Media
from bach_lib.outcomes import Dead
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

SAID = Incoming(
    remote_id="77#2",
    recipient="ada",
    recipient_title="Ada",
    sender_id="ada",
    sender_name="Ada",
    kind=Kind.TEXT,
    text="The cellar is wet",
)
GONE = Fault(code="message_not_found", text="Message to forward not found")


def passing(platform: FakePlatform) -> type[Connector]:
    """A connector to a platform that passes messages on, and copies them."""
    kind = fake_connector(platform, receives=True)
    kind.capabilities = replace(kind.capabilities, forwards=True, copies=True)
    return kind


@pytest.fixture
async def house(clock: FakeClock, platform: FakePlatform) -> AsyncIterator[Bach]:
    """One with a connection that passes on, "home", and another that does not, "other"."""
    kinds = {"able": passing(platform), "fake": fake_connector(platform)}
    async with Bach(MemoryDatabase(), clock=clock, connectors=kinds) as bach:
        await bach.registry.add(Connection(name="home", type="able", allowed=frozenset({"ada"})))
        await bach.registry.add(Connection(name="other", type="fake"))
        await clock.settle()
        yield bach


async def heard(bach: Bach, platform: FakePlatform, clock: FakeClock, said: Incoming = SAID) -> int:
    """Ada says something; its number here."""
    platform.incoming.put_nowait(Batch(messages=(replace(said, sent_at=clock.now()),), cursor="1"))
    await clock.settle()
    return (await bach.inbox())[0].id


async def test_the_platform_passes_it_on(house: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Bob would read words of this home instead of Ada's, without her picture."""
    number = await heard(house, platform, clock)
    receipt = await house.forward("home", "bob", incoming_id=number, priority=3)
    copied = await house.forward("home", "bob", incoming_id=number, copy=True)
    await clock.settle()
    first, second = platform.sent
    assert first.forwarding == Forwarding("home", "ada", ("77",))
    assert (first.recipient, first.text, first.priority) == ("bob", "Ada: The cellar is wet", 3)
    assert (second.forwarding, second.text) == (Forwarding("home", "ada", ("77",), is_copy=True), "The cellar is wet")
    assert not receipt.lost
    assert (await house.get(copied.id)).status is Status.SENT
    again = await house.forward("home", "cem", receipt.id)
    await clock.settle()
    assert platform.sent[-1].forwarding == Forwarding("home", "bob", (str(1),))
    assert not again.degraded


async def test_elsewhere_the_words_go(house: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """It would be refused, or go without anybody being told what is missing."""
    picture = File(name="a.png", content=b"png", mime_type="image/png")
    sent = await house.send("home", "ada", "<b>Wet</b>", title="Cellar", format="html", files=[picture])
    await clock.settle()
    receipt = await house.forward("other", "bob", sent.id)
    await clock.settle()
    message = platform.sent[-1]
    assert (message.text, message.title, message.forwarding) == ("<b>Wet</b>", "Cellar", None)
    assert [loss.what for loss in receipt.lost] == ["forward", "file"]
    back = await house.send("other", "bob", "Dry")
    await clock.settle()
    assert [loss.reason for loss in (await house.forward("other", "bob", back.id)).lost] == [
        "fake does not pass it on, so its words go as a new message."
    ]


async def test_a_place_goes_along_with_the_words(house: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Bob would read that there is a fire, and not where; the name of the home would stand there twice."""
    await house.registry.update("other", settings={"sender_tag": "House"})
    there = Location(latitude=48.0, longitude=11.0)
    number = await heard(house, platform, clock, replace(SAID, text="", content=Content(location=there)))
    came = await house.forward("other", "bob", incoming_id=number)
    sent = await house.send("other", "ada", "Fire", extras=Extras(location=there))
    await clock.settle()
    await house.forward("other", "bob", sent.id)
    await clock.settle()
    assert [(one.text, one.extras.location) for one in platform.sent if one.recipient == "bob"] == [
        ("[House] Ada:", there),
        ("[House] Fire", there),
    ]
    assert [loss.what for loss in came.lost] == ["forward"]


async def test_what_is_refused_goes_in_words(house: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The message was deleted meanwhile, and nobody would hear of the water."""
    number = await heard(house, platform, clock)
    platform.outcomes.append(Dead(fault=GONE))
    receipt = await house.forward("home", "bob", incoming_id=number)
    await clock.settle()
    message = await house.get(receipt.id)
    assert (message.status, platform.sent[-1].forwarding) == (Status.SENT, None)
    assert [(loss.what, loss.reason) for loss in message.lost] == [("forward", GONE.text)]
    platform.outcomes += [Dead(fault=GONE), Dead(fault=GONE)]
    dead = await house.forward("home", "bob", incoming_id=number)
    await clock.settle()
    amended = await house.amend(dead.id, text="Ada says that the cellar is wet")
    assert amended.forwarding is None


async def test_a_place_that_is_refused_goes_in_words(house: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Where the car stands would reach nobody, though everybody could have read it."""
    place = Location(latitude=52.5, longitude=13.4, name="The car")
    number = await heard(
        house, platform, clock, replace(SAID, text="", kind=Kind.LOCATION, content=Content(location=place))
    )
    platform.outcomes.append(Dead(fault=GONE))
    receipt = await house.forward("home", "bob", incoming_id=number)
    await clock.settle()
    message = await house.get(receipt.id)
    assert (message.status, message.degraded) == (Status.SENT, True)
    assert "mlat=52.5" in platform.sent[-1].text
    assert platform.sent[-1].forwarding is None


async def test_what_has_no_words_and_cannot_go_is_refused(
    house: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """An empty message would arrive; where the platform passes pictures on, this one arrives."""
    media = Content(media=Media(type="photo", reference="x"))
    number = await heard(house, platform, clock, replace(SAID, kind=Kind.MEDIA, text="", content=media))
    with pytest.raises(CannotDoError):
        await house.forward("other", "bob", incoming_id=number)
    platform.outcomes.append(Dead(fault=GONE))
    receipt = await house.forward("home", "bob", incoming_id=number)
    await clock.settle()
    assert (await house.get(receipt.id)).status is Status.DEAD


async def test_what_cannot_be_passed_on_is_said(house: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A code would be shown to others, or a press be sent as a message."""
    secret = await house.send("home", "ada", "123456", confidential=True, buttons=((Button(text="x", value="x"),),))
    await clock.settle()
    gone = await heard(house, platform, clock, replace(SAID, kind=Kind.REACTION, reply_to="1", remote_id="r1"))
    for number, incoming in ((secret.id, None), (None, gone), (None, None), (1, 1)):
        with pytest.raises(InvalidValueError):
            await house.forward("home", "bob", number, incoming_id=incoming)
    with pytest.raises(UnknownMessageError):
        await house.forward("home", "bob", incoming_id=99)
    platform.outcomes.append(Dead(fault=GONE))
    dead = await house.send("home", "ada", "x")
    await clock.settle()
    with pytest.raises(NotSentError):
        await house.forward("home", "bob", dead.id)
