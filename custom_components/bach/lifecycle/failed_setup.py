"""Looks after entries that cannot be set up: says why before anything stumbles, and tries again once they are changed.

What is stored and cannot be used stays as it is: a newer version may have written it, and know what it means.
"""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryError

from bach_lib.errors import (
    InputError,
    StoreDamagedError,
    StoreForbiddenError,
    StoreForeignError,
    StoreIncompleteError,
    StoreLinkedError,
    StoreMountedError,
    StoreTooNewError,
)
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.stored_data import damage_of, is_asked_by_reauth

FOR_A_PERSON = (
    InputError,
    StoreDamagedError,
    StoreForbiddenError,
    StoreForeignError,
    StoreIncompleteError,
    StoreLinkedError,
    StoreMountedError,
    StoreTooNewError,
)
"""What trying again does not mend."""


def require_usable(entry: BachConfigEntry) -> None:
    """Raise `ConfigEntryAuthFailed` if credentials cannot be used, so that Home Assistant asks for them.

    Raise `ConfigEntryError` for anything else.
    """
    if (damage := damage_of(entry)) is None:
        return
    words = {"field": damage.field, "expected": damage.expected}
    if damage.recipient:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="damaged_recipient",
            translation_placeholders={**words, "recipient": damage.recipient},
        )
    if is_asked_by_reauth(entry.data, damage.field):
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="damaged_credential", translation_placeholders=words
        )
    raise ConfigEntryError(translation_domain=DOMAIN, translation_key="damaged_entry", translation_placeholders=words)


@callback
def async_try_again_when_changed(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Reload an entry whose set-up fails just now, once a dialog has changed it or a recipient was removed.

    Home Assistant itself does not try again what has failed for good, and the listener of a loaded entry is not there.
    """

    async def changed(hass: HomeAssistant, entry: BachConfigEntry) -> None:
        hass.config_entries.async_schedule_reload(entry.entry_id)

    @callback
    def left() -> None:
        if entry.state not in _FAILED:
            stop_listening()
            stop_watching()

    stop_listening = entry.add_update_listener(changed)
    stop_watching = entry.async_on_state_change(left)


_FAILED = (ConfigEntryState.SETUP_ERROR, ConfigEntryState.SETUP_RETRY)
