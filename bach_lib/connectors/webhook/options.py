"""What people say about a webhook: the address, the headers, the body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from yarl import URL

from bach_lib.connectors.base import Setup
from bach_lib.connectors.webhook import template
from bach_lib.connectors.webhook.signature import key_of
from bach_lib.errors import InvalidRecipientError, InvalidValueError, SecretNotFoundError

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e]{1,1000}")
_MAX_HEADERS = 20
_MAX_RECIPIENT = 200
_OURS = re.compile(
    r"(?i)authorization|connection|content-.*|cookie|expect|host|te|trailer|transfer-encoding|upgrade|webhook-.*"
)
"""Headers that a request needs for itself, or that hold a secret, which does not belong into settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where to, with which headers and which body. `key` signs; without one nothing is signed.

    Without `url` nothing is sent: the connection only takes what comes in.
    """

    url: URL | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: object
    key: bytes | None = field(repr=False)

    @classmethod
    def read(cls, setup: Setup, *, may_only_receive: bool) -> Self:
        """Raises an `InputError`."""
        address = setup.secrets.get("url", "").strip() or (setup.connection.endpoint or "").strip()
        if not address and not may_only_receive:
            raise SecretNotFoundError(reference="url")
        headers = _headers(setup.connection.settings.get("headers", {}))
        if authorization := setup.secrets.get("authorization", "").strip():
            if not _VALUE.fullmatch(authorization):
                raise InvalidValueError(field="authorization", value="***", expected="the value of a header")
            headers["Authorization"] = authorization
        body = setup.connection.settings.get("body", template.DEFAULT)
        template.check(body)
        secret = setup.secrets.get("secret", "").strip()
        return cls(
            url=_url(address) if address else None, headers=headers, body=body, key=key_of(secret) if secret else None
        )


def recipient_of(recipient: str) -> str:
    """The one way to write it. Raises `InvalidRecipientError`."""
    wanted = recipient.strip()
    if not 0 < len(wanted) <= _MAX_RECIPIENT or not wanted.isprintable():
        raise InvalidRecipientError(
            recipient=recipient[:100],
            type="webhook",
            expected=f'"default", or a name of at most {_MAX_RECIPIENT} characters that the other side knows',
        )
    return wanted


def _url(address: str) -> URL:
    """The address, which is never quoted: it may be all the secret there is."""
    try:
        url = URL(address)
        good = url.scheme in {"http", "https"} and bool(url.host) and url.user is None and url.password is None
    except ValueError:
        good = False
    if not good or any(character.isspace() for character in address):
        raise InvalidValueError(field="url", value="***", expected="an http(s) address without user and password")
    return url


def _headers(found: object) -> dict[str, str]:
    """The headers of the settings."""
    if not isinstance(found, Mapping) or len(found) > _MAX_HEADERS:
        raise InvalidValueError(
            field="headers", value=str(found)[:50], expected=f"names and values, at most {_MAX_HEADERS}"
        )
    headers: dict[str, str] = {}
    for name, value in found.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or _OURS.fullmatch(name):
            raise InvalidValueError(field="headers", value=str(name)[:50], expected="a header of your own")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise InvalidValueError(field=f"headers, {name}", value="***", expected="1 to 1000 printable characters")
        headers[name] = value
    return headers
