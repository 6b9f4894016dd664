"""What comes late says so in front; what was wanted late does not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bach_lib import Bach, Connection, Format, InvalidValueError, Message, Operation, Status
from bach_lib.outbound.delayed import with_delay
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

MESSAGE = Message(id=1, nonce="a-1", connection="home", recipient="ada", text="Door open", created_at=1000.0)
TEN = {"delayed_minutes": 10}


@pytest.mark.parametrize(
    ("late", "shown"),
    [
        (599, "Door open"),
        (600, "⏱ 10 min: Door open"),
        (3599, "⏱ 60 min: Door open"),
        (3 * 3600 + 100, "⏱ 3 h: Door open"),
        (3 * 86_400, "⏱ 3 d: Door open"),
    ],
)
def test_it_says_how_late_it_is(late: float, shown: str) -> None:
    """Somebody would get up at seven to shut a door that was shut at eleven."""
    assert with_delay(MESSAGE, TEN, 1000.0 + late).text == shown
    assert with_delay(MESSAGE, {}, 1000.0 + late) is MESSAGE
    assert with_delay(MESSAGE, {"delayed_minutes": "10"}, 1000.0 + late) is MESSAGE


@pytest.mark.parametrize(
    "other",
    [
        replace(MESSAGE, progress="1"),
        replace(MESSAGE, text="x" * 1001),
        replace(MESSAGE, operation=Operation.EDIT),
        replace(MESSAGE, text="{}", format=Format.JSON),
    ],
)
def test_what_must_stay_as_it_is_does(other: Message) -> None:
    """A part of a long text would be missing or come twice, or what a machine reads be broken."""
    assert with_delay(other, TEN, 90_000.0) is other


def test_it_stands_before_what_is_read_first() -> None:
    """A phone shows the title, and nobody would see it; a picture would have no words."""
    assert with_delay(replace(MESSAGE, title="Garage"), TEN, 90_000.0).title == "⏱ 1 d: Garage"
    assert with_delay(replace(MESSAGE, text=""), TEN, 90_000.0).text == "⏱ 1 d"
    assert with_delay(replace(MESSAGE, asked_at=-90_000.0), TEN, 1_000.0).text == "⏱ 1 d: Door open"


async def test_after_an_outage_it_is_said_and_not_stored(clock: FakeClock) -> None:
    """The panel would show words that nobody wrote; or a reminder for seven be called late."""
    platform = FakePlatform()
    home = Connection(name="home", type="fake", settings=TEN)
    kinds = {"fake": fake_connector(platform)}
    async with Bach(":memory:", clock=clock, connectors=kinds, connections=[home], grace=0) as bach:
        platform.fails()
        first = await bach.send("home", "ada", "Door open")
        await bach.send("home", "bob", "Pills", not_before=datetime.fromtimestamp(clock.now() + 7300, UTC))
        await clock.settle()
        await clock.advance(7200)
        platform.works()
        await clock.advance(300)
        assert sorted(platform.texts) == ["Pills", "⏱ 2 h: Door open"]
        message = await bach.get(first.id)
        assert (message.status, message.text) == (Status.SENT, "Door open")
        with pytest.raises(InvalidValueError, match="delayed_minutes"):
            await bach.registry.update("home", settings={"delayed_minutes": 0})
