"""The kind of connection that is this home itself: there is nothing to fill in, and one of it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class OwnHomeKind:
    """The Home Assistant that BACH runs in. It has no form, no address and no credential."""

    model: str = "Home Assistant"
    refused: str = "cannot_connect"
    place: str | None = None


OWN_HOME: Final = OwnHomeKind()
