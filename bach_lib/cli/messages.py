"""`bach msg`: the inbox, the outbox, and following incoming messages live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bach_lib.cli import message_changes
from bach_lib.cli.command import ask, run
from bach_lib.cli.console import Row, as_row, as_rows, cut, say, say_one, show, show_one, write_json
from bach_lib.cli.dispatching import ask_and_wait
from bach_lib.cli.exits import sentences
from bach_lib.cli.groups import Group
from bach_lib.cli.message_rows import (
    MESSAGES,
    MORE,
    RESULT,
    STOPPED,
    Limit,
    Wait,
    message_id,
    show_newest,
    with_names,
)
from bach_lib.cli.options import At, command, settings
from bach_lib.cli.typed_times import not_before

if TYPE_CHECKING:
    from bach_lib.cli.session import Session

app: typer.Typer = typer.Typer(
    cls=Group, help="Messages: inbox, outbox, reading, archiving, watching.", no_args_is_help=True
)

Connection = Annotated[str | None, typer.Option(help="Only of this connection.")]
Ids = Annotated[list[int], typer.Argument(min=1, help="Ids of incoming messages, as in `bach msg inbox`.")]
_INBOX = tuple(pair for pair in MESSAGES if pair[0] not in {"direction", "error"})
_SHOWN = (
    *(
        "id",
        "connection",
        "recipient",
        "title",
        "status",
        "held",
        "error",
        "retry_count",
        "max_retries",
        "priority",
        "tag",
    ),
    *("created_at", "expires_at", "scheduled_for", "next_retry_at", "finished_at"),
)
_PROOFS = (("at", "Since"), ("kind", "Known"), ("name", "Of"), ("person", "Id"))
_ATTEMPTS = (
    ("number", "No."),
    ("started_at", "Began"),
    ("seconds", "Seconds"),
    ("outcome", "Outcome"),
    ("recipient", "Recipient"),
    ("error", "Because"),
)
_WAIT = 25.0
"""Seconds of one question while watching."""


@app.command("list")
@command
def list_all(connection: Connection = None, limit: Limit = 20) -> None:
    """The newest messages, both directions."""
    show_newest(connection, limit)


@app.command()
@command
def inbox(
    connection: Connection = None,
    status: Annotated[str | None, typer.Option(help="unread, read or archived.")] = None,
    sender: Annotated[str | None, typer.Option(help="Only of this one: connection:sender_id.")] = None,
    limit: Limit = 20,
    offset: Annotated[int, typer.Option(min=0, help="So many are passed over.")] = 0,
) -> None:
    """What came in, newest first."""
    if status not in {None, "unread", "read", "archived"}:
        raise typer.BadParameter("Use unread, read or archived.", param_hint="--status")
    rows = ask("inbox", connection=connection, status=status, sender=sender, limit=limit + 1, offset=offset)
    found = cut(as_rows(rows), limit, more=f"The next ones: --offset {offset + limit}.")
    show(with_names(found), *_INBOX, empty="There are no messages.")


@app.command()
@command
def outbox(connection: Connection = None, limit: Limit = 20) -> None:
    """What goes out and went out, newest first."""
    columns = tuple(pair for pair in MESSAGES if pair[0] != "direction")
    rows = as_rows(ask("messages", connection=connection, limit=limit + 1))
    show(with_names(cut(rows, limit, more=MORE)), *columns, empty="There are no messages.")


@app.command()
@command
def unread(connection: Connection = None, limit: Limit = 50) -> None:
    """What nobody has read."""
    rows = as_rows(ask("inbox", connection=connection, status="unread", limit=limit + 1))
    show(with_names(cut(rows, limit, more=MORE)), *_INBOX, empty="Everything is read.")


@app.command()
@command
def unreadable(
    connection: Annotated[str, typer.Argument(help="Its name, as in `bach connections list`.")],
    limit: Limit = 20,
) -> None:
    """What came in and could not be understood: why, and what it was, without secrets. The newest hundred are kept."""
    rows = cut(as_rows(ask("unreadable", connection=connection)), limit, more=MORE)
    show(rows, ("reason", "Why"), ("raw", "What came"), empty="Everything that came in was understood.")


@app.command()
@command
def count() -> None:
    """How many incoming messages there are."""
    columns = tuple((name, name.capitalize()) for name in ("connection", "unread", "read", "archived", "total"))
    show(ask("count"), *columns, empty="There are no connections.")


@app.command()
@command
def read(message: Annotated[int, typer.Argument(help="The id of an incoming message.")]) -> None:
    """Show a message and mark it as read."""

    async def work(session: Session) -> Row:
        row = as_row(await session.ask("incoming", message_id=message))
        if row["status"] == "unread":
            await session.ask("mark", ids=[message], status="read")
        return row

    row = run(work)
    fields = ["id", "connection", "sender", "sender_name", "recipient", "kind", "created_at"]
    show_one(row, *((name, name.replace("_", " ").capitalize()) for name in fields))
    say(f"\n{row['text']}")


@app.command()
@command
def archive(messages: Ids) -> None:
    """Put messages away."""
    show_one({"archived": ask("mark", ids=list(messages), status="archived")}, ("archived", "Archived"))


@app.command()
@command
def delete(messages: Ids) -> None:
    """Delete incoming messages for good."""
    show_one({"deleted": ask("discard", ids=list(messages))}, ("deleted", "Deleted"))


@app.command()
@command
def cancel(message: Annotated[int, typer.Argument(help="The id of a message in the outbox.")]) -> None:
    """Take a waiting message out of the queue."""
    show_one(as_row(ask("cancel", message_id=message)), ("id", "Id"), ("status", "Status"))


@app.command()
@command
def clear(
    connection: Annotated[str, typer.Argument(help="Name of the connection.")],
    recipient: Annotated[str, typer.Argument(help="The recipient, as it was sent to.")],
    tag: Annotated[str, typer.Argument(help="The tag that the messages have.")],
) -> None:
    """Cancel what waits with a tag, and take away what was sent with it within two days."""
    cleared = ask("clear", connection=connection, recipient=recipient, tag=tag)
    show_one(as_row(cleared), ("cancelled", "Cancelled"), ("taken_away", "Taken away"))


@app.command("show")
@command
def show_message(message: Annotated[int, typer.Argument(help="The id of a message in the outbox.")]) -> None:
    """One message that goes or went out, with every attempt to send it, and what is known since."""
    row = as_row(ask("message", message_id=message))
    if settings().as_json:
        show_one(row)
        return
    show_one(row, *((name, name.replace("_", " ").capitalize()) for name in _SHOWN))
    say(f"\n{row['text']}\n")
    show(row["attempts"], *_ATTEMPTS, empty="No attempt is known.")
    if row["proofs"]:
        show(row["proofs"], *_PROOFS, empty="")


@app.command()
@command
def amend(
    message: Annotated[int, typer.Argument(help="The id of a message that ended without being sent.")],
    *,
    to: Annotated[str | None, typer.Option(help="Another recipient, as the platform writes it.")] = None,
    text: Annotated[str | None, typer.Option(help="Another text.")] = None,
    title: Annotated[str | None, typer.Option(help="Another title; empty for none.")] = None,
    connection: Annotated[str | None, typer.Option(help="Another connection.")] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="plain, markdown, html, or json (an action's fields).")
    ] = None,
    at: At = None,
    time_to_live: Annotated[float | None, typer.Option(help="Seconds; without it, it has no time to live.")] = None,
    wait: Wait = None,
) -> None:
    """Correct a message, and send it again under its id. What is not named stays as it was; so do its files."""
    named = {"recipient": to, "text": text, "title": title, "connection": connection, "format": form}
    times = {"time_to_live": time_to_live, "not_before": not_before(at)}
    amendment = {key: value for key, value in {**named, **times}.items() if value is not None}
    row = as_row(run(lambda session: ask_and_wait(session, "amend", wait, message_id=message, amendment=amendment)))
    show_one(row, *RESULT)
    if row["status"] in STOPPED:
        raise typer.Exit(1)


@app.command()
@command
def discard(
    messages: Annotated[
        list[str] | None, typer.Argument(metavar="ID...|all", help="Dead letters, or all of them.")
    ] = None,
    connection: Annotated[str | None, typer.Option(help="With all or --held: only of this connection.")] = None,
    held: Annotated[bool, typer.Option("--held", help="What a restored database holds.")] = False,
) -> None:
    """Give dead letters up. They stay in the history for a while, and can still be sent again from there."""
    if held == bool(messages):
        raise typer.BadParameter("Give ids, all, or --held.")
    if held:
        discarded = ask("discard_held", connection=connection)
    elif messages == ["all"]:
        discarded = ask("discard_all", connection=connection)
    else:
        with sentences():
            ids = [message_id(one) for one in messages or ()]
        discarded = ask("discard_messages", ids=ids)
    show_one({"discarded": discarded}, ("discarded", "Discarded"))


@app.command()
@command
def release(
    connection: Annotated[str | None, typer.Argument(help="Only of this connection.")] = None,
) -> None:
    """Send what a restored database holds because it may have been sent since the copy was made."""
    show_one({"released": ask("release", connection=connection)}, ("released", "Released"))


@app.command()
@command
def watch(connection: Connection = None) -> None:
    """Show what comes in, as it comes, until Ctrl-C. Without a running `bach serve` this receives by itself."""

    async def work(session: Session) -> None:
        if not session.is_daemon:
            for row in as_rows(await session.ask("connections", category="connector")):
                if row["is_active"] and connection in (None, row["name"]):
                    await session.ask("start", name=row["name"])
        last = max((_id(row) for row in as_rows(await session.ask("inbox", limit=1))), default=0)
        while True:
            for row in as_rows(await session.ask("incoming_after", after=last, seconds=_WAIT, connection=connection)):
                last = _id(row)
                _tell(row)

    run(work)


def _id(row: Row) -> int:
    number = row["id"]
    return number if isinstance(number, int) else 0


def _tell(row: Row) -> None:
    if settings().as_json:
        write_json(row)  # a line for each, so that a program can read them as they come
    else:
        who, text = f"{row['sender']} ({row['sender_name']})".replace("\n", "�"), str(row["text"])
        say_one(f"#{row['id']}  {who}  {text}")


app.command("reply")(message_changes.reply)
app.command("react")(message_changes.react)
app.command("pin")(message_changes.pin)
app.command("unpin")(message_changes.unpin)
app.command("forward", context_settings={"ignore_unknown_options": True})(message_changes.forward)
