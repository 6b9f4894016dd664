"""Connections through a SOCKS proxy, by aiohttp-socks: the only module that imports it, and only where one is set.

Its errors become ours, which name the hop; and TLS begins here, so that it is known how long the proxy took.
"""

import asyncio
import socket
import ssl as tls
import time
from typing import Final, override

from aiohttp.client_proto import ResponseHandler
from aiohttp_socks import ProxyConnector, ProxyType
from python_socks import ProxyConnectionError, ProxyError

from bach_lib.connectors.network import not_connected
from bach_lib.connectors.proxy import Proxy
from bach_lib.connectors.proxy_failures import (
    ProxyFailedError,
    no_proxy_there,
    not_let_through,
    not_reached,
    refused_login,
)
from bach_lib.models.hop import HopName

_TYPES: Final = {
    "socks4": ProxyType.SOCKS4,
    "socks4a": ProxyType.SOCKS4,
    "socks5": ProxyType.SOCKS5,
    "socks5h": ProxyType.SOCKS5,
}
_NOT_ALLOWED: Final = 0x02
_WITHOUT_IDENT: Final = frozenset({0x5C, 0x5D})
"""Of SOCKS 4: the proxy does not believe who we are."""


class SocksConnector(ProxyConnector):
    """Connections of one session, all through the proxy."""

    def __init__(self, proxy: Proxy, *, limit: int, limit_per_host: int, ssl: bool | tls.SSLContext) -> None:
        super().__init__(
            host=str(proxy.address.host),
            port=int(proxy.address.port or 0),
            proxy_type=_TYPES[proxy.address.scheme],
            username=proxy.user,
            password=proxy.password,
            rdns=proxy.looks_up,
            limit=limit,
            limit_per_host=limit_per_host,
            ssl=ssl,
        )
        self._way = proxy
        self.proxied_at: float | None = None
        """When the proxy last let one through, on the clock that never jumps."""

    @override
    async def _connect_via_proxy(
        self, host: str, port: int, ssl: tls.SSLContext | None = None, timeout: float | None = None
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        failure: ProxyFailedError | TimeoutError
        try:
            transport, protocol = await super()._connect_via_proxy(host, port, None, timeout)
        except ProxyConnectionError as error:
            cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
            hop = HopName.DNS if isinstance(cause, socket.gaierror) else HopName.TCP
            failure = ProxyFailedError(hop, *not_connected(cause, self._way.place))
        except ProxyError as error:
            failure = self._meant(error, host)
        except socket.gaierror as error:
            failure = ProxyFailedError(HopName.DNS, *not_connected(error, host))
        except TimeoutError:
            failure = TimeoutError()  # the library's own becomes something else on its way
        except (EOFError, OSError):  # it hung up
            failure = no_proxy_there(self._way.place)
        else:
            self.proxied_at = time.monotonic()
            return (await _secured(transport, protocol, ssl, host) if ssl else transport), protocol
        raise failure  # out here, so that its `__context__` does not carry what the library quotes

    def _meant(self, error: ProxyError, host: str) -> ProxyFailedError:
        """The library has a number for what a proxy answers, and words alone for what goes before."""
        code, place = error.error_code, self._way.place
        if code in _WITHOUT_IDENT or (code is None and "authentication" in str(error).lower()):
            return refused_login(place, was_shown=bool(self._way.user))
        if code is None:
            return no_proxy_there(place)
        return not_let_through(place, host) if code == _NOT_ALLOWED else not_reached(place, host)


async def _secured(
    transport: asyncio.Transport, protocol: ResponseHandler, context: tls.SSLContext, host: str
) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    try:
        secured = await loop.start_tls(transport, protocol, context, server_hostname=host.rstrip("."))
        if secured is None:  # it was closed meanwhile
            raise ConnectionResetError
    except (tls.SSLError, ConnectionError) as error:
        transport.abort()
        failure = ProxyFailedError(HopName.TLS, *not_connected(error, host))
    except BaseException:  # raised again: cancelled, or the program ends, and nobody else would close it
        transport.abort()
        raise
    else:
        protocol.connection_made(secured)
        return secured
    raise failure
