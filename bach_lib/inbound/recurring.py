"""Deduplication of ids that name something that goes on, such as an alarm, and not what is said about it.

A person who sets a sender up takes the id that is there, and the same alarm fires, ends and fires again. So what is
told under such an id is a repetition only if the newest that was told under it says the same.
"""

from dataclasses import replace
from hashlib import sha256

from bach_lib.connectors.base import Incoming
from bach_lib.storage.sqlite import Transaction
from bach_lib.storage.values import integer

_SAYS = "#"
_AGAIN = "~"
_DIGITS = 16


def told_again(tx: Transaction, connection: str, message: Incoming) -> Incoming | None:
    """The message with an id of what it says; None if it is the newest of its id once more."""
    begin = message.remote_id.replace("%", "%25").replace(_SAYS, "%23") + _SAYS
    told = message.text if message.says is None else message.says
    says = begin + sha256(told.encode(errors="replace")).hexdigest()[:_DIGITS]
    newest = tx.row("newest_told", connection=connection, begin=begin, end=begin[:-1] + chr(ord(_SAYS) + 1))
    if newest is None:
        return replace(message, remote_id=says)
    if str(newest["remote_id"]).startswith(says):
        return None
    return replace(message, remote_id=f"{says}{_AGAIN}{integer(newest['id'])}")
