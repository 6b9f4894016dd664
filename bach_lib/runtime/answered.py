"""Writes down what was answered, at both ends: below the message that asked, and on the message that came in."""

from bach_lib.inbound.marked_answers import mark_answer
from bach_lib.models.incoming import IncomingMessage
from bach_lib.outbound.proof_keeper import ProofKeeper
from bach_lib.storage import Store


async def answered(store: Store, proofs: ProofKeeper, message_id: int, answer: IncomingMessage) -> None:
    """Both know of it after a crash. Raises a `StorageError`."""
    await proofs.answered_by(message_id, answer)
    await mark_answer(store, answer.id)
