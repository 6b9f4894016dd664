"""What people have chosen for single recipients of this home; it stands in their sub-entries.

A connector is told nothing of sub-entries, as no platform knows them. This one lives where they are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant, callback

from custom_components.bach.const import (
    CONF_CRITICAL_FROM,
    CONF_LANGUAGE,
    CONF_RECIPIENT,
    CONF_REPLIES,
    CONF_SPEECH,
    CONF_WAY,
    SUBENTRY_RECIPIENT,
    TYPE_THIS_HOME,
)
from custom_components.bach.coordinator import BachConfigEntry

type ChoicesOf = Callable[[str], Choices]
"""What was chosen for a recipient."""


class Way(StrEnum):
    """How a phone is told something."""

    FITTING = "fitting"
    """By what the message needs."""
    CHECKED = "checked"
    """By its entity, which says what the push service refuses, and knows words only."""
    RICH = "rich"
    """By its action, with buttons and levels, which calls everything a success."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The choices for one recipient. `critical_from`: the least priority that may break through silence; None: none.

    `takes_replies`: each message can be answered in words. `speech`: the entity that speaks for a speaker.
    """

    language: str
    way: Way = Way.FITTING
    critical_from: int | None = None
    takes_replies: bool = False
    speech: str | None = None


@callback
def choices_of(hass: HomeAssistant, entries: Iterable[BachConfigEntry], recipient: str) -> Choices:
    """What was chosen for a recipient; what is usual, where it has no sub-entry or something else stands there."""
    for entry in entries:
        if entry.data.get(CONF_TYPE) != TYPE_THIS_HOME:
            continue
        for one in entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
            if one.data.get(CONF_RECIPIENT) == recipient:
                way, critical = one.data.get(CONF_WAY), one.data.get(CONF_CRITICAL_FROM)
                return Choices(
                    language=one.data.get(CONF_LANGUAGE) or hass.config.language,
                    way=Way(way) if way in list(Way) else Way.FITTING,
                    critical_from=critical if isinstance(critical, int) else None,
                    takes_replies=one.data.get(CONF_REPLIES) is True,
                    speech=one.data.get(CONF_SPEECH),
                )
    return Choices(language=hass.config.language)
