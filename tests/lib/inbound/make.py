"""Incoming messages for tests, with everything a test does not care about filled in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypedDict, Unpack

from bach_lib.connectors.base import Incoming
from bach_lib.models.incoming import Content, IncomingMessage, Kind


class IncomingFields(TypedDict, total=False):
    """What a test may say about an incoming message."""

    remote_id: str
    recipient: str
    recipient_title: str
    sender_id: str
    sender_name: str
    kind: Kind
    text: str
    content: Content
    reply_to: str | None
    origin: str | None
    handle: str | None
    sent_at: float | None
    told_at: float | None
    not_before: float | None
    metadata: Mapping[str, object]


_INCOMING = Incoming(
    remote_id="42:1",
    recipient="42",
    recipient_title="Ada",
    sender_id="42",
    sender_name="Ada",
    kind=Kind.TEXT,
    text="hello",
)


def incoming(**fields: Unpack[IncomingFields]) -> Incoming:
    """A message as a connector read it, from Ada."""
    return replace(_INCOMING, **fields)


def read(*, text: str = "hello", received_at: float = 0.0) -> IncomingMessage:
    """The same as it stands in the inbox."""
    return IncomingMessage(
        id=1,
        connection="home",
        remote_id="42:1",
        recipient="42",
        sender_id="42",
        sender_name="Ada",
        kind=Kind.TEXT,
        text=text,
        sent_at=None,
        received_at=received_at,
    )
