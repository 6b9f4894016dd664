"""What of bridges stands on disk, over a restart and in a restored copy."""

from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, BridgeSide, BridgeWords, Place
from bach_lib.bridges.bridge_book import BridgeBook
from bach_lib.bridges.judging import End
from bach_lib.errors import (
    BridgeChangedError,
    CannotReceiveError,
    InvalidValueError,
    UnknownBridgeError,
    UnknownConnectionError,
)
from bach_lib.storage import Store
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.bridges.conftest import BRIDGE, HERE, ROWS, THERE, Shore, Shores


async def test_after_a_restart_it_goes_on_where_it_was(tmp_path: Path, clock: FakeClock) -> None:
    """What came in while nothing was carried would be lost, or all that was be carried again."""
    here, there = FakePlatform(), FakePlatform()
    kinds = {"fake": fake_connector(here, receives=True), "other": fake_connector(there, receives=True)}
    shore = Shore(here, HERE, clock)
    for text, is_carried in (("one", True), ("two", False), ("three", True)):
        bach = Bach(tmp_path / "bach.db", clock=clock, connectors=kinds, connections=ROWS, grace=0)
        async with bach:
            await bach.bridges.set(BRIDGE)
            await clock.settle()
            if not is_carried:
                await bach._open_lasting.bridging.runner.close()  # it dies between both
            await shore.comes(text)
    assert [one.text for one in Shore(there, THERE, clock).sent] == ["Ada: one", "Ada: two", "Ada: three"]


async def test_a_restored_copy_begins_anew(store: Store) -> None:
    """What was carried since the copy was made would come a second time."""
    book = BridgeBook(store, "0a1b2c3d")
    await book.write(BRIDGE, since=10.0)
    for query in ("begin_bridges_anew", "forget_ends"):
        await store.submit(lambda tx, query=query: tx.run(query))  # type: ignore[misc] # a name for each
    found = (await book.read(now=50.0))["both"]
    assert (found.bridge, found.since, found.ends["here"].upto) == (BRIDGE, 50.0, 0)


async def test_of_two_that_go_on_one_writes(store: Store) -> None:
    """Two processes would carry the same message, each of them."""
    book = BridgeBook(store, "0a1b2c3d")
    await book.write(BRIDGE, since=10.0)
    before = (await book.read(now=0.0))["both"].ends["here"]
    await book.save("both", before, replace(before, upto=5))
    with pytest.raises(BridgeChangedError):
        await book.save("both", before, End(BridgeSide(connection="here"), upto=6))
    waits = replace(before, upto=5, held=(4,))
    await book.save("both", replace(before, upto=5), waits)
    assert (await book.read(now=0.0))["both"].ends["here"] == waits
    await book.save("both", waits, replace(waits, held=()))
    with pytest.raises(BridgeChangedError):
        await book.save("both", waits, replace(waits, held=()))  # a change that another has taken up


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": "a b"}, InvalidValueError),
        ({"targets": ()}, InvalidValueError),
        ({"targets": (HERE,)}, InvalidValueError),
        ({"targets": ("club",)}, InvalidValueError),
        ({"targets": (Place(connection="there", recipient=" "),)}, InvalidValueError),
        ({"targets": (Place(connection="there", recipient="x" * 300),)}, InvalidValueError),
        ({"targets": (Place(connection="zoo", recipient="x"),)}, UnknownConnectionError),
        ({"files": "yes"}, InvalidValueError),
        ({"words": {"edited": "x"}}, InvalidValueError),
        ({"words": BridgeWords(edited="")}, InvalidValueError),
    ],
)
async def test_what_makes_no_sense_is_refused(
    shores: Shores, fields: dict[str, object], error: type[Exception]
) -> None:
    """A bridge to nowhere would be found when somebody writes."""
    with pytest.raises(error):
        await shores.bach.bridges.set(replace(BRIDGE, **fields))  # type: ignore[arg-type] # that is what is tried
    assert shores.bach.bridges.list() == []
    with pytest.raises(UnknownBridgeError):
        await shores.bach.bridges.remove("both")


async def test_where_nothing_comes_in_nothing_can_be_carried(clock: FakeClock) -> None:
    """It would look as if nobody wrote."""
    kinds = {"fake": fake_connector(FakePlatform()), "other": fake_connector(FakePlatform())}
    async with Bach(":memory:", clock=clock, connectors=kinds, connections=ROWS, grace=0) as bach:
        with pytest.raises(CannotReceiveError):
            await bach.bridges.set(BRIDGE)
