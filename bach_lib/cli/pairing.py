"""`bach connector pair`: letting somebody in without looking their number up. They write, and you say yes."""

from typing import TYPE_CHECKING, Annotated

import typer

from bach_lib.cli.asking import run
from bach_lib.cli.console import Row, as_row, as_rows, confirm, say, show
from bach_lib.cli.faults import SentenceError, sentences
from bach_lib.cli.options import command

if TYPE_CHECKING:
    from bach_lib.cli.session import Session

_COLUMNS = (("recipient", "Recipient"), ("title", "Name"), ("kind", "Kind"), ("allowed", "Let in"))


@command
def pair(
    name: Annotated[str, typer.Argument(help="The name of a connection.")],
    seconds: Annotated[float, typer.Option(min=1, help="How long to wait for somebody to write.")] = 120,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Let in who writes first, without asking.")] = False,
) -> None:
    """Wait for somebody to write who is not let in yet, and let them in if you say so."""
    say(f"Let them write to {name} now (to a bot: /start).")

    async def wait(session: Session) -> list[Row]:
        return as_rows(await session.ask("pair", name=name, seconds=seconds, starts=not session.is_daemon))

    async def let_in(session: Session) -> None:
        old = as_row(await session.ask("connection", name=name))["allowed"]
        known = list(old) if isinstance(old, (list, tuple)) else []
        await session.ask("change", name=name, changes={"allowed": [*known, *new]})

    found = run(wait)
    with sentences():
        if not found:
            raise SentenceError("Nobody has written. Whoever is let in already does not count.")
    rows: list[Row] = [{**row, "allowed": yes or _is_welcome(row)} for row in found]
    new = [str(row["recipient"]) for row in rows if row["allowed"]]
    if new:
        run(let_in)
    show(rows, *_COLUMNS, empty="")


def _is_welcome(row: Row) -> bool:
    return confirm(f"Let {row['title']} ({row['recipient']}) in?")
