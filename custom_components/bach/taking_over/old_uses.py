"""Finds the automations and scripts that still call, or wait for, what an old bot offered.

Every word of their configuration counts, also inside templates; only a name that a template puts together is not seen.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from custom_components.bach.const import CONF_NOTIFY_ACTION, DOMAIN
from custom_components.bach.home.entry import connections

from .configured import configured
from .core_entries import TELEGRAM_BOT
from .successors import EVENTS

_WORD: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)?")
_PROSE: Final = frozenset({"alias", "description", "id"})
"""Fields that are for people."""


@dataclass(frozen=True, slots=True)
class Uses:
    """An automation or a script, and what of the old bot it uses."""

    entity_id: str
    name: str
    old: tuple[str, ...]


@callback
def old_uses(hass: HomeAssistant, origin: str, names: Iterable[str]) -> list[Uses]:
    """Who still uses what the bot of that integration offered. `names`: its entities and actions."""
    registry = er.async_get(hass)
    actions = {
        f"notify.{one.data.get(CONF_NOTIFY_ACTION)}" for entry in connections(hass) for one in entry.subentries.values()
    }
    gone = {name for name in names if name not in actions and not _is_bachs(registry, name)}
    found = [
        Uses(entity_id, name, tuple(sorted(old)))
        for entity_id, name, config in configured(hass)
        if (old := {word for word in _words(config) if word in gone or _is_of(origin, word)})
    ]
    return sorted(found, key=lambda one: (one.name.casefold(), one.entity_id))


def _is_bachs(registry: er.EntityRegistry, name: str) -> bool:
    """Whether an entity of BACH has taken the id over."""
    known = registry.async_get(name)
    return known is not None and known.platform == DOMAIN


def _is_of(origin: str, word: str) -> bool:
    return origin == TELEGRAM_BOT and (word in EVENTS or word.startswith(f"{TELEGRAM_BOT}."))


def _words(node: object) -> Iterator[str]:
    match node:
        case str():
            yield from _WORD.findall(node)
        case Mapping():
            for key, value in node.items():
                if key not in _PROSE:
                    yield from _words(value)
        case list() | tuple():
            for value in node:
                yield from _words(value)
