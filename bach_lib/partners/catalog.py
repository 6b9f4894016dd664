"""Bounded lists of models and tools, small enough to be shown and stored."""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_OFFERS = 100
_MAX_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The first names of a list, and how many there are."""

    names: tuple[str, ...] = ()
    count: int = 0


def offers(names: Iterable[object]) -> Catalog:
    """What of it is a name, each once."""
    written = (" ".join(name.split()) for name in names if isinstance(name, str))
    found = list(dict.fromkeys(name for name in written if name))
    return Catalog(names=tuple(dict.fromkeys(name[:_MAX_NAME] for name in found[:MAX_OFFERS])), count=len(found))


def models_in(answer: object) -> Catalog | None:
    """The models of a list in any of the usual forms; None if it is no list of models.

    OpenAI and Anthropic call it `data` with an `id` each, Ollama and Google `models` with a `name`, Cloudflare
    `result`; some give bare names.
    """
    match answer:
        case {"data": list(listed)} | {"models": list(listed)} | {"result": list(listed)}:
            names = [_name_of(one) for one in listed]
            return None if listed and not any(names) else offers(names)
    return None


def _name_of(model: object) -> str | None:
    match model:
        case str(name) | {"id": str(name)} | {"name": str(name)} | {"model": str(name)}:
            return name
    return None


def field_of(items: object, field: str) -> list[object]:
    """One field of every object in a list; whatever else is there is passed over."""
    if not isinstance(items, list):
        return []
    return [item.get(field) for item in items if isinstance(item, dict)]
