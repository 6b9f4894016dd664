"""How a connection reaches its platform: through the sessions of all, or, told a proxy or an IP family, its own.

Connectors notice nothing of it: they get sessions that go the right way.
"""

import socket
import ssl as tls
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Final, Protocol, cast

from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver

from bach_lib.connectors.ours import IP_FAMILY
from bach_lib.connectors.own_session import OwnSession
from bach_lib.connectors.proxy import Proxy, check_proxy, is_socks, proxy_of
from bach_lib.connectors.requirements import SOCKS, SOCKS_PROXY
from bach_lib.errors import InvalidValueError, MissingLibraryError, UnusableLibraryError
from bach_lib.said import Sentence
from bach_lib.threads import in_thread

FAMILIES: Final[Mapping[str, socket.AddressFamily]] = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_SOCKS: Final = "bach_lib.connectors.socks"
_AFTER_ERROR: Final = 300
"""Characters of what an import said."""


class NewSession(Protocol):
    """Makes a session. Called without arguments, unless a connection is told a way of its own."""

    def __call__(self, *, proxy: Proxy | None = None, family: socket.AddressFamily = socket.AF_UNSPEC) -> ClientSession:
        """A session that goes through this proxy, and uses addresses of this family only.

        `pool_through` makes its connections; it is told `proxy.for_session` and `proxy.middlewares`.
        """


def plain_session(*, proxy: Proxy | None = None, family: socket.AddressFamily = socket.AF_UNSPEC) -> ClientSession:
    """A session of aiohttp's, as it comes."""
    return ClientSession(
        connector=pool_through(proxy, family=family),
        proxy=proxy.for_session if proxy else None,
        middlewares=proxy.middlewares if proxy else (),
    )


def pool_through(
    proxy: Proxy | None,
    *,
    family: socket.AddressFamily = socket.AF_UNSPEC,
    limit: int = 100,
    limit_per_host: int = 0,
    resolver: AbstractResolver | None = None,
    ssl: bool | tls.SSLContext = True,
) -> TCPConnector:
    """What makes the connections of a session: aiohttp's own, or one that asks a SOCKS proxy for each."""
    if proxy is not None and proxy.is_socks:
        made = import_module(_SOCKS).SocksConnector(proxy, limit=limit, limit_per_host=limit_per_host, ssl=ssl)
        return cast("TCPConnector", made)
    return TCPConnector(family=family, limit=limit, limit_per_host=limit_per_host, resolver=resolver, ssl=ssl)


def check_way(settings: Mapping[str, object], given: Mapping[str, str] | None = None) -> None:
    """Raise `InvalidValueError` for a proxy or an IP family that cannot be; never say a proxy with a password.

    `given`: the secrets of the connection, or references to them.
    """
    check_proxy(settings, given)
    family = settings.get(IP_FAMILY.name)
    if not isinstance(family, str):
        return
    if family not in FAMILIES:
        raise InvalidValueError(field=f"settings.{IP_FAMILY.name}", value=family[:20], expected=", ".join(FAMILIES))
    if is_socks(settings):
        expected = Sentence("nothing_beside_a_socks_proxy", "nothing beside a SOCKS proxy, which chooses by itself")
        raise InvalidValueError(field=f"settings.{IP_FAMILY.name}", value=family, expected=expected)


async def prepare_way(settings: Mapping[str, object]) -> None:
    """Import what the way needs, where it needs anything. Raises `MissingLibraryError` or `UnusableLibraryError`."""
    if is_socks(settings):
        await in_thread(_import_socks)


def _import_socks() -> None:
    try:
        import_module(_SOCKS)
    except ModuleNotFoundError as error:
        raise MissingLibraryError(type=SOCKS_PROXY, package=SOCKS.name, extra=SOCKS.extra) from error
    except Exception as error:
        raise UnusableLibraryError(
            type=SOCKS_PROXY,
            package=SOCKS.name,
            found=SOCKS.installed() or "-",
            wanted=SOCKS.requirement,
            reason=f"{type(error).__name__}: {error}"[:_AFTER_ERROR],
        ) from error


def own_sessions(
    settings: Mapping[str, object], proxy: Proxy | None, new_session: NewSession
) -> Callable[[], ClientSession] | None:
    """Makes sessions that go a way of this connection's own; None where it is told none."""
    family = FAMILIES.get(str(settings.get(IP_FAMILY.name)), socket.AF_UNSPEC)
    if proxy or family is not socket.AF_UNSPEC:
        return partial(new_session, proxy=proxy, family=family)
    return None


class Network:
    """The sessions of one connection; `session` and `new_session` are those of all.

    `secrets` are its own. What its way needs was prepared (`prepare_way`). Raises `InvalidValueError` for a user or a
    password that no proxy can be shown.
    """

    def __init__(
        self,
        settings: Mapping[str, object],
        secrets: Mapping[str, str],
        session: ClientSession,
        new_session: NewSession | None = None,
    ) -> None:
        self.new_session: Callable[[], ClientSession] = new_session or plain_session
        """Makes one that goes this connection's way."""
        self.session: ClientSession = session
        """The one that is not its connector's to close."""
        self._own: OwnSession | None = None
        if own := own_sessions(settings, proxy_of(settings, secrets), new_session or plain_session):
            self.new_session = own
            self._own = OwnSession(own)
            self.session = self._own()

    async def close(self) -> None:
        """Close what belongs to this connection alone."""
        if self._own is not None:
            await self._own.close()


async def opened_network(
    settings: Mapping[str, object],
    secrets: Mapping[str, str],
    session: ClientSession,
    new_session: NewSession | None = None,
) -> Network:
    """The same, with what its way needs imported. Raises what both raise."""
    await prepare_way(settings)
    return Network(settings, secrets, session, new_session)
