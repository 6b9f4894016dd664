"""The OpenAPI description of bridges."""

from dataclasses import asdict
from typing import Final

from bach_lib.models import LeftOut
from bach_lib.models.bridge import BridgeWords
from bach_lib.rest.answers import Json
from bach_lib.rest.describing import COUNT, TEXT, an_object, answers, nullable, reference

_MAYBE_TIME: Final[Json] = nullable({"type": "string", "format": "date-time"})
_PLACE: Final[Json] = an_object(
    {"connector": {"type": "string", "minLength": 1}, "recipient": {"type": "string", "minLength": 1}}
)
_SWITCHES: Final[dict[str, str]] = {
    "both_ways": "All its places are one conversation.",
    "with_name": "The name of the writer stands in front.",
    "files": "Pictures and other files go along.",
    "edits": "What is corrected is followed.",
    "deletions": "What is taken back is followed.",
    "is_active": "Whether anything is carried.",
}
_WORDS: Final[tuple[str, ...]] = tuple(asdict(BridgeWords()))

BRIDGE_SCHEMAS: Final[dict[str, Json]] = {
    "Bridge": an_object(
        {
            "name": TEXT,
            "source": _PLACE,
            "targets": {"type": "array", "items": _PLACE},
            **{name: {"type": "boolean", "description": text} for name, text in _SWITCHES.items()},
            "words": an_object(dict.fromkeys(_WORDS, TEXT)),
            "sides": {"type": "array", "items": reference("BridgeSide")},
        }
    ),
    "BridgeSide": an_object(
        {
            "connector": {"type": "string", "description": "Through which it comes in."},
            "carried": COUNT,
            "carried_at": _MAYBE_TIME,
            "left_out": COUNT,
            "reason": nullable({"type": "string", "enum": list(LeftOut)}),
            "left_out_at": _MAYBE_TIME,
        }
    ),
    "Bridges": an_object({"bridges": {"type": "array", "items": reference("Bridge")}, "count": COUNT}),
    "SetBridge": an_object(
        {
            "name": {"type": "string", "minLength": 1, "maxLength": 100},
            "source": _PLACE,
            "targets": {"type": "array", "items": _PLACE, "minItems": 1, "maxItems": 10},
        },
        {
            "replaces": nullable({"type": "boolean", "description": "Whether it takes the place of one of this name."}),
            **{name: nullable({"type": "boolean", "description": text}) for name, text in _SWITCHES.items()},
            "words": nullable(
                {
                    "type": "object",
                    "properties": {name: nullable({"type": "string"}) for name in _WORDS},
                    "additionalProperties": False,
                }
            ),
        },
    ),
}
_NAME: Final[Json] = {
    "name": "name",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
    "description": "The bridge.",
}
_READS: Final = ("401", "404", "421", "422", "503")
_BODY: Final[Json] = {"required": True, "content": {"application/json": {"schema": reference("SetBridge")}}}


_MADE: Final[dict[str, Json]] = {
    **answers("Bridge", "400", "401", "404", "413", "415", "421", "422", "503", text="It is changed."),
    **answers("Bridge", status="201", text="It carries what is written from now on."),
}


def _switch(operation: str, summary: str) -> Json:
    return {
        "post": {
            "operationId": operation,
            "summary": summary,
            "parameters": [_NAME],
            "responses": answers("Bridge", *_READS, text="As it stands now."),
        }
    }


BRIDGES: Final[dict[str, Json]] = {
    "/api/v1/bridges": {
        "get": {
            "operationId": "bridges",
            "summary": "All bridges, and how carrying stands: what comes in at one place goes out at others",
            "responses": answers("Bridges", "401", "421", "422", "503", text="All, by name."),
        },
        "post": {
            "operationId": "setBridge",
            "summary": "Make a bridge, or put another in the place of one of this name",
            "requestBody": _BODY,
            "responses": _MADE,
        },
    },
    "/api/v1/bridges/{name}": {
        "get": {
            "operationId": "bridge",
            "summary": "One bridge, and how carrying stands",
            "parameters": [_NAME],
            "responses": answers("Bridge", *_READS, text="As it stands now."),
        },
        "delete": {
            "operationId": "removeBridge",
            "summary": "Forget a bridge; what it has carried stays",
            "parameters": [_NAME],
            "responses": answers("Bridge", *_READS, text="What it was."),
        },
    },
    "/api/v1/bridges/{name}/enable": _switch("enableBridge", "Let a bridge carry what is written from now on"),
    "/api/v1/bridges/{name}/disable": _switch("disableBridge", "Let a bridge rest"),
}
