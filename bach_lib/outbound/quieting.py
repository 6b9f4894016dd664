"""Lets a message wait that would wake somebody: until the quiet hours of its recipient are over, with the reason.

It waits as one that is scheduled, so it is on disk, holds up no other, and a person can send it now. Its time to live
goes on meanwhile: if that is over before, it is not sent.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bach_lib.connectors.base import Connector
from bach_lib.connectors.ours import QUIET_HOURS
from bach_lib.models import Connection, Fault, Operation
from bach_lib.outbound.rows import Draft
from bach_lib.registry.quiet_hours import quiet_until
from bach_lib.said import Sentence

QUIET: Final = "quiet_hours"


def quietly(draft: Draft, row: Connection, connector: type[Connector], normal: Callable[[str, str], str]) -> Draft:
    """The same, or one that waits. `normal`: the one form of a recipient's address.

    Who is answered has just written, and is awake.
    """
    if QUIET_HOURS.name not in row.settings or draft.operation is not Operation.SEND or draft.reply_to is not None:
        return draft
    recipient = normal(row.name, draft.recipient)

    def is_meant(other: str) -> bool:
        return normal(row.name, connector.normalize_recipient(other)) == recipient

    wish = draft.created_at if draft.next_retry_at is None else draft.next_retry_at
    found = quiet_until(row.settings, is_meant, draft.priority, wish)
    if found is None:
        return draft
    until, shown = found
    until = until if draft.expires_at is None else min(until, draft.expires_at)
    fault = Fault(code=QUIET, text=Sentence("quiet_until_time", "Quiet until {time}.", time=shown))
    return replace(draft, next_retry_at=until, why=fault)
