"""Messages and drafts for tests, with everything a test does not care about filled in."""

from dataclasses import replace
from typing import TypedDict, Unpack

from bach_lib.connectors.base import Connector
from bach_lib.models import Delivery, Fault, Format, Message, Status
from bach_lib.outbound.rows import Draft

BUSY = Fault(code="busy", text="Try again later")
NOW = 1_800_000_000.0


class MessageFields(TypedDict, total=False):
    """What a test may say about a message."""

    id: int
    connection: str
    recipient: str
    priority: int
    status: Status
    retry_count: int
    max_retries: int
    waited: float
    delivery: Delivery
    remote_id: str | None
    error: Fault | None
    created_at: float
    expires_at: float | None
    attempted_at: float | None
    next_retry_at: float | None


class DraftFields(TypedDict, total=False):
    """What a test may say about a draft."""

    connection: str
    recipient: str
    text: str
    priority: int
    tag: str | None
    delivery: Delivery
    created_at: float
    expires_at: float | None
    max_retries: int
    next_retry_at: float | None


_MESSAGE = Message(id=7, nonce="00000000-7", connection="home", recipient="ada", text="text", status=Status.SENDING)
_DRAFT = Draft(
    connection="home",
    recipient="ada",
    text="text",
    title=None,
    format=Format.PLAIN,
    silent=False,
    reply_to=None,
    priority=0,
    tag=None,
    delivery=Delivery.AT_LEAST_ONCE,
    context=None,
    created_at=NOW,
    expires_at=None,
    max_retries=5,
)


def message(**fields: Unpack[MessageFields]) -> Message:
    """A message on its way."""
    return replace(_MESSAGE, **fields)


def draft(**fields: Unpack[DraftFields]) -> Draft:
    """A message before it has an id."""
    return replace(_DRAFT, **fields)


async def nobody_asked(_name: str, _connector: Connector) -> Fault | None:
    """Whose account it is plays no part here."""
    return None
