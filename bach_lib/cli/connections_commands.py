"""`bach connections`: everything in the registry, whatever its category."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bach_lib.cli import registry_commands
from bach_lib.cli.command import ask, run
from bach_lib.cli.console import Row, as_row, as_rows, show, show_one
from bach_lib.cli.groups import Group
from bach_lib.cli.options import command, settings
from bach_lib.cli.progress_bar import steps

if TYPE_CHECKING:
    from bach_lib.cli.session import Session

app: typer.Typer = typer.Typer(
    cls=Group, help="All connections: connectors, AI partners, MCP servers, other APIs.", no_args_is_help=True
)

_SHORT = ("dns", "tcp", "tls", "http")
"""Hops whose names are abbreviations."""
_CATEGORIES = ("connector", "ai", "mcp", "api")
Category = Annotated[str | None, typer.Option(help="connector, ai, mcp or api.")]
Type = Annotated[str | None, typer.Option("--type", help="Only of this type.")]


def _check_category(category: str | None) -> None:
    if category not in (None, *_CATEGORIES):
        raise typer.BadParameter(f"Use one of: {', '.join(_CATEGORIES)}.", param_hint="--category")


@app.command("list")
@command
def list_connections(category: Category = None, type_: Type = None) -> None:
    """All, or those of a category or type."""
    _check_category(category)
    show(ask("connections", category=category, type_=type_), *registry_commands.COLUMNS, empty=registry_commands.NONE)


@app.command("show")
@command
def show_connection(name: registry_commands.Name) -> None:
    """All about one."""
    show_one(as_row(ask("connection", name=name)), *registry_commands.DETAILS)


@app.command()
@command
def check(
    name: Annotated[str | None, typer.Argument(help="One; all if left out.")] = None,
    category: Category = None,
    type_: Type = None,
) -> None:
    """Ask whether they answer and take the credentials. Exit code 1 if one does not."""
    _check_category(category)

    async def work(session: Session) -> list[Row]:
        found = await session.ask("connections", category=category, type_=type_) if name is None else [{"name": name}]
        names = [row["name"] for row in as_rows(found)]
        return [
            as_row(await session.ask("check", name=one, is_daemon=session.is_daemon))
            for one in steps(names, "Checking")
        ]

    rows = run(work)
    columns = (("name", "Name"), ("is_good", "Works"), ("answer", "Answer"), ("latency", "Seconds"), ("way", "Way"))
    show(
        [row if settings().as_json else {**row, "way": _way(row)} for row in rows],
        *columns,
        ("version", "Version"),
        ("offers", "Offers"),
        ("advice", "What to do"),
        empty=registry_commands.NONE,
    )
    if not all(row["is_good"] for row in rows):
        raise typer.Exit(1)


def _way(row: Row) -> str:
    """The hops in a line, such as "DNS 3 ms, TCP 12 ms, TLS failed after 40 ms"."""
    return ", ".join(_hop(as_row(hop)) for hop in as_rows(row.get("hops", [])))


def _hop(hop: Row) -> str:
    name, took = str(hop["hop"]), hop["milliseconds"]
    shown = name.upper() if name in _SHORT else name
    time = "" if took is None else f"{took} ms"
    if hop["is_good"]:
        return f"{shown} {time}".rstrip()
    return f"{shown} failed after {time}" if time else f"{shown} failed"


app.command("add")(registry_commands.add)
app.command("remove")(registry_commands.remove)
app.command("types")(registry_commands.types)
