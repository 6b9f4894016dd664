"""Assembles the aiohttp application: middlewares outside, endpoints inside, pages for everybody, and the hooks."""

from collections.abc import Iterable

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.rest.access import errors, harden, only_bearers, only_hosts
from bach_lib.rest.answers import answer
from bach_lib.rest.bridge_handlers import BridgeHandlers
from bach_lib.rest.change_handlers import Changes
from bach_lib.rest.docs_page import DOCS, docs
from bach_lib.rest.event_feed import EventFeed
from bach_lib.rest.handlers import Endpoints
from bach_lib.rest.health_addresses import HEALTH, READY, HealthAddresses
from bach_lib.rest.hooks import HOOKS, METHODS, Hooks
from bach_lib.rest.message_handlers import Letters
from bach_lib.rest.openapi import DOCUMENT
from bach_lib.rest.requests import MAX_BODY
from bach_lib.rest.route_handlers import RouteHandlers
from bach_lib.rest.scraping import METRICS, Scraping
from bach_lib.rest.uploads import Uploads

OPENAPI = "/api/v1/openapi.json"
EVENTS = "/api/v1/events"


def make_application(
    bach: Bach,
    *,
    token: str,
    hosts: Iterable[str] = (),
    metrics_for_all: bool = False,
    pages: Iterable[web.RouteDef] = (),
) -> web.Application:
    """What to serve. `hosts`: names that requests may call this server by, beside those of loopback.

    `metrics_for_all`: who collects metrics needs no token. `pages`: what people look at; it asks for a log-in itself.
    """
    public = set[web.AbstractResource]()
    guards = [errors, only_hosts(hosts), only_bearers(token, public=public)]
    application = web.Application(client_max_size=MAX_BODY, middlewares=guards)
    application.on_response_prepare.append(harden)
    standing = HealthAddresses(bach)
    open_to_all = [web.get(HEALTH, standing.health), web.get(READY, standing.ready)]
    open_to_all += [web.get(OPENAPI, _openapi), web.get(DOCS, docs)]
    open_to_all += pages
    open_to_all += [web.route(method, HOOKS, Hooks(bach).take) for method in METHODS]
    public.update(route.resource for route in application.add_routes(open_to_all) if route.resource)
    uploads = Uploads()
    ours = (Endpoints(bach, uploads), RouteHandlers(bach, uploads=uploads))
    rooms = (*ours, Letters(bach), Changes(bach), BridgeHandlers(bach))
    application.add_routes([route for room in rooms for route in room.routes])
    metrics = application.router.add_get(METRICS, Scraping(bach).metrics, allow_head=False)
    if metrics_for_all and metrics.resource:
        public.add(metrics.resource)
    feed = EventFeed(bach)
    application.router.add_get(EVENTS, feed.stream, allow_head=False)
    application.on_shutdown.append(feed.close)
    return application


async def _openapi(request: web.Request) -> web.Response:
    """For the place at which it is served, which may be below an address of somebody else's application."""
    prefix = request.path.removesuffix(OPENAPI)
    return answer({**DOCUMENT, "servers": [{"url": prefix}]} if prefix else DOCUMENT)
