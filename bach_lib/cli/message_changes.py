"""`bach msg reply` and its like: what is done to a message that is there already."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bach_lib.cli.command import ask, run
from bach_lib.cli.console import Json, Row, as_row, show_one
from bach_lib.cli.dispatching import deliver
from bach_lib.cli.message_rows import RESULT, STOPPED
from bach_lib.cli.options import command

if TYPE_CHECKING:
    from bach_lib.cli.session import Session


Which = Annotated[int, typer.Argument(metavar="ID", help="The id of a message, as in `bach msg outbox`.")]
Incoming = Annotated[bool, typer.Option("--incoming", help="It is the id of one that came in.")]


@command
def pin(
    message: Which,
    *,
    incoming: Incoming = False,
    silent: Annotated[bool, typer.Option("--silent", help="Nobody is told.")] = False,
) -> None:
    """Keep a message in sight at the top of its chat."""
    show_one(
        as_row(ask("pin", silent=silent, message_id=_sent(message, incoming), incoming_id=_came(message, incoming))),
        *RESULT,
    )


@command
def unpin(message: Which, *, incoming: Incoming = False) -> None:
    """Keep it in sight no longer."""
    show_one(as_row(ask("unpin", message_id=_sent(message, incoming), incoming_id=_came(message, incoming))), *RESULT)


@command
def forward(
    message: Which,
    connection: Annotated[str, typer.Argument(help="Name of the connection.")],
    recipient: Annotated[str, typer.Argument(help="Where to, as the platform writes it.")],
    *,
    incoming: Incoming = False,
    copy: Annotated[bool, typer.Option("--copy", help="Nobody is shown whose words they were.")] = False,
    silent: Annotated[bool, typer.Option("--silent", help="Without a sound.")] = False,
) -> None:
    """Pass a message on, with all that is in it."""
    number, came = _sent(message, incoming), _came(message, incoming)
    which: dict[str, Json] = {"message_id": number, "incoming_id": came}
    wanted: dict[str, Json] = {"connection": connection, "recipient": recipient, "copy": copy, "silent": silent}
    show_one(as_row(run(lambda session: session.ask("forward", **which, **wanted))), *RESULT)


@command
def react(
    message: Which,
    emoji: Annotated[str, typer.Argument(help="One emoji. Platforms know only some.")],
    *,
    incoming: Incoming = False,
) -> None:
    """Put an emoji on a message."""
    show_one(
        as_row(ask("react", emoji=emoji, message_id=_sent(message, incoming), incoming_id=_came(message, incoming))),
        *RESULT,
    )


def _sent(message: int, incoming: bool) -> int | None:
    return None if incoming else message


def _came(message: int, incoming: bool) -> int | None:
    return message if incoming else None


@command
def reply(
    message: Annotated[int, typer.Argument(help="The id of an incoming message, as in `bach msg inbox`.")],
    text: Annotated[list[str], typer.Argument(help='The text; "-" reads it from stdin.')],
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for its delivery.")] = 0,
) -> None:
    """Answer a message that came in, where it was written; it is quoted, if the platform can."""
    said = sys.stdin.read() if text == ["-"] else " ".join(text)

    async def work(session: Session) -> Row:
        found = as_row(await session.ask("incoming", message_id=message))
        place = (str(found["connection"]), str(found["recipient"]))
        return await deliver(session, *place, said, options={"reply_to": message}, wait=wait)

    row = run(work)
    show_one(row, *RESULT)
    if row["status"] in STOPPED or (wait and row["status"] != "sent"):
        raise typer.Exit(1)
