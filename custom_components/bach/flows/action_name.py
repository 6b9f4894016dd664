"""The form field for the name of a recipient's own `notify` action, and what can be wrong with it."""

from collections.abc import Mapping
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig
from homeassistant.util import slugify

from custom_components.bach.actions.legacy_notify import is_taken
from custom_components.bach.const import CONF_NOTIFY_ACTION

ACTION_FIELD: Final = TextSelector(TextSelectorConfig(prefix="notify."))


def misnamed(hass: HomeAssistant, given: Mapping[str, object], mine: str) -> dict[str, str]:
    """The form error of a name that cannot be one, or is not that of the sub-entry `mine` but somebody else's."""
    if not (name := str(given.get(CONF_NOTIFY_ACTION) or "")):
        return {}
    if name != slugify(name):
        return {CONF_NOTIFY_ACTION: "invalid_notify_action"}
    return {CONF_NOTIFY_ACTION: "notify_action_taken"} if is_taken(hass, name, besides=mine) else {}
