"""Forgetting what is old, by itself, from time to time."""

import logging
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Fault, Status
from bach_lib.errors import StoreFailedError
from bach_lib.outcomes import Dead
from bach_lib.storage import Transaction, Value
from bach_lib.testing import FakeClock, FakePlatform

DAY = 86_400.0
BUSY = Fault(code="busy", text="No")


@pytest.fixture
async def home(bach: Bach, clock: FakeClock, platform: FakePlatform) -> Bach:
    """A house in which something was sent and something came in."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
    await clock.settle()
    await bach.send("home", "ada", "sent")
    await clock.settle()
    platform.outcomes.append(Dead(fault=BUSY))
    await bach.send("home", "ada", "dead")
    await clock.settle()
    platform.write("hello", remote_id="42:1", cursor="1")
    await clock.settle()
    await bach.registry.update("home", is_active=False)  # a month of health checks would take its time
    await clock.settle()
    return bach


async def test_what_is_older_than_a_month_goes_by_itself(home: Bach, clock: FakeClock) -> None:
    """The disk of a house would fill up over the years; dead letters wait for a person all the same."""
    await clock.advance(29.9 * DAY)
    assert [message.status for message in await home.messages()] == [Status.DEAD, Status.SENT]
    assert len(await home.inbox()) == 1
    await clock.advance(0.5 * DAY)
    assert [message.status for message in await home.messages()] == [Status.DEAD]
    assert await home.inbox() == []


async def test_a_bad_disk_does_not_end_it(
    home: Bach, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After one full disk nothing would ever be removed again, and the disk stays full."""

    def raise_full_disk(tx: Transaction, query: str, **values: Value) -> list[object]:
        raise StoreFailedError(path="bach.db", reason="disk full")

    with monkeypatch.context() as broken, caplog.at_level(logging.WARNING):
        broken.setattr(Transaction, "rows", raise_full_disk)
        await clock.advance(0.3 * DAY)
    assert "Old messages could not be removed" in caplog.text
    await clock.advance(31 * DAY)
    assert await home.inbox() == []


async def test_it_ends_with_bach(home: Bach, clock: FakeClock) -> None:
    """A closed BACH would go on touching its database."""
    await home.close(grace=0)
    await clock.advance(31 * DAY)


async def test_a_clock_that_jumps_empties_no_history(home: Bach, clock: FakeClock) -> None:
    """A wrong answer of a time server, and a year of messages would be gone before anybody notices."""
    clock.jump(365 * DAY)
    await clock.advance(1.1 * DAY)
    assert [message.status for message in await home.messages()] == [Status.DEAD, Status.SENT]
    await clock.advance(3 * DAY)
    assert [message.status for message in await home.messages()] == [Status.DEAD], "the clock has proved right"


async def test_a_clock_that_is_wrong_from_the_start_empties_no_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without a clock of its own may wake up in another year until a time server answers."""
    monkeypatch.setenv("BOT", "123456789:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi")
    first = FakeClock()
    async with Bach(tmp_path / "bach.db", clock=first, autostart=False) as bach:
        await bach.registry.add(Connection(name="home", type="telegram", auth_config={"bot_token": "env:BOT"}))
        await bach.cancel((await bach.send("home", "42", "kept")).id)
    later = FakeClock()
    later.jump(365 * DAY)
    async with Bach(tmp_path / "bach.db", clock=later, autostart=False) as bach:
        await bach.send("home", "42", "with the wrong time")
        await later.advance(0.6 * DAY)
        assert len(await bach.messages(status=[Status.CANCELLED])) == 1
