"""Validates requests: every field is checked before anything happens, and what is unknown is refused, not ignored."""

import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import cast

import orjson
from aiohttp import StreamReader, web

from bach_lib.models import Buttons, Extra, Extras, Snooze, extras_of
from bach_lib.models.route import Place
from bach_lib.outbound.draft import SendOptions
from bach_lib.redact import readable
from bach_lib.rest.answers import RefusedError
from bach_lib.rest.exact import buttons_of, snooze_of

MAX_BODY: int = 65_536
"""Bytes; far more than any platform takes in one message."""
MAX_KEY = 255
MAX_LIMIT = 200
MAX_OFFSET = 2**31 - 1

_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_KEY = re.compile(rf"[\x21-\x7e]{{1,{MAX_KEY}}}", re.ASCII)
_REQUIRED = ("connector", "recipient", "content")
_OPTIONAL: Mapping[str, tuple[type, ...]] = {
    "title": (str,),
    "format": (str,),
    "silent": (bool,),
    "confidential": (bool,),
    "reply_to": (str, int),
    "priority": (int,),
    "tag": (str,),
    "not_before": (str,),
    "time_to_live": (int, float),
    "delivery": (str,),
    "max_retries": (int,),
    "context": (str,),
    "buttons": (list,),
    "snooze": (dict,),
    "extras": (dict,),
}
"""What the original did not have; the names are those of `SendOptions`."""


async def json_object(request: web.Request) -> dict[str, object]:
    """The body. Raises `RefusedError`."""
    if request.content_type != "application/json":
        raise RefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body must be application/json."
        )
    try:
        body = orjson.loads(await body_of(request))
    except orjson.JSONDecodeError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_json", "The body is no JSON.") from error
    if not isinstance(body, dict):
        raise invalid("The body must be a JSON object.")
    return body


async def body_of(request: web.Request) -> bytes:
    """All that was sent. Raises `RefusedError` where that cannot be had: it is not packed as it says, or breaks off."""
    try:
        return await request.read()
    except web.HTTPException:  # too large
        raise
    except Exception as error:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST,
            "unreadable_body",
            "The body is not what its headers say, or was not sent to its end.",
        ) from error


def give_up_body(request: web.Request) -> None:
    """Nothing more of it is wanted. Else aiohttp reads on, fails as we did, and writes a traceback into the log."""
    if isinstance(request.content, StreamReader):
        request.content.feed_eof()


def message_fields(body: Mapping[str, object], *, has_files: bool = False) -> tuple[str, str, str, SendOptions]:
    """Connector, recipient, content and options of a message; files may go without words. Raises `RefusedError`."""
    if unknown := body.keys() - {*_REQUIRED, *_OPTIONAL}:
        raise invalid(f'There is no field "{_shown(unknown)}". Fields: {", ".join([*_REQUIRED, *_OPTIONAL])}.')
    if has_files and body.get("content") in {"", None}:
        connector, recipient = (_required(body, field) for field in _REQUIRED[:2])
        return connector, recipient, "", _options(body)
    connector, recipient, content = (_required(body, field) for field in _REQUIRED)
    return connector, recipient, content, _options(body)


def edit_fields(body: Mapping[str, object]) -> tuple[str, SendOptions]:
    """Content and options of another text for a message. Raises `RefusedError`."""
    if unknown := body.keys() - {"content", *_OPTIONAL}:
        raise invalid(f'There is no field "{_shown(unknown)}". Fields: {", ".join(["content", *_OPTIONAL])}.')
    return _required(body, "content"), _options(body)


def clear_fields(body: Mapping[str, object]) -> tuple[str, str, str]:
    """Connector, recipient and tag of what is to be cleared. Raises `RefusedError`."""
    connector, recipient, tag = text_fields(body, "connector", "recipient", "tag")
    return connector, recipient, tag


def quiet_fields(body: Mapping[str, object]) -> tuple[str, float]:
    """Who wants quiet, and for how many seconds. Raises `RefusedError`."""
    fields = ("by", "seconds")
    if unknown := body.keys() - {*fields}:
        raise invalid(f'There is no field "{_shown(unknown)}". Fields: {", ".join(fields)}.')
    seconds = body.get("seconds")
    if not isinstance(seconds, int | float):
        raise invalid('"seconds" is missing, or is no number.')
    return _required(body, "by"), seconds


