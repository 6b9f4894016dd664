"""`bach connector pair`: lets a sender in by a pairing code. They send the code, and you confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bach_lib.cli.command import run
from bach_lib.cli.console import Row, as_row, as_rows, confirm, say, show
from bach_lib.cli.exits import sentences
from bach_lib.cli.options import command
from bach_lib.control.sentences import SentenceError
from bach_lib.inbound import pairing_codes

if TYPE_CHECKING:
    from bach_lib.cli.session import Session

_COLUMNS = (
    ("recipient", "Recipient"),
    ("title", "Name"),
    ("kind", "Kind"),
    ("has_code", "Brought the code"),
    ("allowed", "Let in"),
)


@command
def pair(
    name: Annotated[str, typer.Argument(help="The name of a connection.")],
    seconds: Annotated[float, typer.Option(min=1, help="How long to wait for somebody to write.")] = 120,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Let in who brings the code, without asking.")] = False,
) -> None:
    """Show a code, wait for whoever brings it, and let them in if you say so."""
    code = pairing_codes.new_code()
    takes_code = True

    async def wait(session: Session) -> list[Row]:
        nonlocal takes_code
        invitation = as_row(await session.ask("invite", name=name, code=code, starts=not session.is_daemon))
        takes_code = bool(invitation["takes_code"])
        _invite(invitation, name, code)
        return as_rows(await session.ask("pair", name=name, seconds=seconds, code=code, starts=False))

    async def let_in(session: Session) -> None:
        old = as_row(await session.ask("connection", name=name))["allowed"]
        known = list(old) if isinstance(old, (list, tuple)) else []
        await session.ask("change", name=name, changes={"allowed": [*known, *new]})

    found = run(wait)
    with sentences():
        if not found:
            raise SentenceError("Nobody has written. Whoever is let in already does not count.")
    rows: list[Row] = []
    for row in found:
        is_sure = bool(row["has_code"]) or not takes_code
        rows.append({**row, "allowed": is_sure if yes else _is_welcome(row)})
    new = [str(row["recipient"]) for row in rows if row["allowed"]]
    if new:
        run(let_in)
    show(rows, *_COLUMNS, empty="")


def _invite(invitation: Row, name: str, code: str) -> None:
    """Say what the one who is to be let in has to do."""
    if not invitation["takes_code"]:
        say(f"Let them write to {name} now.")
        return
    account = invitation["account"]
    if invitation["link"]:
        say(f"Let them open {invitation['link']} and press Start. That brings the code to {account}.")
        say(f"To let a group in, open {invitation['group_link']} and choose it.")
        say(f"Or let them write the code to {account}: {code}")
    else:
        say(f"Let them write this code to {account} (in a group, too): {code}")


def _is_welcome(row: Row) -> bool:
    mark = " They brought the code." if row["has_code"] else ""
    return confirm(f"Let {row['title']} ({row['recipient']}) in?{mark}")
