"""A connection: the row of the registry, and the words for how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Category(StrEnum):
    """What a connection leads to."""

    CONNECTOR = "connector"
    AI = "ai"
    MCP = "mcp"
    API = "api"


class BreakerState(StrEnum):
    """Closed lets everything through, open nothing, half-open one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class ConnectionState(StrEnum):
    """How one direction of a connection stands."""

    STARTING = "starting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    AUTH_FAILED = "auth_failed"
    DISABLED = "disabled"


class Direction(StrEnum):
    """The two directions of a connection, judged apart."""

    SENDING = "sending"
    RECEIVING = "receiving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A row of the registry: one account or endpoint.

    `auth_config` holds references to secrets (`env:NAME`, `file:/path`, `keyring:service/user`), never a secret.
    `allowed` holds the recipients and senders whose messages are let in; by default nobody's.
    `settings` holds what else its type can be told, as JSON knows it; the page of each type says what.
    The last six fields are kept by BACH; what a caller gives there is ignored.
    """

    name: str
    type: str
    category: Category = Category.CONNECTOR
    endpoint: str | None = None
    is_active: bool = True
    auth_type: str = "token"
    auth_config: Mapping[str, str] = field(default_factory=dict, repr=False)  # somebody may give a secret itself
    allowed: frozenset[str] = frozenset()
    settings: Mapping[str, object] = field(default_factory=dict)
    success_count: int = 0
    error_count: int = 0
    blocked_count: int = 0
    last_used: float | None = None
    consecutive_failures: int = 0
    disabled_until: float | None = None