def text_fields(body: Mapping[str, object], *fields: str) -> list[str]:
    """Texts, all of which have to be there, and nothing else. Raises `RefusedError`."""
    if unknown := body.keys() - {*fields}:
        raise invalid(f'There is no field "{_shown(unknown)}". Fields: {", ".join(fields)}.')
    return [_required(body, field) for field in fields]


def _options(body: Mapping[str, object]) -> SendOptions:
    options = optional_fields({field: value for field, value in body.items() if field in _OPTIONAL}, _OPTIONAL)
    if "buttons" in options:
        options["buttons"] = _buttons(options["buttons"])
    if "snooze" in options:
        options["snooze"] = _snooze(options["snooze"])
    if "extras" in options:
        options["extras"] = _extras(options["extras"])
    return cast("SendOptions", options)


def _buttons(rows: object) -> Buttons:
    try:
        return buttons_of(rows)
    except ValueError:
        raise invalid('"buttons" must be rows of buttons, each with "text", and "value" or "url".') from None


def _extras(found: object) -> Extras:
    try:
        return extras_of(found)
    except TypeError:
        raise invalid(f'"extras" must be an object; it may have {", ".join(Extra)}.') from None


def _snooze(given: object) -> Snooze:
    try:
        return snooze_of(given)
    except ValueError:
        raise invalid('"snooze" must have "seconds", and may have the words of its "button".') from None


def optional_fields(body: Mapping[str, object], known: Mapping[str, tuple[type, ...]]) -> dict[str, object]:
    """Those of these fields that are there. Raises `RefusedError`."""
    if unknown := body.keys() - known.keys():
        raise invalid(f'There is no field "{_shown(unknown)}". Fields: {", ".join(known)}.')
    fields = {field: body[field] for field in known if body.get(field) is not None}
    for field, value in fields.items():
        kinds = known[field]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise invalid(f'"{field}" must be {_said(kinds)}.')
    return fields


def places_in(field: str, given: object) -> list[Place]:
    """A list of connectors and recipients. Raises `RefusedError`."""
    found = list[Place]()
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, dict):
            raise invalid(f'"{field}" must be a list of objects with "connector" and "recipient".')
        connection, recipient = text_fields(one, "connector", "recipient")
        found.append(Place(connection=connection, recipient=recipient))
    return found


def idempotency_key(request: web.Request) -> str | None:
    """The header of this name, if there is one. Raises `RefusedError`."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise invalid(f"Idempotency-Key must have 1 to {MAX_KEY} visible ASCII characters.")
    return key


def query_fields(request: web.Request, *known: str) -> dict[str, str]:
    """The parameters of the address. Raises `RefusedError` for one there is not, or twice."""
    fields = dict(request.query)
    if unknown := fields.keys() - set(known):
        raise invalid(f'There is no parameter "{_shown(unknown)}". Parameters: {", ".join(known) or "none"}.')
    if len(fields) != len(request.query):
        raise invalid("A parameter is there twice.")
    return fields


def whole_number(fields: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A parameter that is a number. Raises `RefusedError`."""
    written = fields.get(name, str(default))
    if not _NUMBER.fullmatch(written) or not low <= int(written) <= high:
        raise invalid(f'"{name}" must be a whole number from {low} to {high}.')
    return int(written)


def invalid(detail: str) -> RefusedError:
    """A request that can be read and makes no sense."""
    return RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_value", detail)


def _shown(unknown: Collection[str]) -> str:
    return readable(min(unknown)[:50])


def _required(body: Mapping[str, object], field: str) -> str:
    value = body.get(field)
    if not isinstance(value, str) or not value:
        raise invalid(f'"{field}" is missing, or is no text.')
    return value


def _said(kinds: tuple[type, ...]) -> str:
    if kinds == (str, int):
        return "a text or a whole number"
    return {
        str: "a text",
        bool: "true or false",
        list: "a list",
        int: "a whole number" if len(kinds) == 1 else "a number",
        dict: "an object",
    }[kinds[0]]
