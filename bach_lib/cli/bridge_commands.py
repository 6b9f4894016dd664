"""`bach bridge`: what comes in at one place goes out at others."""

from typing import Annotated

import typer

from bach_lib.cli.command import ask, run
from bach_lib.cli.console import Json, Row, as_row, as_rows, show, show_one, write_json
from bach_lib.cli.exits import sentences
from bach_lib.cli.groups import Group
from bach_lib.cli.options import command, settings
from bach_lib.control.sentences import SentenceError

app: typer.Typer = typer.Typer(
    cls=Group, help="Bridges: what comes in at one place goes out at others.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The name of a bridge.")]
_COLUMNS = (
    ("name", "Name"),
    ("source", "From"),
    ("targets", "To"),
    ("ways", "Ways"),
    ("active", "Active"),
    ("carried", "Carried"),
    ("left_out", "Left out"),
    ("reason", "Why"),
)
_MORE = (*_COLUMNS, ("goes_along", "Goes along"), ("carried_at", "Last carried"), ("left_out_at", "Last left out"))
_GOES_ALONG = {"with_name": "names", "files": "files", "edits": "edits", "deletions": "deletions"}
_KEPT = ("name", "source", "targets", "both_ways", "is_active", "words", *_GOES_ALONG)
_EXAMPLE = "telegram:-100123"


@app.command()
@command
def add(
    name: Annotated[str, typer.Argument(help="What to call it: letters, digits, _ - .")],
    source: Annotated[str, typer.Argument(metavar="FROM", help=f"Where it comes in, such as {_EXAMPLE}.")],
    targets: Annotated[list[str], typer.Argument(metavar="TO...", help="Where it goes out.")],
    *,
    both_ways: Annotated[
        bool, typer.Option("--both-ways", help="What comes in at any of them goes out at all others.")
    ] = False,
    names: Annotated[bool, typer.Option("--names/--no-names", help="Say who wrote it.")] = True,
    files: Annotated[bool, typer.Option("--files/--no-files", help="Let files go along.")] = True,
    edits: Annotated[bool, typer.Option("--edits/--no-edits", help="Follow what is corrected.")] = True,
    deletions: Annotated[bool, typer.Option("--deletions/--no-deletions", help="Follow what is taken back.")] = True,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of one of this name.")] = False,
) -> None:
    """Add a bridge. What is written from now on is carried, of those who are let in there."""
    with sentences():
        bridge: dict[str, Json] = {
            "name": name,
            "source": _place(source),
            "targets": [_place(one) for one in targets],
            "both_ways": both_ways,
            "with_name": names,
            "files": files,
            "edits": edits,
            "deletions": deletions,
        }
    _show(as_row(ask("set_bridge", creates=True, bridge=bridge, replaces=replace)))


@app.command("list")
@command
def list_bridges() -> None:
    """All bridges, and how much each has carried."""
    rows = as_rows(ask("bridges"))
    if settings().as_json:
        write_json(rows, indent=2)
        return
    empty = f"There are no bridges. Add one: bach bridge add NAME {_EXAMPLE} discord:456"
    show([_line(row) for row in rows], *_COLUMNS, empty=empty)


@app.command("show")
@command
def show_bridge(name: Name) -> None:
    """One bridge."""
    _show(_found(name))


@app.command()
@command
def remove(name: Name) -> None:
    """Forget a bridge. What it has carried stays."""
    _show(as_row(ask("remove_bridge", name=name)))


@app.command()
@command
def enable(name: Name) -> None:
    """Let a bridge carry what is written from now on."""
    _switch(name, is_active=True)


@app.command()
@command
def disable(name: Name) -> None:
    """Let a bridge rest."""
    _switch(name, is_active=False)


def _switch(name: str, *, is_active: bool) -> None:
    bridge: Row = {key: one for key, one in _found(name).items() if key in _KEPT} | {"is_active": is_active}
    _show(as_row(run(lambda session: session.ask("set_bridge", bridge=bridge, replaces=True))))


def _found(name: str) -> Row:
    found = [row for row in as_rows(ask("bridges")) if row["name"] == name]
    with sentences():
        if not found:
            raise SentenceError(f'There is no bridge named "{name}". `bach bridge list` shows all.')
    return found[0]


def _show(row: Row) -> None:
    if settings().as_json:
        write_json(row, indent=2)
    else:
        show_one(_line(row), *_MORE)


def _line(row: Row) -> Row:
    sides = as_rows(row["sides"])
    last = max(sides, key=lambda side: str(side["left_out_at"] or ""), default={})
    times = [str(side["carried_at"]) for side in sides if side["carried_at"]]
    return {
        "name": row["name"],
        "source": _typed(as_row(row["source"])),
        "targets": ", ".join(_typed(one) for one in as_rows(row["targets"])),
        "ways": "both" if row["both_ways"] else "one",
        "active": row["is_active"],
        "carried": sum(int(str(side["carried"])) for side in sides),
        "left_out": sum(int(str(side["left_out"])) for side in sides),
        "reason": last.get("reason"),
        "goes_along": ", ".join(word for key, word in _GOES_ALONG.items() if row[key]) or "only words",
        "carried_at": max(times, default=None),
        "left_out_at": last.get("left_out_at"),
    }


def _typed(place: Row) -> str:
    return f"{place['connection']}:{place['recipient']}"


def _place(written: str) -> Row:
    connection, colon, recipient = written.strip().partition(":")
    if not (connection and colon and recipient.strip()):
        raise SentenceError(f'"{written.strip()[:100]}" is no place. Write it like {_EXAMPLE}.')
    return {"connection": connection, "recipient": recipient.strip()}
