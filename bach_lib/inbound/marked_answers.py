"""Marks what answered a question, on disk: whoever looks at it after a crash must not take it for talk."""

from dataclasses import replace

from bach_lib.inbound.rows import read_row, save_routed
from bach_lib.models.incoming import ANSWER
from bach_lib.storage import Store, Transaction


async def mark_answer(store: Store, incoming_id: int) -> None:
    """Mark it; nothing if it is gone. Raises a `StorageError`."""

    def work(tx: Transaction) -> None:
        if (row := tx.row("get_incoming", id=incoming_id)) is not None:
            message = read_row(row)
            save_routed(tx, replace(message, metadata={**message.metadata, ANSWER: True}))

    await store.submit(work, as_owner=True)
