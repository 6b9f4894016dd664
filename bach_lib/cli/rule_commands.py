"""`bach rules`: context rules, names for what messages are about."""

from typing import Annotated

import typer

from bach_lib.cli.command import ask, run
from bach_lib.cli.console import Json, Row, as_row, as_rows, show, show_one
from bach_lib.cli.exits import sentences
from bach_lib.cli.groups import Group
from bach_lib.cli.options import command
from bach_lib.control.sentences import SentenceError

app: typer.Typer = typer.Typer(
    cls=Group, help="Context rules: names for messages, by phrases and patterns.", no_args_is_help=True
)

_COLUMNS = (
    ("name", "Name"),
    ("phrases", "Phrases"),
    ("patterns", "Patterns"),
    ("connection", "Connection"),
    ("is_active", "Active"),
    ("hint", "Hint"),
)
Name = Annotated[str, typer.Argument(help="The name of a rule.")]


@app.command("list")
@command
def list_rules() -> None:
    """All rules."""
    show(ask("rules"), *_COLUMNS, empty="There are no rules. Add one: bach rules set NAME --phrase …")


@app.command("set")
@command
def set_rule(
    name: Name,
    phrase: Annotated[list[str] | None, typer.Option(help="Words to look for, in any case; repeat it.")] = None,
    pattern: Annotated[list[str] | None, typer.Option(help="A regular expression; repeat it.")] = None,
    connection: Annotated[str | None, typer.Option(help="Only for messages of this connection.")] = None,
    hint: Annotated[str | None, typer.Option(help="What is to be done about such a message.")] = None,
) -> None:
    """Add a rule, or put another in the place of one."""
    row = ask(
        "set_rule",
        creates=True,
        name=name,
        phrases=list(phrase or ()),
        patterns=list(pattern or ()),
        connection=connection,
        hint=hint,
    )
    show_one(as_row(row), *_COLUMNS)


@app.command()
@command
def remove(name: Name) -> None:
    """Forget a rule."""
    show_one(as_row(ask("remove_rule", name=name)), *_COLUMNS)


@app.command()
@command
def enable(name: Name) -> None:
    """Let a rule match."""
    _switch(name, is_active=True)


@app.command()
@command
def disable(name: Name) -> None:
    """Let a rule rest."""
    _switch(name, is_active=False)


def _switch(name: str, *, is_active: bool) -> None:
    found: list[Row] = [row for row in as_rows(ask("rules")) if row["name"] == name]
    with sentences():
        if not found:
            raise SentenceError(f'There is no rule named "{name}". `bach rules list` shows all.')
    rule: dict[str, Json] = {**found[0], "is_active": is_active}
    show_one(as_row(run(lambda session: session.ask("set_rule", **rule))), *_COLUMNS)
