"""Responses of the REST interface: JSON, and for every refusal a code and a sentence."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import orjson
from aiohttp import web

from bach_lib.errors import (
    BachError,
    InputError,
    MissingExtraError,
    NotOpenError,
    QueueFullError,
    ScheduleFullError,
    StorageError,
    TooManyRunsError,
    UnknownBridgeError,
    UnknownConnectionError,
    UnknownMessageError,
    UnknownRouteError,
    UnknownRunError,
)

type Json = Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None

_STATUS: tuple[tuple[type[BachError], HTTPStatus], ...] = (
    (UnknownConnectionError, HTTPStatus.NOT_FOUND),
    (UnknownMessageError, HTTPStatus.NOT_FOUND),
    (UnknownRouteError, HTTPStatus.NOT_FOUND),
    (UnknownBridgeError, HTTPStatus.NOT_FOUND),
    (UnknownRunError, HTTPStatus.NOT_FOUND),
    (MissingExtraError, HTTPStatus.NOT_IMPLEMENTED),
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (QueueFullError, HTTPStatus.TOO_MANY_REQUESTS),
    (ScheduleFullError, HTTPStatus.TOO_MANY_REQUESTS),
    (TooManyRunsError, HTTPStatus.TOO_MANY_REQUESTS),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotOpenError, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""The first that fits."""

_LATER: Final = {
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "5"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "5"},
}
"""When to come again where it is not now, in seconds."""

_SENTENCES = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address. /docs says what there is.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not know that method. The header Allow names those it knows.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large. Messages have at most some thousand characters.",
}


_PHRASES = {413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
"""As RFC 9110 (section 15.5) calls them, whatever Python says: before 3.13 it used older words."""


class RefusedError(Exception):
    """A request that is not carried out: how it is answered."""

    def __init__(self, status: HTTPStatus, code: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        """Of the answer."""
        self.code = code
        """A word for programs."""
        self.detail = detail
        """A sentence for people."""
        self.headers: dict[str, str] = {**_LATER.get(status, {}), **(headers or {})}
        """Of the answer."""

    @property
    def response(self) -> web.Response:
        """What is sent."""
        return answer({"code": self.code, "detail": self.detail}, self.status, headers=self.headers)


def answer(body: Json, status: HTTPStatus = HTTPStatus.OK, *, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(
        body=orjson.dumps(body), status=status, content_type="application/json", headers=dict(headers or {})
    )


def refusal_of(error: BachError) -> RefusedError:
    """How an error of the library is answered. Its sentence holds no secrets."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)
    return RefusedError(status, error.code, str(error))


def refusal_of_http(error: web.HTTPException) -> RefusedError:
    """How what aiohttp refuses by itself is answered."""
    status = HTTPStatus(error.status)
    phrase = _PHRASES.get(status.value, status.phrase)
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
    return RefusedError(status, code, _SENTENCES.get(status, f"{phrase}."), headers=headers)
