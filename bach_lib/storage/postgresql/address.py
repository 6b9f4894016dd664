"""Addresses of PostgreSQL databases, which may hold a password: whatever shows one shows it without."""

from os import PathLike
from typing import override
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

_SCHEMES = ("postgresql://", "postgres://")
_SHOWN = ("dbname", "host", "hostaddr", "port", "service", "user")
"""What of an address's parameters is shown, as they say which database it is; any of the others may be a secret."""
_PORT = "5432"
_PASSWORDS = ("password", "sslpassword")
_LEAST = 4
"""Characters of a password that is looked for in a sentence; a shorter one would stand in any word."""


def is_address(place: str | PathLike[str]) -> bool:
    """Whether this names a database of a server, and no file."""
    return isinstance(place, str) and place.lower().startswith(_SCHEMES)


class Address:
    """One address. `str()` and `repr()` of it are for people and logs; `full` is for the driver alone."""

    __slots__ = ("_shown", "full")

    def __init__(self, full: str) -> None:
        scheme, colon, rest = full.partition(":")
        self.full: str = f"{scheme.lower()}{colon}{rest}"  # as the driver wants it
        self._shown = _without_secrets(self.full)

    @override
    def __str__(self) -> str:
        return self._shown

    @override
    def __repr__(self) -> str:
        return f"Address({self._shown!r})"

    @property
    def host(self) -> str:
        """The server, for people; several with commas between them, none for one of this machine."""
        parts = urlsplit(self._shown)
        return parts.netloc.rpartition("@")[2] or dict(parse_qsl(parts.query)).get("host", "")

    @property
    def database(self) -> str:
        """The database there, for people."""
        parts = urlsplit(self._shown)
        return dict(parse_qsl(parts.query)).get("dbname") or parts.path.lstrip("/")

    def with_password(self, password: str) -> "Address":
        """The same with this password, which may hold any signs."""
        return Address(f"{self.full}{'&' if '?' in self.full else '?'}password={quote(password, safe='')}")

    @property
    def which(self) -> str:
        """Which database it is, in one spelling; as far as an address tells, without asking anybody."""
        try:
            parts = urlsplit(self.full)
            given = dict(parse_qsl(parts.query))
        except ValueError:
            return self._shown
        place = given.get("host") or unquote(parts.netloc.rpartition("@")[2])
        hosts = ",".join(_host(one, given.get("port") or _PORT) for one in place.split(","))
        user = given.get("user") or unquote(parts.netloc.rpartition("@")[0].partition(":")[0])
        database = given.get("dbname") or unquote(parts.path.removeprefix("/"))
        return " ".join(f"{one}" for one in (user, hosts, database, given.get("hostaddr"), given.get("service")) if one)

    @property
    def has_secret(self) -> bool:
        """Whether a password stands in it."""
        return any(_passwords(self.full))

    def redact(self, sentence: str) -> str:
        """A sentence of the driver's or the server's, without this address and its password."""
        for secret in _secrets(self.full):
            sentence = sentence.replace(secret, "***")
        return sentence


def _host(written: str, port: str) -> str:
    name, colon, own = written.rpartition(":")
    if not colon or "]" in own or written.startswith("/"):
        name, own = written, ""
    return f"{name.lower() if not name.startswith('/') else name}:{own or port}"


def _without_secrets(full: str) -> str:
    try:
        parts = urlsplit(full)
        user, at, _ = (parts.username or ""), "@" if parts.netloc.rpartition("@")[1] else "", None
        place = parts.netloc.rpartition("@")[2]
        shown = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] in _SHOWN], safe="/,")
    except ValueError:
        return "postgresql://…"
    return f"postgresql://{user}{at}{place}{parts.path}{'?' if shown else ''}{shown}"


def _passwords(full: str) -> list[str]:
    try:
        parts = urlsplit(full)
        return [parts.password or "", *(value for name, value in parse_qsl(parts.query) if name in _PASSWORDS)]
    except ValueError:
        return [full.partition("://")[2].rpartition("@")[0].partition(":")[2]]


def _secrets(full: str) -> list[str]:
    """The address, and what in it nobody may read, as it stands there and as it is meant; the longest first."""
    found = {full}
    for password in _passwords(full):
        found |= {password, unquote(password)}
    return sorted((secret for secret in found if len(secret) >= _LEAST), key=lambda secret: -len(secret))
