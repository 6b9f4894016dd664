"""Permission checks: a user needs control of the entities concerned, as everywhere in Home Assistant.

Where there is no entity to judge by, only an administrator may. Calls without a user, such as those of automations, are
always allowed.
"""

from collections.abc import Iterable

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er

from custom_components.bach.const import CONF_RECIPIENT, DOMAIN

from .entry import connection_name
from .hub import HUB


async def require_control(call: ServiceCall, entity_ids: Iterable[str]) -> None:
    """Raise `Unauthorized` unless the calling user may control all of these entities.

    Without any entity the user has to be an administrator.
    """
    await _require_control(call.hass, call.context, entity_ids)


async def require_recipient_control(hass: HomeAssistant, context: Context, entry: ConfigEntry, recipient: str) -> None:
    """Raise `Unauthorized` unless the context's user may control this recipient of an entry."""
    await _require_control(hass, context, _entities_of(hass, entry, recipient))


async def _require_control(hass: HomeAssistant, context: Context, entity_ids: Iterable[str]) -> None:
    if context.user_id is None:
        return
    user = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context)
    judged = list(entity_ids)
    if not judged and not user.is_admin:
        raise Unauthorized(context=context, permission=POLICY_CONTROL)
    for entity_id in judged:
        if not user.permissions.check_entity(entity_id, POLICY_CONTROL):
            raise Unauthorized(context=context, entity_id=entity_id, permission=POLICY_CONTROL)


async def require_connection_control(call: ServiceCall, entry: ConfigEntry) -> None:
    """Raise `Unauthorized` unless the calling user may control all recipients of a connection."""
    await require_control(call, _entities_of(call.hass, entry))


async def require_place_control(call: ServiceCall, connection: str, recipient: str) -> None:
    """Raise `Unauthorized` unless the calling user may control the recipient at this address.

    An address that is no recipient is for administrators: it may be any chat, phone number or, in another home, any
    action, and the home's own account would speak for whoever may not do so.
    """
    await require_control(call, _entities_at(call.hass, connection, recipient))


def may_control(hass: HomeAssistant, user: User, connection: str, recipient: str) -> bool:
    """Whether a user may control the recipient at this address; one that is no recipient is for administrators."""
    judged = _entities_at(hass, connection, recipient)
    if not judged:
        return user.is_admin
    return all(user.permissions.check_entity(entity_id, POLICY_CONTROL) for entity_id in judged)


async def require_message_control(call: ServiceCall, message_id: int) -> None:
    """Raise `Unauthorized` unless the user may control the message's recipient, or `BachError` if there is none."""
    message = await call.hass.data[HUB].bach.get(message_id)
    await require_place_control(call, message.connection, message.recipient)


def _entities_at(hass: HomeAssistant, connection: str, recipient: str) -> list[str]:
    """The notify entity of the recipient at this address; none if it is no recipient."""
    entries = hass.config_entries.async_entries(DOMAIN)
    entry = next((entry for entry in entries if connection_name(entry) == connection), None)
    return _entities_of(hass, entry, recipient) if entry else []


def _entities_of(hass: HomeAssistant, entry: ConfigEntry, recipient: str | None = None) -> list[str]:
    """The notify entities of a connection, or of one of its recipients."""
    return [
        found.entity_id
        for found in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if found.domain == NOTIFY_DOMAIN and recipient in (None, _address(entry, found))
    ]


def _address(entry: ConfigEntry, found: er.RegistryEntry) -> str | None:
    subentry = entry.subentries.get(found.config_subentry_id or "")
    return subentry.data.get(CONF_RECIPIENT) if subentry else None
