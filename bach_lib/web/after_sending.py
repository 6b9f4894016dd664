"""What can be done with a message that was sent, and what was done with it since: below its own page."""

from typing import Final

from bach_lib.bach import Bach
from bach_lib.errors import BachError
from bach_lib.models import Message, Operation, Status
from bach_lib.outbound.putting_off import can_be_put_off
from bach_lib.rest.answers import Json
from bach_lib.web.viewer import Visit
from bach_lib.web.views import Views

_LOOKED_THROUGH: Final = 200
"""Of what was sent to its place, the newest."""
_SHOWN: Final = 20
"""Of its changes, the newest."""


async def after_sending(visit: Visit, views: Views, message: Message) -> dict[str, Json]:
    """`able`: what can be done with it. `is_pinned`: None if nobody can tell. `changes`: newest first."""
    if message.remote_id is None or message.operation is not Operation.SEND or message.status is not Status.SENT:
        return {"able": [], "is_pinned": False, "changes": []}
    rows = await visit.bach.messages(connection=message.connection, recipient=message.recipient, limit=_LOOKED_THROUGH)
    changes = [one for one in rows if one.operation is not Operation.SEND and one.target == message.remote_id]
    done = [one.operation for one in changes if one.status is Status.SENT]
    pins = [one for one in done if one in {Operation.PIN, Operation.UNPIN}]
    is_known = len(rows) < _LOOKED_THROUGH or rows[-1].id <= message.id
    is_gone = Operation.DELETE in done
    return {
        "able": [] if is_gone else await _able(visit.bach, message),
        "is_pinned": pins[0] is Operation.PIN if pins else (False if is_known else None),
        "changes": [views.said(one) for one in changes[:_SHOWN]],
    }


def deeds(message: Message) -> list[Json]:
    """What can be done with it beside what its platform can. What nobody may read is passed on to nobody."""
    if message.confidential:
        return []
    return ["forward", "put_off"] if can_be_put_off(message) else ["forward"]


async def _able(bach: Bach, message: Message) -> list[Json]:
    """What is no text has no other words, nor has what nobody reads here."""
    try:
        can = set((await bach.capabilities(message.connection)).operations) - {Operation.SEND}
    except BachError:  # it is gone, or its library is missing
        return []
    if message.confidential or not (message.text or not message.extras.given):
        can.discard(Operation.EDIT)
    return [*sorted(can), *deeds(message)]
