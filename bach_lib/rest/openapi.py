"""The OpenAPI 3.1 description of the REST interface; a test holds it against what is answered."""

from typing import Final

from bach_lib.models import Delivery, Format
from bach_lib.models.incoming import InboxStatus, Kind
from bach_lib.outbound.draft import MAX_PRIORITY
from bach_lib.rest.answers import Json
from bach_lib.rest.describing import (
    BUTTONS,
    COUNT,
    COUNTS,
    ERRORS,
    EXTRAS,
    KEY,
    LOST,
    SNOOZE,
    TEXT,
    TIME,
    an_object,
    answers,
    form_of,
    nullable,
    parameter,
    reference,
    refusals,
)
from bach_lib.rest.describing_bridges import BRIDGE_SCHEMAS, BRIDGES
from bach_lib.rest.describing_changes import CHANGE_SCHEMAS, CHANGES
from bach_lib.rest.describing_messages import LETTER_SCHEMAS, LETTERS
from bach_lib.rest.describing_routes import ROUTE_SCHEMAS, ROUTES
from bach_lib.rest.requests import MAX_LIMIT, MAX_OFFSET

_CONTENT: Final[Json] = {"type": "string", "minLength": 1, "description": "The text."}
_OPTIONS: Final[dict[str, Json]] = {
    "title": nullable({"type": "string"}),
    "format": nullable({"type": "string", "enum": list(Format)}),
    "silent": nullable({"type": "boolean"}),
    "confidential": nullable({"type": "boolean", "description": "Shown nowhere here, and not kept: a code, say."}),
    "reply_to": {
        "anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}, {"type": "null"}],
        "description": "The platform's id of the message that it answers; a whole number is ours, of one that came in.",
    },
    "priority": nullable({"type": "integer", "minimum": -MAX_PRIORITY, "maximum": MAX_PRIORITY}),
    "tag": nullable({"type": "string"}),
    "not_before": nullable(
        {"type": "string", "format": "date-time", "description": "It is sent then, with a time zone; within a year."}
    ),
    "time_to_live": nullable({"type": "number", "exclusiveMinimum": 0, "description": "Seconds, from then on."}),
    "delivery": nullable({"type": "string", "enum": list(Delivery)}),
    "max_retries": nullable({"type": "integer", "minimum": 0, "maximum": 100}),
    "context": nullable({"type": "string", "description": "Kept for whoever sent it."}),
    "buttons": {"anyOf": [BUTTONS, {"type": "null"}]},
    "snooze": {"anyOf": [SNOOZE, {"type": "null"}]},
    "extras": {"anyOf": [EXTRAS, {"type": "null"}]},
}
_SEND: Final[Json] = an_object(
    {
        "connector": {"type": "string", "minLength": 1, "description": "The name of a connection."},
        "recipient": {"type": "string", "minLength": 1, "description": "A place in it, as its platform writes it."},
        "content": _CONTENT,
    },
    _OPTIONS,
)
_SCHEMAS: Final[dict[str, Json]] = {
    "Send": _SEND,
    "Edit": an_object({"content": _CONTENT}, _OPTIONS),
    **LETTER_SCHEMAS,
    **CHANGE_SCHEMAS,
    **BRIDGE_SCHEMAS,
    **ROUTE_SCHEMAS,
    "Receipt": an_object(
        {
            "id": {"type": "integer", "minimum": 1},
            "connector": TEXT,
            "recipient": TEXT,
            "status": {"const": "pending"},
            "queued_at": TIME,
            "degraded": {"type": "boolean", "description": "Some of it cannot go; the words go."},
            "lost": LOST,
        }
    ),
    "Queue": an_object(
        {
            "connectors": {"type": "object", "additionalProperties": an_object({"in": COUNTS, "out": COUNTS})},
            "totals": an_object({"pending": COUNT, "sent": COUNT, "failed": COUNT, "dead": COUNT}),
        }
    ),
    "Message": an_object(
        {
            "id": {"type": "integer", "minimum": 1},
            "direction": {"const": "inbox"},
            "sender": {"type": "string", "description": "connection:sender_id"},
            "recipient": {"type": "string", "description": "The place to answer to."},
            "subject": TEXT,
            "body": TEXT,
            "body_type": {"const": "text"},
            "priority": {"const": 0},
            "status": {"type": "string", "enum": list(InboxStatus)},
            "metadata": {
                "type": "object",
                "properties": {"kind": {"type": "string", "enum": list(Kind)}, "sender_name": TEXT},
            },
            "created_at": TIME,
        }
    ),
    "Inbox": an_object(
        {
            "messages": {"type": "array", "items": reference("Message")},
            "count": COUNT,
            "total": COUNT,
            "offset": COUNT,
            "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
        }
    ),
    "Routed": an_object({"routed": COUNT, "error_count": COUNT, "errors": {"type": "array", "items": TEXT}}),
    "Health": an_object({"status": {"const": "ok"}}),
    "Ready": an_object({"status": {"const": "ready"}}),
    "Refusal": an_object({"code": TEXT, "detail": {"type": "string", "description": "One sentence for people."}}),
}

