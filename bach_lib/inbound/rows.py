"""Row mapping of incoming messages: what is written for one, and how a row becomes an `IncomingMessage`."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from bach_lib.connectors.base import Incoming
from bach_lib.models.incoming import Content, InboxStatus, IncomingMessage, Kind, Location, Media
from bach_lib.storage import Row, Transaction, Value
from bach_lib.storage.values import integer, real, text

_ROW = 200
"""Bytes of a row that holds nothing, with its places in the indexes."""
_NOTHING = asdict(Content())


def incoming_values(message: Incoming) -> dict[str, Value]:
    """The columns that the connector knows. Raises whatever a message no disk can take is good for."""
    return {
        "remote_id": _storable(message.remote_id),
        "recipient": _storable(message.recipient),
        "sender_id": _storable(message.sender_id),
        "sender_name": _storable(message.sender_name),
        "kind": message.kind,
        "text": _storable(message.text),
        "content": _storable(_content_json(message.content)),
        "reply_to": None if message.reply_to is None else _storable(message.reply_to),
        "sent_at": message.sent_at,
        "metadata": metadata_json(message.metadata),
    }


def size_of(values: Mapping[str, Value]) -> int:
    """How many bytes of the disk a message takes, roughly."""
    return _ROW + sum(len(value.encode()) for value in values.values() if isinstance(value, str))


def incoming_from_row(row: Row) -> IncomingMessage:
    """The message a row holds."""
    return IncomingMessage(
        id=integer(row["id"]),
        connection=str(row["connection"]),
        remote_id=str(row["remote_id"]),
        recipient=str(row["recipient"]),
        sender_id=str(row["sender_id"]),
        sender_name=str(row["sender_name"]),
        kind=Kind(str(row["kind"])),
        text=str(row["text"]),
        content=_content_from_json(str(row["content"])),
        reply_to=text(row["reply_to"]),
        message_id=None if row["message_id"] is None else integer(row["message_id"]),
        status=InboxStatus(str(row["status"])),
        routed_at=real(row["routed_at"]),
        sent_at=real(row["sent_at"]),
        received_at=real(row["received_at"]) or 0.0,
        age=None if row["age"] is None else float(row["age"]),  # without end where nobody can know it
        metadata=dict(json.loads(str(row["metadata"]))),
    )


def read_row(row: Row) -> IncomingMessage:
    """The same; of a damaged row what can be read of it, so that it can be seen, and costs no other row."""
    try:
        return incoming_from_row(row)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        status = row["status"]
        return IncomingMessage(
            id=integer(row["id"]),
            connection=str(row["connection"]),
            remote_id=str(row["remote_id"]),
            recipient=str(row["recipient"]),
            sender_id=str(row["sender_id"]),
            sender_name=str(row["sender_name"]),
            kind=Kind.OTHER,
            text=str(row["text"]),
            status=InboxStatus(status) if status in list(InboxStatus) else InboxStatus.UNREAD,
            sent_at=_number(row["sent_at"]),
            received_at=_number(row["received_at"]) or 0.0,
            routed_at=_number(row["routed_at"]),
            metadata={"unreadable": f"This row of the database is damaged ({type(error).__name__})."},
        )


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def metadata_json(metadata: object) -> str:
    """The column."""
    return _storable(json.dumps(metadata, ensure_ascii=False, default=dict))


def _storable(text: str) -> str:
    """Without halves of characters, which JSON can carry and no disk takes; else the same poll would fail for ever."""
    return text.encode(errors="replace").decode()


def _content_json(content: Content) -> str:
    """Only what is there, so that plain texts cost nothing."""
    found = {name: value for name, value in asdict(content).items() if value != _NOTHING[name]}
    return json.dumps(found, ensure_ascii=False)


def _content_from_json(written: str) -> Content:
    found = json.loads(written)
    media, location = found.pop("media", None), found.pop("location", None)
    return Content(
        reactions=tuple(found.pop("reactions", ())),
        choices=tuple(found.pop("choices", ())),
        media=Media(**media) if media else None,
        location=Location(**location) if location else None,
        **found,
    )


def save_routed(tx: Transaction, message: IncomingMessage) -> None:
    """Write what was found out about a message, so that it is never announced again."""
    tx.run(
        "save_routed",
        id=message.id,
        kind=message.kind,
        routed_at=message.routed_at,
        metadata=metadata_json(message.metadata),
    )
