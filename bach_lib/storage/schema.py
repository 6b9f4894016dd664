"""Schema migrations and named queries of the database file.

`migrations/NNNN_*.sql` bring it up to date, `queries.sql` holds every query by name. Both are read when this module is,
so that code only ever runs its own: an update may put others beside it long before it is started again.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from typing import Protocol

_HERE = files(__package__ or "bach_lib.storage")

type Execute = Callable[[str], Iterable[Sequence[object]]]


class Ask(Protocol):
    """Has a database answer a question, and leaves it as it is. Raises a `StorageError`."""

    def __call__[T](self, question: Callable[[Execute], T]) -> T:
        """The answer."""
        ...


def named_queries(text: str) -> dict[str, str]:
    """The queries of a file, where a line `-- name: reason` begins one."""
    queries: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("-- ") and ":" in line:
            name = line.removeprefix("-- ").partition(":")[0]
            queries[name] = ""
        elif name:
            queries[name] += line + "\n"
    return {name: text.strip() for name, text in queries.items()}


def _read_migrations() -> tuple[str, ...]:
    scripts = [file for file in (_HERE / "migrations").iterdir() if file.name.endswith(".sql")]
    return tuple(file.read_text("utf-8") for file in sorted(scripts, key=lambda file: file.name))


_INSTANCE = "INSERT INTO meta (key, value) VALUES ('instance', lower(hex(randomblob(4))))"
"""The only row of a new database, of the first migration: it tells the database from every other."""
_QUERIES = named_queries((_HERE / "queries.sql").read_text("utf-8"))
_MIGRATIONS = _read_migrations()

_PARTS = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND substr(name, 1, 7) <> 'sqlite_' ORDER BY rowid"
_OF_FILE = ("application_id", "user_version")

_STRAIGHT: dict[int, Sequence[str]] = {}
"""What makes a new database of a layout; found once, whichever thread needs it first."""

COPY_FLAG = "by itself"
"""What a copy says of itself that was made at one moment, without a log."""
LAYOUT = len(_MIGRATIONS)
"""The layout this code works with; a file says in `user_version` which one it has."""


def load_queries() -> dict[str, str]:
    """The queries of `queries.sql`."""
    return dict(_QUERIES)


def layout_of(execute: Execute) -> int:
    """The layout of an open file; 0: none yet."""
    [(found,)] = execute("PRAGMA user_version")
    return int(str(found))


def bring_up_to_date(execute: Execute, ask_new: Ask) -> None:
    """Give a new file the layout of this code, in one transaction, and let any other go the way of the migrations.

    They alter some tables a dozen times, and SQLite reads the whole schema anew each time: half of what opening a new
    file took. So that way is gone once, in memory. `ask_new`: an empty database.
    """
    if layout_of(execute) == 0:
        if LAYOUT not in _STRAIGHT:
            _STRAIGHT[LAYOUT] = ask_new(_straight)
        for statement in _STRAIGHT[LAYOUT]:
            execute(statement)
    migrate(execute)


def _straight(execute: Execute) -> Sequence[str]:
    """What makes a new database as the migrations make this one."""
    migrate(execute)
    parts = [str(sql) for (sql,) in execute(_PARTS)]
    of_file = [f"PRAGMA {name} = {value}" for name in _OF_FILE for (value,) in execute(f"PRAGMA {name}")]
    return "BEGIN IMMEDIATE", *parts, _INSTANCE, *of_file, "COMMIT"


def migrate(execute: Execute, to: int = LAYOUT) -> None:
    """Run every migration the file has not seen, each in a transaction of its own; for a new file all in one."""
    found = layout_of(execute)
    missing = _MIGRATIONS[found:to]
    for scripts in [missing] if found == 0 else [[script] for script in missing]:
        execute("BEGIN IMMEDIATE")
        for script in scripts:
            for statement in script.split(";\n"):
                execute(statement)
            found += 1
        execute(f"PRAGMA user_version = {found}")
        execute("COMMIT")
