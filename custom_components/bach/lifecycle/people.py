"""Moves a group's people (subentries) along when the group's address changes.

A Telegram group that becomes a supergroup gets another id; roles given inside it must survive that.
"""

from contextlib import suppress

from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow

from custom_components.bach.const import CONF_RECIPIENT, CONF_SENDER_ID, SUBENTRY_PERSON
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import person_unique_id


@callback
def async_move_people(hass: HomeAssistant, entry: BachConfigEntry, old: str, new: str) -> None:
    """Change the group's address in the subentries of its people."""
    for subentry in entry.get_subentries_of_type(SUBENTRY_PERSON):
        if subentry.data[CONF_RECIPIENT] == old:
            with suppress(AbortFlow):  # this person has been added at the new address by hand already
                hass.config_entries.async_update_subentry(
                    entry,
                    subentry,
                    data={**subentry.data, CONF_RECIPIENT: new},
                    unique_id=person_unique_id(new, subentry.data[CONF_SENDER_ID]),
                )
