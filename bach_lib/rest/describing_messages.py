"""The OpenAPI description of single messages and of what is done to them by hand."""

from typing import Final

from bach_lib.models import Delivery, Format, Operation, ProofKind, Status
from bach_lib.rest.answers import Json
from bach_lib.rest.describing import (
    BUTTONS,
    COUNT,
    EXTRAS,
    FILES,
    KEY,
    LOST,
    TEXT,
    TIME,
    an_object,
    answers,
    nullable,
    parameter,
    reference,
)
from bach_lib.rest.message_handlers import MAX_IDS, MAX_WAIT
from bach_lib.rest.requests import MAX_LIMIT, MAX_OFFSET

_ID: Final[dict[str, Json]] = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
_ERROR: Final[dict[str, Json]] = {
    "error": nullable({"type": "string", "description": "In the platform's words."}),
    "error_code": nullable({"type": "string"}),
    "error_said": nullable({"type": "object", "description": "Key and placeholders of a sentence of our own."}),
}
_MAYBE: Final[Json] = nullable({"type": "string"})
_MAYBE_TIME: Final[Json] = nullable({"type": "string", "format": "date-time"})

_PERSON: Final[dict[str, Json]] = {
    "kind": {"type": "string", "enum": list(ProofKind)},
    "person": TEXT,
    "name": TEXT,
    "at": TIME,
}

_OUTGOING: Final[dict[str, Json]] = {
    "id": _ID,
    "direction": {"const": "outbox"},
    "connector": TEXT,
    "recipient": TEXT,
    "operation": {"type": "string", "enum": list(Operation)},
    "title": _MAYBE,
    "content": TEXT,
    "format": {"type": "string", "enum": list(Format)},
    "silent": {"type": "boolean"},
    "confidential": {"type": "boolean", "description": "Title and content are shown nowhere, and not kept."},
    "reply_to": _MAYBE,
    "priority": {"type": "integer"},
    "tag": _MAYBE,
    "delivery": {"type": "string", "enum": list(Delivery)},
    "context": _MAYBE,
    "target": _MAYBE,
    "buttons": BUTTONS,
    "extras": EXTRAS,
    "files": FILES,
    "status": {"type": "string", "enum": list(Status)},
    "held": {"type": "boolean", "description": "It waits for the owner of a restored database to say go."},
    "degraded": {"type": "boolean"},
    "lost": LOST,
    "retry_count": COUNT,
    "max_retries": COUNT,
    "waited": {"type": "number", "minimum": 0, "description": "Seconds that the platform told it to wait, in all."},
    "queued_at": TIME,
    "expires_at": _MAYBE_TIME,
    "next_retry_at": _MAYBE_TIME,
    "scheduled_for": nullable(
        {"type": "string", "format": "date-time", "description": "It waits for this time, and for nothing else."}
    ),
    "attempted_at": _MAYBE_TIME,
    "finished_at": _MAYBE_TIME,
    "remote_id": _MAYBE,
    **_ERROR,
    "proven": {
        "type": "array",
        "items": an_object({**_PERSON, "people": COUNT, "latest_at": TIME}),
        "description": "What is known since it was sent: of how many people, since when, and of whom as the last.",
    },
}

LETTER_SCHEMAS: Final[dict[str, Json]] = {
    "Outgoing": an_object(_OUTGOING),
    "History": an_object(
        {
            **_OUTGOING,
            "attempts": {"type": "array", "items": reference("Attempt")},
            "proofs": {"type": "array", "items": reference("Proof")},
        }
    ),
    "Proof": an_object(_PERSON),
    "Attempt": an_object(
        {
            "number": {"type": "integer", "minimum": 1},
            "recipient": TEXT,
            "outcome": {"type": "string", "enum": ["sent", "retry", "wait", "dead", "uncertain"]},
            "started_at": _MAYBE_TIME,
            "seconds": nullable({"type": "number", "minimum": 0}),
            **_ERROR,
        }
    ),
    "Amendment": an_object(
        {},
        {
            "connector": _MAYBE,
            "recipient": _MAYBE,
            "content": _MAYBE,
            "title": _MAYBE,
            "format": nullable({"type": "string", "enum": list(Format)}),
            "time_to_live": nullable({"type": "number", "exclusiveMinimum": 0, "description": "Seconds."}),
            "not_before": nullable({"type": "string", "format": "date-time", "description": "Another time."}),
        },
    ),
    "Clear": an_object(
        {name: {"type": "string", "minLength": 1} for name in ("connector", "recipient", "tag")},
    ),
    "Cleared": an_object({"cancelled": COUNT, "taken_away": COUNT}),
    "Discard": {
        "type": "object",
        "properties": {
            "ids": {"type": "array", "items": _ID, "minItems": 1, "maxItems": MAX_IDS},
            "connector": {"type": "string", "minLength": 1, "description": "All dead letters of this connection."},
        },
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    },
    "Discarded": an_object({"discarded": COUNT}),
    "Page": an_object({"messages": {"type": "array", "items": reference("Outgoing")}, "count": COUNT}),
    "Held": an_object(
        {"messages": {"type": "array", "items": reference("Outgoing")}, "count": COUNT, "total": COUNT},
    ),
    "Whose": {
        "type": "object",
        "properties": {
            "connector": {"type": "string", "minLength": 1, "description": "What this connection holds."},
            "all": {"const": True},
        },
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    },
    "Released": an_object({"released": COUNT}),
}

