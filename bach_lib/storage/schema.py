"""The layout of the database file.

`migrations/NNNN_*.sql` bring it up to date, `queries.sql` holds every query by name.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.resources import files

from bach_lib.errors import StoreTooNewError

_HERE = files(__package__ or "bach_lib.storage")

type Execute = Callable[[str], Iterable[Sequence[object]]]


@cache
def load_queries() -> dict[str, str]:
    """Read `queries.sql`: a line `-- name: reason` begins a query."""
    queries: dict[str, str] = {}
    name = ""
    for line in (_HERE / "queries.sql").read_text("utf-8").splitlines():
        if line.startswith("-- ") and ":" in line:
            name = line.removeprefix("-- ").partition(":")[0]
            queries[name] = ""
        elif name:
            queries[name] += line + "\n"
    return {name: text.strip() for name, text in queries.items()}


def migrate(execute: Execute, path: str) -> None:
    """Run every migration the file has not seen, each in a transaction of its own. Raises `StoreTooNewError`."""
    scripts = sorted(
        (file.name, file.read_text("utf-8")) for file in (_HERE / "migrations").iterdir() if file.name.endswith(".sql")
    )
    [(found,)] = execute("PRAGMA user_version")
    if int(str(found)) > len(scripts):
        raise StoreTooNewError(path=path, found=found, known=len(scripts))
    for number, (_, script) in enumerate(scripts[int(str(found)) :], start=int(str(found)) + 1):
        execute("BEGIN IMMEDIATE")
        for statement in script.split(";\n"):
            execute(statement)
        execute(f"PRAGMA user_version = {number}")
        execute("COMMIT")
