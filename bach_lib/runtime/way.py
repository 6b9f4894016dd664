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
from bach_lib.models import Fault
from bach_lib.models.hop import Hop, HopName

_PATIENCE: Final = ClientTimeout(total=10.0)
_A_LITTLE: Final = 1.0
"""Seconds that the socket has left when the other way, which is longer, has come to its end."""


@dataclass(slots=True)
class _Times:
    """When what began and ended, on a clock that never jumps; None: it did not."""

    began: float
    resolving: float | None = None
    resolved: float | None = None
    connected: float | None = None
    ended: float = 0.0
    tcp: float | None = None
    """Seconds that TCP takes alone."""


async def walk(url: URL, new_session: Callable[[], ClientSession], *, proxy: URL | None = None) -> list[Hop]:
    """The hops to where `url` is, up to the first that fails; only scheme, host and port of it are used.

    Whatever answers HTTP is good here, be it what was looked for or not. Takes ten seconds at most.
    """
    origin, times = url.origin(), _Times(time.monotonic())
    alone = asyncio.create_task(_tcp(proxy or origin))
    failure: Exception | None = None
    try:
        session = new_session()
        session.trace_configs.append(_traced(times))
        async with session, session.head(origin, allow_redirects=False, raise_for_status=False, timeout=_PATIENCE):
            pass
    except BROKEN as error:
        failure = error
    finally:
        times.ended = time.monotonic()
        await asyncio.wait([alone], timeout=_A_LITTLE)
        alone.cancel()
        await asyncio.wait([alone])
    times.tcp = None if alone.cancelled() else alone.result()
    return _told(
        _hops(origin, proxy),
        times,
        failure,
        (proxy or origin).host_port_subcomponent or THE_SERVER,
    )


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


async def _tcp(url: URL) -> float | None:
    """Seconds until a connection stands, without the search for its address; None if there is none."""
    with suppress(OSError, UnicodeError):
        [found, *_] = await asyncio.get_running_loop().getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
        began = time.monotonic()
        _, writer = await asyncio.open_connection(str(found[4][0]), url.port)
        took = time.monotonic() - began
        writer.close()
        return took
    return None


def _hops(origin: URL, proxy: URL | None) -> list[HopName]:
    """What lies on the way."""
    names = [] if is_ip_address((proxy or origin).host or "") else [HopName.DNS]
    names.append(HopName.TCP)
    if proxy:
        names.append(HopName.PROXY)
    if origin.scheme == "https":
        names.append(HopName.TLS)
    return [*names, HopName.HTTP]


def _told(names: list[HopName], times: _Times, failure: Exception | None, host: str) -> list[Hop]:
    """Each hop with what it took, up to the one that failed."""
    seconds = _seconds(times)
    failed = _failed(names, times, failure) if failure else None
    found = list[Hop]()
    for name in names:
        took = seconds.get(name)
        if failure and name is failed:
            code, text = not_connected(failure, host) if name is not HopName.HTTP else _no_answer(failure, host)
            return [*found, Hop(name=name, seconds=took, fault=Fault(code=code, text=text))]
        found.append(Hop(name=name, seconds=took))
    return found


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


def _failed(names: list[HopName], times: _Times, failure: Exception) -> HopName:
    """The hop at which it ended."""
    match failure:
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
            failed = HopName.TCP if times.tcp is None else HopName.TLS
    return failed if failed in names else HopName.HTTP


def _no_answer(failure: Exception, host: str) -> tuple[str, str]:
    fault = broken(failure, host, written=True).fault
    return fault.code, fault.text
