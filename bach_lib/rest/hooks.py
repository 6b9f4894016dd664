"""Endpoints for incoming webhooks: each post proves with a secret of the connection that it may, not with our token.

Whoever cannot prove it learns nothing, not even whether there is such a connection.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.connectors.webhook.codec import MAX_BODY
from bach_lib.connectors.webhook.proofs import ADDRESS_HEADER
from bach_lib.errors import InputError
from bach_lib.rest.answers import RefusedError
from bach_lib.rest.requests import body_of

HOOKS: Final = "/api/v1/hooks/{connection}"
MAX_POST: Final = MAX_BODY
"""Bytes; more than a request to BACH itself may have, for what other programs post is not made for it."""

METHODS: Final = ("GET", "POST", "PUT")
"""Many small devices know nothing but GET; then everything stands in the address."""


class Hooks:
    """Handler of posts to connections of the type webhook."""

    def __init__(self, bach: Bach) -> None:
        self._bach = bach

    async def take(self, request: web.Request) -> web.Response:
        """Put what was posted into the inbox. It is on disk when the answer goes."""
        # before anything is looked up: too large is too large, whatever the name is
        body = await body_of(request.clone(client_max_size=MAX_POST))
        headers, body = as_posted(request, body)
        try:
            await self._bach.push(request.match_info["connection"], headers, body, address=request.remote)
        except InputError:
            raise refused() from None
        return web.Response(status=HTTPStatus.NO_CONTENT)


def as_posted(request: web.Request, body: bytes) -> tuple[Mapping[str, str], bytes]:
    """Headers and body as `Bach.push` wants them, of a request that may have put both into its address.

    A `token` there is handed on in a header of its own, which nobody else can set; whether it counts is up to the
    connection. Without a body, the rest of the address is the form that was sent.
    """
    query = dict(request.query)
    token = query.pop("token", None)
    headers = {name: value for name, value in request.headers.items() if name.lower() != ADDRESS_HEADER}
    if token:
        headers[ADDRESS_HEADER] = token
    if body or not query:
        return headers, body
    headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return {**headers, "Content-Type": "application/x-www-form-urlencoded"}, urlencode(query).encode()


def refused() -> RefusedError:
    """The one answer to everybody who is not let in."""
    return RefusedError(HTTPStatus.FORBIDDEN, "refused", "This is not taken here.")
