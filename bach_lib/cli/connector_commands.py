"""`bach connector`: the connections to chat platforms, and the queue of what goes through them."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from bach_lib.cli import registry_commands
from bach_lib.cli.command import ask, run
from bach_lib.cli.console import Json, Row, as_row, as_rows, cut, say, show, show_one
from bach_lib.cli.dispatching import ask_and_wait, deliver, dispatch_all, poll_one
from bach_lib.cli.exits import note, sentences
from bach_lib.cli.groups import Group
from bach_lib.cli.message_rows import (
    MESSAGES,
    RESULT,
    STOPPED,
    Limit,
    Wait,
    message_id,
    show_newest,
    with_names,
)
from bach_lib.cli.options import At, Later, command
from bach_lib.cli.pair import pair
from bach_lib.cli.systemd import setup_daemon
from bach_lib.cli.typed_times import not_before, put_off
from bach_lib.control.sentences import SentenceError

app: typer.Typer = typer.Typer(
    cls=Group, help="Chat platforms: connections, queue, sending and receiving.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The name of a connection.")]
Silent = Annotated[bool, typer.Option("--silent", help="Without a sound.")]
MaybeName = Annotated[str | None, typer.Argument(help="Only this connection.")]

_OPTION = re.compile(r"--?[A-Za-z][\w-]*(=.*)?")
"""What looks like an option that somebody misspelt."""

RETRIED = (
    ("retried", "Sent again"),
    ("sent", "Arrived"),
    ("waiting", "Waiting"),
    ("dead", "Dead again"),
    ("uncertain", "Uncertain"),
    ("reasons", "Because"),
)
STATUS = (
    ("name", "Name"),
    ("type", "Type"),
    ("is_active", "Active"),
    ("sending_state", "Sending"),
    ("receiving_state", "Receiving"),
    ("unread", "Unread"),
    ("pending", "Pending"),
    ("failed", "Failed"),
    ("dead", "Dead"),
    ("uncertain", "Uncertain"),
    ("disabled_until", "Blocked until"),
    ("last_used", "Last used"),
)
QUEUE = (
    ("connection", "Connection"),
    ("pending", "Pending"),
    ("sending", "Sending"),
    ("failed", "Failed"),
    ("sent", "Sent"),
    ("dead", "Dead"),
    ("uncertain", "Uncertain"),
    ("held", "Held"),
    ("scheduled", "Scheduled"),
    ("file_bytes", "Bytes of files"),
)


@app.command("list")
@command
def list_connectors(
    type_: Annotated[str | None, typer.Option("--type", help="Only of this type.")] = None,
) -> None:
    """All connectors."""
    show(
        ask("connections", category="connector", type_=type_), *registry_commands.COLUMNS, empty=registry_commands.NONE
    )


@app.command()
@command
def status(name: MaybeName = None) -> None:
    """How connectors and their queues stand."""
    rows = as_rows(run(lambda session: session.ask("status", name=name, is_daemon=session.is_daemon)))
    show([*rows], *STATUS, empty=registry_commands.NONE)
    for fault in {str(row["storage"]) for row in rows if row.get("storage")}:
        say(fault)
    for row in rows:
        if row.get("refused"):
            note(f"{row['name']}: the last request to it was refused, because {row['refused']}.")


@app.command("messages")
@command
def list_messages(name: MaybeName = None, limit: Limit = 20) -> None:
    """The newest messages, both directions."""
    show_newest(name, limit)


@app.command()
@command
def unprocessed(name: MaybeName = None, limit: Limit = 500) -> None:
    """What is still to be delivered, and what nobody has read."""
    waiting = as_rows(ask("waiting", connection=name, limit=limit + 1))
    unread = as_rows(ask("inbox", connection=name, status="unread", limit=limit + 1))
    rows = [
        *cut(waiting, limit, more="More wait: see `bach connector queue-status`."),
        *cut(unread, limit, more="More are unread: see `bach msg unread` and `bach msg count`."),
    ]
    rows.sort(key=lambda row: str(row["created_at"]))
    show(with_names(rows), *MESSAGES, empty="Everything is delivered and read.")


@app.command()
@command
def route() -> None:
    """Announce what came in and was never announced, because a crash came between."""
    show_one({"routed": ask("route")}, ("routed", "Routed"))


@app.command(context_settings={"ignore_unknown_options": True})  # the ids of groups begin with a dash
@command
def send(
    connector: Name,
    recipient: Annotated[str, typer.Argument(help="Where to, as the platform writes it.")],
    text: Annotated[list[str], typer.Argument(help='The text; "-" reads it from stdin.')],
    *,
    title: Annotated[str | None, typer.Option(help="Stands above the text.")] = None,
    format_: Annotated[str | None, typer.Option("--format", help="plain, markdown, html, or json (fields).")] = None,
    silent: Silent = False,
    confidential: Annotated[bool, typer.Option("--confidential", help="Shown nowhere here, and not kept.")] = False,
    reply_to: Annotated[str | None, typer.Option(help="The platform's id of the message it answers.")] = None,
    priority: Annotated[int | None, typer.Option(help="-10 to 10; higher goes first.")] = None,
    tag: Annotated[str | None, typer.Option(help="A newer one with it replaces one that is not sent yet.")] = None,
    at: At = None,
    time_to_live: Annotated[float | None, typer.Option(help="Seconds after which it is not sent any more.")] = None,
    delivery: Annotated[str | None, typer.Option(help="at_least_once or at_most_once.")] = None,
    snooze: Later = None,
    key: Annotated[str | None, typer.Option(help="Asked for again under this key, it is sent once.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for its delivery.")] = 0,
) -> None:
    """Queue a message. It is on disk when this returns; a running `bach serve`, or `--wait`, delivers it."""
    options: dict[str, Json] = {
        "title": title,
        "format": format_,
        "silent": silent or None,
        "confidential": confidential or None,
        "reply_to": reply_to,
        "priority": priority,
        "tag": tag,
        "not_before": not_before(at),
        "time_to_live": time_to_live,
        "delivery": delivery,
        "idempotency_key": key,
        "snooze": put_off(snooze),
    }
    if wrong := next(filter(_OPTION.fullmatch, (recipient, *text)), None):
        raise typer.BadParameter(f"There is no option {wrong}. Pipe in a text that begins so.", param_hint="send")
    said = sys.stdin.read() if text == ["-"] else " ".join(text)
    chosen = {name: value for name, value in options.items() if value is not None}
    _tell_sent(run(lambda session: deliver(session, connector, recipient, said, options=chosen, wait=wait)), wait)


@app.command("send-file", context_settings={"ignore_unknown_options": True})  # the ids of groups begin with a dash
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
    for word in (recipient, *map(str, paths)):
        if _OPTION.fullmatch(word):
            raise typer.BadParameter(f"There is no option {word}.", param_hint="send-file")
    options: dict[str, Json] = {"silent": True} if silent else {}
    with sentences():
        whole = [str(_whole(path)) for path in paths]
    row = run(lambda session: deliver(session, connector, recipient, text, options=options, wait=wait, paths=whole))
    _tell_sent(row, wait)


@app.command()
@command
def poll(name: Name, seconds: Annotated[float, typer.Option(min=1, help="How long it may take.")] = 60) -> None:
    """Read what the platform has, once."""
    row = run(lambda session: poll_one(session, name, seconds))
    show_one(row, ("received", "New messages"), ("state", "Receiving"), ("error", "Error"))
    if row.get("error"):
        raise typer.Exit(1)


@app.command()
@command
def dispatch(
    name: MaybeName = None, seconds: Annotated[float, typer.Option(min=1, help="How long it may take.")] = 60
) -> None:
    """Deliver what waits, now, as far as it goes. Where `bach serve` runs, this only watches."""
    rows, left = run(lambda session: dispatch_all(session, name, seconds))
    show(rows, *QUEUE, empty=registry_commands.NONE)
    if left:
        note(left)
        raise typer.Exit(1)


@app.command("queue-status")
@command
def queue_status() -> None:
    """How many messages of each connection are where."""
    show(ask("queue_status"), *QUEUE, ("oldest", "Oldest waiting"), empty=registry_commands.NONE)


@app.command("send-now")
@command
def send_now(
    message: Annotated[str, typer.Argument(metavar="ID", help="A scheduled message.")], wait: Wait = None
) -> None:
    """Send a scheduled message without waiting for its time; say what came of it."""
    _send_one("send_now", message, wait)


@app.command()
@command
def retry(
    message: Annotated[str, typer.Argument(metavar="ID|all", help="A message, or all dead letters.")],
    connector: Annotated[str | None, typer.Option(help="With all: only of this connection.")] = None,
    wait: Wait = None,
) -> None:
    """Send a message again that ended without being sent, with all its retries; say what came of it."""
    if message == "all":
        answer = run(lambda session: ask_and_wait(session, "retry_all", wait, connection=connector))
        show_one(as_row(answer), *RETRIED)
    else:
        _send_one("retry", message, wait)


def _send_one(operation: str, message: str, wait: float | None) -> None:
    with sentences():
        number = message_id(message)
    row = as_row(run(lambda session: ask_and_wait(session, operation, wait, message_id=number)))
    show_one(row, *RESULT)
    if row["status"] in STOPPED:
        raise typer.Exit(1)


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


app.command("add")(registry_commands.add)
app.command("remove")(registry_commands.remove)
app.command("configure")(registry_commands.configure)
app.command("types")(registry_commands.types)
app.command("enable")(registry_commands.enable)
app.command("disable")(registry_commands.disable)
app.command("pair")(pair)
app.command("setup-daemon")(setup_daemon)
