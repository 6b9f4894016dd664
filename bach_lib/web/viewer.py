"""Who looks at the web app: what they may see and do, and what things are called where they look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bach_lib.bach import Bach
from bach_lib.errors import BachError
from bach_lib.models.bridge import Bridge


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A connection or a recipient that can be chosen."""

    id: str
    title: str
    recipients: Sequence["Known"] = ()
    entity: str | None = None
    """What stands for a recipient in Home Assistant, by which a card on a dashboard knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What somebody may who writes to this home."""

    connection: str
    """The title of the connection."""
    place: str
    """Where they write."""
    person: str | None
    """None: everybody there of whom nothing else is said."""
    role: str
    user: str | None = None
    """For whom it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who had a message sent."""

    kind: str
    """automation, script or user"""
    name: str
    link: str | None = None
    """The address of the page that shows what they did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """For whom a message was, where several can be told by one recipient, or one by several."""

    name: str
    """What they are called."""
    is_home: bool
    """Whether they were at home when it was sent."""


class BridgeKeeper(Protocol):
    """Where the bridges of a home are kept, and what they are called there."""

    @property
    def are_named(self) -> bool:
        """Whether whoever makes one gives it a name."""
        ...

    def title(self, name: str) -> str:
        """What one is called."""
        ...

    async def set(self, bridge: Bridge, *, is_new: bool) -> None:
        """Keep a new one, or another in the place of one of its name. Raises a `BachError`."""
        ...

    async def remove(self, name: str) -> None:
        """Forget one. Raises a `BachError`."""
        ...


class Viewer(Protocol):
    """One person, for the time of one question. What they may is asked anew with each."""

    @property
    def sees_all(self) -> bool:
        """Whether nothing of this home is hidden from them."""
        ...

    @property
    def name(self) -> str:
        """What they are called, for others to read."""
        ...

    def may(self, connection: str, recipient: str) -> bool:
        """Whether they may see what goes to a recipient, and decide about it."""
        ...

    def places(self) -> Sequence[Known]:
        """All connections that send, with their recipients."""
        ...

    def title(self, connection: str) -> str:
        """What a connection of any category is called here."""
        ...

    def alarm(self, route: str) -> str:
        """What is called so that tells in runs: a route, or whatever begins them by itself."""
        ...

    def link(self, connection: str) -> str | None:
        """The address of the page on which its settings are; None where there is none."""
        ...

    async def origin(self, context: str | None) -> Origin | None:
        """Who had a message sent with which this was kept; None: they are not known, or not to this viewer."""
        ...

    def aim(self, context: str | None) -> Aim | None:
        """For whom a message was with which this was kept; None: not for a person, or not for this viewer to know."""
        ...

    @property
    def context(self) -> str | None:
        """What is kept with a message that they send from here."""
        ...

    async def rights(self) -> Sequence[Right]:
        """Who may do what."""
        ...

    @property
    def bridges(self) -> BridgeKeeper:
        """Where bridges are kept."""
        ...

    def sentence(self, error: BachError) -> str:
        """An error, as this home says it."""
        ...


class ForbiddenError(Exception):
    """The viewer may not do this."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody asks something: the first argument of every command."""

    bach: Bach
    viewer: Viewer

    def require(self, connection: str, recipient: str) -> None:
        """Raise `ForbiddenError` unless they may see what goes to a recipient, and decide about it."""
        if not self.viewer.may(connection, recipient):
            raise ForbiddenError

    def require_all(self) -> None:
        """Raise `ForbiddenError` unless nothing of this home is hidden from them."""
        if not self.viewer.sees_all:
            raise ForbiddenError
