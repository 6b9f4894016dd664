"""Schema migrations and named queries of the database file.

`migrations/NNNN_*.sql` bring it up to date, `queries.sql` holds every query by name. Both are read when this module is,
so that code only ever runs its own: an update may put others beside it long before it is started again.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files

_HERE = files(__package__ or "bach_lib.storage")

type Execute = Callable[[str], Iterable[Sequence[object]]]


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


_QUERIES = named_queries((_HERE / "queries.sql").read_text("utf-8"))
_MIGRATIONS = _read_migrations()

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
