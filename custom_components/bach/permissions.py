"""Who may use our actions: those who may control the entities concerned, as everywhere in Home Assistant."""

from collections.abc import Iterable

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .entry import connection_name
from .hub import HUB


async def require_control(call: ServiceCall, entity_ids: Iterable[str]) -> None:
    """Raise `Unauthorized` if a user makes this call who may not control all of these entities."""
    if call.context.user_id is None:
        return
    user = await call.hass.auth.async_get_user(call.context.user_id)
    if user is None:
        raise UnknownUser(context=call.context)
    for entity_id in entity_ids:
        if not user.permissions.check_entity(entity_id, POLICY_CONTROL):
            raise Unauthorized(context=call.context, entity_id=entity_id, permission=POLICY_CONTROL)


async def require_message_control(call: ServiceCall, message_id: int) -> None:
    """The same for the connection of a message that was sent. Raises an error of the library if there is none."""
    message = await call.hass.data[HUB].bach.get(message_id)
    for entry in call.hass.config_entries.async_entries(DOMAIN):
        if connection_name(entry) == message.connection:
            await require_control(call, recipient_entities(call.hass, entry))


def recipient_entities(hass: HomeAssistant, entry: ConfigEntry) -> list[str]:
    """The notify entities of a connection: whoever may use all of them may use the connection itself."""
    return [
        found.entity_id
        for found in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if found.domain == NOTIFY_DOMAIN
    ]
