"""The four endpoints of the original, inside Home Assistant: same fields, with Home Assistant's own login.

Only administrators may use them, since they speak for every connection and read what everybody wrote.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import Unauthorized

from bach_lib.rest import MAX_BODY, Endpoints, RefusedError, errors

from .hub import HUB

type Endpoint = Callable[[Endpoints], Callable[[web.Request], Awaitable[web.Response]]]

_BASE: Final = "/api/bach/messages"


class _View(HomeAssistantView):
    """An address that passes requests on to one of the library's endpoints."""

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
        return await self._endpoint(Endpoints(request.app[KEY_HASS].data[HUB].bach))(request)


class _Get(_View):
    async def get(self, request: web.Request) -> web.StreamResponse:
        """Look something up."""
        return await self._pass_on(request)


class _Post(_View):
    async def post(self, request: web.Request) -> web.StreamResponse:
        """Do something."""
        return await self._pass_on(request)


def async_register_views(hass: HomeAssistant) -> None:
    """Make them reachable. They answer 503 while no connection is loaded."""
    hass.http.register_view(_Post("send", lambda endpoints: endpoints.send))
    hass.http.register_view(_Get("queue", lambda endpoints: endpoints.queue))
    hass.http.register_view(_Get("inbox", lambda endpoints: endpoints.inbox))
    hass.http.register_view(_Post("route", lambda endpoints: endpoints.route))
