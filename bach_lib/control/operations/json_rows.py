"""Converts models to JSON rows. They hold no secrets, but references to them, which say where to look."""

from bach_lib.inbound.rules import Rule
from bach_lib.models import Attempt, Connection, Fault, Health, Hop, Identity, Message, PersonProof, QueueStatus, Report
from bach_lib.models.incoming import IncomingMessage
from bach_lib.rest.answers import Json
from bach_lib.rest.handlers import plain
from bach_lib.rest.outgoing_rows import iso

type Row = dict[str, Json]


def time(seconds: float | None) -> str | None:
    """A time as ISO 8601."""
    return None if seconds is None else iso(seconds)


def connection_row(connection: Connection) -> Row:
    """A row of the registry."""
    return {
        "name": connection.name,
        "type": connection.type,
        "category": connection.category,
        "endpoint": connection.endpoint,
        "is_active": connection.is_active,
        "auth_type": connection.auth_type,
        "auth_config": dict(connection.auth_config),
        "allowed": sorted(connection.allowed),
        "settings": {key: plain(value) for key, value in connection.settings.items()},
        "success_count": connection.success_count,
        "error_count": connection.error_count,
        "blocked_count": connection.blocked_count,
        "last_used": time(connection.last_used),
        "consecutive_failures": connection.consecutive_failures,
        "disabled_until": time(connection.disabled_until),
    }


def message_row(message: Message) -> Row:
    """A message going out."""
    return {
        "id": message.id,
        "direction": "out",
        "connection": message.connection,
        "recipient": message.recipient,
        "title": message.title,
        "text": message.text,
        "confidential": message.confidential,
        "status": message.status,
        "priority": message.priority,
        "tag": message.tag,
        "retry_count": message.retry_count,
        "max_retries": message.max_retries,
        "next_retry_at": time(message.next_retry_at),
        "scheduled_for": time(message.scheduled_for),
        "created_at": time(message.created_at),
        "expires_at": time(message.expires_at),
        "finished_at": time(message.finished_at),
        "held": message.held,
        "error": message.error.text if message.error else None,
        "proven": [{"kind": one.kind, "people": one.people, "at": time(one.at)} for one in message.proven],
    }


def proof_row(proof: PersonProof) -> Row:
    """What is known of a sent message and one person."""
    return {"at": time(proof.at), "kind": proof.kind, "name": proof.name, "person": proof.person}


def attempt_row(attempt: Attempt) -> Row:
    """One try to send a message."""
    return {
        "number": attempt.number,
        "recipient": attempt.recipient,
        "outcome": attempt.outcome,
        "started_at": time(attempt.started_at),
        "seconds": None if attempt.seconds is None else round(attempt.seconds, 3),
        "error_code": attempt.error.code if attempt.error else None,
        "error": attempt.error.text if attempt.error else None,
    }


def incoming_row(message: IncomingMessage) -> Row:
    """A message that came in."""
    return {
        "id": message.id,
        "direction": "in",
        "connection": message.connection,
        "sender": message.sender,
        "sender_name": message.sender_name,
        "recipient": message.recipient,
        "kind": message.kind,
        "text": message.text,
        "status": message.status,
        "created_at": time(message.received_at),
        "metadata": {key: plain(value) for key, value in message.metadata.items()},
    }


def queue_row(status: QueueStatus) -> Row:
    """How a queue stands."""
    return {
        "connection": status.connection,
        "pending": status.pending,
        "sending": status.sending,
        "failed": status.failed,
        "sent": status.sent,
        "dead": status.dead,
        "uncertain": status.uncertain,
        "held": status.held,
        "scheduled": status.scheduled,
        "oldest": time(status.oldest),
    }


def health_row(health: Health) -> Row:
    """How one direction stands."""
    return {
        "state": health.state,
        "last_success": time(health.last_success),
        "error": health.fault.text if health.fault else None,
    }


def answer_row(name: str, answer: Identity | Fault) -> Row:
    """What a check came to."""
    row: Row = {"name": name, "is_good": not isinstance(answer, Fault)}
    if isinstance(answer, Fault):
        return row | {"code": answer.code, "answer": answer.text}
    row |= {"code": None, "answer": answer.name, "link": answer.link, "version": answer.version}
    row["notice"] = answer.notice.text if answer.notice else None
    row["accepted"] = answer.accepted
    if isinstance(answer, Report):
        row |= {
            "latency": round(answer.latency, 3),
            "offers": list(answer.offers),
            "offered": answer.offered,
        }
    return row


def hop_row(hop: Hop) -> Row:
    """A step of the way to a platform; milliseconds are None where nobody can tell them."""
    took = None if hop.seconds is None else round(hop.seconds * 1000, 1)
    return {"hop": hop.name.value, "is_good": hop.fault is None, "milliseconds": took}


def rule_row(rule: Rule) -> Row:
    """A context rule."""
    return {
        "name": rule.name,
        "phrases": list(rule.phrases),
        "patterns": list(rule.patterns),
        "connection": rule.connection,
        "is_active": rule.is_active,
        "hint": rule.hint,
    }
