"""Walks the way to a server with a fresh connection of its own, and tells what each hop took and where it ends.

It goes as the connection goes: with a session of its kind, so through its proxy, by its resolver and with the
certificates that it trusts. Only how long TCP takes alone, no session tells; a socket is opened for that beside it.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientHttpProxyError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    InvalidURL,
    ServerFingerprintMismatch,
    TraceConfig,
)
from aiohttp.helpers import is_ip_address
from yarl import URL

from bach_lib.common_sentences import THE_SERVER
from bach_lib.connectors.network import BROKEN, broken, not_connected
from bach_lib.connectors.proxy import Proxy
from bach_lib.connectors.proxy_failures import ProxyFailedError
from bach_lib.models import Fault
from bach_lib.models.hop import Hop, HopName

_PATIENCE: Final = ClientTimeout(total=10.0)
_A_LITTLE: Final = 1.0
"""Seconds that the socket has left when the other way, which is longer, has come to its end."""


_NEAR: Final = frozenset({HopName.DNS, HopName.TCP, HopName.PROXY})
"""What lies before the proxy, or is it."""


@dataclass(slots=True)
class _Times:
    """When what began and ended, on a clock that never jumps; None: it did not."""

    began: float
    resolving: float | None = None
    resolved: float | None = None
    connected: float | None = None
    ended: float = 0.0
    proxied: float | None = None
    """When a SOCKS proxy had let us through."""
    lookup: float | None = None
    """Seconds that the search for the address takes alone."""
    tcp: float | None = None
    """Seconds that TCP takes alone."""


async def walk(url: URL, new_session: Callable[[], ClientSession], *, proxy: Proxy | None = None) -> list[Hop]:
    """The hops to where `url` is, up to the first that fails; only scheme, host and port of it are used.

    Whatever answers HTTP is good here, be it what was looked for or not. Takes ten seconds at most.
    """
    origin, times = url.origin(), _Times(time.monotonic())
    alone = asyncio.create_task(_tcp(proxy.address if proxy else origin, times))
    failure: Exception | None = None
    try:
        session = new_session()
        session.trace_configs.append(_traced(times))
        async with session:
            try:
                async with session.head(origin, allow_redirects=False, raise_for_status=False, timeout=_PATIENCE):
                    pass
            finally:
                times.proxied = _when_proxied(session)
    except BROKEN as error:
        failure = error
    finally:
        times.ended = time.monotonic()
        await asyncio.wait([alone], timeout=_A_LITTLE)
        alone.cancel()
        await asyncio.wait([alone])
    return _walked(origin, proxy, times, failure)


def _walked(origin: URL, proxy: Proxy | None, times: _Times, failure: Exception | None) -> list[Hop]:
    """What was found, hop by hop, up to the one that failed."""
    names = _hops(origin, proxy)
    failed = _failed(names, times, failure) if failure else None
    seconds = _seconds_through(times, failed) if proxy else _seconds(times)
    fault = _why(failure, failed, proxy.address if proxy and failed in _NEAR else origin) if failure else None
    found = list[Hop]()
    for name in names:
        found.append(Hop(name=name, seconds=seconds.get(name), fault=fault if name is failed else None))
        if name is failed:
            break
    return found


def _why(failure: Exception, failed: HopName | None, place: URL) -> Fault:
    host = place.host_port_subcomponent or THE_SERVER
    if failed is HopName.HTTP:
        return broken(failure, host, written=True).fault
    code, text = not_connected(failure, host)
    return Fault(code=code, text=text)


def _when_proxied(session: ClientSession) -> float | None:
    """When a proxy last let a session through, where its pool knows."""
    when = getattr(session.connector, "proxied_at", None)
    return when if isinstance(when, float) else None


def _traced(times: _Times) -> TraceConfig:
    """Notes the times of a session's first request."""

    def note(name: str) -> Callable[..., Awaitable[None]]:
        async def noted(*_: object) -> None:
            if getattr(times, name) is None:
                setattr(times, name, time.monotonic())

        return noted

    config = TraceConfig()
    config.on_dns_resolvehost_start.append(note("resolving"))
    config.on_dns_resolvehost_end.append(note("resolved"))
    config.on_connection_create_end.append(note("connected"))
    config.freeze()
    return config


