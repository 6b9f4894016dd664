"""Rows of messages that go out, as the REST interface writes them, and as its client reads them again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bach_lib.models import Attempt, Fault, Message, PersonProof, Proven, Receipt
from bach_lib.rest.answers import Json
from bach_lib.rest.exact import exact, made
from bach_lib.said import packed, unpacked

_TIMES = {"queued_at": "created_at", "expires_at": "", "next_retry_at": "", "attempted_at": "", "finished_at": ""}
"""The fields that are times, and what the library calls them if it is something else."""
_OTHERWISE = {"connector": "connection", "content": "text"}

_LAST = 253_402_300_799
"""Seconds until the end of the year 9999."""


def iso(seconds: float) -> str:
    """A time as ISO 8601, with its zone; what lies beyond the years that can be written is the last of them."""
    return datetime.fromtimestamp(min(max(seconds, 0), _LAST), UTC).isoformat(timespec="seconds")


def outgoing_row(message: Message) -> dict[str, Json]:
    """A message as it stands."""
    return {
        "id": message.id,
        "direction": "outbox",
        "connector": message.connection,
        "recipient": message.recipient,
        "operation": message.operation,
        "title": message.title,
        "content": message.text,
        "format": message.format,
        "silent": message.silent,
        "confidential": message.confidential,
        "reply_to": message.reply_to,
        "priority": message.priority,
        "tag": message.tag,
        "delivery": message.delivery,
        "context": message.context,
        "target": None if message.forwarding else message.target,
        "buttons": exact(message.buttons),
        "extras": exact(message.extras),
        "files": [{"name": one.name, "mime_type": one.mime_type, "size": one.size} for one in message.files],
        "status": message.status,
        "held": message.held,
        "degraded": message.degraded,
        "lost": exact(message.lost),
        "retry_count": message.retry_count,
        "max_retries": message.max_retries,
        "waited": message.waited,
        "queued_at": iso(message.created_at),
        "expires_at": _time(message.expires_at),
        "next_retry_at": _time(message.next_retry_at),
        "scheduled_for": _time(message.scheduled_for),
        "attempted_at": _time(message.attempted_at),
        "finished_at": _time(message.finished_at),
        "remote_id": message.remote_id,
        **_error(message.error),
        "proven": [_proven_line(one) for one in message.proven],
    }


def _error(fault: Fault | None) -> dict[str, Json]:
    """Why, in English, and what other languages need beside it."""
    if fault is None:
        return {"error": None, "error_code": None, "error_said": None}
    return {"error": fault.text, "error_code": fault.code, "error_said": exact(packed(fault.text))}


def proof_line(proof: PersonProof) -> Json:
    """What is known of it and one person."""
    return {"kind": proof.kind, "person": proof.person, "name": proof.name, "at": iso(proof.at)}


def _proven_line(proven: Proven) -> Json:
    return {
        "kind": proven.kind,
        "people": proven.people,
        "at": iso(proven.at),
        "latest_at": iso(proven.latest_at),
        "person": proven.person,
        "name": proven.name,
    }


def attempt_line(attempt: Attempt) -> Json:
    """One try to send it."""
    return {
        "number": attempt.number,
        "recipient": attempt.recipient,
        "outcome": attempt.outcome,
        "started_at": _time(attempt.started_at),
        "seconds": attempt.seconds,
        **_error(attempt.error),
    }


def message_of(row: Json) -> Message:
    """What a row tells of a message; times are whole seconds, the nonce is not told. Raises ValueError."""
    if not isinstance(row, Mapping):
        raise ValueError("this is no message")
    fields: dict[str, Json] = {_OTHERWISE.get(name, name): value for name, value in row.items() if name not in _TIMES}
    for name, ours in _TIMES.items():
        written = row.get(name)
        fields[ours or name] = datetime.fromisoformat(written).timestamp() if isinstance(written, str) else None
    text, code = row.get("error"), row.get("error_code")
    fields["proven"] = [_with_times(one) for one in _lines(row.get("proven"))]
    said = unpacked(str(text), row.get("error_said"))
    fields["error"] = exact(Fault(code=str(code), text=said)) if text is not None else None
    return made(Message, {**fields, "nonce": ""})


def _lines(found: Json) -> Sequence[Json]:
    return found if isinstance(found, Sequence) and not isinstance(found, str) else ()


def _with_times(line: Json) -> Json:
    """The same with seconds since 1970."""
    if not isinstance(line, Mapping):
        raise ValueError("this is no proof")
    times = {name: datetime.fromisoformat(str(line.get(name))).timestamp() for name in ("at", "latest_at")}
    return {**line, **times}


def receipt_row(receipt: Receipt, queued_at: float) -> dict[str, Json]:
    """What is answered to whoever sends: as in the original, and what cannot go along."""
    return {
        "id": receipt.id,
        "connector": receipt.connection,
        "recipient": receipt.recipient,
        "status": "pending",
        "queued_at": iso(queued_at),
        "degraded": receipt.degraded,
        "lost": exact(receipt.lost),
    }


def receipt_of(row: Json) -> Receipt:
    """The receipt that it tells of. Raises ValueError."""
    fields = row if isinstance(row, Mapping) else {}
    return made(Receipt, {_OTHERWISE.get(name, name): value for name, value in fields.items()})


def messages_of(page: Json) -> list[Message]:
    """The messages of a page. Raises ValueError."""
    rows = page.get("messages") if isinstance(page, Mapping) else None
    if isinstance(rows, str) or not isinstance(rows, Sequence):
        raise ValueError("this is no page of messages")
    return [message_of(row) for row in rows]


def _time(seconds: float | None) -> str | None:
    """A time to live may end after the last year that has a name."""
    try:
        return None if seconds is None else iso(seconds)
    except (OverflowError, ValueError, OSError):
        return None
