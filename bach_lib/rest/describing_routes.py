"""The OpenAPI description of routes and their runs."""

from typing import Final

from bach_lib.models import Reached, RouteStatus
from bach_lib.outbound.draft import MAX_PRIORITY
from bach_lib.rest.answers import Json
from bach_lib.rest.describing import (
    COUNT,
    FILES,
    KEY,
    LOST,
    TEXT,
    TIME,
    an_object,
    answers,
    form_of,
    nullable,
    parameter,
    reference,
)
from bach_lib.rest.requests import MAX_LIMIT, MAX_OFFSET
from bach_lib.routes.starting import FORMATS, LONGEST_WAIT, MOST_PLACES

_ID: Final[dict[str, Json]] = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
_WORDS: Final[dict[str, Json]] = {"type": "string", "minLength": 1}
_MAYBE_TIME: Final[Json] = nullable({"type": "string", "format": "date-time"})
_PLACE: Final[dict[str, Json]] = {"connector": TEXT, "recipient": TEXT}
_CAUSES: Final[dict[str, Json]] = {
    "type": "array",
    "items": an_object(_PLACE),
    "description": "Where whoever caused it is told, whom steps with but_cause leave out.",
}
_STEPS: Final[Json] = {"type": "array", "items": reference("Step")}
_PRIORITY: Final[dict[str, Json]] = {"type": "integer", "minimum": -MAX_PRIORITY, "maximum": MAX_PRIORITY}

