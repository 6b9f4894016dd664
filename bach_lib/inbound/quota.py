"""Quota of the inbox: nobody who may write may fill the disk, a webhook in a loop neither.

What comes in always gets in. At the bound, the oldest of that sender go: first what a person has archived, then what
was read, then the rest. Counting reads an index, and happens once in so many messages.
"""

import json
from collections.abc import Callable

from bach_lib.policy import ReceivePolicy
from bach_lib.storage import Transaction
from bach_lib.storage.values import integer

_EVERY = 100
"""Messages between two looks; by so many the bounds may be passed for a moment."""
_KEPT = 0.9
"""The share that is left, so that room is not made for every single message."""
_PAGE = 200
"""Messages that go at once, beside what came; if that is not enough, more go with the next ones."""


class Quota:
    """Keeps the inbox of each connection within the bounds of the policy."""

    def __init__(self, policy_of: Callable[[str], ReceivePolicy]) -> None:
        self._policy_of = policy_of
        self._since: dict[str, int] = {}

    def make(self, tx: Transaction, connection: str, came: int) -> int:
        """Throw away what is too much, after so many messages came; return how many."""
        since = self._since.get(connection, _EVERY) + came
        self._since[connection] = since if since < _EVERY else 0
        if not came or since < _EVERY:
            return 0
        gone = self._trim(tx, connection)
        if gone >= _PAGE:
            self._since[connection] = _EVERY
        return gone

    def _trim(self, tx: Transaction, connection: str) -> int:
        policy, gone, rows, size = self._policy_of(connection), 0, 0, 0
        for sender in tx.rows("count_by_sender", connection=connection):
            mine, bytes_ = integer(sender["number"]), integer(sender["size"])
            if (mine > policy.sender_rows or bytes_ > policy.sender_bytes) and gone < _PAGE:
                bounds = (policy.sender_rows * _KEPT, policy.sender_bytes * _KEPT)
                more, mine, bytes_ = _trim(tx, (connection, str(sender["sender_id"])), mine, bytes_, bounds)
                gone += more
            rows, size = rows + mine, size + bytes_
        if (rows > policy.connection_rows or size > policy.connection_bytes) and gone < _PAGE:
            bounds = (policy.connection_rows * _KEPT, policy.connection_bytes * _KEPT)
            gone += _trim(tx, (connection, None), rows, size, bounds)[0]
        return gone


def _trim(
    tx: Transaction, whose: tuple[str, str | None], rows: int, size: int, bounds: tuple[float, float]
) -> tuple[int, int, int]:
    """Delete some from the oldest on, until both bounds are kept; how many went, and what is left."""
    connection, sender = whose
    ids = []
    for row in tx.rows("oldest_incoming", connection=connection, sender_id=sender, limit=_PAGE):
        if rows <= bounds[0] and size <= bounds[1]:
            break
        ids.append(integer(row["id"]))
        rows, size = rows - 1, size - integer(row["size"])
    return tx.run("delete_incoming", ids=json.dumps(ids)), rows, size
