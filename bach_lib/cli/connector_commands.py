"""`bach connector`: the connections to chat platforms, and the queue of what goes through them."""

from typing import Annotated

import typer

from bach_lib.cli import registry_commands
from bach_lib.cli.command import ask, run
from bach_lib.cli.console import as_row, as_rows, cut, say, show, show_one
from bach_lib.cli.dispatching import ask_and_wait, dispatch_all, poll_one
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
from bach_lib.cli.options import command
from bach_lib.cli.pair import pair
from bach_lib.cli.sending import SENDING
from bach_lib.cli.systemd import setup_daemon

app: typer.Typer = typer.Typer(
    cls=Group, help="Chat platforms: connections, queue, sending and receiving.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The name of a connection.")]
MaybeName = Annotated[str | None, typer.Argument(help="Only this connection.")]

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


_GROUPS: dict[str, object] = {"ignore_unknown_options": True}  # the ids of groups begin with a dash
for _name, _command in SENDING.items():
    app.command(_name, context_settings=_GROUPS)(_command)


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


app.command("add")(registry_commands.add)
app.command("remove")(registry_commands.remove)
app.command("configure")(registry_commands.configure)
app.command("types")(registry_commands.types)
app.command("enable")(registry_commands.enable)
app.command("disable")(registry_commands.disable)
app.command("pair")(pair)
app.command("setup-daemon")(setup_daemon)
