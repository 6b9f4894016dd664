"""Forgetting what is old, by itself, from time to time."""

import asyncio
import logging
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Fault, Status
from bach_lib.errors import StoreDamagedError, StoreFailedError
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


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE messages SET created_at = 'abc' WHERE id = 1",
        "UPDATE messages SET created_at = x'ff' WHERE id = 1",
        "UPDATE inbox SET received_at = 'abc' WHERE id = 1",
    ],
)
@pytest.mark.sqlite_only
async def test_a_damaged_row_keeps_no_other_on_the_disk(home: Bach, clock: FakeClock, damage: str) -> None:
    """One flipped bit among the oldest rows, and nothing would ever be removed again."""
    await home.registry.update("home", is_active=True)
    await clock.settle()
    await home.send("home", "ada", "sent, too")
    await clock.settle()
    await home.registry.update("home", is_active=False)
    execute = home._open_parts.corrections._store.submit
    await execute(lambda tx: tx._connection.execute(damage))
    await clock.advance(31 * DAY)
    rows = await execute(lambda tx: tx._connection.execute(LEFT).fetchall())
    left = [(row["what"], row["id"]) for row in rows]
    bad = ("message", 1) if "messages" in damage else ("incoming", 1)
    assert left == sorted([bad, ("message", 2)]), "the damaged one, and the dead letter"


LEFT = "SELECT 'message' AS what, id FROM messages UNION ALL SELECT 'incoming', id FROM inbox ORDER BY 1, 2"


@pytest.mark.usefixtures("caplog")  # where the failure is told
@pytest.mark.parametrize("error", [asyncio.CancelledError, RecursionError, MemoryError, StoreDamagedError(path="x")])
@pytest.mark.parametrize(
    "step",
    ["storage.removal.Removals.finish", "outbound.history.History.purge", "inbound.inbox.Inbox.purge"],
)
async def test_a_step_that_fails_costs_no_other(
    home: Bach,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: type[BaseException] | BaseException,
) -> None:
    """A connection that cannot be removed to its end would keep all that is old on the disk for ever."""

    async def fail(*_: object) -> None:
        raise error

    home._open_parts.registry.removals._left |= {"a", "b"}
    with monkeypatch.context() as broken:
        broken.setattr(f"bach_lib.{step}", fail)
        await clock.advance(31 * DAY)
        kept = {"messages": len(await home.messages()), "inbox": len(await home.inbox())}
    done = {"outbound.history.History.purge": "messages", "inbound.inbox.Inbox.purge": "inbox"}.get(step)
    usual = {"messages": 1, "inbox": 0}
    assert {name: number for name, number in kept.items() if name != done} == {
        name: number for name, number in usual.items() if name != done
    }
    await clock.advance(1 * DAY)
    assert (len(await home.messages()), len(await home.inbox())) == (1, 0), "there is a next time"
