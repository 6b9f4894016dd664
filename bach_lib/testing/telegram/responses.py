"""HTTP responses in the form of the Bot API (https://core.telegram.org/bots/api#making-requests)."""

import orjson
from aiohttp.web import Response

from bach_lib.testing.telegram.errors import ApiError

JSON = "application/json"


def success(result: object) -> Response:
    """200 with the result."""
    return Response(body=orjson.dumps({"ok": True, "result": result}), content_type=JSON)


def refusal(error: ApiError) -> Response:
    """The refusal."""
    body = orjson.dumps(error.as_json())
    return Response(status=error.code, body=body, headers=error.headers, content_type=JSON)


def binary(content: bytes) -> Response:
    """200 with the bytes of a file."""
    return Response(body=content, content_type="application/octet-stream")
