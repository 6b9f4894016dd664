"""The OpenAPI description of what is done to a message that is there."""

from typing import Final

from bach_lib.rest.answers import Json
from bach_lib.rest.describing import KEY, answers, nullable, reference

_ID: Final[dict[str, Json]] = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
_NAMED: Final[dict[str, Json]] = {
    "id": _ID | {"description": "A message that was sent."},
    "incoming_id": _ID | {"description": "One that came in, instead."},
}
_EITHER: Final[list[Json]] = [{"required": ["id"]}, {"required": ["incoming_id"]}]


def _named(more: dict[str, Json], *required: str) -> Json:
    """An object that names a message, sent or incoming."""
    return {
        "type": "object",
        "properties": _NAMED | more,
        "required": list(required),
        "additionalProperties": False,
        "oneOf": _EITHER,
    }


CHANGE_SCHEMAS: Final[dict[str, Json]] = {
    "Pin": _named({"silent": nullable({"type": "boolean", "description": "Nobody is told."})}),
    "Unpin": _named({}),
    "Forward": _named(
        {
            "connector": {"type": "string", "minLength": 1, "description": "The name of a connection."},
            "recipient": {"type": "string", "minLength": 1, "description": "Where it goes."},
            "copy": nullable({"type": "boolean", "description": "Nobody is shown whose words they were."}),
            "silent": nullable({"type": "boolean"}),
        },
        *("connector", "recipient"),
    ),
    "React": _named({"emoji": {"type": "string", "minLength": 1, "description": "One emoji."}}, "emoji"),
}


def _change(name: str, summary: str, schema: str) -> Json:
    return {
        "post": {
            "operationId": name,
            "summary": f"{summary}; it is on disk when this answers",
            "parameters": [KEY],
            "requestBody": {"required": True, "content": {"application/json": {"schema": reference(schema)}}},
            "responses": answers(
                "Receipt",
                *("400", "401", "404", "413", "415", "421", "422", "429", "503"),
                status="201",
                text="The change is queued, as a message of its own.",
            ),
        }
    }


CHANGES: Final[dict[str, Json]] = {
    "/api/v1/messages/pin": _change("pin", "Keep a message in sight at the top of its chat, in its turn", "Pin"),
    "/api/v1/messages/unpin": _change("unpin", "Keep it in sight no longer, in its turn", "Unpin"),
    "/api/v1/messages/forward": _change("forward", "Pass a message on", "Forward"),
    "/api/v1/messages/react": _change("react", "Put an emoji on a message, in its turn", "React"),
}
