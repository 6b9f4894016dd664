"""Moving all that is stored: everything arrives once, whatever comes between, and is used at one place only."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from bach_lib.errors import (
    RowUnreadableError,
    StoreFillingError,
    StoreInUseError,
    StoreMissingError,
    StoreMovedError,
    StoreOccupiedError,
    StoreUnmovedError,
)
from bach_lib.storage import Database, ServerDatabase, Transaction
from bach_lib.storage.moving import Move, row_pages, take_back
from bach_lib.storage.moving.table_shapes import tables
from tests.lib.storage.moving.filled import change, content, fill, move, place_of, stopping_at


async def held(store: Database | ServerDatabase) -> int:
    """How many messages a database holds back when it is opened to be used."""
    await store.open()
    try:
        rows = await store.submit(lambda tx: tx.ask("SELECT count(*) AS number FROM messages WHERE held = 1"))
        return int(rows[0]["number"] or 0)
    finally:
        await store.close()


async def test_all_arrives_in_both_directions(tmp_path: Path, database_address: str) -> None:
    """A row, a digit or a character would be lost with the step to a server, or with the step back."""
    file, back, again = await fill(tmp_path / "a.db"), tmp_path / "b.db", tmp_path / "c.db"
    before = content(file)
    ended = await move(file, database_address)
    assert ended.rows["messages"] == ended.rows["attempts"] == ended.rows["inbox"] == 5
    assert ended.left == {}
    assert ended.secret_files == ("/secrets/1", "/secrets/2")
    await move(database_address, back)
    text = repr(content(back)).replace("\\ufffd", "\ufffd")
    assert text == repr(before).replace("NUL \\x00", "NUL \ufffd").replace("-0.0", "0.0")
    await move(back, again)
    assert content(again) == content(back)
    assert await held(Database(again, runs_file=tmp_path / "c.runs")) == 0


async def test_ids_are_given_on_after_the_highest(tmp_path: Path, database_address: str) -> None:
    """A new message would get the id of one that was purged, which stands in automations and nonces."""

    def add(tx: Transaction) -> int:
        return tx.insert("add_unreadable", ("home", "raw", "", 0.0))

    file, back = await fill(tmp_path / "a.db"), tmp_path / "b.db"
    await move(file, database_address)
    server = ServerDatabase(database_address)
    await server.open()
    assert await server.submit(add) == 100_001
    await server.close()
    await move(database_address, back)
    store = Database(back)
    await store.open()
    assert await store.submit(add) == 100_002
    await store.close()


async def test_the_old_one_is_used_no_more(tmp_path: Path, database_address: str) -> None:
    """Both would send what waits."""
    file = await fill(tmp_path / "a.db")
    await move(file, database_address)
    with pytest.raises(StoreMovedError, match=r"a.db has moved to postgresql://.* --take-back"):
        await Database(file).open()
    await move(database_address, tmp_path / "b.db")
    with pytest.raises(StoreMovedError, match=r"has moved to .*b\.db"):
        await ServerDatabase(database_address).open()
    with pytest.raises(StoreMovedError):
        await move(file, tmp_path / "c.db")
    assert not (tmp_path / "c.db").exists()


async def test_whoever_takes_it_back_finds_what_waits_held(tmp_path: Path) -> None:
    """What waits at both places would be sent twice, and new messages would get nonces that were used."""
    file, other = await fill(tmp_path / "a.db"), tmp_path / "b.db"
    with pytest.raises(StoreUnmovedError):
        await take_back(place_of(file))
    await move(file, other)
    assert await held(Database(other, runs_file=tmp_path / "b.runs")) == 0
    assert await take_back(place_of(file)) == (2, str(other))
    assert await held(Database(file)) == 2
    assert dict(content(file)["meta"])["instance"] != dict(content(other)["meta"])["instance"]  # type: ignore[arg-type,index] # rows of two


async def test_where_it_lay_once_nothing_is_held(tmp_path: Path, database_address: str) -> None:
    """Whoever comes back to the file's old name would find all that waits held as a restored copy."""
    file = await fill(tmp_path / "a.db")
    for _ in range(3):
        store = Database(file, runs_file=tmp_path / "a.runs")
        await store.open()
        await store.submit(lambda tx: tx.run("save_meta", key="handed over at home", value="1 3"))
        await store.close()
    await move(file, database_address)
    for one in tmp_path.glob("a.db*"):
        one.unlink()
    await move(database_address, file)
    assert await held(Database(file, runs_file=tmp_path / "a.runs")) == 0


