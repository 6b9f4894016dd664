"""Titles of connections, recipients and people, so that nothing in one acts where Home Assistant shows it.

A title stands in names of devices and entities, in pickers, repairs, the Activity and other integrations. It may be
what somebody on a platform calls themselves, was pasted, or was stored before names were read as they are now. All of
them are looked at here, once an entry is set up and whenever it changes, so no place that shows one has to.
"""

from homeassistant.core import HomeAssistant, callback

from bach_lib.redact import called
from custom_components.bach.const import CONF_RECIPIENT, CONF_SENDER_ID
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.partners import model_of


@callback
def async_mend_titles(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Give each title that cannot only be read the form that can; its id, if nothing in it can."""
    for subentry in list(entry.subentries.values()):
        id_ = subentry.data.get(CONF_SENDER_ID) or subentry.data.get(CONF_RECIPIENT) or subentry.subentry_id
        if (title := called(subentry.title, str(id_))) != subentry.title:
            hass.config_entries.async_update_subentry(entry, subentry, title=title)
    if (title := called(entry.title, model_of(entry.data))) != entry.title:
        hass.config_entries.async_update_entry(entry, title=title)
