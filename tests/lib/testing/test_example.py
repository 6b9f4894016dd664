"""What the doubles' own page promises is run as it stands there, with a real file behind it."""

import asyncio
import re
import textwrap
import threading
from pathlib import Path

import pytest

import bach_lib.testing
from bach_lib import Bach, Connection, Fault
from bach_lib.storage import Transaction
from bach_lib.storage.database import Database
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from bach_lib.testing import clock as fake_clock

RUNS = 10
"""What was once false half of the time is not true by chance so often."""


EXAMPLES = re.findall(r"```python\n(.*?)```", bach_lib.testing.__doc__ or "", re.DOTALL)


@pytest.mark.parametrize("program", EXAMPLES)
@pytest.mark.parametrize("_", range(RUNS))
async def test_the_examples_of_the_doubles_are_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _: int, program: str
) -> None:
    """Whoever copies the first program they see would take BACH for broken."""
    monkeypatch.chdir(tmp_path)
    wrapped = f"async def program():\n{textwrap.indent(program, '    ')}"
    for _again in range(2):  # on the file that the first run left
        names: dict[str, object] = {}
        exec(wrapped, names)
        await names["program"]()  # type: ignore[operator] # made in the line before
    assert (tmp_path / "bach.db").exists() == ("bach.db" in program)


async def test_an_outage_of_a_day_is_over_when_the_clock_says_so(tmp_path: Path) -> None:
    """A test with a file would look while the disk is still writing, and see another state each time."""
    platform, clock = FakePlatform(), FakeClock()
    async with Bach(tmp_path / "bach.db", clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        platform.fault = Fault(code="refused", text="away")
        receipt = await bach.send("home", "ada", "Hello")
        await clock.advance(3600)
        platform.fault = None
        await clock.advance(60)
        assert (await bach.get(receipt.id)).status == "sent"


@pytest.mark.parametrize("_", range(RUNS))
async def test_what_comes_in_is_there_when_the_clock_has_moved(tmp_path: Path, _: int) -> None:
    """A received message would be in the inbox sometimes."""
    platform, clock = FakePlatform(), FakeClock()
    connectors = {"fake": fake_connector(platform, receives=True)}
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=connectors) as bach:
        await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
        platform.write("hi", remote_id="1", cursor="1")
        await clock.advance(1)
        assert [message.text for message in await bach.inbox()] == ["hi"]


async def test_a_thread_that_hangs_does_not_hold_up_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of a disk that does not answer would never end."""
    monkeypatch.setattr(fake_clock, "_PATIENCE", 0.05)
    store, clock, free = Database(tmp_path / "bach.db"), FakeClock(), threading.Event()

    def hang(_: Transaction) -> None:
        free.wait(30)

    await store.open()
    stuck = store.submit(hang, writes=False)
    await clock.advance(1)
    assert not stuck.done()
    free.set()
    async with asyncio.timeout(60):
        await stuck
    await store.close()
