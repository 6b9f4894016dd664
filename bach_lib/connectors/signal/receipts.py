"""Receipts: Signal tells of each message of ours that somebody got it, and perhaps that they have looked at it.

signal-cli names messages by the times at which we sent them, as everything else that is about them.
https://github.com/AsamK/signal-cli, JsonReceiptMessage
"""

from collections.abc import Sequence

from bach_lib.connectors.base import Proof
from bach_lib.connectors.signal.fields import MAX_NAME, Fields, calls_of, is_number, part_of, server_times, text_of
from bach_lib.connectors.signal.recipients import person, user_name
from bach_lib.models.proof import ProofKind

_MOST = 1_000


def proofs(envelope: Fields) -> Sequence[Proof]:
    """That somebody got, or has looked at, messages that have these times; of a voice message, that it was heard."""
    receipt, author = part_of(envelope, "receiptMessage"), person(*calls_of(envelope))
    times = receipt.get("timestamps")
    ids = [str(one) for one in times[:_MOST] if is_number(one)] if isinstance(times, list) else []
    is_seen = receipt.get("isRead") is True or receipt.get("isViewed") is True
    if author is None or not ids or not (is_seen or receipt.get("isDelivery") is True):
        return []
    came, left = server_times(envelope)
    proof = Proof(
        kind=ProofKind.SEEN if is_seen else ProofKind.DELIVERED,
        remote_ids=tuple(ids),
        sender_id=author,
        sender_name=text_of(envelope, "sourceName", MAX_NAME) or author,
        places=tuple(dict.fromkeys(one for call in calls_of(envelope) if (one := person(call) or user_name(call)))),
        sent_at=came,
        told_at=left,
    )
    return [proof]
