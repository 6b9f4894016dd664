"""Writes the row of a new message, and what stands beside it: its files, its key, and why it has to wait."""

from dataclasses import dataclass

from bach_lib.models import Message, Receipt, Status
from bach_lib.outbound.cells import extras_written
from bach_lib.outbound.file_rows import add_files
from bach_lib.outbound.reasons import fault_values
from bach_lib.outbound.rows import Draft, Request, draft_row
from bach_lib.storage import Transaction


@dataclass(slots=True, kw_only=True)
class Put:
    """What putting a draft did: the message on disk, and those that it replaced.

    Unless `is_new` it was there before, put under the same key. `has_more`: there are more to be replaced. `room`: how
    many more may wait, where that was looked up.
    """

    message: Message
    replaced: tuple[Message, ...] = ()
    is_new: bool = True
    has_more: bool = False
    room: int | None = None


def put_row(
    tx: Transaction, draft: Draft, status: Status, attempted_at: float | None, request: Request | None, *, in_rows: bool
) -> int:
    """The id of the message. `in_rows`: where the contents of files are kept."""
    number = tx.insert("put_message", draft_row(draft, status, attempted_at))
    if draft.files:
        add_files(tx, number, draft.files, in_rows=in_rows)
    if draft.why:
        tx.run("save_why", id=number, asked_at=draft.asked_at, **fault_values(draft.why))
    if draft.extras:
        tx.run("save_extras", id=number, extras=extras_written(draft.extras))
    if draft.awake:
        tx.run("save_awake", id=number)
    if draft.confidential:
        tx.run("save_confidential", id=number)
    if request:
        tx.run("save_request", id=number, request_key=request.key, request_digest=request.digest)
    return number


def receipt_of(message: Message) -> Receipt:
    """What a caller is told of a message that is on disk."""
    return Receipt(
        id=message.id,
        connection=message.connection,
        recipient=message.recipient,
        status=message.status,
        degraded=bool(message.lost),
        lost=message.lost,
    )
