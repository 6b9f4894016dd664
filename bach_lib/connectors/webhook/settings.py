"""Settings of a webhook: the address, the headers, the credentials, the body."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from yarl import URL

from bach_lib.common_sentences import A_USER_NAME_WITHOUT_A_COLON, THE_NAME_OF_A_HEADER
from bach_lib.connectors.base import Setup
from bach_lib.connectors.endpoint import is_host
from bach_lib.connectors.webhook.posting import Posting
from bach_lib.connectors.webhook.signature import key_of
from bach_lib.errors import InvalidRecipientError, InvalidValueError, SecretNotFoundError
from bach_lib.said import Sentence

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e]{1,1000}")
_SECRET = re.compile(r"[\x20-\x7e]{1,7000}")
"""A signed token of an account (JWT) has some thousand characters; servers take 8 KiB of headers."""
_MAX_HEADERS = 20
_MAX_RECIPIENT = 200
_MAX_LOGIN = 700
_OURS = re.compile(
    r"(?i)authorization|connection|content-.*|cookie|expect|host|te|trailer|transfer-encoding|upgrade|webhook-.*"
)
"""Headers that a request needs for itself, or that hold a secret, which does not belong into settings."""


_FRAMING = re.compile(r"(?i)connection|content-.*|expect|host|te|trailer|transfer-encoding|upgrade|webhook-.*")
"""Those of them that not even a secret can be."""
_KEY_HEADER = "X-API-Key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of what is posted: where to, with which headers, in which form.

    `keys` sign, each for itself; without one nothing is signed.
    Without `url` nothing is sent: the connection only takes what comes in. `hidden` is made of secrets, and one itself.
    """

    url: URL | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    posting: Posting
    keys: tuple[bytes, ...] = field(repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def read(cls, setup: Setup, *, may_only_receive: bool) -> Self:
        """Raises an `InputError`."""
        settings = setup.connection.settings
        secrets = {name: secret.strip() for name, secret in setup.secrets.items()}
        address = secrets.get("url") or (setup.connection.endpoint or "").strip()
        if not address and not may_only_receive:
            raise SecretNotFoundError(reference="url")
        credentials = _credentials(secrets, settings.get("api_key_header", _KEY_HEADER))
        headers = _headers(settings.get("headers", {}))
        taken = {name.lower() for name in credentials}
        headers = {name: value for name, value in headers.items() if name.lower() not in taken} | credentials
        return cls(
            url=_url(address) if address else None,
            headers=headers,
            posting=Posting.read(settings),
            keys=_keys(secrets),
            hidden=tuple(credentials.values()),
        )


def _credentials(secrets: Mapping[str, str], key_header: object) -> dict[str, str]:
    """The headers that hold secrets."""
    headers: dict[str, str] = {}
    if key := secrets.get("api_key"):
        if not isinstance(key_header, str) or not _NAME.fullmatch(key_header) or _FRAMING.fullmatch(key_header):
            raise InvalidValueError(field="api_key_header", value=str(key_header)[:50], expected=THE_NAME_OF_A_HEADER)
        headers[key_header] = _shown("api_key", key)
    if authorization := secrets.get("authorization"):
        headers["Authorization"] = _shown("authorization", authorization)
    if user := secrets.get("username") or secrets.get("password"):
        user, password = secrets.get("username", ""), secrets.get("password", "")
        if not user or ":" in user or len(user + password) > _MAX_LOGIN:
            raise InvalidValueError(
                field="username",
                value="***",
                expected=A_USER_NAME_WITHOUT_A_COLON,
            )
        headers["Authorization"] = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
    given = bool(secrets.get("authorization")) + bool(user) + (str(key_header).lower() == "authorization" and bool(key))
    if given > 1:
        raise InvalidValueError(
            field="authorization",
            value="***",
            expected=Sentence("one_way_to_fill_the_header_authorization", "one way to fill the header Authorization"),
        )
    return headers


def _shown(field: str, secret: str) -> str:
    """A secret that a header can carry; nothing of it is quoted."""
    if not _SECRET.fullmatch(secret):
        raise InvalidValueError(
            field=field,
            value="***",
            expected=Sentence(
                "1_to_7000_printable_ascii_characters", "1 to 7000 printable ASCII characters, as a header holds them"
            ),
        )
    return secret


def _keys(secrets: Mapping[str, str]) -> tuple[bytes, ...]:
    """The key that signs, and during a change the one before it too."""
    if "old_secret" in secrets and not secrets.get("secret"):
        raise InvalidValueError(
            field="secret",
            value="",
            expected=Sentence("the_new_secret_beside_the_old_one", "the new secret beside the old one"),
        )
    found = [key_of(secrets[name], name) for name in ("secret", "old_secret") if secrets.get(name)]
    return tuple(dict.fromkeys(found))


def recipient_of(recipient: str) -> str:
    """The one way to write it. Raises `InvalidRecipientError`."""
    wanted = recipient.strip()
    if not 0 < len(wanted) <= _MAX_RECIPIENT or not wanted.isprintable():
        raise InvalidRecipientError(
            recipient=recipient[:100],
            type="webhook",
            expected=Sentence(
                "default_or_a_name_of_at_most_number_characters",
                '"default", or a name of at most {number} characters that the other side knows',
                number=_MAX_RECIPIENT,
            ),
        )
    return wanted


def _url(address: str) -> URL:
    """The address, which is never quoted: it may be all the secret there is."""
    try:
        url = URL(address)
        is_open = url.user is None and url.password is None
        good = is_open and url.scheme in {"http", "https"} and is_host(url.raw_host or "") and url.port != 0
    except ValueError:
        good = False
    if not good or any(character.isspace() for character in address):
        raise InvalidValueError(
            field="url",
            value="***",
            expected=Sentence(
                "an_http_s_address_without_user_and_password", "an http(s) address without user and password"
            ),
        )
    return url


def _headers(found: object) -> dict[str, str]:
    """The headers of the settings."""
    if not isinstance(found, Mapping) or len(found) > _MAX_HEADERS:
        raise InvalidValueError(
            field="headers",
            value=str(found)[:50],
            expected=Sentence(
                "names_and_values_at_most_number", "names and values, at most {number}", number=_MAX_HEADERS
            ),
        )
    headers: dict[str, str] = {}
    for name, value in found.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or _OURS.fullmatch(name):
            raise InvalidValueError(
                field="headers", value=str(name)[:50], expected=Sentence("a_header_of_your_own", "a header of your own")
            )
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise InvalidValueError(
                field=f"headers, {name}",
                value="***",
                expected=Sentence("1_to_1000_printable_characters", "1 to 1000 printable characters"),
            )
        headers[name] = value
    return headers
