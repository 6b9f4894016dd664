"""`bach route`: whom to tell of an alarm, one after the other, until somebody has it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bach_lib.cli.command import ask, run
from bach_lib.cli.console import Json, Row, as_row, as_rows, cut, say, say_one, show, show_one, write_json
from bach_lib.cli.exits import note, sentences
from bach_lib.cli.groups import Group
from bach_lib.cli.message_rows import MORE, Limit
from bach_lib.cli.options import command, settings
from bach_lib.cli.route_steps import EXAMPLE, place_in, route_in, seconds_of, step_of, steps_of
from bach_lib.cli.typed_files import whole_path
from bach_lib.control.sentences import SentenceError

if TYPE_CHECKING:
    from bach_lib.cli.session import Session

app: typer.Typer = typer.Typer(
    cls=Group, help="Routes: whom to tell of an alarm until somebody has it.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The name of a route.")]
Run = Annotated[int, typer.Argument(metavar="RUN", help="The number of a run, as in `bach route runs`.")]
_COLUMNS = (("name", "Name"), ("told", "Told"))
_RUNS = (
    ("id", "Run"),
    ("route", "Route"),
    ("text", "Text"),
    ("status", "Status"),
    ("by", "By"),
    ("told", "Told"),
    ("started_at", "Started"),
    ("due_at", "Goes on"),
)
_RUN = (
    *_RUNS,
    ("tag", "Tag"),
    ("carries", "Files"),
    ("ended_at", "Ended"),
    ("superseded_by", "Overtaken by"),
    ("snoozed_by", "Wants quiet"),
    ("caused_by", "Caused by"),
    ("cleared_at", "Cleared"),
)
_TRIED = (("at", "When"), ("connection", "Connection"), ("recipient", "Recipient"), ("message_id", "Message"))
_TIMES = ("started_at", "ended_at", "due_at", "cleared_at", "snoozed_at")
_WAIT = 25.0
"""Seconds of one question while watching."""
_LAST = 253_402_300_799
"""Seconds until the end of the year 9999."""


@app.command()
@command
def add(
    name: Annotated[str, typer.Argument(help="What to call it: letters, digits, _ - .")],
    *,
    step: Annotated[list[str] | None, typer.Option(metavar="STEP", help=f"Repeat it. {EXAMPLE}")] = None,
    file: Annotated[Path | None, typer.Option(help="JSON with steps, as `bach route show NAME --json` has it.")] = None,
    button: Annotated[str | None, typer.Option(help='On the button, instead of "I have it".')] = None,
    acknowledged: Annotated[str | None, typer.Option(help='Instead of "{name} has it, {time}".')] = None,
    over: Annotated[str | None, typer.Option(help='Instead of "This is over".')] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of one of this name.")] = False,
) -> None:
    """Add a route: steps that are taken one after the other until somebody has it."""
    with sentences():
        if bool(step) == bool(file):
            raise SentenceError(f"Give steps, or a file with them: bach route add {name} --step {EXAMPLE}")
        route: dict[str, Json] = dict(route_in(file)) if file else {"steps": [step_of(one) for one in step or ()]}
        given = {"button": button, "acknowledged": acknowledged, "over": over}
        words = {key: word for key, word in given.items() if word is not None}
        if words:
            route["words"] = {**as_row(route.get("words")), **words}
        route["name"] = name
    _show_route(as_row(ask("set_route", creates=True, route=route, replaces=replace)))


@app.command("list")
@command
def list_routes() -> None:
    """All routes, and whom they tell."""
    rows = as_rows(ask("routes"))
    if settings().as_json:
        write_json(rows, indent=2)
        return
    told = [{"name": row["name"], "told": "; then ".join(steps_of(row))} for row in rows]
    show(told, *_COLUMNS, empty='There are no routes. Add one: bach route add NAME --step "home:ada for 5m"')


@app.command("show")
@command
def show_route(name: Name) -> None:
    """One route, step by step."""
    found = [row for row in as_rows(ask("routes")) if row["name"] == name]
    with sentences():
        if not found:
            raise SentenceError(f'There is no route named "{name}". `bach route list` shows all.')
    _show_route(found[0])


@app.command()
@command
def remove(name: Name) -> None:
    """Forget a route. What was started goes on."""
    _show_route(as_row(ask("remove_route", name=name)))


@app.command()
@command
def start(
    name: Name,
    text: Annotated[str, typer.Argument(help="What they are told.")],
    *,
    title: Annotated[str | None, typer.Option(help="Stands above the text.")] = None,
    format_: Annotated[str | None, typer.Option("--format", help="plain, markdown or html.")] = None,
    silent: Annotated[bool, typer.Option("--silent", help="Without a sound.")] = False,
    priority: Annotated[int | None, typer.Option(help="-10 to 10; higher goes first.")] = None,
    tag: Annotated[str | None, typer.Option(help="Ends an earlier run with it that nobody has acknowledged.")] = None,
    snooze: Annotated[str | None, typer.Option(help="A second button: quiet for 30m, 2h, 1d.")] = None,
    caused_by: Annotated[
        list[str] | None,
        typer.Option(metavar="PLACE", help="Repeat it. Who caused it, as home:ada: steps but for them leave them out."),
    ] = None,
    file: Annotated[list[Path] | None, typer.Option(help="Goes to everybody who is told; repeat it.")] = None,
    key: Annotated[str | None, typer.Option(help="Started again under this key, it is the same run.")] = None,
) -> None:
    """Tell somebody, and whoever comes next while nobody has it. It is on disk when this returns."""
    named = {"title": title, "format": format_, "priority": priority, "tag": tag, "idempotency_key": key}
    options: dict[str, Json] = {key: value for key, value in named.items() if value is not None}
    if silent:
        options["silent"] = True
    with sentences():
        paths: list[Json] = [str(whole_path(path)) for path in file or ()]
        if snooze is not None:
            options["snooze"] = seconds_of(snooze)
        if caused_by:
            options["caused_by"] = [place_in(one) for one in caused_by]

    async def work(session: Session) -> Row:
        row = as_row(await session.ask("start_route", route=name, text=text, options=options, paths=paths))
        if not session.is_daemon:
            note("It is on disk, and somebody is told where `bach serve` runs.")
        return row

    _show_run(run(work))


@app.command()
@command
def ack(run_: Run, by: Annotated[str, typer.Argument(help="Who has it, as the others read it.")]) -> None:
    """Say that somebody has it: nobody is told any more, and those who were can read who has it."""
    _show_run(as_row(ask("acknowledge", run_id=run_, by=by)))


@app.command()
@command
def snooze(
    run_: Run,
    by: Annotated[str, typer.Argument(help="Who wants quiet, as the others read it.")],
    *,
    span: Annotated[str, typer.Option("--for", metavar="TIME", help="For how long: 90s, 5m, 2h, 1d; up to 7d.")] = "1h",
) -> None:
    """Quiet for a while: nobody is told until then, and those who were can read who wants that. Then it goes on."""
    with sentences():
        seconds = seconds_of(span)
    _show_run(as_row(ask("snooze_route", run_id=run_, seconds=seconds, by=by)))


@app.command()
@command
def cancel(run_: Run) -> None:
    """Call a run off: nobody needs to know any more."""
    _show_run(as_row(ask("cancel_route", run_id=run_)))


@app.command()
@command
def clear(run_: Run, text: Annotated[str, typer.Argument(help="What they are told.")]) -> None:
    """End a run, and say once to all who were told of it that it is over."""
    _show_run(as_row(ask("all_clear", run_id=run_, text=text)))


@app.command("runs")
@command
def list_runs(
    route: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only of this route.")] = None,
    limit: Limit = 20,
) -> None:
    """What was started, newest first, and who has it."""
    rows = [_readable(row) for row in as_rows(ask("route_runs", route=route, limit=limit + 1))]
    show(cut(rows, limit, more=MORE), *_RUNS, empty="Nothing was started.")


@app.command("run")
@command
def show_run(run_: Run) -> None:
    """One run: how it stands, and who was told when."""
    row = as_row(ask("route_run", run_id=run_))
    _show_run(row)
    if not settings().as_json:
        say("")
        show(_readable(row)["tried"], *_TRIED, empty="Nobody could be told yet.")


@app.command()
@command
def watch(run_: Run) -> None:
    """Follow a run until it is over: who is told, and who has it. The exit code is 0 only if somebody has it."""

    async def work(session: Session) -> Row:
        if not session.is_daemon:
            note("It goes on where `bach serve` runs.")
        row: Row = as_row(await session.ask("route_run", run_id=run_))
        told: Row = {}
        while True:
            _tell(row, told)
            if row["status"] != "under_way":
                return row
            told = row
            while row["version"] == told["version"]:
                row = as_row(await session.ask("follow_run", run_id=run_, version=told["version"], seconds=_WAIT))

    row = run(work)
    if row["status"] != "acknowledged":
        raise typer.Exit(1)


def _tell(row: Row, told: Row) -> None:
    """What is new of a run, of which this was told before."""
    readable = _readable(row)
    if settings().as_json:
        write_json(readable)
        return
    for one in as_rows(readable["tried"])[len(as_rows(told.get("tried", []))) :]:
        say_one(f"{_clock(one['at'])}  {one['connection']}:{one['recipient']} is told (message {one['message_id']})")
    if row["snoozed_by"] and row["snoozed_at"] != told.get("snoozed_at"):
        until = _clock(readable["due_at"])
        say_one(f"{_clock(readable['snoozed_at'])}  {row['snoozed_by']} wants quiet until {until}")
    if row["status"] != "under_way":
        who = f" by {row['by']}" if row["by"] else ""
        say_one(f"{_clock(readable['ended_at'])}  {row['status']}{who}")


def _show_route(row: Row) -> None:
    if settings().as_json:
        show_one(row)
        return
    lines = {f"step{number}": written for number, written in enumerate(steps_of(row), 1)}
    words = as_row(row["words"])
    columns = [("name", "Name"), *((key, f"Step {key[4:]}") for key in lines)]
    columns += [("button", "Button"), ("acknowledged", "Who has it"), ("over", "When it is over")]
    show_one({"name": row["name"], **lines, **words}, *columns)


def _show_run(row: Row) -> None:
    show_one(_readable(row), *_RUN)


def _readable(row: Row) -> Row:
    """A run with times that people read, and its text where a table looks for it."""
    tried = [{**one, **as_row(one["place"]), "at": _time(one["at"])} for one in as_rows(row["tried"])]
    plain = [{key: value for key, value in one.items() if key != "place"} for one in tried]
    said = as_row(row["said"])
    shown: dict[str, Json] = {**{key: value for key, value in row.items() if key != "said"}, **said}
    shown["caused_by"] = ", ".join(f"{one['connection']}:{one['recipient']}" for one in as_rows(row["caused_by"]))
    shown["carries"] = ", ".join(str(one["name"]) for one in as_rows(said["files"]))
    return {**shown, **{key: _time(row[key]) for key in _TIMES}, "tried": plain, "told": len(plain)}


def _time(seconds: Json) -> str | None:
    """As ISO 8601, which tables show in the reader's zone."""
    if not isinstance(seconds, int | float):
        return None
    return datetime.fromtimestamp(min(max(seconds, 0), _LAST), UTC).isoformat(timespec="seconds")


def _clock(written: Json) -> str:
    """The time of the day, here."""
    return f"{datetime.fromisoformat(written).astimezone():%H:%M:%S}" if isinstance(written, str) else "–"
