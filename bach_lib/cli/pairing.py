"""`bach connector pair`: letting somebody in without looking their number up. They write, and you say yes."""

from typing import TYPE_CHECKING, Annotated

import typer

from bach_lib.cli.asking import run
from bach_lib.cli.console import Row, as_row, as_rows, printable, say, show
from bach_lib.cli.faults import SentenceError
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

    async def work(session: Session) -> list[Row]:
        found = as_rows(await session.ask("pair", name=name, seconds=seconds, starts=not session.is_daemon))
        if not found:
            raise SentenceError("Nobody has written. Whoever is let in already does not count.")
        rows: list[Row] = [{**row, "allowed": yes or _is_welcome(row)} for row in found]
        new = [str(row["recipient"]) for row in rows if row["allowed"]]
        old = as_row(await session.ask("connection", name=name))["allowed"]
        known = list(old) if isinstance(old, (list, tuple)) else []
        if new:
            await session.ask("change", name=name, changes={"allowed": [*known, *new]})
        return rows

    show(run(work), *_COLUMNS, empty="")


def _is_welcome(row: Row) -> bool:
    asked = printable(f"Let {row['title']} ({row['recipient']}) in?", lines=False)
    return typer.confirm(asked, err=True)
