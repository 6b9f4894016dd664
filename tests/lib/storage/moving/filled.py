"""A database with something in every table, and what is in one."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from bach_lib.storage import Database
from bach_lib.storage.moving import Ended, Move, Place, place
from bach_lib.storage.moving.row_pages import OF_THE_PLACE
from bach_lib.storage.moving.table_shapes import META, tables

ODD = "NUL \0 and Größe 🔥 \\x00 \ufffd 'quotes' \"\n\t"
_FILLINGS = {"TEXT": "text", "INTEGER": 2**63 - 1, "REAL": 0.1 + 0.2, "BLOB": b"\0\xff"}

type Values = dict[str, object]


def insert(file: sqlite3.Connection, table: str, values: Values) -> None:
    """Add a row, as another program could."""
    columns = ", ".join(f'"{name}"' for name in values)
    places = ", ".join("?" * len(values))
    file.execute(f'INSERT INTO "{table}" ({columns}) VALUES ({places})', list(values.values()))


async def fill(path: Path, messages: int = 5) -> Path:
    """Rows in all tables, the highest of which were purged."""
    store = Database(path)
    await store.open()
    await store.close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA foreign_keys = ON")
        for table in tables():
            if table.name == META:
                continue
            for number in range(1, (messages if table.counts_up or table.owner is not None else 2) + 1):
                row: Values = {column.name: _FILLINGS[column.kind] for column in table.columns}
                row |= {column.name: number if column.kind == "INTEGER" else f"{number}" for column in table.keys}
                if "request_key" in row:
                    row["request_key"] = f"key {number}"
                if table.name == "messages":
                    row |= {"text": f"{number} {ODD}", "status": ("pending", "sent")[number % 2], "held": 0}
                    row |= {"tag": None, "created_at": -0.0, "waited": float("inf")}
                if table.name == "connections":
                    row |= {"auth_config": json.dumps({"token": f"file:/secrets/{number}", "more": "env:TOKEN"})}
                insert(file, table.name, row | ({"remote_id": f"{number}"} if "remote_id" in row else {}))
        insert(file, "meta", {"key": "handed over at home", "value": "1 2"})
        for name in (table.name for table in tables() if table.counts_up):
            insert(file, name, _purged(file, name))
            file.execute(f"DELETE FROM {name} WHERE id = 100000")
        file.commit()
    return path


def _purged(file: sqlite3.Connection, table: str) -> Values:
    file.row_factory = sqlite3.Row
    row = dict(file.execute(f"SELECT * FROM {table} LIMIT 1").fetchone())
    file.row_factory = None
    return row | {"id": 100_000, **{name: "purged" for name in ("request_key", "remote_id") if name in row}}


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows that move, by table."""
    with closing(sqlite3.connect(path)) as file:
        return {
            table.name: sorted(
                (row for row in file.execute(f'SELECT * FROM "{table.name}"') if row[0] not in OF_THE_PLACE), key=repr
            )
            for table in tables()
        }


def change(path: Path, statement: str, *values: object) -> None:
    """What a hand or another program does."""
    with closing(sqlite3.connect(path)) as file:
        file.execute(statement, values)
        file.commit()


@contextmanager
def no_bar(_: int) -> Iterator[Callable[[int], None]]:
    """Nobody looks."""
    yield lambda _: None


def stopping_at(limit: int) -> Callable[[int], AbstractContextManager[Callable[[int], None]]]:
    """A bar that raises `InterruptedError` when so many rows are done."""

    @contextmanager
    def bar(_: int) -> Iterator[Callable[[int], None]]:
        def advance(done: int) -> None:
            if done >= limit:
                raise InterruptedError

        yield advance

    return bar


async def move(source: Path | str, target: Path | str, *, leaves: bool = False) -> Ended:
    """Move all."""
    return await Move(place_of(source), place_of(target), no_bar, leaves=leaves).run()


def place_of(word: Path | str) -> Place:
    """With a note outside of its folder, as the command has one."""
    return place(str(word), word.with_suffix(".runs") if isinstance(word, Path) else None)
