"""Who looks at the web app: what they may see and do, and what things are called where they look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bach_lib.bach import Bach
from bach_lib.errors import BachError


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A connection or a recipient that can be chosen."""

    id: str
    title: str
    recipients: Sequence["Known"] = ()


class Viewer(Protocol):
    """One person, for the time of one question. What they may is asked anew with each."""

    @property
    def sees_all(self) -> bool:
        """Whether nothing of this home is hidden from them."""
        ...

    def may(self, connection: str, recipient: str) -> bool:
        """Whether they may see what goes to a recipient, and decide about it."""
        ...

    def places(self) -> Sequence[Known]:
        """All connections that send, with their recipients."""
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
