"""Encodes a message as an HTTP request: method, address, body and its type, as somebody has set them.

GET has no body, so what would be a form stands in the address. The address is only ever added to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self
from urllib.parse import urlencode

import orjson
from yarl import URL

from bach_lib.connectors.webhook import template
from bach_lib.errors import InvalidValueError
from bach_lib.models import Message
from bach_lib.said import Sentence

METHODS: Final = ("POST", "PUT", "PATCH", "GET")


class BodyType(StrEnum):
    """What a body is written as."""

    JSON = "json"
    FORM = "form"
    TEXT = "text"


_CONTENT_TYPES: Final[Mapping[BodyType, str]] = {
    BodyType.JSON: "application/json",
    BodyType.FORM: "application/x-www-form-urlencoded",
    BodyType.TEXT: "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """HTTP request that goes out. `content_type` is None where there is no body."""

    method: str
    url: URL = field(repr=False)
    raw: bytes = field(repr=False)
    content_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Request template of every message."""

    method: str
    body_type: BodyType
    body: object

    @classmethod
    def read(cls, settings: Mapping[str, object]) -> Self:
        """Raises `InvalidValueError`."""
        method = settings.get("method", METHODS[0])
        if not isinstance(method, str) or method.upper() not in METHODS:
            raise InvalidValueError(field="method", value=str(method)[:20], expected=", ".join(METHODS))
        method = method.upper()
        body_type = _body_type(settings.get("body_type"), method)
        body = settings.get("body", template.DEFAULT_TEXT if body_type is BodyType.TEXT else template.DEFAULT)
        match body_type:
            case BodyType.JSON:
                template.check(body)
            case BodyType.FORM:
                template.check_form(body)
            case BodyType.TEXT:
                template.check_text(body)
        return cls(method=method, body_type=body_type, body=body)

    def write(self, url: URL, message: Message) -> Request:
        """The request that carries a message."""
        filled = template.fill(self.body, message)
        if self.method == "GET":
            return Request(method="GET", url=url.extend_query(_fields(filled)), raw=b"", content_type=None)
        match self.body_type:
            case BodyType.JSON:
                raw = orjson.dumps(filled)
            case BodyType.FORM:
                raw = urlencode(_fields(filled)).encode()
            case BodyType.TEXT:
                raw = str(filled).strip().encode()
        return Request(method=self.method, url=url, raw=raw, content_type=_CONTENT_TYPES[self.body_type])


def _body_type(found: object, method: str) -> BodyType:
    if method == "GET":
        wanted = BodyType.FORM if found is None else found
        if wanted != BodyType.FORM:
            raise InvalidValueError(
                field="body_type",
                value=str(found)[:20],
                expected=Sentence("form_for_get_has_no_body", '"form", for GET has no body'),
            )
        return BodyType.FORM
    try:
        return BodyType(BodyType.JSON if found is None else str(found))
    except ValueError:
        raise InvalidValueError(field="body_type", value=str(found)[:20], expected=", ".join(BodyType)) from None


def _fields(filled: object) -> list[tuple[str, str]]:
    """The fields of a form; a list is a field that stands there several times, and nothing is no field."""
    found: list[tuple[str, str]] = []
    for name, value in filled.items() if isinstance(filled, dict) else ():
        values = value if isinstance(value, list) else [value]
        found += [(str(name), _written(one)) for one in values if one is not None]
    return found


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
