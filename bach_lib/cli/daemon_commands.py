"""`bach daemon`: run it, ask whether it runs, stop it, read its log, check its surroundings."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from bach_lib.cli.command import border_of_library
from bach_lib.cli.console import Row, as_row, say, show, show_one, write_json
from bach_lib.cli.exits import note
from bach_lib.cli.groups import Group
from bach_lib.cli.options import command, settings
from bach_lib.cli.paths import log_file, shown, token_file
from bach_lib.control.sentences import SentenceError, UnansweredError
from bach_lib.control.socket_path import socket_file

if TYPE_CHECKING:
    from bach_lib.cli.console import Json

app: typer.Typer = typer.Typer(
    cls=Group, help="The daemon, bach serve: state, end, log, check-up.", no_args_is_help=True
)

_STATUS = (
    ("state", "State"),
    ("pid", "Process"),
    ("version", "Version"),
    ("since", "Since"),
    ("address", "Answers on"),
    ("database", "Database"),
    ("log", "Log"),
)
_PATIENCE = 20.0
"""Seconds that the daemon may take to end; it gives what is under way some of them."""
_LOOK = 0.1


@app.command()
@command
def status() -> None:
    """Whether it runs, since when and where. Exit code 1 if not, or if it does not answer."""
    row = _state()
    show_one(row, *((field, heading) for field, heading in _STATUS if row.get(field)))
    for pid in _others():
        note(f"Another daemon works on it on this machine: process {pid}.")
    if row["state"] != "works":
        raise typer.Exit(1)


@app.command()
@command
def stop() -> None:
    """End it. What waits is on disk; a service starts it again unless it is stopped there."""
    row = _state()
    if row["state"] == "frozen":
        raise SentenceError(
            f"The daemon does not answer. Nothing is lost if you end it by force: kill -9 {row['pid'] or 'its process'}"
        )
    if row["state"] != "works":
        raise SentenceError(f"No daemon runs on {shown(settings().database)}.")
    others = _others()
    with border_of_library():
        asyncio.run(_stop())
    show_one({"stopped": row["pid"]}, ("stopped", "Stopped process"))
    for pid in others:
        note(f"Another daemon works on it on this machine: process {pid}. The same again ends it.")


@app.command()
@command
def logs(lines: Annotated[int, typer.Argument(min=1, max=10_000, help="How many of the last.")] = 50) -> None:
    """What it had to tell. Kept while it runs, and afterwards if something was wrong."""
    tail, seats = import_module("bach_lib.cli.logs").tail, import_module("bach_lib.cli.seats").seats
    found = [line for seat in seats(settings().database) for line in tail(log_file(seat), lines)]
    if settings().as_json:
        write_json(found, indent=2)
    elif found:
        say("\n".join(found))
    else:
        say("No log is kept here: no daemon runs, and the last one had nothing to tell. Of a service there is more:")
        say("  journalctl --user -u bach")


@app.command()
@command
def doctor() -> None:
    """Look after all that a daemon needs. Exit code 1 if something is not as it should be."""
    rows: list[Row] = import_module("bach_lib.cli.doctor").examine(settings().database, _state())
    show(rows, ("what", "What"), ("is_good", "Good"), ("answer", "Answer"), empty="")
    if not all(row["is_good"] for row in rows):
        raise typer.Exit(1)


@command
def open_page() -> None:
    """Open the daemon's page in a browser: all that waits or was not delivered, and what to do about it."""
    row = _state()
    if row["state"] != "works":
        raise SentenceError(f"No daemon works on {shown(settings().database)}. Start one: bach serve")
    address, token = row["address"], str(token_file(settings().database))
    opened = import_module("webbrowser").open(str(address))
    show_one(
        {"address": address, "opened": opened, "token": token},
        ("address", "Page" if opened else "Open this in a browser"),
        ("token", "The token to log in with is in"),
    )


def _state() -> Row:
    """What is known of the daemon; `state` is works, frozen or absent."""
    with border_of_library():
        return asyncio.run(_ask_state())


async def _ask_state() -> Row:
    seats, link = import_module("bach_lib.cli.seats"), import_module("bach_lib.control.link")
    database = settings().database
    base: dict[str, Json] = {"pid": None, "database": shown(database)}
    try:
        async with seats.daemon_of(database) as found:
            if found is None:
                return {**base, "state": "absent"}
            return {**as_row(await found[0].ask("daemon", {})), "state": "works"}
    except UnansweredError:
        pids = [link.process_behind(socket_file(seat)) for seat in seats.seats(database)]
        return {**base, "state": "frozen", "pid": next((pid for pid in pids if pid), None)}


def _others() -> list[int]:
    """The processes of the daemons that work here beside the one that is asked."""
    with border_of_library():
        found: list[int] = asyncio.run(import_module("bach_lib.cli.seats").others(settings().database))
        return found


async def _stop() -> None:
    seats = import_module("bach_lib.cli.seats")
    async with seats.daemon_of(settings().database) as found:
        if found is None:
            return
        line, seat = found
        await line.ask("stop", {})
    for _ in range(int(_PATIENCE / _LOOK)):
        if not socket_file(seat).exists():
            return
        await asyncio.sleep(_LOOK)
    raise SentenceError("The daemon was told to end, and has not ended yet. Ask again: bach daemon status")
