"""`bach connector send` and `send-file`: what a terminal may say of a message, and what it is told of it."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from bach_lib.cli.command import run
from bach_lib.cli.console import Json, Row, say, show_one
from bach_lib.cli.dispatching import deliver
from bach_lib.cli.exits import sentences
from bach_lib.cli.options import At, Later, command
from bach_lib.cli.typed_times import not_before, put_off
from bach_lib.control.sentences import SentenceError

Silent = Annotated[bool, typer.Option("--silent", help="Without a sound.")]
Name = Annotated[str, typer.Argument(help="The name of a connection.")]
_OPTION = re.compile(r"--?[A-Za-z][\w-]*(=.*)?")
"""What looks like an option that somebody misspelt."""


@command
def send(
    connector: Name,
    recipient: Annotated[str, typer.Argument(help="Where to, as the platform writes it.")],
    text: Annotated[list[str], typer.Argument(help='The text; "-" reads it from stdin.')],
    *,
    title: Annotated[str | None, typer.Option(help="Stands above the text.")] = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="plain, markdown, html, or json (an action's fields).")
    ] = None,
    silent: Silent = False,
    confidential: Annotated[bool, typer.Option("--confidential", help="Shown nowhere here, and not kept.")] = False,
    reply_to: Annotated[str | None, typer.Option(help="The platform's id of the message it answers.")] = None,
    priority: Annotated[int | None, typer.Option(help="-10 to 10; higher goes first.")] = None,
    tag: Annotated[str | None, typer.Option(help="A newer one with it replaces one that is not sent yet.")] = None,
    at: At = None,
    time_to_live: Annotated[float | None, typer.Option(help="Seconds after which it is not sent any more.")] = None,
    delivery: Annotated[str | None, typer.Option(help="at_least_once or at_most_once.")] = None,
    no_preview: Annotated[bool, typer.Option("--no-preview", help="Show no preview of a link.")] = False,
    protected: Annotated[bool, typer.Option("--protected", help="Nobody can pass it on or save it.")] = False,
    location: Annotated[str | None, typer.Option(help="A point on the map: 48.137,11.575")] = None,
    location_name: Annotated[str | None, typer.Option(help="What is there.")] = None,
    snooze: Later = None,
    key: Annotated[str | None, typer.Option(help="Asked for again under this key, it is sent once.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for its delivery.")] = 0,
) -> None:
    """Queue a message. It is on disk when this returns; a running `bach serve`, or `--wait`, delivers it."""
    words: dict[str, Json] = {"title": title, "format": format_, "silent": silent or None, "reply_to": reply_to}
    when: dict[str, Json] = {"priority": priority, "not_before": not_before(at), "time_to_live": time_to_live}
    whole: dict[str, Json] = {"tag": tag, "delivery": delivery, "idempotency_key": key, "snooze": put_off(snooze)}
    whole |= {
        "confidential": confidential or None,
        "extras": _extras(no_preview=no_preview, protected=protected, location=_location(location, location_name)),
    }
    _check_spelling("send", recipient, *text, hint=" Pipe in a text that begins so.")
    said = sys.stdin.read() if text == ["-"] else " ".join(text)
    chosen = {name: value for name, value in (words | when | whole).items() if value is not None}
    row = run(lambda session: deliver(session, connector, recipient, said, options=chosen, wait=wait))
    _tell_sent(row, wait)


@command
def send_file(
    connector: Name,
    recipient: Annotated[str, typer.Argument(help="Where to, as the platform writes it.")],
    paths: Annotated[list[Path], typer.Argument(help="The files; how many, the platform says.")],
    *,
    text: Annotated[str, typer.Option(help="Words that go with them.")] = "",
    silent: Silent = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the delivery.")] = 0,
) -> None:
    """Queue files. Copies of them are on disk when this returns."""
    _check_spelling("send-file", recipient, *map(str, paths))
    options: dict[str, Json] = {"silent": True} if silent else {}
    with sentences():
        whole = [str(_whole(path)) for path in paths]
    row = run(lambda session: deliver(session, connector, recipient, text, options=options, wait=wait, paths=whole))
    _tell_sent(row, wait)


def _check_spelling(command_: str, *words: str, hint: str = "") -> None:
    """Raise BadParameter for what was meant as an option."""
    for word in words:
        if _OPTION.fullmatch(word):
            raise typer.BadParameter(f"There is no option {word}.{hint}", param_hint=command_)


def _extras(*, no_preview: bool, protected: bool, location: Json) -> Json:
    """What a message has beside its words; None for nothing."""
    extras: dict[str, Json] = {}
    if no_preview:
        extras["link_preview"] = False
    if protected:
        extras["protected"] = True
    if location:
        extras["location"] = location
    return extras or None


def _location(written: str | None, name: str | None) -> Json:
    """A point on the map, as two numbers with a comma in between."""
    if written is None:
        if name is not None:
            raise typer.BadParameter("It needs --location as well.", param_hint="--location-name")
        return None
    try:
        latitude, longitude = map(float, written.split(","))
    except ValueError:
        raise typer.BadParameter("These are not two numbers, as in 48.137,11.575.", param_hint="--location") from None
    return {"latitude": latitude, "longitude": longitude, **({} if name is None else {"name": name})}


def _whole(path: Path) -> Path:
    """As the daemon has to call it. What is only this process's (`<(command)`, /dev/stdin) it does not see.

    Raises `SentenceError`.
    """
    whole = path.absolute()
    if not str(whole).startswith(("/dev/", "/proc/")):
        return whole
    real = whole.resolve()
    if not real.is_file():
        raise SentenceError(f"{path} cannot be read: it is no regular file. Write it to one first.")
    return real


def _tell_sent(row: Row, wait: float) -> None:
    show_one(row, ("id", "Id"), ("connection", "Connection"), ("recipient", "Recipient"), ("status", "Status"))
    if row.get("error"):
        say(str(row["error"]) if row.get("scheduled_for") else f"The platform says: {row['error']}")
    if wait and row["status"] != "sent":
        raise typer.Exit(1)
