"""Validates endpoints: an address without credentials, so that none reach the database or a log."""

import ipaddress
import re
from unicodedata import normalize
from urllib.parse import parse_qsl, unquote, urlsplit

from yarl import URL

from bach_lib.errors import InvalidEndpointError, SecretInEndpointError
from bach_lib.redact import Redactor, holds_secret

_MAX_ENDPOINT = 2000
_NAMES_OF_SECRETS = re.compile(
    r"(?i)(?:^|[_.-])(?:(?:access|api|auth|bot)?(?:token|key)|secret|passw(?:or)?d|pass|pwd|auth|authorization|sig|signature)$"
)
"""What in a query has a name like these is none of the address."""


_LONGEST_LABEL = 63
_IN_NO_NAME = re.compile(r"[\x00-\x20!-,/:-@\[-^`{-\x7f]")
"""Letters of any script, digits, hyphens and underscores are in names of machines; of ASCII nothing else."""

_NUMBERS = re.compile(r"[0-9.]+")
"""No name is made of these alone, and short forms of addresses, such as 127.1, are asked by nobody."""

_USUAL_PORTS = {"http": 80, "https": 443}


def same_place(endpoint: str) -> str:
    """The one way to write an address, so that two that lead to the same place are equal."""
    try:
        parts = urlsplit(endpoint.strip())
        port = parts.port
    except ValueError:
        return endpoint
    host = (parts.hostname or "").rstrip(".")
    shown = "" if port in (None, _USUAL_PORTS.get(parts.scheme)) else f":{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{shown}{parts.path.rstrip('/')}{query}"


def check_endpoint(endpoint: str) -> None:
    """Raise `InvalidEndpointError` unless it is an http(s) address, and its `SecretInEndpointError` for credentials."""
    try:
        parts = urlsplit(endpoint)
        good = parts.scheme in {"http", "https"} and is_host(parts.hostname or "") and parts.port != 0
        if "@" in parts.netloc or _holds_secret(parts.path, parts.query, parts.fragment):
            raise SecretInEndpointError
    except ValueError as error:
        if isinstance(error, SecretInEndpointError):
            raise
        good = False
    if not good or len(endpoint) > _MAX_ENDPOINT or any(character.isspace() for character in endpoint):
        raise InvalidEndpointError(
            endpoint=endpoint.rpartition("@")[2][:100]
        )  # what stands before an @ may be a password


def host_of(endpoint: str) -> str:
    """Host and port of an address, for people. Raises `InvalidEndpointError`."""
    try:
        host = URL(endpoint).host_port_subcomponent
    except ValueError:
        host = None
    if host is None:
        raise InvalidEndpointError(endpoint=Redactor()(endpoint))
    return host


def is_host(host: str) -> bool:
    """Whether a name could be looked up, or this is an IP address; a `ValueError` says no as well."""
    if ":" in host or _NUMBERS.fullmatch(normalize("NFKC", host)):
        ipaddress.ip_address(host)  # its ValueError says no
        return True
    labels = host.removesuffix(".").split(".")
    return all(0 < _length(label) <= _LONGEST_LABEL and not _IN_NO_NAME.search(label) for label in labels)


def _length(label: str) -> int:
    """As it is looked up, where another script than ours is written in ours."""
    return len(label) if label.isascii() else len(f"xn--{label.encode('punycode').decode()}")


def _holds_secret(path: str, query: str, fragment: str) -> bool:
    """Whether something behind the host is a token: by its form, or by the name it has in the query."""
    if any(holds_secret(form) for one in (path, query, fragment) for form in (one, unquote(one))):
        return True
    return any(value and _NAMES_OF_SECRETS.search(name) for name, value in parse_qsl(query))
