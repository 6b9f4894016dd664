"""Quarantine: elements that cannot be read, kept for whoever mends them, without secrets and bounded."""

from collections.abc import Iterable

from bach_lib.connectors.base import Unreadable
from bach_lib.redact import Redactor
from bach_lib.storage import Transaction

MAX_RAW = 16_384
"""Bytes of an unreadable message that are kept; twice as many are looked through for secrets, as half of one would
not be known for what it is."""
_MAX_UNREADABLE = 100
"""Unreadable messages of a connection that are kept: enough to see what is wrong."""


def set_aside(tx: Transaction, connection: str, aside: Iterable[Unreadable], redact: Redactor, now: float) -> None:
    """Keep these, without secrets, of a connection; the newest only."""
    for one in aside:
        tx.run(
            "add_unreadable",
            connection=connection,
            raw=_cut(redact(_storable(one.raw[: 2 * MAX_RAW]), MAX_RAW)),
            reason=redact(_storable(one.reason)),
            received_at=now,
        )
        tx.run("trim_unreadable", connection=connection, keep=_MAX_UNREADABLE)


def _cut(words: str) -> str:
    return words.encode()[: MAX_RAW + 2].decode(errors="ignore")


def _storable(text: str) -> str:
    """With halves of characters spelt out; everything else stays, or secrets in it would not be found."""
    return text.encode(errors="backslashreplace").decode()
