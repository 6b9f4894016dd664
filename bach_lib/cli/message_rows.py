"""What `bach connector` and `bach msg` both ask and show of messages."""

from typing import Annotated

import typer

from bach_lib.cli.command import ask
from bach_lib.cli.console import Json, Row, as_rows, cut, show
from bach_lib.control.sentences import SentenceError

Limit = Annotated[int, typer.Option(min=1, max=500, help="At most so many.")]
MORE = "Ask for more with --limit, up to 500."
Wait = Annotated[
    float | None,
    typer.Option(min=0, max=600, help="Seconds to wait for what becomes of it. 10, and 0 where no `bach serve` runs."),
]

MESSAGES = (
    ("id", "Id"),
    ("direction", ""),
    ("connection", "Connection"),
    ("who", "With"),
    ("text", "Text"),
    ("state", "Status"),
    ("created_at", "When"),
    ("error", "Error"),
)
RESULT = (
    ("id", "Id"),
    ("connection", "Connection"),
    ("recipient", "Recipient"),
    ("status", "Status"),
    ("next_retry_at", "Waits until"),
    ("error", "Error"),
)
"""What became of one message."""
STOPPED = frozenset({"dead", "uncertain"})


def show_newest(connection: str | None, limit: int) -> None:
    """Both directions, newest first."""
    rows = [
        *as_rows(ask("messages", connection=connection, limit=limit + 1)),
        *as_rows(ask("inbox", connection=connection, limit=limit + 1)),
    ]
    rows.sort(key=lambda row: str(row["created_at"]), reverse=True)
    show(with_names(cut(rows, limit, more=MORE)), *MESSAGES, empty="There are no messages.")


def with_names(rows: list[Row]) -> list[Row]:
    """With a field for the person or place at the other end, and one that says more than the status."""
    return [
        {
            **row,
            "who": row["sender"] if row["direction"] == "in" else row["recipient"],
            "state": _state(row),
        }
        for row in rows
    ]


def _state(row: Row) -> Json:
    """Its status, or what says more."""
    if row.get("held"):
        return "held"
    return f"scheduled for {row['scheduled_for']}" if row.get("scheduled_for") else row["status"]


def message_id(written: str) -> int:
    """The number of a message. Raises `SentenceError`."""
    if not (written.isascii() and written.isdecimal() and len(written) <= 18):
        raise SentenceError(f'"{written}" is no id of a message. Use a number, as in `bach msg outbox`.')
    return int(written)
