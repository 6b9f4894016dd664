"""The kinds of connections that are in this home itself: there is nothing to fill in, and one of each."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class OwnHomeKind:
    """Something of the Home Assistant that BACH runs in. It has no form, no address and no credential."""

    model: str
    refused: str = "cannot_connect"
    place: str | None = None


OWN_HOME: Final = OwnHomeKind(model="Home Assistant")
ROUTES: Final = OwnHomeKind(model="Route")
