"""`bach migrate-storage`: moves all that is stored from a file to a server, back, or from file to file."""

from importlib import import_module
from typing import Annotated

import typer

from bach_lib.cli.console import Row, say, show_one
from bach_lib.cli.exits import sentences
from bach_lib.cli.options import command, settings
from bach_lib.cli.progress_bar import bar

_ADDRESS = "postgresql://USER@HOST/DATABASE; the password belongs into ~/.pgpass or PGPASSWORD, not here"


@command
def migrate_storage(
    source: Annotated[str, typer.Argument(metavar="FROM", help=f"A database file, or {_ADDRESS}.")],
    target: Annotated[
        str | None, typer.Argument(metavar="TO", show_default=False, help="The same, and empty or not there yet.")
    ] = None,
    leave_unreadable: Annotated[
        bool, typer.Option("--leave-unreadable", help="Leave rows behind that no database would take, and count them.")
    ] = False,
    take_back: Annotated[
        bool, typer.Option("--take-back", help="Use FROM again although it has moved; what waits in it is held.")
    ] = False,
) -> None:
    """Move all that is stored. Stop BACH first. It can be interrupted, and goes on when called again."""
    if take_back == (target is not None):
        raise typer.BadParameter("Give FROM and TO, or FROM with --take-back.")
    errors, moving = import_module("bach_lib.errors"), import_module("bach_lib.cli.moving_storage")
    with sentences(errors.BachError):
        if target is None:
            answer: Row = moving.take_back(source)
        else:
            answer = moving.move(source, target, lambda total: bar("Moving", total), leaves=leave_unreadable)
    _tell(answer)


def _tell(answer: Row) -> None:
    if settings().as_json:
        show_one(answer)
        return
    if "held" in answer:
        say(f"{answer['from']} can be used again. {answer['held']} messages that wait in it are held, as they wait in")
        say(f"{answer['to']} as well: `bach msg release` sends them, `bach msg discard --held` gives them up.")
        return
    rows, left, files = _numbers(answer["rows"]), _numbers(answer["left"]), answer["secret_files"]
    say(f"All of {answer['from']} is in {answer['to']} now: {_counted(rows)}.")
    if left:
        say(f"Left behind, as no database would take it: {_counted(left)}.")
    if isinstance(files, list) and files:
        say("\nSecrets stay where they are. Each machine that works on the new database needs these files:")
        for file in files:
            say(f"  {file}")


def _numbers(value: object) -> dict[str, int]:
    return {str(name): int(number) for name, number in value.items()} if isinstance(value, dict) else {}


def _counted(rows: dict[str, int]) -> str:
    found = [f"{number} {name.replace('_', ' ')}" for name, number in rows.items() if number]
    return ", ".join(found) or "nothing, as it was empty"