ROUTE_SCHEMAS: Final[dict[str, Json]] = {
    "Step": an_object(
        {
            "places": {"type": "array", "items": an_object(_PLACE)},
            "wait": {"type": "number", "description": "Seconds until the next step."},
            "in_turn": {"type": "boolean"},
            "reached": {"type": "string", "enum": list(Reached)},
            "repeats": COUNT,
            "repeat_every": {"type": "number"},
            "but_cause": {"type": "boolean", "description": "Whoever caused it is left out while others can be told."},
        }
    ),
    "RouteWords": an_object({"button": TEXT, "acknowledged": TEXT, "over": TEXT, "snooze": TEXT, "snoozed": TEXT}),
    "Route": an_object({"name": TEXT, "steps": _STEPS, "words": reference("RouteWords")}),
    "Routes": an_object({"routes": {"type": "array", "items": reference("Route")}, "count": COUNT}),
    "StartRoute": an_object(
        {"content": {**_WORDS, "description": "What they are told."}},
        {
            "title": nullable({"type": "string"}),
            "format": nullable({"type": "string", "enum": list(FORMATS)}),
            "silent": nullable({"type": "boolean"}),
            "priority": nullable(_PRIORITY),
            "snooze": nullable({"type": "number", "description": "Seconds for which a second button quiets it."}),
            "reminds": nullable({"type": "boolean", "description": "It tells what the one before with its tag told."}),
            "caused_by": nullable({**_CAUSES, "maxItems": MOST_PLACES}),
            "tag": nullable({"type": "string", "description": "Ends an earlier run with it that nobody acknowledged."}),
        },
    ),
    "Run": an_object(
        {
            "id": _ID,
            "route": TEXT,
            "content": TEXT,
            "title": nullable({"type": "string"}),
            "format": {"type": "string", "enum": list(FORMATS)},
            "silent": {"type": "boolean"},
            "priority": _PRIORITY,
            "snooze": nullable({"type": "number"}),
            "files": FILES,
            "lost": LOST,
            "tag": nullable({"type": "string"}),
            "caused_by": _CAUSES,
            "status": {"type": "string", "enum": list(RouteStatus)},
            "by": nullable({"type": "string", "description": "Who has it."}),
            "reached": nullable({"type": "string", "enum": list(Reached)}),
            "started_at": TIME,
            "due_at": _MAYBE_TIME,
            "ended_at": _MAYBE_TIME,
            "cleared_at": _MAYBE_TIME,
            "superseded_by": nullable(_ID),
            "snoozed_by": nullable({"type": "string", "description": "Who wants quiet until due_at, while it is."}),
            "snoozed_for": nullable({"type": "number"}),
            "snoozed_at": _MAYBE_TIME,
            "tried": {
                "type": "array",
                "items": an_object({**_PLACE, "stage": COUNT, "at": TIME, "message_id": _ID}),
                "description": "Who was told when, in order.",
            },
            "steps": _STEPS,
            "words": reference("RouteWords"),
            "stage": nullable({"type": "integer", "minimum": 0}),
            "left": {"type": "array", "items": COUNT},
            "told": COUNT,
            "version": {"type": "integer", "minimum": 1, "description": "Counts up with each change."},
        }
    ),
    "Runs": an_object({"runs": {"type": "array", "items": reference("Run")}, "count": COUNT}),
    "Acknowledge": an_object({"by": _WORDS}),
    "Snooze": an_object({"by": _WORDS, "seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_WAIT}}),
    "Clearing": an_object({"content": _WORDS}),
}
_PATH: Final[Json] = {"name": "id", "in": "path", "required": True, "schema": _ID, "description": "The run."}
_CHANGES: Final = ("400", "401", "404", "413", "415", "421", "422", "503")


def _body(schema: str) -> Json:
    return {"required": True, "content": {"application/json": {"schema": reference(schema)}}}


ROUTES: Final[dict[str, Json]] = {
    "/api/v1/routes": {
        "get": {
            "operationId": "routes",
            "summary": "All routes: who is told of an alarm, one after the other, until somebody has it",
            "responses": answers("Routes", "401", "421", "422", "503", text="All, by name."),
        }
    },
    "/api/v1/routes/{name}/start": {
        "post": {
            "operationId": "startRoute",
            "summary": "Tell somebody, and whoever comes next while nobody has it; it is on disk when this answers",
            "parameters": [
                {"name": "name", "in": "path", "required": True, "schema": _WORDS, "description": "The route."},
                KEY,
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": reference("StartRoute")},
                    "multipart/form-data": form_of("StartRoute"),
                },
            },
            "responses": answers("Run", *_CHANGES, "429", status="201", text="It goes on by itself."),
        }
    },
    "/api/v1/routes/runs": {
        "get": {
            "operationId": "runs",
            "summary": "What was started, newest first",
            "parameters": [
                parameter("route", {"type": "string"}, "Only of this route."),
                parameter("before", {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET}, "Only with a lower id."),
                parameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50}, "At most."),
            ],
            "responses": answers("Runs", "401", "404", "421", "422", "503", text="A page."),
        }
    },
    "/api/v1/routes/runs/{id}": {
        "get": {
            "operationId": "run",
            "summary": "One run: how it stands, and who was told when",
            "parameters": [_PATH],
            "responses": answers("Run", "401", "404", "421", "422", "503", text="As it stands now."),
        }
    },
    "/api/v1/routes/runs/{id}/acknowledge": {
        "post": {
            "operationId": "acknowledge",
            "summary": "Somebody has it: nobody is told any more, and those who were can read who has it",
            "parameters": [_PATH],
            "requestBody": _body("Acknowledge"),
            "responses": answers("Run", *_CHANGES, text="As it stands now; one that is over stays as it is."),
        }
    },
    "/api/v1/routes/runs/{id}/snooze": {
        "post": {
            "operationId": "snooze",
            "summary": "Somebody wants quiet for a while: nobody is told until then, and it goes on afterwards",
            "parameters": [_PATH],
            "requestBody": _body("Snooze"),
            "responses": answers("Run", *_CHANGES, text="As it stands now; one that is over stays as it is."),
        }
    },
    "/api/v1/routes/runs/{id}/cancel": {
        "post": {
            "operationId": "cancelRoute",
            "summary": "Call a run off: nobody needs to know any more",
            "parameters": [_PATH],
            "responses": answers("Run", "401", "404", "421", "422", "503", text="It is over, unless it was before."),
        }
    },
    "/api/v1/routes/runs/{id}/clear": {
        "post": {
            "operationId": "allClear",
            "summary": "End a run, and say once to all who were told of it that it is over",
            "parameters": [_PATH],
            "requestBody": _body("Clearing"),
            "responses": answers("Run", *_CHANGES, text="As it stands now."),
        }
    },
}
