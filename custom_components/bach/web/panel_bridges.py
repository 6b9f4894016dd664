"""Lets the panel change the bridges of this home where they are kept: in the sub-entries of its connections."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from bach_lib import Bach, Bridge, InvalidValueError, Place
from bach_lib.common_sentences import EACH_PLACE_ONCE, FROM_1_TO_NUMBER
from bach_lib.errors import UnknownBridgeError
from bach_lib.said import Sentence
from custom_components.bach.const import SUBENTRY_BRIDGE
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.attribution import Role
from custom_components.bach.home.bridge_rules import (
    MOST_TARGETS,
    BridgeRule,
    async_keep_bridges,
    bridge_name,
    bridges_of,
    titled,
)
from custom_components.bach.home.roles import role_of
from custom_components.bach.home.whom import place_of, told_by_id

_RECIPIENTS: Final = Sentence("recipients_of_this_home", "recipients of this home, none of them a route")
_HEARD: Final = Sentence("a_recipient_that_is_heard", "a recipient from whom something comes in")


class HomeBridges:
    """The bridges of this home."""

    are_named = False

    def __init__(self, hass: HomeAssistant, bach: Bach) -> None:
        self._hass, self._bach = hass, bach

    def title(self, name: str) -> str:
        """That of its sub-entry."""
        return next((one.title for _, one in bridges_of(self._hass) if bridge_name(one.subentry_id) == name), name)

    async def set(self, bridge: Bridge, *, is_new: bool) -> None:
        """Keep it with the connection from which it leads. Raises a `BachError`."""
        before = None if is_new else self._find(bridge.name)
        if before and self._bach.bridges.get(bridge.name).places == bridge.places:
            entry, places = before[0], BridgeRule.read(before[1]).places  # whatever became of them: it can be paused
        else:
            entry, places = self._found(bridge)
            there = (one for one in bridges_of(self._hass) if BridgeRule.read(one[1]).places == places)
            before = before or next(there, None)  # whoever asks again, as no answer came, gets no second one
        rule = BridgeRule(
            source=places[0],
            targets=places[1:],
            both_ways=bridge.both_ways,
            with_name=bridge.with_name,
            files=bridge.files,
            edits=bridge.edits,
            deletions=bridge.deletions,
            is_paused=not bridge.is_active,
        )
        title, data = titled(self._hass, rule), MappingProxyType(rule.stored)
        entries = self._hass.config_entries
        if before and before[0] is entry:
            entries.async_update_subentry(entry, before[1], title=title, data=data)
        else:
            made = ConfigSubentry(data=data, subentry_type=SUBENTRY_BRIDGE, title=title, unique_id=None)
            entries.async_add_subentry(entry, made)
            if before:  # it leads from another connection now
                entries.async_remove_subentry(before[0], before[1].subentry_id)
        await async_keep_bridges(self._hass, self._bach)

    async def remove(self, name: str) -> None:
        """Forget it. Raises `UnknownBridgeError`."""
        entry, subentry = self._find(name)
        self._hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
        await async_keep_bridges(self._hass, self._bach)

    def _find(self, name: str) -> tuple[BachConfigEntry, ConfigSubentry]:
        for entry, one in bridges_of(self._hass):
            if bridge_name(one.subentry_id) == name:
                return entry, one
        raise UnknownBridgeError(name=name, known="")

    def _found(self, bridge: Bridge) -> tuple[BachConfigEntry, tuple[str, ...]]:
        """Where it is kept, and the ids of its recipients, the source first. Raises a `BachError`."""
        told, named = told_by_id(self._hass), {place.connection for place in bridge.places}
        there = {
            subentry_id: place for subentry_id, one in told.items() if (place := place_of(one)).connection in named
        }
        known = {self._key(place): subentry_id for subentry_id, place in there.items()}
        source, *targets = [self._known(known, place) for place in bridge.places]
        if not 1 <= len(targets) <= MOST_TARGETS:
            raise InvalidValueError(field="targets", value=len(targets), expected=FROM_1_TO_NUMBER(number=MOST_TARGETS))
        if len({source, *targets}) <= len(targets):
            raise InvalidValueError(field="targets", value=bridge.source.recipient[:50], expected=EACH_PLACE_ONCE)
        entry, subentry = told[source]
        if role_of(subentry) is Role.NOTIFY_ONLY:
            raise InvalidValueError(field="source", value=subentry.title, expected=_HEARD)
        return entry, (source, *targets)

    def _known(self, known: Mapping[tuple[str, str], str], place: Place) -> str:
        if (found := known.get(self._key(place))) is None:
            raise InvalidValueError(field="targets", value=place.recipient[:50], expected=_RECIPIENTS)
        return found

    def _key(self, place: Place) -> tuple[str, str]:
        return place.connection, self._bach.normal(place.connection, place.recipient)
