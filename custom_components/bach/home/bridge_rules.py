"""Reads bridges from their sub-entries, says which places they mean now, and keeps the library's as they say.

A bridge names recipients by the ids of their sub-entries, which stay when somebody is renamed or moves. It belongs to
the connection from which it leads.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from bach_lib import Bach, BachError, Bridge, BridgeWords
from bach_lib.errors import NotOpenError
from custom_components.bach.const import (
    CONF_BOTH_WAYS,
    CONF_DELETIONS,
    CONF_EDITS,
    CONF_FILES,
    CONF_FROM,
    CONF_PAUSED,
    CONF_TO,
    CONF_WITH_NAME,
    DOMAIN,
    SUBENTRY_BRIDGE,
)
from custom_components.bach.coordinator import BachConfigEntry

from .entry import connections
from .language import home_texts
from .recipient_subentries import texts_in
from .whom import place_of, told_by_id

_LOGGER = logging.getLogger(__name__)
_LOCK: HassKey[asyncio.Lock] = HassKey(f"{DOMAIN}_bridges")
_NAME: Final = "bridge_"
_MAX_TITLE: Final = 100
MOST_TARGETS: Final = 10
"""Places that a bridge leads to, as the library takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeRule:
    """A bridge as it is stored: ids of recipients, and what goes along (`bach_lib.Bridge`)."""

    source: str = ""
    targets: tuple[str, ...] = ()
    both_ways: bool = False
    with_name: bool = True
    files: bool = True
    edits: bool = True
    deletions: bool = True
    is_paused: bool = False

    @classmethod
    def read(cls, subentry: ConfigSubentry) -> BridgeRule:
        """That of a sub-entry; what is damaged there is as usual."""
        data = subentry.data
        source = data.get(CONF_FROM)
        return cls(
            source=source if isinstance(source, str) else "",
            targets=texts_in(data.get(CONF_TO)),
            both_ways=data.get(CONF_BOTH_WAYS) is True,
            with_name=data.get(CONF_WITH_NAME) is not False,
            files=data.get(CONF_FILES) is not False,
            edits=data.get(CONF_EDITS) is not False,
            deletions=data.get(CONF_DELETIONS) is not False,
            is_paused=data.get(CONF_PAUSED) is True,
        )

    @property
    def stored(self) -> dict[str, Any]:
        """What goes into the sub-entry: nothing of what is usual."""
        found: dict[str, Any] = {CONF_FROM: self.source, CONF_TO: list(self.targets)}
        for key, value in ((CONF_BOTH_WAYS, self.both_ways), (CONF_PAUSED, self.is_paused)):
            found |= {key: True} if value else {}
        for key in (CONF_WITH_NAME, CONF_FILES, CONF_EDITS, CONF_DELETIONS):
            found |= {} if getattr(self, key) else {key: False}
        return found

    @property
    def places(self) -> tuple[str, ...]:
        """The ids of all recipients, the source first."""
        return (self.source, *self.targets)


def bridges_of(hass: HomeAssistant) -> Iterator[tuple[BachConfigEntry, ConfigSubentry]]:
    """All bridges of this home."""
    for entry in connections(hass):
        for one in entry.get_subentries_of_type(SUBENTRY_BRIDGE):
            yield entry, one


def bridge_name(subentry_id: str) -> str:
    """What a bridge is called in the library."""
    return f"{_NAME}{subentry_id}"


def wanted_bridges(hass: HomeAssistant) -> dict[str, Bridge]:
    """All bridges as they are now, by name, without recipients that were removed; none that leads nowhere."""
    known, words = told_by_id(hass), _words(hass)
    found = dict[str, Bridge]()
    for _, subentry in bridges_of(hass):
        rule, name = BridgeRule.read(subentry), bridge_name(subentry.subentry_id)
        targets = [known[one] for one in rule.targets if one in known]
        if rule.source in known and targets:
            found[name] = Bridge(
                name=name,
                source=place_of(known[rule.source]),
                targets=tuple(map(place_of, targets)),
                both_ways=rule.both_ways,
                with_name=rule.with_name,
                files=rule.files,
                edits=rule.edits,
                deletions=rule.deletions,
                is_active=not rule.is_paused,
                words=words,
            )
    return found


async def async_keep_bridges(hass: HomeAssistant, bach: Bach) -> None:
    """Set, change and remove bridges in the library, after a change of sub-entries."""
    async with hass.data.setdefault(_LOCK, asyncio.Lock()):
        wanted = wanted_bridges(hass)
        try:
            for gone in [one.name for one in bach.bridges.list() if one.name not in wanted]:
                await bach.bridges.remove(gone)
        except NotOpenError:
            return
        except BachError as error:
            _LOGGER.warning("A bridge could not be removed: %s", error)
        for bridge in wanted.values():
            try:
                await bach.bridges.set(bridge)
            except BachError as error:  # such as a connection that was not set up yet: then it is kept with that
                _LOGGER.debug("The bridge %s waits: %s", bridge.name, error)


def titled(hass: HomeAssistant, rule: BridgeRule) -> str:
    """What a bridge is called: from where to where."""
    known = told_by_id(hass)
    source, *targets = [known[one][1].title for one in rule.places if one in known]
    return f"{source} {'↔' if rule.both_ways else '→'} {', '.join(targets)}"[:_MAX_TITLE]


def _words(hass: HomeAssistant) -> BridgeWords:
    texts = home_texts(hass)
    return BridgeWords(**{field.name: texts[f"bridge_{field.name}"] for field in fields(BridgeWords)})
