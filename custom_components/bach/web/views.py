"""REST interface: registers the library's endpoints as HTTP views, with Home Assistant's authentication.

Only administrators may use them, since they speak for every connection and read what everybody wrote.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import Unauthorized

from bach_lib import Bach, Route
from bach_lib.errors import InvalidRecipientError
from bach_lib.rest import (
    MAX_BODY,
    BridgeHandlers,
    Changes,
    Endpoints,
    Letters,
    RefusedError,
    RouteHandlers,
    errors,
)
from custom_components.bach.const import CONF_RECIPIENT
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.route_steps import route_of, routes_of

type Endpoint = Callable[[Bach], Callable[[web.Request], Awaitable[web.Response]]]

_BASE: Final = "/api/bach"
_ONE: Final = "messages/{id:[0-9]{1,18}}"
_RUNS: Final = "routes/runs"
_RUN: Final = f"{_RUNS}/{{id:[0-9]{{1,18}}}}"
_BRIDGES: Final = "bridges"


class _View(HomeAssistantView):
    """HTTP view that checks for an administrator, and forwards to one of the library's endpoints."""

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        self.url = f"{_BASE}/{name}"
        self.name = f"api:bach:{name.replace('/', ':')}"
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
    for view in (*_messages(), *_changes(), *_routes(hass), *_bridges()):
        hass.http.register_view(view)


def _messages() -> Iterator[_View]:
    yield _Post("messages/send", lambda bach: Endpoints(bach).send)
    yield _Get("messages/queue", lambda bach: Endpoints(bach).queue)
    yield _Get("messages/inbox", lambda bach: Endpoints(bach).inbox)
    yield _Post("messages/route", lambda bach: Endpoints(bach).route)
    yield _Get("messages", lambda bach: Letters(bach).page)
    yield _Get(_ONE, lambda bach: Letters(bach).show)
    yield _Post(f"{_ONE}/edit", lambda bach: Letters(bach).edit)
    yield _Post(f"{_ONE}/cancel", lambda bach: Letters(bach).cancel)
    yield _Post(f"{_ONE}/send-now", lambda bach: Letters(bach).send_now)
    yield _Post(f"{_ONE}/retry", lambda bach: Letters(bach).retry)
    yield _Post(f"{_ONE}/amend", lambda bach: Letters(bach).amend)
    yield _Post("messages/clear", lambda bach: Letters(bach).clear)
    yield _Post("messages/discard", lambda bach: Letters(bach).discard)
    yield _Get("messages/held", lambda bach: Letters(bach).held)
    yield _Post("messages/held/release", lambda bach: Letters(bach).release)
    yield _Post("messages/held/discard", lambda bach: Letters(bach).discard_held)


def _changes() -> Iterator[_View]:
    yield _Post("messages/pin", lambda bach: Changes(bach).pin)
    yield _Post("messages/unpin", lambda bach: Changes(bach).unpin)
    yield _Post("messages/react", lambda bach: Changes(bach).react)
    yield _Post("messages/forward", lambda bach: Changes(bach).forward)


def _routes(hass: HomeAssistant) -> Iterator[_View]:
    """The runs of alerts are among those of routes; what is started by its name is a route."""
    handlers = partial(RouteHandlers, kept=partial(_kept, hass))
    yield _Get("routes", lambda bach: handlers(bach).list)
    yield _Post("routes/{name}/start", lambda bach: handlers(bach).start)
    yield _Get(_RUNS, lambda bach: handlers(bach).page)
    yield _Get(_RUN, lambda bach: handlers(bach).show)
    yield _Post(f"{_RUN}/acknowledge", lambda bach: handlers(bach).acknowledge)
    yield _Post(f"{_RUN}/snooze", lambda bach: handlers(bach).snooze)
    yield _Post(f"{_RUN}/cancel", lambda bach: handlers(bach).cancel)
    yield _Post(f"{_RUN}/clear", lambda bach: handlers(bach).clear)


def _bridges() -> Iterator[_View]:
    """Only to look at: they are kept in the entries, which the dialogs and the panel change."""
    yield _Get(_BRIDGES, lambda bach: BridgeHandlers(bach).list)
    yield _Get(f"{_BRIDGES}/{{name}}", lambda bach: BridgeHandlers(bach).show)


def _kept(hass: HomeAssistant) -> Iterator[Route]:
    """The routes of this home as they are now."""
    for _, one in routes_of(hass):
        with suppress(InvalidRecipientError):  # nobody is left in it
            yield route_of(hass, one.data[CONF_RECIPIENT])
