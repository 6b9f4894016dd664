"""`bach cluster`: the processes that share a database, and what each of them works on."""

import typer

from bach_lib.cli.command import ask
from bach_lib.cli.console import show
from bach_lib.cli.groups import Group
from bach_lib.cli.options import command

app: typer.Typer = typer.Typer(cls=Group, help="Processes that share a database on a server.", no_args_is_help=True)

_COLUMNS = (
    ("session", "Session"),
    ("name", "Process"),
    ("state", "State"),
    ("started_at", "Since"),
    ("seen_at", "Last seen"),
    ("connections", "Works on"),
    ("lanes", "Lends a hand with"),
)


@app.command()
@command
def status() -> None:
    """Who works on what, and how many lanes it delivers for others just now. Those that went lately are shown, too."""
    show(
        ask("processes"),
        *_COLUMNS,
        empty="Nobody shares this database: it is a file (docs/scaling.md), or nothing works on it.",
    )
