"""Writes the row of a new message, and what stands beside it: its files, its key, and why it has to wait."""

from bach_lib.models import Status
from bach_lib.outbound.file_keeper import add_files
from bach_lib.outbound.reasons import fault_values
from bach_lib.outbound.rows import Draft, Request, draft_row
from bach_lib.storage import Transaction


def put_row(
    tx: Transaction, draft: Draft, status: Status, attempted_at: float | None, request: Request | None, *, in_rows: bool
) -> int:
    """The id of the message. `in_rows`: where the contents of files are kept."""
    number = tx.insert("put_message", draft_row(draft, status, attempted_at))
    if draft.files:
        add_files(tx, number, draft.files, in_rows=in_rows)
    if draft.why:
        tx.run("save_why", id=number, **fault_values(draft.why))
    if request:
        tx.run("save_request", id=number, request_key=request.key, request_digest=request.digest)
    return number