async def _tcp(url: URL, times: _Times) -> None:
    """Note the seconds until a connection stands, without the search for its address; nothing if there is none."""
    with suppress(OSError, UnicodeError):
        began = time.monotonic()
        [found, *_] = await asyncio.get_running_loop().getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
        times.lookup = (asked := time.monotonic()) - began
        _, writer = await asyncio.open_connection(str(found[4][0]), url.port)
        times.tcp = time.monotonic() - asked
        writer.close()


def _hops(origin: URL, proxy: Proxy | None) -> list[HopName]:
    """What lies on the way."""
    asked = [*([proxy.address] if proxy else []), *([origin] if proxy is None or not proxy.looks_up else [])]
    names = [] if all(is_ip_address(one.host or "") for one in asked) else [HopName.DNS]
    names.append(HopName.TCP)
    if proxy:
        names.append(HopName.PROXY)
    if origin.scheme == "https":
        names.append(HopName.TLS)
    return [*names, HopName.HTTP]


def _seconds(times: _Times) -> dict[HopName, float]:
    """What each took: of TLS, what is left of the connection without the rest."""
    resolved = times.resolved or times.began
    found = dict[HopName, float]()
    if times.resolving is not None:
        found[HopName.DNS] = (times.resolved or times.ended) - times.resolving
    if times.tcp is None and times.connected is None:
        found[HopName.TCP] = times.ended - resolved
    if times.tcp is not None:
        found[HopName.TCP] = times.tcp
        found[HopName.TLS] = max((times.connected or times.ended) - resolved - times.tcp, 0.0)
    if times.connected is not None:
        found[HopName.HTTP] = times.ended - times.connected
    return found


def _seconds_through(times: _Times, failed: HopName | None) -> dict[HopName, float]:
    """The same where there is a proxy: only what is measured beside it knows of the way there.

    Of an HTTP proxy nothing tells when it has let us through, unless it has not; TLS is both then.
    """
    stands = times.began + (times.lookup or 0.0) + (times.tcp or 0.0)
    found = {} if times.lookup is None else {HopName.DNS: times.lookup}
    found[HopName.TCP] = times.tcp or max(times.ended - stands, 0.0)  # it may have begun last, on a busy machine
    if times.proxied is not None:
        found[HopName.PROXY] = max(times.proxied - stands, 0.0)
    elif failed is HopName.PROXY:
        found[HopName.PROXY] = max(times.ended - stands, 0.0)
    found[HopName.TLS] = max((times.connected or times.ended) - (times.proxied or stands), 0.0)
    if times.connected is not None:
        found[HopName.HTTP] = times.ended - times.connected
    return found


def _failed(names: list[HopName], times: _Times, failure: Exception) -> HopName:
    """The hop at which it ended."""
    match failure:
        case ProxyFailedError():
            failed = failure.hop
        case ClientConnectorDNSError() | InvalidURL():
            failed = HopName.DNS
        case ClientHttpProxyError():
            failed = HopName.PROXY
        case ClientSSLError() | ServerFingerprintMismatch():
            failed = HopName.TLS
        case ClientConnectorError():
            failed = HopName.TCP
        case _ if times.connected is not None:
            failed = HopName.HTTP
        case _ if times.resolving is not None and times.resolved is None:
            failed = HopName.DNS
        case _:  # a time-out, or the other side hung up: TCP stands, or it does not
            behind = HopName.PROXY if HopName.PROXY in names and times.proxied is None else HopName.TLS
            failed = HopName.TCP if times.tcp is None else behind
    return failed if failed in names else HopName.HTTP
