"""Authentication of requests. Secrets are looked up for every request, so a changed one needs no restart."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Protocol, override

from bach_lib.models import Connection
from bach_lib.partners.faults import FaultError
from bach_lib.redact import Redactor
from bach_lib.registry.partner_types import Auth, auth_of, partner_type_of
from bach_lib.registry.secrets import Secrets, can_be_shown
from bach_lib.said import Sentence

_MOST_SHOWN = 20


class Shown:
    """The secrets that were shown last, which an answer may quote. Older ones are forgotten: tokens come every hour."""

    def __init__(self) -> None:
        self._secrets: dict[str, None] = {}  # a set that keeps its order

    def add(self, *secrets: str) -> None:
        """These are being shown."""
        for secret in secrets:
            self._secrets.pop(secret, None)
            self._secrets[secret] = None
        for secret in list(self._secrets)[:-_MOST_SHOWN]:
            del self._secrets[secret]

    def redactor(self) -> Redactor:
        """What masks all of them."""
        return Redactor(self._secrets)


class Credentials(Protocol):
    """Interface of credentials. The first two calls raise `FaultError` or a `BachError`."""

    async def headers(self) -> Mapping[str, str]:
        """The headers that show who we are; none where nothing is shown."""
        ...

    async def renew(self) -> bool:
        """After a refusal: whether there are fresher ones now, so that asking again makes sense."""
        ...

    def redactor(self) -> Redactor:
        """What masks anything that was ever shown."""
        ...

    async def settle(self) -> None:
        """Let what must not be broken off come to its end, within seconds."""
        ...


class StaticCredentials(Credentials):
    """API key, bearer token, user and password, or nothing."""

    def __init__(self, connection: Connection, secrets: Secrets) -> None:
        self._auth = auth_of(connection)
        self._config = connection.auth_config
        self._type = connection.type
        self._key_header = str(connection.settings.get("api_key_header", partner_type_of(connection).key_header))
        self._secrets = secrets
        self._shown = Shown()

    @override
    async def headers(self) -> Mapping[str, str]:
        if self._auth is Auth.NONE:
            return {}
        found = await self._secrets.resolve(self._config, self._type)
        self._shown.add(*(value for field, value in found.items() if field != "username"))
        name, value = self._header(found)
        if not value.isascii() or not can_be_shown(value):
            raise FaultError(
                "auth_failed",
                Sentence(
                    "the_secret_is_too_long_or_has_characters",
                    "The secret is too long, or has characters that no header can carry.",
                ),
            )
        self._shown.add(value)
        return {name: value}

    @override
    async def renew(self) -> bool:
        return False

    @override
    def redactor(self) -> Redactor:
        return self._shown.redactor()

    @override
    async def settle(self) -> None:
        """Nothing to wait for."""

    def _header(self, found: Mapping[str, str]) -> tuple[str, str]:
        if self._auth is Auth.API_KEY:
            return self._key_header, found["api_key"]
        if self._auth is Auth.BEARER:
            return "Authorization", f"Bearer {found['token']}"
        pair = b64encode(f"{found['username']}:{found['password']}".encode()).decode()
        self._shown.add(pair)
        return "Authorization", f"Basic {pair}"
