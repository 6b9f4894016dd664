"""`bach connector send`, `send-file`, `send-poll`: what a terminal may say of a message, and what it is told of it."""

import re
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from bach_lib.cli.beside_words import extras, given, place
from bach_lib.cli.command import run
from bach_lib.cli.console import Json, Row, say, show_one
from bach_lib.cli.dispatching import deliver
from bach_lib.cli.exits import sentences
from bach_lib.cli.options import At, Later, command
from bach_lib.cli.typed_files import whole_path
from bach_lib.cli.typed_times import not_before, put_off
from bach_lib.models import Effect

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
    embed: Annotated[str | None, typer.Option(help="A frame as JSON, as Discord shows it.")] = None,
    effect: Annotated[Effect | None, typer.Option(help="What moves across the screen.")] = None,
    snooze: Later = None,
    key: Annotated[str | None, typer.Option(help="Asked for again under this key, it is sent once.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for its delivery.")] = 0,
) -> None:
    """Queue a message. It is on disk when this returns; a running `bach serve`, or `--wait`, delivers it."""
    words: dict[str, Json] = {"title": title, "format": format_, "silent": silent or None, "reply_to": reply_to}
    when: dict[str, Json] = {"priority": priority, "not_before": not_before(at), "time_to_live": time_to_live}
    whole: dict[str, Json] = {"tag": tag, "delivery": delivery, "idempotency_key": key, "snooze": put_off(snooze)}
    point = place(location, location_name)
    beside = extras(no_preview=no_preview, protected=protected, effect=effect, embed=embed, location=point)
    whole |= {"confidential": confidential or None, "extras": beside}
    _check_spelling("send", recipient, *text, hint=" Pipe in a text that begins so.")
    said = sys.stdin.read() if text == ["-"] else " ".join(text)
    chosen = given(words | when | whole)
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
    view_once: Annotated[bool, typer.Option("--view-once", help="They can be looked at once.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the delivery.")] = 0,
) -> None:
    """Queue files. Copies of them are on disk when this returns."""
    _check_spelling("send-file", recipient, *map(str, paths))
    options = given({"silent": silent or None, "extras": {"view_once": True} if view_once else None})
    with sentences():
        whole = [str(whole_path(path)) for path in paths]
    row = run(lambda session: deliver(session, connector, recipient, text, options=options, wait=wait, paths=whole))
    _tell_sent(row, wait)


@command
def send_poll(
    connector: Name,
    recipient: Annotated[str, typer.Argument(help="Where to, as the platform writes it.")],
    question: Annotated[str, typer.Argument(help="What is asked.")],
    options: Annotated[list[str], typer.Argument(help="The answers to choose from, 2 to 12.")],
    *,
    text: Annotated[str, typer.Option(help="Words that go before it.")] = "",
    several: Annotated[bool, typer.Option("--several", help="Somebody may choose several.")] = False,
    silent: Silent = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the delivery.")] = 0,
) -> None:
    """Queue a poll. Where the platform has none, the question and its answers go in words."""
    _check_spelling("send-poll", recipient, question, *options)
    poll: Json = {"question": question, "options": list(options), "multiple": several}
    chosen = given({"silent": silent or None, "extras": {"poll": poll}})
    row = run(lambda session: deliver(session, connector, recipient, text, options=chosen, wait=wait))
    _tell_sent(row, wait)


SENDING: Final = {"send": send, "send-file": send_file, "send-poll": send_poll}


def _check_spelling(command_: str, *words: str, hint: str = "") -> None:
    """Raise BadParameter for what was meant as an option."""
    for word in words:
        if _OPTION.fullmatch(word):
            raise typer.BadParameter(f"There is no option {word}.{hint}", param_hint=command_)


def _tell_sent(row: Row, wait: float) -> None:
    show_one(row, ("id", "Id"), ("connection", "Connection"), ("recipient", "Recipient"), ("status", "Status"))
    if row.get("error"):
        say(str(row["error"]) if row.get("scheduled_for") else f"The platform says: {row['error']}")
    if wait and row["status"] != "sent":
        raise typer.Exit(1)
