"""Creates aiohttp sessions with a connection pool of their own, for connectors that must drop theirs.

Sessions of Home Assistant's helper share one pool, which cannot be closed. These copy the helper in everything else:
resolver (`.local` names too), certificates, user agent.
"""

import socket
from typing import override

from aiohttp import (
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    WSServerHandshakeError,
    hdrs,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import (
    SERVER_SOFTWARE,
    HassClientResponse,
    HomeAssistantTCPConnector,
    async_get_clientsession,
)
from homeassistant.helpers.json import json_dumps
from homeassistant.util.ssl import SSL_ALPN_HTTP11, SSLCipherList, client_context

from bach_lib import Proxy, pool_through


class _Lookup(AbstractResolver):
    """Resolver that asks Home Assistant's own pool."""

    def __init__(self, pool: HomeAssistantTCPConnector) -> None:
        self._pool = pool

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._pool.async_resolve_host(host)
        known = [one for one in found if family in (socket.AF_UNSPEC, one["family"])]
        if not known:
            raise OSError(f"{host} has no address of the kind that is wanted")
        return [{**one, "port": port} for one in known]  # the pool knows addresses without ports

    @override
    async def close(self) -> None:
        """Do nothing: the pool is Home Assistant's."""


@callback
def new_session(
    hass: HomeAssistant, *, proxy: Proxy | None = None, family: socket.AddressFamily = socket.AF_UNSPEC
) -> ClientSession:
    """Create a session whose pool is closed with it; it goes through `proxy`, and uses addresses of `family` only."""
    shared = async_get_clientsession(hass).connector
    if not isinstance(shared, HomeAssistantTCPConnector):
        raise TypeError(f"Home Assistant's sessions have no {HomeAssistantTCPConnector.__name__} any more")
    return ClientSession(
        connector=pool_through(
            proxy,
            family=family or socket.AddressFamily(shared.family),
            limit=shared.limit,
            limit_per_host=shared.limit_per_host,
            resolver=_Lookup(shared),
            ssl=client_context(SSLCipherList.PYTHON_DEFAULT, SSL_ALPN_HTTP11),
        ),
        proxy=proxy.for_session if proxy else None,
        headers={hdrs.USER_AGENT: SERVER_SOFTWARE},
        json_serialize=json_dumps,
        middlewares=(_stay_where_we_asked, *(proxy.middlewares if proxy else ())),
        response_class=HassClientResponse,
    )


async def _stay_where_we_asked(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Middleware that refuses redirects of WebSocket handshakes, which `ws_connect` would follow.

    Other requests ask not to be redirected; the helper's sessions refuse redirects to this machine.
    """
    response = await handler(request)
    if hdrs.SEC_WEBSOCKET_KEY in request.headers and hdrs.LOCATION in response.headers:
        response.close()
        raise WSServerHandshakeError(
            response.request_info, response.history, status=response.status, message="redirected"
        )
    return response
