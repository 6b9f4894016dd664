"""How a connection reaches its platform: through the sessions of all, or, told a proxy or an IP family, its own.

Connectors notice nothing of it: they get sessions that go the right way.
"""

import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Protocol

from aiohttp import ClientSession, TCPConnector
from yarl import URL

from bach_lib.connectors.ours import IP_FAMILY, PROXY
from bach_lib.connectors.own_session import OwnSession
from bach_lib.errors import InvalidValueError
from bach_lib.said import Sentence

FAMILIES: Final[Mapping[str, socket.AddressFamily]] = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_LONGEST = 300


class NewSession(Protocol):
    """Makes a session. Called without arguments, unless a connection is told a way of its own."""

    def __call__(self, *, proxy: str | None = None, family: socket.AddressFamily = socket.AF_UNSPEC) -> ClientSession:
        """A session that goes through this proxy, and uses addresses of this family only."""


def plain_session(*, proxy: str | None = None, family: socket.AddressFamily = socket.AF_UNSPEC) -> ClientSession:
    """A session of aiohttp's, as it comes."""
    return ClientSession(proxy=proxy, connector=TCPConnector(family=family))


def check_way(settings: Mapping[str, object]) -> None:
    """Raise `InvalidValueError` for a proxy or an IP family that cannot be; never say a proxy with a password."""
    proxy, family = settings.get(PROXY.name), settings.get(IP_FAMILY.name)
    if isinstance(proxy, str) and not is_proxy(proxy):
        expected = Sentence(
            "one_address_or_other_without_name_and_password",
            "{one} or {other}, without a name and a password; SOCKS is not known",
            one="http://host:port",
            other="https://host:port",
        )
        raise InvalidValueError(
            field=f"settings.{PROXY.name}", value=Sentence("this_address", "this address"), expected=expected
        )
    if isinstance(family, str) and family not in FAMILIES:
        raise InvalidValueError(field=f"settings.{IP_FAMILY.name}", value=family[:20], expected=", ".join(FAMILIES))


def is_proxy(address: str) -> bool:
    """Whether this is the address of a proxy that can be gone through, with nothing secret in it."""
    try:
        url = URL(address)
        has_more = url.user or url.password or url.query_string or url.fragment or url.path not in {"", "/"}
        return url.scheme in {"http", "https"} and bool(url.host) and not has_more and len(address) <= _LONGEST
    except ValueError:
        return False


def proxy_of(settings: Mapping[str, object]) -> str | None:
    """The proxy that a connection is told; one that cannot be, as another version may have stored it, is none."""
    proxy = settings.get(PROXY.name)
    return proxy if isinstance(proxy, str) and is_proxy(proxy) else None


def own_sessions(settings: Mapping[str, object], new_session: NewSession) -> Callable[[], ClientSession] | None:
    """Makes sessions that go a way of this connection's own; None where it is told none."""
    proxy, family = proxy_of(settings), FAMILIES.get(str(settings.get(IP_FAMILY.name)), socket.AF_UNSPEC)
    if proxy or family is not socket.AF_UNSPEC:
        return partial(new_session, proxy=proxy, family=family)
    return None


class Network:
    """The sessions of one connection; `session` and `new_session` are those of all."""

    def __init__(
        self, settings: Mapping[str, object], session: ClientSession, new_session: NewSession | None = None
    ) -> None:
        self.new_session: Callable[[], ClientSession] = new_session or plain_session
        """Makes one that goes this connection's way."""
        self.session: ClientSession = session
        """The one that is not its connector's to close."""
        self._own: OwnSession | None = None
        if own := own_sessions(settings, new_session or plain_session):
            self.new_session = own
            self._own = OwnSession(own)
            self.session = self._own()

    async def close(self) -> None:
        """Close what belongs to this connection alone."""
        if self._own is not None:
            await self._own.close()
