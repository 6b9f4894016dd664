"""A connection: the row of the registry, and the words for how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Category(StrEnum):
    """What a connection leads to."""

    CONNECTOR = "connector"
    """A chat platform or the like, to send and receive."""
    AI = "ai"
    """An AI partner to talk to."""
    MCP = "mcp"
    """A server with tools."""
    API = "api"
    """An address that is watched."""


class BreakerState(StrEnum):
    """Closed lets everything through, open nothing, half-open one probe."""

    CLOSED = "closed"
    """All is well."""
    OPEN = "open"
    """Nothing is sent until `disabled_until`."""
    HALF_OPEN = "half_open"
    """One message goes first."""


class ConnectionState(StrEnum):
    """How one direction of a connection stands."""

    STARTING = "starting"
    """Nothing is known yet."""
    CONNECTED = "connected"
    """It works."""
    DISCONNECTED = "disconnected"
    """It does not, and is tried again by itself."""
    AUTH_FAILED = "auth_failed"
    """The credentials are refused; a person is needed."""
    DISABLED = "disabled"
    """Switched off, or this direction is none of it."""


class Direction(StrEnum):
    """The two directions of a connection, judged apart."""

    SENDING = "sending"
    """From here to the platform."""
    RECEIVING = "receiving"
    """From the platform to here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A row of the registry: one account or endpoint.

    `auth_config` holds references to secrets (`env:NAME`, `file:/path`, `keyring:service/user`), never a secret.
    `allowed` holds the recipients and senders whose messages are let in; by default nobody's.
    `settings` holds what else its type can be told, as JSON knows it; the page of each type says what.
    The last six fields are kept by BACH; what a caller gives there is ignored.
    """

    name: str
    """1 to 100 letters, digits, `_`, `-` or `.`; unique."""
    type: str
    """The platform or partner, such as `telegram`."""
    category: Category = Category.CONNECTOR
    """What it leads to."""
    endpoint: str | None = None
    """An http(s) address, where the type wants one or its usual one is not meant."""
    is_active: bool = True
    """Whether it is switched on."""
    auth_type: str = "token"
    """The way to authenticate; usual is `token`."""
    auth_config: Mapping[str, str] = field(default_factory=dict, repr=False)  # somebody may give a secret itself
    allowed: frozenset[str] = frozenset()
    settings: Mapping[str, object] = field(default_factory=dict)
    success_count: int = 0
    """Attempts that delivered; of a partner, checks that worked."""
    error_count: int = 0
    """Attempts and checks that failed."""
    blocked_count: int = 0
    """Messages of people who are not allowed."""
    last_used: float | None = None
    """When a request last worked."""
    consecutive_failures: int = 0
    """Failures since the last success; they open the breaker."""
    disabled_until: float | None = None
    """Until when the breaker is open."""
