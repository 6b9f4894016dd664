"""Where others post what should come in: each proves with a secret of the connection that it may, not with our token.

Whoever cannot prove it learns nothing, not even whether there is such a connection.
"""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.errors import InputError
from bach_lib.rest.answers import RefusedError
from bach_lib.rest.requests import body_of

HOOKS: Final = "/api/v1/hooks/{connection}"


class Hooks:
    """The address for each connection of the type webhook."""

    def __init__(self, bach: Bach) -> None:
        self._bach = bach

    async def take(self, request: web.Request) -> web.Response:
        """Put what was posted into the inbox. It is on disk when the answer goes."""
        body = await body_of(request)  # before anything is looked up: too large is too large, whatever the name is
        try:
            await self._bach.push(request.match_info["connection"], request.headers, body, address=request.remote)
        except InputError:
            raise refused() from None
        return web.Response(status=HTTPStatus.NO_CONTENT)


def refused() -> RefusedError:
    """The one answer to everybody who is not let in."""
    return RefusedError(HTTPStatus.FORBIDDEN, "refused", "This is not taken here.")
