"""What goes over the line to a REST interface, and comes back: JSON that is bounded in both directions."""

import json
from collections.abc import Mapping
from typing import cast

from aiohttp import ClientResponse

from bach_lib.errors import InvalidValueError
from bach_lib.rest.answers import Json
from bach_lib.rest.exact import exact
from bach_lib.rest.requests import MAX_BODY

_MAX_ANSWER = 64_000_000
"""Bytes; a page of messages with the longest texts is less."""


def fields_of(options: Mapping[str, object]) -> tuple[str | None, dict[str, Json]]:
    """The key, which is a header there, and the rest. `lost` is only for who reads the files."""
    key = options.get("idempotency_key")
    named = {name: value for name, value in options.items() if name not in {"idempotency_key", "lost"}}
    return (None if key is None else str(key)), {name: exact(value) for name, value in named.items()}


def written(fields: Mapping[str, Json]) -> bytes:
    """Raises `InvalidValueError` for more than is read there, which would close the line before it has all of it."""
    body = json.dumps(fields).encode()
    if len(body) > MAX_BODY:
        expected = f"at most {MAX_BODY} bytes"
        raise InvalidValueError(field="what is asked", value=f"{len(body)} bytes", expected=expected)
    return body


async def read(response: ClientResponse) -> Json:
    """The body as JSON; None for anything else."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MAX_ANSWER:
            return None
    try:
        return cast("Json", json.loads(bytes(body)))
    except (ValueError, RecursionError):
        return None
