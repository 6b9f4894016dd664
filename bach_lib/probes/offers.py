"""Lists of models and tools from outside, made small enough to be shown and stored."""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_OFFERS = 100
_MAX_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The first names, and how many there are."""

    names: tuple[str, ...] = ()
    count: int = 0


def offers(names: Iterable[object]) -> Offers:
    """What of it is a name."""
    found = [" ".join(name.split())[:_MAX_NAME] for name in names if isinstance(name, str) and name.strip()]
    return Offers(names=tuple(found[:MAX_OFFERS]), count=len(found))


def field_of(items: object, field: str) -> list[object]:
    """One field of every object in a list; whatever else is there is passed over."""
    if not isinstance(items, list):
        return []
    return [item.get(field) for item in items if isinstance(item, dict)]