_HOOK: Final[dict[str, Json]] = {
    "summary": "Bring a message in; it is on disk when this answers",
    "description": "Needs a signature or a token that belongs to the connection. Its settings say where in what is "
    "posted the message stands.",
    "security": [],
    "responses": {
        "204": {"description": "It is taken, known already, or of a sender whom nobody allowed."},
        **refusals("403", "413", "421", "503"),
    },
}
_HOOKED: Final[dict[str, Json]] = {
    "required": True,
    "content": {
        "application/json": {"schema": {"type": "object"}},
        "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
        "text/plain": {"schema": {"type": "string"}},
    },
}
_PATHS: Final[dict[str, Json]] = {
    "/health": {
        "get": {
            "operationId": "health",
            "summary": "Whether BACH lives; if not, start it anew",
            "security": [],
            "responses": answers("Health", "421", "503", text="It does."),
        }
    },
    "/ready": {
        "get": {
            "operationId": "ready",
            "summary": "Whether messages can be handed over here now; if not, another process can be asked",
            "security": [],
            "responses": answers("Ready", "421", "503", text="They can."),
        }
    },
    "/api/v1/messages/send": {
        "post": {
            "operationId": "send",
            "summary": "Queue a message; it is on disk when this answers",
            "parameters": [KEY],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": reference("Send")}, "multipart/form-data": form_of("Send")},
            },
            "responses": answers(
                "Receipt", *sorted(ERRORS.keys() - {"403", "501"}), status="201", text="It is queued."
            ),
        }
    },
    "/api/v1/messages/queue": {
        "get": {
            "operationId": "queue",
            "summary": "How many messages are where",
            "responses": answers("Queue", "401", "421", "422", "503", text="Numbers; those that are 0 are left out."),
        }
    },
    "/api/v1/messages/inbox": {
        "get": {
            "operationId": "inbox",
            "summary": "What came in, newest first",
            "parameters": [
                parameter("status", {"type": "string", "enum": [*InboxStatus, "all"], "default": "unread"}, "Which."),
                parameter("sender", {"type": "string"}, "Only of this one: connection:sender_id."),
                parameter(
                    "limit",
                    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50},
                    "At most so many.",
                ),
                parameter(
                    "offset",
                    {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
                    "So many are passed over.",
                ),
            ],
            "responses": answers("Inbox", "401", "421", "422", "503", text="A page."),
        }
    },
    "/api/v1/messages/route": {
        "post": {
            "operationId": "route",
            "summary": "Announce what came in and was never announced",
            "responses": answers("Routed", "401", "421", "422", "503", text="How many were."),
        }
    },
    **LETTERS,
    **CHANGES,
    **BRIDGES,
    **ROUTES,
    "/api/v1/events": {
        "get": {
            "operationId": "events",
            "summary": "What happens from now on, as server-sent events",
            "description": "The name of an event is that of its class in bach_lib.events, its data the fields of it as "
            "JSON. An event called gap says that some are missing. A comment comes at least every 15 seconds.",
            "parameters": [
                parameter("types", {"type": "string"}, "Only these, with commas between: MessageSent,MessageReceived."),
                parameter(
                    "Last-Event-ID",
                    {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9]{1,15}$"},
                    "The id of the last one that was seen: what came after it comes first, as far as it is known.",
                    where="header",
                ),
            ],
            "responses": {
                "200": {"description": "A stream.", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
                **refusals("401", "421", "422", "429", "503"),
            },
        }
    },
    "/metrics": {
        "get": {
            "operationId": "metrics",
            "summary": "How everything stands, for Prometheus",
            "description": "OpenMetrics 1.0.0 if the header Accept asks for it, otherwise the text format 0.0.4. "
            "Needs no token if BACH was started so.",
            "responses": {
                "200": {
                    "description": "All metrics.",
                    "content": {
                        kind: {"schema": {"type": "string"}} for kind in ("application/openmetrics-text", "text/plain")
                    },
                },
                **refusals("401", "421", "422", "501", "503"),
            },
        }
    },
    "/api/v1/hooks/{connection}": {
        "parameters": [
            {
                "name": "connection",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
                "description": "The name of a connection of the type webhook.",
            }
        ],
        "get": _HOOK | {"operationId": "hookByAddress", "description": "All of it stands in the address, as a form."},
        "post": _HOOK | {"operationId": "hook", "requestBody": _HOOKED},
        "put": _HOOK | {"operationId": "hookByPut", "requestBody": _HOOKED},
    },
}

DOCUMENT: Final[dict[str, Json]] = {
    "openapi": "3.1.0",
    "info": {"title": "BACH", "version": "1", "description": "Carries messages between a home and its people."},
    "servers": [{"url": "http://127.0.0.1:8001"}],
    "security": [{"bearer": []}],
    "paths": _PATHS,
    "components": {"schemas": _SCHEMAS, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
}