async def test_interrupted_anywhere_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken move would have to begin anew, or leave a row out, or have it twice; and somebody could use a half."""
    monkeypatch.setattr(row_pages, "_ROWS", 2)
    file, target = await fill(tmp_path / "a.db"), tmp_path / "b.db"
    before = content(file)
    for at in (1, 4, 9, 15, 30, 50):
        with pytest.raises(InterruptedError):
            await Move(place_of(file), place_of(target), stopping_at(at)).run()
        with pytest.raises(StoreFillingError, match=r"b\.db is being filled from .*a\.db"):
            await Database(target).open()
        assert await held(Database(file)) == 0  # it is as it was, and to be used
    await move(file, target)
    assert content(target) == before


async def test_what_was_used_in_between_is_moved_as_it_is_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that was sent in between would wait at the new place, and go twice."""
    monkeypatch.setattr(row_pages, "_ROWS", 2)
    file, target = await fill(tmp_path / "a.db"), tmp_path / "b.db"
    with pytest.raises(InterruptedError):
        await Move(place_of(file), place_of(target), stopping_at(15)).run()
    change(file, "UPDATE messages SET status = 'sent' WHERE id = 2")
    change(file, "DELETE FROM meta WHERE key = 'handed over at home'")
    before = content(file)
    await move(file, target)
    assert content(target) == before


async def test_killed_at_any_moment_it_goes_on(tmp_path: Path, database_address: str) -> None:
    """A power cut would leave something that nobody can use, or two that everybody can."""
    file = await fill(tmp_path / "a.db", messages=900)
    before = content(file)
    words = ("-m", "tests.lib.storage.moving.mover", str(file), database_address)
    for at in (1, 600, 2100):
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, str(at), cwd=Path(__file__).parents[4], stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout
        assert await process.stdout.readline() == b"far enough\n"
        process.send_signal(signal.SIGKILL)
        await process.wait()
    with pytest.raises(StoreFillingError):
        await ServerDatabase(database_address).open()
    assert (await move(file, database_address)).rows["messages"] == 900
    await move(database_address, tmp_path / "b.db")
    assert len(content(tmp_path / "b.db")["messages"]) == len(before["messages"])


@pytest.mark.parametrize("is_marked", [True, False])
async def test_killed_between_its_last_commits_it_ends(tmp_path: Path, *, is_marked: bool) -> None:
    """Neither of the two could be used ever again, or the same call would fail that should say that all is well."""
    file, target = await fill(tmp_path / "a.db"), tmp_path / "b.db"
    await move(file, target)
    if is_marked:
        name = str(dict(content(file)["meta"])["instance"])  # type: ignore[arg-type,index] # rows of two
        note = f'{{"source": "a.db", "instance": "{name}", "tables": {{}}}}'
        change(target, "UPDATE meta SET key = 'moving', value = ? WHERE key = 'moved from'", note)
    assert (await move(file, target)).rows["messages"] == 5
    assert await held(Database(target, runs_file=tmp_path / "b.runs")) == 0


@pytest.mark.slow  # processes begin and end
async def test_nobody_else_is_at_work(tmp_path: Path, database_address: str) -> None:
    """A daemon would send and receive while all of it moves, and that would be lost."""
    file = await fill(tmp_path / "a.db")
    store, server = Database(file), ServerDatabase(database_address)
    await store.open()
    with pytest.raises(StoreInUseError, match=r"a\.db is in use"):
        await move(file, database_address)
    await store.close()
    await server.open()
    with pytest.raises(StoreInUseError, match=r"postgresql://.* is in use"):
        await move(file, database_address)
    await server.close()


