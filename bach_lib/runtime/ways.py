"""The ways of all connections: where each goes, and what is found on it hop by hop."""

from collections.abc import Sequence
from typing import Final

from yarl import URL

from bach_lib.connectors import Connectors
from bach_lib.connectors.network_way import NewSession, own_sessions, prepare_way
from bach_lib.connectors.proxy import of_proxy, proxy_of
from bach_lib.errors import BachError, MissingLibraryError, OwnedElsewhereError
from bach_lib.models import Category, Connection, Fault, Identity
from bach_lib.models.health import INTERNAL
from bach_lib.models.hop import Hop, HopName
from bach_lib.registry import Registry
from bach_lib.registry.partner_types import endpoint_of
from bach_lib.registry.secrets import Secrets
from bach_lib.runtime.way import walk

_ENDS_THERE: Final = {"dns": HopName.DNS, "proxy_login": HopName.PROXY, "refused": HopName.TCP, "tls": HopName.TLS}
"""The codes of `network`, where a hop is meant by them."""
_OF_CREDENTIALS: Final = frozenset(
    {"auth_failed", "invalid_token", "secret_not_found", "secret_unreadable", "unauthorized"}
)
_OF_PERMISSION: Final = frozenset(
    {"bad_request", "cannot_do", "conflict", "forbidden", "gone", "moved", "not_accepted", "not_found"}
)
_NOT_ON_THE_WAY: Final = frozenset(
    {INTERNAL, MissingLibraryError.code, OwnedElsewhereError.code, "disabled", "not_working"}
)
"""Codes of what lies before the way: the connection is off, or cannot work here."""


class Ways:
    """Walks to the platform of any connection, whether it is at work or not."""

    def __init__(self, registry: Registry, connectors: Connectors, secrets: Secrets, new_session: NewSession) -> None:
        self._registry, self._connectors, self._secrets = registry, connectors, secrets
        self._new_session = new_session

    async def walk(self, name: str) -> list[Hop]:
        """The hops of the network; none where nobody is asked. Raises `UnknownConnectionError`."""
        row = self._registry.get(name)
        if not row.is_active:
            return []
        try:
            place = await self._place(row)
            url = URL(place) if place else None
            await prepare_way(row.settings)
            proxy = proxy_of(row.settings, await self._secrets.resolve(of_proxy(row.auth_config), row.type))
        except (BachError, ValueError):  # the check says it
            return []
        if url is None or not url.host or url.scheme not in {"http", "https"}:
            return []
        new_session = own_sessions(row.settings, proxy, self._new_session) or self._new_session
        return await walk(url, new_session, proxy=proxy)

    async def _place(self, row: Connection) -> str | None:
        if row.category is not Category.CONNECTOR:
            return endpoint_of(row)
        if row.endpoint:
            return row.endpoint
        secrets = await self._secrets.resolve(row.auth_config, row.type)
        knows = (await self._connectors.load(row.type)).knows
        return secrets.get("url") or (knows.default_endpoint if knows else None)


def with_answer(walked: Sequence[Hop], answer: Identity | Fault) -> list[Hop]:
    """The same with what a check found meanwhile, which knows better: it has asked what the connection asks.

    Nothing, if what it found does not lie on the way: the connection is switched off, or cannot work here.
    """
    if isinstance(answer, Identity):
        found = [Hop(name=hop.name, seconds=hop.seconds) for hop in walked]
        accepted = [HopName.CREDENTIALS] if answer.accepted else []
        return [*found, *(Hop(name=name) for name in (*accepted, HopName.PERMISSION))]
    if answer.code in _NOT_ON_THE_WAY:
        return []
    if walked and walked[-1].fault:
        return [*walked]
    end = _end(answer.code)
    before = [hop for hop in walked if _ORDER.index(hop.name) < _ORDER.index(end)]
    if end is HopName.PERMISSION:
        before.append(Hop(name=HopName.CREDENTIALS))
    took = next((hop.seconds for hop in walked if hop.name is end), None)
    return [*before, Hop(name=end, seconds=took, fault=answer)]


_ORDER: Final = [*HopName]


def _end(code: str) -> HopName:
    if code in _OF_CREDENTIALS:
        return HopName.CREDENTIALS
    return HopName.PERMISSION if code in _OF_PERMISSION else _ENDS_THERE.get(code, HopName.HTTP)
