"""`bach import-legacy`: imports the database of an original BACH."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from bach_lib.cli import secret_files
from bach_lib.cli.console import Row, as_rows, say, show, show_one
from bach_lib.cli.exits import sentences
from bach_lib.cli.options import command, settings
from bach_lib.cli.progress_bar import bar

_TAKEN = (
    ("connections", "Connections"),
    ("incomplete", "Connections that lack something"),
    ("rules", "Rules"),
    ("outgoing", "Messages going out"),
    ("incoming", "Messages that came in"),
    ("known", "Taken over before"),
)


@command
def import_legacy(
    old: Annotated[Path, typer.Argument(metavar="BACH.DB", help="The database of a BACH 2 or 3; it is only read.")],
    enable: Annotated[
        bool, typer.Option("--enable", help="Let the connections that were active work at once.")
    ] = False,
) -> None:
    """Take over connections, the undelivered queue and the inbox. Can be repeated: nothing is taken twice."""
    errors, importing = import_module("bach_lib.errors"), import_module("bach_lib.cli.importing")
    database = settings().database
    written: list[str] = []

    def keep(name: str, field: str, secret: str) -> str:
        """In a file of its own: what lies there already is somebody's."""
        written.append(secret_files.keep(database, name, field, secret))
        return written[-1]

    is_writing = False

    def go_on(done: int) -> None:
        nonlocal is_writing
        is_writing = done == importing.WRITES
        advance(done)

    kept: set[str] = set()
    with sentences(errors.BachError):
        try:
            with bar("Taking over", importing.STEPS) as advance:
                answer = importing.run(old.expanduser().absolute(), database, keep, go_on, enable=enable)
            kept = {reference for row in as_rows(answer["added"]) for reference in _references(row)}
        except errors.BachError:
            is_writing = False  # nothing was written
            raise
        finally:
            if not is_writing:  # whoever is interrupted then cannot know what came of it
                for reference in set(written) - kept:
                    secret_files.forget(database, reference)
    _tell(answer, enable=enable)


def _references(row: Mapping[str, object]) -> list[str]:
    found = row["auth_config"]
    return [str(one) for one in found.values()] if isinstance(found, Mapping) else []


def _tell(answer: Row, *, enable: bool) -> None:
    if settings().as_json:
        show_one(answer)
        return
    show_one(answer, *_TAKEN)
    rows = as_rows(answer["left"])
    if rows:
        say("\nLeft behind:")
        show(rows, ("what", "What"), ("reason", "Why"), empty="")
    lacking = answer["lacking"] if isinstance(answer["lacking"], Sequence) else ()
    whole = [row["name"] for row in as_rows(answer["added"]) if row["name"] not in lacking]
    if whole and not enable:
        say("\nNothing works yet, so that two BACHs do not answer for one bot. Stop the old one, look at what waits")
        say("with `bach msg outbox`, then let them work:")
        _say_how_to_enable(whole)
    if lacking:
        say("\nWhat lacks something stays switched off, and keeps its messages. Give it what is named above, then")
        say("let it work:")
        _say_how_to_enable(lacking)


def _say_how_to_enable(names: Sequence[object]) -> None:
    for name in names:
        say(f"  bach connector enable {name}")
