"""What a program sees of a database before it moves there, and what it leaves where it was."""

from pathlib import Path

import pytest

from bach_lib.errors import StoreUnmovedError
from bach_lib.storage import ServerDatabase
from bach_lib.storage.moving import Move, clear, look, no_bar
from tests.lib.storage.moving.filled import content, fill, move, place_of, stopping_at
from tests.lib.storage.work import add


async def test_an_empty_database_is_seen_as_one_also_while_it_is_used(database_address: str) -> None:
    """A dialog could not tell a free database from one that holds somebody's messages, or would stop who uses it."""
    found = await look(place_of(database_address))
    assert (found.is_empty, found.is_being_filled, found.has_moved) == (True, False, False)
    store = ServerDatabase(database_address)
    await store.open()
    await store.submit(add("ada"))
    again = await look(place_of(database_address))
    assert (again.is_empty, again.instance) == (False, found.instance)
    await store.submit(add("bob"))
    await store.close()


async def test_what_has_moved_or_is_moving_is_seen(tmp_path: Path, database_address: str) -> None:
    """A home would take for its own what nobody may use."""
    file = await fill(tmp_path / "a.db")
    name = (await look(place_of(file))).instance
    with pytest.raises(InterruptedError):
        await Move(place_of(file), place_of(database_address), stopping_at(3)).run()
    assert (await look(place_of(database_address))).is_being_filled
    assert not (await look(place_of(file))).has_moved
    await move(file, database_address)
    assert (await look(place_of(file))).has_moved
    found = await look(place_of(database_address))
    assert (found.is_being_filled, found.instance) == (False, name)


async def test_what_has_moved_away_makes_room(tmp_path: Path, database_address: str) -> None:
    """Nobody could go to a server a second time, and all messages would lie there for ever."""
    file, back = await fill(tmp_path / "a.db"), tmp_path / "b.db"
    before = content(file)
    await move(file, database_address)
    with pytest.raises(StoreUnmovedError):
        await clear(place_of(database_address))
    await move(database_address, back)
    name = (await look(place_of(back))).instance
    await clear(place_of(database_address))
    found = await look(place_of(database_address))
    assert (found.is_empty, found.has_moved) == (True, False)
    assert found.instance != name  # which lives on in the file
    await move(back, database_address)
    await clear(place_of(database_address), for_good=True)
    assert (await look(place_of(database_address))).is_empty
    assert len(content(back)["messages"]) == len(before["messages"])


def test_a_move_that_nobody_watches_needs_no_bar() -> None:
    """It would fail at its first page."""
    with no_bar(3) as advance:
        advance(1)
