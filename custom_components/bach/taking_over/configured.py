"""Reads automations and scripts as people wrote them, blueprints with what was filled in."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_component import DATA_INSTANCES

CONFIGURED: Final = ("automation", "script")
"""The integrations whose entities people write."""
_ID: Final = re.compile(r"(?<![0-9])[1-9][0-9]{14,19}(?![0-9])")
_MOST: Final = 50


def configured(hass: HomeAssistant) -> Iterator[tuple[str, str, object]]:
    """All automations and scripts: id, name, and their configuration, which one that is damaged does not have."""
    instances = hass.data.get(DATA_INSTANCES, {})
    for domain in CONFIGURED:
        for entity in instances[domain].entities if domain in instances else ():
            state = hass.states.get(entity.entity_id)
            yield entity.entity_id, state.name if state else entity.entity_id, getattr(entity, "raw_config", None)


def targets_of(hass: HomeAssistant, action: str) -> list[str]:
    """The long numbers that are the target of an action somewhere, each once; those of a template that are in it."""
    targets = (target for _, _, config in configured(hass) for target in _targets(config, action))
    return list(islice(dict.fromkeys(number for target in targets for number in _ID.findall(str(target))), _MOST))


def _targets(node: object, action: str) -> Iterator[object]:
    match node:
        case {"action": str(called), **more} | {"service": str(called), **more} if called == action:
            yield from (part.get("target") for part in (more, more.get("data")) if isinstance(part, Mapping))
        case Mapping():
            for value in node.values():
                yield from _targets(value, action)
        case list() | tuple():
            for value in node:
                yield from _targets(value, action)
