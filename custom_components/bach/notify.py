"""A notify entity for every recipient.

It stays available while the platform is down: sending means that the message is on disk, and it goes out when it can.
"""

from typing import override

from homeassistant.components.notify import DOMAIN, NotifyEntity, NotifyEntityDescription, NotifyEntityFeature
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_RECIPIENT
from .coordinator import BachConfigEntry
from .entity import async_keep_only, recipient_device
from .entry import notify_unique_id
from .errors import translated_errors
from .recipients import async_add_for_recipients
from .webhook_kind import sends

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: BachConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add an entity for each recipient of a connection, if anything can be sent through it."""
    if not sends(entry.data):
        async_keep_only(hass, entry, DOMAIN, frozenset())
        return
    async_add_for_recipients(hass, entry, async_add_entities, BachNotifyEntity)


class BachNotifyEntity(NotifyEntity):
    """One recipient."""

    entity_description = NotifyEntityDescription(key="recipient", translation_key="recipient", name=None)
    _attr_has_entity_name = True
    _attr_supported_features = NotifyEntityFeature.TITLE

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry) -> None:
        self._attr_unique_id = notify_unique_id(entry, subentry.subentry_id)
        self._attr_device_info = recipient_device(hass, entry, subentry)
        self._entry = entry
        self._subentry_id = subentry.subentry_id

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Queue a message for the action `notify.send_message`."""
        coordinator = self._entry.runtime_data
        with translated_errors(self.hass):
            await coordinator.bach.send(
                coordinator.connection,
                self._entry.subentries[self._subentry_id].data[CONF_RECIPIENT],  # a group may have moved
                message,
                title=title,
                context=self._context.id if self._context else None,
            )

    def note_notification(self) -> None:
        """Show that our own action has just queued a message; `notify.send_message` does so by itself."""
        self._async_record_notification()
