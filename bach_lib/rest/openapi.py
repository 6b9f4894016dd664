"""The description of the REST interface for programs (OpenAPI 3.1); a test holds it against what is answered."""

from typing import Final

from bach_lib.drafting import MAX_PRIORITY
from bach_lib.incoming import InboxStatus, Kind
from bach_lib.models import Delivery, Format
from bach_lib.rest.answers import Json
from bach_lib.rest.requests import MAX_KEY, MAX_LIMIT, MAX_OFFSET

_TEXT: Final[Json] = {"type": "string"}
_COUNT: Final[Json] = {"type": "integer", "minimum": 0}
_TIME: Final[Json] = {"type": "string", "format": "date-time"}
_COUNTS: Final[Json] = {"type": "object", "additionalProperties": _COUNT}
_ERRORS: Final = {
    "400": "The body is no JSON.",
    "401": "The token is missing or wrong.",
    "403": "It is not taken, for whatever reason: who may post knows what to show.",
    "404": "No connection has this name.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "421": "The host name is not served.",
    "422": "A field or parameter is not possible; the sentence says which, and what is.",
    "429": "Too many messages wait for this connection.",
    "503": "The disk does not take it.",
}


def _object(required: dict[str, Json], optional: dict[str, Json] | None = None) -> Json:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def _nullable(schema: dict[str, Json]) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _schema(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _answers(schema: str, *errors: str, status: str = "200", text: str) -> Json:
    return {status: _answer(text, schema), **_refusals(*errors)}


def _refusals(*errors: str) -> dict[str, Json]:
    return {code: _answer(_ERRORS[code], "Refusal") for code in errors}


def _answer(text: str, schema: str) -> Json:
    return {"description": text, "content": {"application/json": {"schema": _schema(schema)}}}


def _parameter(name: str, schema: dict[str, Json], text: str, *, where: str = "query") -> Json:
    return {"name": name, "in": where, "required": False, "schema": schema, "description": text}


_SEND: Final[Json] = _object(
    {
        "connector": {"type": "string", "minLength": 1, "description": "The name of a connection."},
        "recipient": {"type": "string", "minLength": 1, "description": "A place in it, as its platform writes it."},
        "content": {"type": "string", "minLength": 1, "description": "The text."},
    },
    {
        "title": _nullable({"type": "string"}),
        "format": _nullable({"type": "string", "enum": list(Format)}),
        "silent": _nullable({"type": "boolean"}),
        "reply_to": _nullable({"type": "string"}),
        "priority": _nullable({"type": "integer", "minimum": -MAX_PRIORITY, "maximum": MAX_PRIORITY}),
        "tag": _nullable({"type": "string"}),
        "time_to_live": _nullable({"type": "number", "exclusiveMinimum": 0, "description": "Seconds."}),
        "delivery": _nullable({"type": "string", "enum": list(Delivery)}),
    },
)

_SCHEMAS: Final[dict[str, Json]] = {
    "Send": _SEND,
    "Receipt": _object(
        {
            "id": {"type": "integer", "minimum": 1},
            "connector": _TEXT,
            "recipient": _TEXT,
            "status": {"const": "pending"},
            "queued_at": _TIME,
        }
    ),
    "Queue": _object(
        {
            "connectors": {"type": "object", "additionalProperties": _object({"in": _COUNTS, "out": _COUNTS})},
            "totals": _object({"pending": _COUNT, "sent": _COUNT, "failed": _COUNT, "dead": _COUNT}),
        }
    ),
    "Message": _object(
        {
            "id": {"type": "integer", "minimum": 1},
            "direction": {"const": "inbox"},
            "sender": {"type": "string", "description": "connection:sender_id"},
            "recipient": {"type": "string", "description": "The place to answer to."},
            "subject": _TEXT,
            "body": _TEXT,
            "body_type": {"const": "text"},
            "priority": {"const": 0},
            "status": {"type": "string", "enum": list(InboxStatus)},
            "metadata": {
                "type": "object",
                "properties": {"kind": {"type": "string", "enum": list(Kind)}, "sender_name": _TEXT},
            },
            "created_at": _TIME,
        }
    ),
    "Inbox": _object(
        {
            "messages": {"type": "array", "items": _schema("Message")},
            "count": _COUNT,
            "total": _COUNT,
            "offset": _COUNT,
            "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
        }
    ),
    "Routed": _object({"routed": _COUNT, "error_count": _COUNT, "errors": {"type": "array", "items": _TEXT}}),
    "Health": _object({"status": {"const": "ok"}}),
    "Refusal": _object({"code": _TEXT, "detail": {"type": "string", "description": "One sentence for people."}}),
}

_KEY: Final[Json] = _parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": r"^[\x21-\x7e]+$"},
    "Who repeats a request under the same key gets the same answer, and the message is queued once. The key is known "
    "as long as the message is.",
    where="header",
)

_PATHS: Final[dict[str, Json]] = {
    "/health": {
        "get": {
            "operationId": "health",
            "summary": "Whether BACH answers",
            "security": [],
            "responses": _answers("Health", "421", text="It does."),
        }
    },
    "/api/v1/messages/send": {
        "post": {
            "operationId": "send",
            "summary": "Queue a message; it is on disk when this answers",
            "parameters": [_KEY],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _schema("Send")}}},
            "responses": _answers("Receipt", *sorted(_ERRORS.keys() - {"403"}), status="201", text="It is queued."),
        }
    },
    "/api/v1/messages/queue": {
        "get": {
            "operationId": "queue",
            "summary": "How many messages are where",
            "responses": _answers("Queue", "401", "421", "422", "503", text="Numbers; those that are 0 are left out."),
        }
    },
    "/api/v1/messages/inbox": {
        "get": {
            "operationId": "inbox",
            "summary": "What came in, newest first",
            "parameters": [
                _parameter("status", {"type": "string", "enum": [*InboxStatus, "all"], "default": "unread"}, "Which."),
                _parameter("sender", {"type": "string"}, "Only of this one: connection:sender_id."),
                _parameter(
                    "limit",
                    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50},
                    "At most so many.",
                ),
                _parameter(
                    "offset",
                    {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
                    "So many are passed over.",
                ),
            ],
            "responses": _answers("Inbox", "401", "421", "422", "503", text="A page."),
        }
    },
    "/api/v1/messages/route": {
        "post": {
            "operationId": "route",
            "summary": "Announce what came in and was never announced",
            "responses": _answers("Routed", "401", "421", "422", "503", text="How many were."),
        }
    },
    "/api/v1/hooks/{connection}": {
        "post": {
            "operationId": "hook",
            "summary": "Bring a message in; it is on disk when this answers",
            "description": "Needs a signature (webhook-id, webhook-timestamp, webhook-signature) or a bearer token "
            "that belongs to the connection. Its settings say where in the JSON the message stands.",
            "security": [],
            "parameters": [
                {
                    "name": "connection",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "minLength": 1},
                    "description": "The name of a connection of the type webhook.",
                }
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
            "responses": {
                "204": {"description": "It is taken, known already, or of a sender whom nobody allowed."},
                **_refusals("403", "413", "421", "503"),
            },
        }
    },
}

DOCUMENT: Final[Json] = {
    "openapi": "3.1.0",
    "info": {"title": "BACH", "version": "1", "description": "Carries messages between a home and its people."},
    "servers": [{"url": "http://127.0.0.1:8001"}],
    "security": [{"bearer": []}],
    "paths": _PATHS,
    "components": {"schemas": _SCHEMAS, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
}
