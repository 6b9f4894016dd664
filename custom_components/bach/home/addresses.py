"""Keeps the addresses in subentries in their normal form, which may change while BACH runs.

A group gets another id, or a name turns out to be an id: title, entities and rights stay, the address follows.
"""

from collections.abc import Callable
from contextlib import suppress

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow

from bach_lib import BachError
from custom_components.bach.const import CONF_RECIPIENT, CONF_SENDER_ID, SUBENTRY_PERSON
from custom_components.bach.coordinator import BachConfigEntry

from .entry import connection_name, person_unique_id, recipient_unique_id
from .hub import HUB
from .recipient_subentries import recipient_subentries

type Normal = Callable[[str], str]


def normal_form(hass: HomeAssistant, entry: BachConfigEntry) -> Normal:
    """Return the function that normalizes addresses of an entry; unknown ones stay as they are."""
    connection = connection_name(entry)

    def normal(address: str) -> str:
        with suppress(BachError):  # a sender's id need not be an address, and the library may be closed
            return hass.data[HUB].bach.normal(connection, address)
        return address

    return normal


@callback
def async_follow_forms(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Update recipients and people to the present normal form of their addresses."""
    normal = normal_form(hass, entry)
    for subentry in recipient_subentries(entry):
        recipient = normal(subentry.data[CONF_RECIPIENT])
        _change(hass, entry, subentry, {CONF_RECIPIENT: recipient}, recipient_unique_id(recipient))
    for subentry in entry.get_subentries_of_type(SUBENTRY_PERSON):
        recipient, sender_id = normal(subentry.data[CONF_RECIPIENT]), normal(subentry.data[CONF_SENDER_ID])
        changes = {CONF_RECIPIENT: recipient, CONF_SENDER_ID: sender_id}
        _change(hass, entry, subentry, changes, person_unique_id(recipient, sender_id))


def _change(
    hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry, changes: dict[str, str], unique_id: str
) -> None:
    data = {**subentry.data, **changes}
    if data != dict(subentry.data):
        with suppress(AbortFlow):  # it has been added by hand under that form already; see `roles`
            hass.config_entries.async_update_subentry(entry, subentry, data=data, unique_id=unique_id)
