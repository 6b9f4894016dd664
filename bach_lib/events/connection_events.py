"""Events about connections."""

from dataclasses import dataclass

from bach_lib.events.event import Event
from bach_lib.models import (
    BreakerState,
    Connection,
    Direction,
    Fault,
    Health,
    Identity,
    Report,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerChanged(Event):
    """The circuit breaker went from one state to another."""

    old: BreakerState
    """As it was."""
    new: BreakerState
    """As it is."""
    disabled_until: float | None
    """Until when nothing is sent, if it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChanged(Event):
    """One direction of a connection stands differently."""

    direction: Direction
    """Which one."""
    health: Health
    """As it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionIdentified(Event):
    """A check found somebody else there than the last one did, or the platform in another version."""

    identity: Identity
    """Who is there now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChecked(Event):
    """An AI partner, an MCP server or an API was checked, whether its health has changed or not."""

    checked_at: float
    """When."""
    result: Report | Fault
    """What was learned, or what was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientMoved(Event):
    """The platform gave a recipient a new address (a group became a supergroup)."""

    old: str
    """The address until now."""
    new: str
    """The address from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """Another account is behind a connection: what it sent and read before is somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionAdded(Event):
    """A connection is in the registry."""

    row: Connection
    """As it was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionUpdated(Event):
    """A person changed a connection. `changed` names the fields that differ."""

    row: Connection
    """As it is now."""
    changed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRemoved(Event):
    """A connection, its queue and its inbox are gone."""