_PATH: Final[Json] = {"name": "id", "in": "path", "required": True, "schema": _ID, "description": "The message."}
_WAIT: Final[Json] = parameter(
    "wait",
    {"type": "integer", "minimum": 0, "maximum": MAX_WAIT, "default": 0},
    "Seconds to wait until it has been tried, or has ended; the answer says what came of it.",
)


def _body(schema: str) -> Json:
    return {"required": True, "content": {"application/json": {"schema": reference(schema)}}}


LETTERS: Final[dict[str, Json]] = {
    "/api/v1/messages": {
        "get": {
            "operationId": "messages",
            "summary": "What goes or went out, newest first",
            "parameters": [
                parameter("connector", {"type": "string"}, "Only of this connection."),
                parameter("recipient", {"type": "string"}, "Only to this one, in any spelling."),
                parameter("status", {"type": "string"}, f"Only these, with commas between: {', '.join(Status)}."),
                parameter("before", {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET}, "Only with a lower id."),
                parameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50}, "At most."),
            ],
            "responses": answers("Page", "401", "404", "421", "422", "503", text="A page."),
        }
    },
    "/api/v1/messages/{id}": {
        "get": {
            "operationId": "message",
            "summary": "One message that goes or went out, with its newest attempts and its proofs",
            "parameters": [_PATH, _WAIT],
            "responses": answers("History", "401", "404", "421", "422", "503", text="As it stands now."),
        }
    },
    "/api/v1/messages/{id}/edit": {
        "post": {
            "operationId": "edit",
            "summary": "Give a sent message another text, in its turn; it is on disk when this answers",
            "parameters": [_PATH, KEY],
            "requestBody": _body("Edit"),
            "responses": answers(
                "Receipt",
                *("400", "401", "404", "413", "415", "421", "422", "429", "503"),
                status="201",
                text="The change is queued, as a message of its own.",
            ),
        }
    },
    "/api/v1/messages/{id}/cancel": {
        "post": {
            "operationId": "cancel",
            "summary": "Take a waiting message out of the queue",
            "parameters": [_PATH],
            "responses": answers("Outgoing", "401", "404", "421", "422", "503", text="It is cancelled."),
        }
    },
    "/api/v1/messages/{id}/send-now": {
        "post": {
            "operationId": "send_now",
            "summary": "Send a scheduled message without waiting for its time",
            "parameters": [_PATH, _WAIT],
            "responses": answers("Outgoing", "401", "404", "421", "422", "503", text="What came of it so far."),
        }
    },
    "/api/v1/messages/{id}/retry": {
        "post": {
            "operationId": "retry",
            "summary": "Send a message again that ended without being sent",
            "parameters": [_PATH, _WAIT],
            "responses": answers("Outgoing", "401", "404", "421", "422", "503", text="What came of it so far."),
        }
    },
    "/api/v1/messages/{id}/amend": {
        "post": {
            "operationId": "amend",
            "summary": "Correct a message that ended without being sent, and send it again under its id",
            "description": "What is not named stays as it was, but for a time to live.",
            "parameters": [_PATH, _WAIT],
            "requestBody": _body("Amendment"),
            "responses": answers(
                "Outgoing",
                *("400", "401", "404", "413", "415", "421", "422", "503"),
                text="What came of it so far.",
            ),
        }
    },
    "/api/v1/messages/clear": {
        "post": {
            "operationId": "clear",
            "summary": "Cancel what waits with a tag, and have taken away what was sent with it within two days",
            "requestBody": _body("Clear"),
            "responses": answers(
                "Cleared", *("400", "401", "404", "413", "415", "421", "422", "503"), text="How many messages."
            ),
        }
    },
    "/api/v1/messages/discard": {
        "post": {
            "operationId": "discard",
            "summary": "Give dead letters up: these, or all of a connection",
            "requestBody": _body("Discard"),
            "responses": answers(
                "Discarded", *("400", "401", "404", "413", "415", "421", "422", "503"), text="How many."
            ),
        }
    },
    "/api/v1/messages/held": {
        "get": {
            "operationId": "held",
            "summary": "What a restored database holds until its owner says what is to become of it, oldest first",
            "parameters": [
                parameter("connector", {"type": "string"}, "Only of this connection."),
                parameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50}, "At most."),
            ],
            "responses": answers("Held", "401", "404", "421", "422", "503", text="Some, and how many there are."),
        }
    },
    "/api/v1/messages/held/release": {
        "post": {
            "operationId": "release",
            "summary": "Send what is held, of one connection or of all",
            "requestBody": _body("Whose"),
            "responses": answers(
                "Released", *("400", "401", "404", "413", "415", "421", "422", "503"), text="How many go."
            ),
        }
    },
    "/api/v1/messages/held/discard": {
        "post": {
            "operationId": "discardHeld",
            "summary": "Give up what is held, of one connection or of all",
            "requestBody": _body("Whose"),
            "responses": answers(
                "Discarded", *("400", "401", "404", "413", "415", "421", "422", "503"), text="How many."
            ),
        }
    },
}
