"""The proxy that a connection is told: its address, what it is shown, and what can go wrong at it.

Its address is a setting. User and password are secrets like all others (`proxy_user` and `proxy_password` in
`auth_config`), and stand neither beside it nor in anything that is printed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import unquote

from aiohttp import (
    ClientHandlerType,
    ClientHttpProxyError,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
)
from yarl import URL

from bach_lib.connectors.ours import PROXY, PROXY_PASSWORD, PROXY_USER
from bach_lib.connectors.proxy_failures import ProxyFailedError, not_let_through, not_reached, refused_login
from bach_lib.errors import InvalidValueError
from bach_lib.said import Sentence

_HTTP: Final = frozenset({"http", "https"})
LOOKS_UP: Final[Mapping[str, bool]] = {"socks4": False, "socks4a": True, "socks5": False, "socks5h": True}
"""Whether such a proxy is told the name of the platform and looks it up itself; else it is told the address."""
_LONGEST: Final = 300
_MOST_BYTES: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy with what it wants to be shown, which no repr has."""

    address: URL
    """Without user and password."""
    user: str | None = field(default=None, repr=False)
    """Who we are to it; None: it asks nobody."""
    password: str | None = field(default=None, repr=False)
    """How that is proved."""

    @property
    def is_socks(self) -> bool:
        """Whether connections are asked for in the language of SOCKS; else in that of HTTP."""
        return self.address.scheme in LOOKS_UP

    @property
    def looks_up(self) -> bool:
        """Whether it is the proxy that looks up where a name leads."""
        return LOOKS_UP.get(self.address.scheme, True)

    @property
    def place(self) -> str:
        """Host and port, to be told."""
        return f"{self.address.host}:{self.address.port}"

    @property
    def for_session(self) -> URL | None:
        """What a session of aiohttp's is told of it, with all that it is shown; of SOCKS, nothing."""
        if self.is_socks:
            return None
        return self.address.with_user(self.user).with_password(self.password) if self.user else self.address

    @property
    def middlewares(self) -> tuple[ClientMiddlewareType, ...]:
        """What a session of aiohttp's needs beside, to tell an answer of the proxy from one of the platform."""
        return () if self.is_socks else (self._tell_apart,)

    async def _tell_apart(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Middleware: 407 is never the platform's."""
        try:
            response = await handler(request)
        except ClientHttpProxyError as error:
            failure = self._refused(error.status, request.url.host or "")
        else:
            if response.status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
                return response
            response.close()
            failure = self._refused(response.status, "")
        raise failure  # out here, so that its `__context__` does not carry what aiohttp quotes

    def _refused(self, status: int, host: str) -> ProxyFailedError:
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return refused_login(self.place, was_shown=bool(self.user))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return not_reached(self.place, host)
        return not_let_through(self.place, host)


class Typed(NamedTuple):
    """What a person typed or pasted, taken apart."""

    address: str
    user: str | None
    password: str | None


def apart(typed: str) -> Typed:
    """An address as providers give it, with user and password in it, and signs in these written as %40 or as they are.

    The port that everybody has for SOCKS need not be written.
    """
    scheme, mark, rest = typed.strip().partition("://")
    login, at, place = rest.rpartition("@")
    user, _, password = login.partition(":")
    address = f"{scheme.lower()}{mark}{place.removesuffix('/')}"
    return Typed(address, unquote(user) or None if at else None, unquote(password) or None if at else None)


def is_proxy(address: str) -> bool:
    """Whether this is the address of a proxy that can be gone through, with nothing secret in it."""
    try:
        url = URL(address)
        has_more = url.user or url.password or url.query_string or url.fragment or url.path not in {"", "/"}
        return url.scheme in {*_HTTP, *LOOKS_UP} and bool(url.host) and not has_more and len(address) <= _LONGEST
    except ValueError:
        return False


def is_same_place(one: str, other: str) -> bool:
    """Whether two addresses are those of one proxy, however it is spoken to: only there its user and password go."""
    if not is_proxy(one) or not is_proxy(other):
        return False
    return (URL(one).host, URL(one).port) == (URL(other).host, URL(other).port)


def is_socks(settings: Mapping[str, object]) -> bool:
    """Whether a connection goes through a proxy that is asked in the language of SOCKS."""
    address = settings.get(PROXY.name)
    return isinstance(address, str) and is_proxy(address) and URL(address).scheme in LOOKS_UP


def check_proxy(settings: Mapping[str, object], given: Mapping[str, str] | None = None) -> None:
    """Raise `InvalidValueError` for a proxy that cannot be, or a password without a user; never say what is secret.

    `given`: the secrets of the connection, or references to them.
    """
    address = settings.get(PROXY.name)
    if isinstance(address, str) and not is_proxy(address):
        value, expected = Sentence("this_address", "this address"), _right_address(has_login="@" in address)
        raise InvalidValueError(field=f"settings.{PROXY.name}", value=value, expected=expected)
    if given and PROXY_PASSWORD.name in given and PROXY_USER.name not in given:
        expected = Sentence(
            "a_user_beside_it_as_the_secret_name", "a user beside it, as the secret {name}", name=PROXY_USER.name
        )
        raise InvalidValueError(field=f"auth_config.{PROXY_PASSWORD.name}", value="***", expected=expected)


def _right_address(*, has_login: bool) -> Sentence:
    if has_login:
        return Sentence(
            "the_address_alone_its_user_and_password_as_secrets",
            "the address alone, and user and password as the secrets {user} and {password}",
            user=PROXY_USER.name,
            password=PROXY_PASSWORD.name,
        )
    return Sentence(
        "an_address_such_as_one_or_other",
        "an address such as {one} or {other}",
        one="http://proxy.local:3128",
        other="socks5h://proxy.local:1080",
    )


def proxy_of(settings: Mapping[str, object], secrets: Mapping[str, str]) -> Proxy | None:
    """The proxy that a connection is told; one that cannot be, as another version may have stored it, is none.

    Raises `InvalidValueError` for a user or a password that no proxy can be shown.
    """
    address = settings.get(PROXY.name)
    if not isinstance(address, str) or not is_proxy(address):
        return None
    url = URL(address)
    user, password = secrets.get(PROXY_USER.name), secrets.get(PROXY_PASSWORD.name)
    for name, secret in ((PROXY_USER.name, user), (PROXY_PASSWORD.name, password)):
        if secret is not None and not _can_be_shown(secret, is_user=name == PROXY_USER.name):
            expected = Sentence(
                "number_plain_letters_digits_and_signs",
                "1 to {number} plain letters, digits and signs",
                number=_MOST_BYTES,
            )
            raise InvalidValueError(field=f"auth_config.{name}", value="***", expected=expected)
    return Proxy(address=url if url.port else url.with_port(1080), user=user, password=password)


def _can_be_shown(secret: str, *, is_user: bool) -> bool:
    is_short = 0 < len(secret) <= _MOST_BYTES
    return secret.isascii() and secret.isprintable() and is_short and not (is_user and ":" in secret)


def without_proxys(secrets: Mapping[str, str]) -> dict[str, str]:
    """The secrets that are the connector's own."""
    return {name: secret for name, secret in secrets.items() if name not in {PROXY_USER.name, PROXY_PASSWORD.name}}


def of_proxy(references: Mapping[str, str]) -> dict[str, str]:
    """Those that are the proxy's."""
    return {name: one for name, one in references.items() if name in {PROXY_USER.name, PROXY_PASSWORD.name}}