async def test_what_holds_something_is_not_filled(tmp_path: Path, database_address: str) -> None:
    """Two databases would become one, with the ids and the waiting messages of both."""
    file, other = await fill(tmp_path / "a.db"), await fill(tmp_path / "b.db")
    before = content(other)
    with pytest.raises(StoreOccupiedError, match=r"b\.db holds something"):
        await move(file, other)
    assert content(other) == before
    with pytest.raises(StoreOccupiedError):
        await move(file, file)
    with pytest.raises(StoreMissingError, match=r"no database of BACH at .*none\.db"):
        await move(tmp_path / "none.db", tmp_path / "c.db")
    with pytest.raises(StoreMissingError):
        await move(database_address, tmp_path / "c.db")
    assert sorted(path.name for path in tmp_path.glob("[cn]*")) == []
    with pytest.raises(InterruptedError):
        await Move(place_of(file), place_of(tmp_path / "d.db"), stopping_at(3)).run()
    with pytest.raises(StoreFillingError, match=r"d\.db is being filled from .*a\.db"):
        await move(other, tmp_path / "d.db")
    with pytest.raises(StoreFillingError):
        await move(tmp_path / "d.db", tmp_path / "e.db")


ODD_ROWS = {
    "text in a number": "UPDATE messages SET priority = 'high' WHERE id = 2",
    "bytes in a text": "UPDATE messages SET title = x'00ff' WHERE id = 2",
    "a fraction in a whole number": "UPDATE messages SET retry_count = 1.5 WHERE id = 2",
    "text in a time": "UPDATE messages SET created_at = 'yesterday' WHERE id = 2",
}
ODD_OTHERS = {
    "a file without a message": "INSERT INTO files VALUES (77, 0, '1')",
    "text for a message's number": (
        "INSERT INTO attempts (message_id, number, recipient, outcome) VALUES ('x', 0, '', '')"
    ),
    "a fraction for a message's number": "INSERT INTO files VALUES (1.5, 0, '1')",
    "no bytes in a file": "UPDATE contents SET content = 'text' WHERE digest = '2'",
}


@pytest.mark.parametrize("statement", (ODD_ROWS | ODD_OTHERS).values(), ids=ODD_ROWS | ODD_OTHERS)
async def test_what_no_database_would_take_is_said_or_left_behind(
    tmp_path: Path, database_address: str, statement: str
) -> None:
    """One row that a hand has changed would keep all others from moving, or go without a word."""
    file = await fill(tmp_path / "a.db")
    change(file, statement)
    before = content(file)
    with pytest.raises(RowUnreadableError, match=r"--leave-unreadable"):
        await move(file, database_address)
    assert content(file) == before
    ended = await move(file, database_address, leaves=True)
    expected = (
        dict.fromkeys(("messages", "files", "attempts", "parts", "proofs", "bridge_copies"), 1)
        if statement in ODD_ROWS.values()
        else None
    )
    assert ended.left == expected or (expected is None and sum(ended.left.values()) == 1)
    assert sum(ended.rows.values()) == sum(map(len, before.values())) - len(before["meta"]) - sum(ended.left.values())


async def test_text_that_is_no_text_arrives_as_it_is_read(tmp_path: Path, database_address: str) -> None:
    """A flipped bit in one text, which BACH reads as U+FFFD, would keep all others from moving."""
    file = await fill(tmp_path / "a.db")
    change(file, "UPDATE messages SET text = CAST(x'61eda0bd' AS TEXT) WHERE id = 2")
    change(file, "INSERT INTO legacy_taken VALUES (CAST(x'61ff' AS TEXT))")
    await move(file, database_address)
    await move(database_address, tmp_path / "b.db")
    texts = [row[4] for row in content(tmp_path / "b.db")["messages"] if row[0] == 2]
    assert texts == ["a\ufffd\ufffd\ufffd"]


def test_every_table_moves() -> None:
    """A table that a later migration adds would stay behind."""
    names = [table.name for table in tables()]
    assert names.index("messages") < names.index("files")
    assert names.index("messages") < names.index("attempts")
    assert {"connections", "inbox", "rules", "spellings", "thrown_away", "unreadable", "legacy_taken"} < {*names}
