"""Deduplication of ids that name something that goes on, such as an alarm, and not what is said about it.

A person who sets a sender up takes the id that is there, and the same alarm fires, ends and fires again. So what is
told under such an id is a repetition only if the newest that was told under it says the same. If the sender reminds of
what goes on, the same is news again after some minutes: so long its retries take, if it has lost our answer.
"""

import re
from dataclasses import replace
from hashlib import sha256
from typing import Final

from bach_lib.connectors.base import Incoming
from bach_lib.storage import Transaction

_SAYS: Final = "#t"
_AFTER: Final = "#u"
"""Sorts behind all that begins with the former."""
_TOLD: Final = re.compile(r"([0-9]{10})\.(-?[0-9]+)\.([0-9a-f]{16})")
"""Its number among those of its id, so that the newest sorts last; when it came in, as it may be thrown away since; and
what it says."""
_DIGITS: Final = 16
_RECURS_AFTER: Final = 60.0
"""Seconds."""


def told_again(tx: Transaction, connection: str, message: Incoming, now: float) -> Incoming | None:
    """The message with an id of what it says; None if it is the newest of its id once more, at `now` (since 1970)."""
    escaped = message.remote_id.replace("%", "%25").replace("#", "%23")
    told = message.text if message.says is None else message.says
    says = sha256(told.encode(errors="replace")).hexdigest()[:_DIGITS]
    number, at, said = _newest(tx, connection, escaped)
    # an id under which something else was told before is not that of a single delivery, whatever was thought of it
    reminds_after = _RECURS_AFTER if message.reminds_after is None and number > 1 else message.reminds_after
    if said == says and (reminds_after is None or abs(now - at) < reminds_after):
        return None
    return replace(message, remote_id=f"{escaped}{_SAYS}{number + 1:010}.{int(now)}.{says}")


def _newest(tx: Transaction, connection: str, escaped: str) -> tuple[int, int, str]:
    """Number, time and words of what was last told under an id; no words if nothing was."""
    within = {"connection": connection, "begin": escaped + _SAYS, "end": escaped + _AFTER}
    rows = (tx.row("newest_told", **within), tx.row("newest_thrown_away", **within))
    ids = [str(row["remote_id"]).removeprefix(escaped + _SAYS) for row in rows if row]
    found = [(int(told[1]), int(told[2]), told[3]) for id_ in ids if (told := _TOLD.fullmatch(id_))]
    return max(found, default=(0, 0, ""))
