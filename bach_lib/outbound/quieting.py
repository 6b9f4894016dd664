"""Lets a message wait that would wake somebody: until the quiet hours of its recipient are over, with the reason.

It waits as one that is scheduled, so it is on disk, holds up no other, and a person can send it now. Its time to live
goes on meanwhile: if that is over before, it is not sent.

It is looked at when it is put, and again when it is about to be sent: what waited for a platform that was away, or for
its next try, would come when that is back, at three in the morning.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bach_lib.connectors.base import Connector
from bach_lib.connectors.ours import QUIET_HOURS
from bach_lib.models import Connection, Fault, Message, Operation, Status
from bach_lib.outbound.entry import Entry
from bach_lib.outbound.retry import Settlement, late, untried
from bach_lib.outbound.rows import Draft
from bach_lib.outbound.services import DispatchServices
from bach_lib.registry.quiet_hours import quiet_until
from bach_lib.said import Sentence

QUIET: Final = "quiet_hours"

type _Normal = Callable[[str, str], str]
"""The one form of a recipient's address, of a connection and what is written."""


def quietly(draft: Draft, row: Connection, connector: type[Connector], normal: _Normal) -> Draft:
    """The same, or one that waits. `normal`: the one form of a recipient's address.

    Who is answered has just written, and is awake.
    """
    wish = draft.created_at if draft.next_retry_at is None else draft.next_retry_at
    if (found := _rest(draft, row.settings, connector, normal, wish)) is None:
        return draft
    until, fault = found
    return replace(draft, next_retry_at=until, why=fault, asked_at=wish)


def not_now(message: Message, entry: Entry, connector: Connector, services: DispatchServices) -> Settlement | None:
    """What becomes of a message that was to be sent this moment: its time is over, or its recipient rests; or None.

    What has arrived in part already goes on.
    """
    if entry.is_over(services.clock):  # the disk took so long
        return late(message)
    if message.awake or message.progress is not None:
        return None
    found = _rest(message, services.settings, type(connector), services.directory.normal, services.clock.now())
    if found is None:
        return None
    until, fault = found
    return replace(untried(message), status=Status.PENDING, next_retry_at=until, error=fault, rests=True)


def _rest(
    message: Draft | Message,
    settings: Mapping[str, object],
    connector: type[Connector],
    normal: _Normal,
    wish: float,
) -> tuple[float, Fault] | None:
    """Until when it waits that is to go at `wish`, and why."""
    if QUIET_HOURS.name not in settings or message.operation is not Operation.SEND or message.reply_to is not None:
        return None
    recipient = normal(message.connection, message.recipient)

    def is_meant(other: str) -> bool:
        return normal(message.connection, connector.normalize_recipient(other)) == recipient

    if (found := quiet_until(settings, is_meant, message.priority, wish)) is None:
        return None
    until, shown = found
    until = until if message.expires_at is None else min(until, message.expires_at)
    return until, Fault(code=QUIET, text=Sentence("quiet_until_time", "Quiet until {time}.", time=shown))
