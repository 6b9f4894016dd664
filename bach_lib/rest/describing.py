"""Building blocks of the OpenAPI 3.1 description."""

from typing import Final

from bach_lib.models import ButtonStyle, Effect
from bach_lib.models.embed import ADDRESSES, LONGEST, MOST_FIELDS
from bach_lib.models.poll import LARGEST_POLL
from bach_lib.rest.answers import Json
from bach_lib.rest.requests import MAX_KEY
from bach_lib.rest.uploads import MAX_FILES
from bach_lib.text.web_address import LONGEST_ADDRESS

TEXT: Final[Json] = {"type": "string"}
COUNT: Final[Json] = {"type": "integer", "minimum": 0}
TIME: Final[Json] = {"type": "string", "format": "date-time"}
COUNTS: Final[Json] = {"type": "object", "additionalProperties": COUNT}
ERRORS: Final = {
    "400": "The body is no JSON.",
    "401": "The token is missing or wrong.",
    "403": "It is not taken, for whatever reason: who may post knows what to show.",
    "404": "No connection, route or bridge has this name, or no message or run this id.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
    "421": "The host name is not served.",
    "422": "A field or parameter is not possible; the sentence says which, and what is.",
    "429": "Too many messages wait for this connection, too many runs are under way, or too many streams are open.",
    "501": "The package that this needs is not installed.",
    "503": "The disk, or the server that has the database, does not take it now.",
}


def an_object(required: dict[str, Json], optional: dict[str, Json] | None = None) -> Json:
    """A JSON object with these fields and no others."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def nullable(schema: dict[str, Json]) -> Json:
    """The same, or nothing."""
    return {"anyOf": [schema, {"type": "null"}]}


def reference(name: str) -> Json:
    """Something from the list of schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def answers(schema: str, *errors: str, status: str = "200", text: str) -> dict[str, Json]:
    """What an endpoint answers when all is well, and how it refuses."""
    return {status: _answer(text, schema), **refusals(*errors)}


def refusals(*errors: str) -> dict[str, Json]:
    """How an endpoint refuses."""
    return {code: _answer(ERRORS[code], "Refusal") for code in errors}


def _answer(text: str, schema: str) -> Json:
    return {"description": text, "content": {"application/json": {"schema": reference(schema)}}}


def parameter(name: str, schema: dict[str, Json], text: str, *, where: str = "query") -> Json:
    """A parameter of an address, or a header, that may be left out."""
    return {"name": name, "in": where, "required": False, "schema": schema, "description": text}


KEY: Final[Json] = parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": r"^[\x21-\x7e]+$"},
    "Who repeats a request under the same key gets the same answer, and the message is queued once. The key is known "
    "as long as the message is.",
    where="header",
)
BUTTONS: Final[Json] = {
    "type": "array",
    "items": {
        "type": "array",
        "items": an_object(
            {"text": TEXT},
            {
                "value": {"type": "string", "description": "What a press brings back."},
                "url": nullable({"type": "string", "description": "An address that a press opens instead."}),
                "style": nullable({"type": "string", "enum": list(ButtonStyle)}),
            },
        ),
    },
    "description": "Rows of buttons.",
}
SNOOZE: Final[Json] = an_object(
    {"seconds": {"type": "number", "minimum": 1, "maximum": 604_800}},
    {"button": {"type": "string", "minLength": 1, "maxLength": 255}},
)
"""A button; who presses it gets the message again so many seconds later."""
LOCATION: Final[Json] = an_object(
    {
        "latitude": {"type": "number", "minimum": -90, "maximum": 90},
        "longitude": {"type": "number", "minimum": -180, "maximum": 180},
    },
    {
        "name": {"type": "string", "minLength": 1, "maxLength": 255},
        "address": {"type": "string", "minLength": 1, "maxLength": 255},
    },
)
_EMBEDDED: Final = ("author", "title", "description", "footer")
POLL: Final[Json] = an_object(
    {
        "question": {"type": "string", "minLength": 1, "maxLength": LARGEST_POLL.question},
        "options": {
            "type": "array",
            "minItems": 2,
            "maxItems": LARGEST_POLL.options,
            "uniqueItems": True,
            "items": {"type": "string", "minLength": 1, "maxLength": LARGEST_POLL.option},
        },
    },
    {"multiple": {"type": "boolean", "description": "Somebody may choose several."}},
)
EMBED: Final[Json] = an_object(
    {},
    {
        **{name: {"type": "string", "minLength": 1, "maxLength": LONGEST[name]} for name in _EMBEDDED},
        **{name: {"type": "string", "format": "uri", "maxLength": LONGEST_ADDRESS} for name in ADDRESSES},
        "color": {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"},
        "fields": {
            "type": "array",
            "maxItems": MOST_FIELDS,
            "items": an_object(
                {name: {"type": "string", "minLength": 1, "maxLength": LONGEST[name]} for name in ("name", "value")},
                {"inline": {"type": "boolean", "description": "Beside the next one."}},
            ),
        },
    },
)
EXTRAS: Final[Json] = an_object(
    {},
    {
        "link_preview": {"type": "boolean", "description": "False: no preview is shown of a link."},
        "protected": {"type": "boolean", "description": "It can be neither passed on nor saved."},
        "view_once": {"type": "boolean", "description": "Its files can be looked at once only."},
        "effect": {"type": "string", "enum": list(Effect), "description": "What moves across the screen."},
        "embed": EMBED,
        "location": LOCATION,
        "poll": POLL,
    },
)
LOST: Final[Json] = {
    "type": "array",
    "items": an_object(
        {"what": TEXT, "reason": TEXT},
        {"reason_said": {"type": "object", "description": "Key and placeholders of a sentence of our own."}},
    ),
    "description": "What it goes, or went, without.",
}
FILES: Final[Json] = {
    "type": "array",
    "items": an_object({"name": TEXT, "mime_type": nullable({"type": "string"}), "size": COUNT}),
}


def form_of(schema: str) -> Json:
    """A form with files beside these fields; all files together have at most 100 MB."""
    file: Json = {"type": "array", "items": {"type": "string", "format": "binary"}, "maxItems": MAX_FILES}
    return {
        "schema": {
            "type": "object",
            "properties": {"message": reference(schema), "file": file},
            "required": ["message"],
        },
        "encoding": {"message": {"contentType": "application/json"}},
    }
