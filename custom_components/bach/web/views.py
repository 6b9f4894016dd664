"""REST interface: registers the library's endpoints as HTTP views, with Home Assistant's authentication.

Only administrators may use them, since they speak for every connection and read what everybody wrote.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import Unauthorized

from bach_lib import Bach
from bach_lib.rest import MAX_BODY, Endpoints, Letters, RefusedError, errors
from custom_components.bach.home.hub import HUB

type Endpoint = Callable[[Bach], Callable[[web.Request], Awaitable[web.Response]]]

_BASE: Final = "/api/bach/messages"
_ONE: Final = "{id:[0-9]{1,18}}"


class _View(HomeAssistantView):
    """HTTP view that checks for an administrator, and forwards to one of the library's endpoints."""

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        self.url = f"{_BASE}/{name}"
        self.name = f"api:bach:messages:{name}"
        self._endpoint = endpoint

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        if not request["hass_user"].is_admin:
            raise Unauthorized
        return await errors(request, self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.can_read_body and not 0 <= (request.content_length or -1) <= MAX_BODY:
            raise RefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too_large",
                f"A body must say its length: at most {MAX_BODY} bytes.",
            )
        return await self._endpoint(request.app[KEY_HASS].data[HUB].bach)(request)


class _Get(_View):
    """View for GET."""

    async def get(self, request: web.Request, **_: str) -> web.StreamResponse:
        """Handle GET."""
        return await self._pass_on(request)


class _Post(_View):
    """View for POST."""

    async def post(self, request: web.Request, **_: str) -> web.StreamResponse:
        """Handle POST."""
        return await self._pass_on(request)


def async_register_views(hass: HomeAssistant) -> None:
    """Register all views. They answer 503 while no connection is loaded."""
    for view in (
        _Post("send", lambda bach: Endpoints(bach).send),
        _Get("queue", lambda bach: Endpoints(bach).queue),
        _Get("inbox", lambda bach: Endpoints(bach).inbox),
        _Post("route", lambda bach: Endpoints(bach).route),
        _Get(_ONE, lambda bach: Letters(bach).show),
        _Post(f"{_ONE}/retry", lambda bach: Letters(bach).retry),
        _Post(f"{_ONE}/amend", lambda bach: Letters(bach).amend),
        _Post("discard", lambda bach: Letters(bach).discard),
        _Get("held", lambda bach: Letters(bach).held),
        _Post("held/release", lambda bach: Letters(bach).release),
        _Post("held/discard", lambda bach: Letters(bach).discard_held),
    ):
        hass.http.register_view(view)
