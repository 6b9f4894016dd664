"""Events about runs of routes."""

from dataclasses import dataclass

from bach_lib.events.event import Event
from bach_lib.models import (
    RouteRun,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteEvent(Event):
    """Something happened to a run of a route. `connection` is empty: it may have several.

    Where several processes share the database, the one tells of it that has written it.
    """

    run: RouteRun
    """As it is since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStepped(RouteEvent):
    """Somebody is told: messages are on disk. The newest of `run.tried`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAcknowledged(RouteEvent):
    """Somebody knows, and nobody is told any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteExhausted(RouteEvent):
    """All were told, and nobody was heard of in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSnoozed(RouteEvent):
    """Somebody wants to hear no more of it until `run.due_at`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCancelled(RouteEvent):
    """It was called off."""
