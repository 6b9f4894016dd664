"""HTTP responses in the form of the Bot API (https://core.telegram.org/bots/api#making-requests)."""

from base64 import b64encode

import orjson
from aiohttp.web import Response

from bach_lib.testing.telegram.errors import ApiError

JSON = "application/json"


def success(result: object) -> Response:
    """200 with the result; what is in files as base64."""
    return Response(body=orjson.dumps({"ok": True, "result": result}, default=_written), content_type=JSON)


def _written(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    raise TypeError(f"no JSON: {type(value).__name__}")


def refusal(error: ApiError) -> Response:
    """The refusal."""
    body = orjson.dumps(error.as_json())
    return Response(status=error.code, body=body, headers=error.headers, content_type=JSON)


def binary(content: bytes) -> Response:
    """200 with the bytes of a file."""
    return Response(body=content, content_type="application/octet-stream")
