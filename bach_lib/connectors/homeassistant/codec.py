"""Decodes events of another Home Assistant into incoming messages."""

from datetime import datetime

import orjson

from bach_lib.connectors.base import Incoming, Unreadable
from bach_lib.connectors.homeassistant.recipients import EVENT
from bach_lib.connectors.slash_commands import content_of
from bach_lib.connectors.tolerant import UnreadableError, read_one
from bach_lib.models.incoming import passed_on

_MAX_TEXT = 65_536
_MAX_DATA = 65_536
_MAX_ID = 100


def read_event(event: object) -> Incoming | Unreadable:
    """The message in an event, whatever it is."""
    [found] = read_one(event, lambda event: [_read(event)])
    return found


def _read(event: object) -> Incoming:
    """What stands under `message`, else all of its data as JSON.

    An event has no number. Its context is shared with everything else that came of the same cause, so the microsecond
    in which it was fired is part of its id.
    """
    match event:
        case {
            "event_type": str(event_type),
            "time_fired": str(fired),
            "context": {"id": str(context)},
            "data": dict(data),
        } if len(fired) <= _MAX_ID and len(context) <= _MAX_ID:
            raw = orjson.dumps(data).decode()
        case _:
            raise UnreadableError("an event without type, time, context or data")
    if len(raw) > _MAX_DATA:
        raise UnreadableError(f"more than {_MAX_DATA} characters of data")
    said = data.get("message")
    text = said if isinstance(said, str) and said.strip() else raw
    kind, content = content_of(text)
    place, fired_at = f"{EVENT}{event_type}", _time(fired)
    return Incoming(
        remote_id=f"{context}:{fired}",
        recipient=place,
        recipient_title=event_type,
        sender_id=place,
        sender_name=event_type,
        kind=kind,
        text=text[:_MAX_TEXT],
        content=content,
        sent_at=fired_at,
        told_at=fired_at,  # it is told as it happens, and never later
        metadata={"chat_type": "private", "event_type": event_type, "data": data, **passed_on(data)},
    )


def context_of(event: object) -> str | None:
    """The id of the context in an event, or in the answer to firing one."""
    match event:
        case {"context": {"id": str(context)}}:
            return context
    return None


def _time(fired: str) -> float | None:
    try:
        return datetime.fromisoformat(fired).timestamp()
    except (ValueError, OverflowError):
        return None
