"""HTTP responses in the form of the Bot API (https://core.telegram.org/bots/api#making-requests)."""

import orjson
from aiohttp.web import BaseRequest, Response

from bach_lib.testing.loopback import Foreign
from bach_lib.testing.telegram.errors import ApiError
from bach_lib.testing.telegram.faults import Fault

JSON = "application/json"


def success(result: object) -> Response:
    """200 with the result."""
    return Response(body=orjson.dumps({"ok": True, "result": result}), content_type=JSON)


def refusal(error: ApiError) -> Response:
    """The refusal; a 429 has the header Retry-After too, as telegram-bot-api's `HttpConnection.cpp` sends it."""
    return Response(
        status=error.code, body=orjson.dumps(error.as_json()), headers=_headers(error.retry_after), content_type=JSON
    )


def scripted(fault: Fault) -> Response:
    """What a fault says."""
    answer = Foreign if fault.is_foreign else Response
    return answer(
        status=fault.status, body=fault.body, headers=_headers(fault.retry_after), content_type=fault.content_type
    )


def binary(content: bytes) -> Response:
    """200 with the bytes of a file."""
    return Response(body=content, content_type="application/octet-stream")


def drop(request: BaseRequest) -> Response:
    """Cut the connection. aiohttp finds it closed and throws this response away."""
    if request.transport is not None:
        request.transport.abort()
    return Response()


def _headers(retry_after: int | None) -> dict[str, str]:
    return {} if retry_after is None else {"Retry-After": str(retry_after)}
