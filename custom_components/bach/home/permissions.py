"""Permission checks: a user needs control of the entities concerned, as everywhere in Home Assistant.

Where there is no entity to judge by, only an administrator may; nor does an entity judge of what is done in another
home. Calls without a user, such as those of automations, are always allowed.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er

from bach_lib import Status
from custom_components.bach.const import (
    CONF_RECIPIENT,
    RECIPIENT_BACH,
    RECIPIENT_ENTITY,
    SUBENTRY_ALERT,
    TYPE_HOMEASSISTANT,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.partners import type_of

from .entry import connection_name, connections
from .hub import HUB

_PAGE: Final = 500
"""Dead letters that are looked at together."""


async def require_control(call: ServiceCall, entity_ids: Iterable[str]) -> None:
    """Raise `Unauthorized` unless the calling user may control all of these entities.

    Without any entity the user has to be an administrator.
    """
    await _require_control(call.hass, call.context, entity_ids)


async def require_read(call: ServiceCall, entity_ids: Iterable[str]) -> None:
    """Raise `Unauthorized` unless the calling user may see what these entities show."""
    user = await _user(call.hass, call.context)
    for entity_id in entity_ids if user else ():
        if user and not user.permissions.check_entity(entity_id, POLICY_READ):
            raise Unauthorized(context=call.context, entity_id=entity_id, permission=POLICY_READ)


async def require_recipient_control(
    hass: HomeAssistant, context: Context, entry: BachConfigEntry, recipient: str
) -> None:
    """Raise `Unauthorized` unless the context's user may control this recipient of an entry."""
    await _require_control(hass, context, _entities_of(hass, entry, recipient))


async def _require_control(hass: HomeAssistant, context: Context, entity_ids: Iterable[str]) -> None:
    user = await _user(hass, context)
    if user and (denied := _denied(hass, user, list(entity_ids))) is not None:
        raise Unauthorized(context=context, entity_id=denied or None, permission=POLICY_CONTROL)


async def _user(hass: HomeAssistant, context: Context) -> User | None:
    """Who calls; None for the home itself. Raises `UnknownUser`."""
    if context.user_id is None:
        return None
    if user := await hass.auth.async_get_user(context.user_id):
        return user
    raise UnknownUser(context=context)


def _denied(hass: HomeAssistant, user: User, entity_ids: Sequence[str]) -> str | None:
    """The first of these that a user may not control; empty if there is none to judge by. None: they may."""
    if not entity_ids:
        return None if user.is_admin else ""
    return next((one for one in entity_ids if not may_control_entity(hass, user, one)), None)


def may_control_entity(hass: HomeAssistant, user: User, entity_id: str) -> bool:
    """Whether a user may control the recipient with this entity, or the alert."""
    return user.permissions.check_entity(entity_id, POLICY_CONTROL) and (user.is_admin or _only_tells(hass, entity_id))


def _only_tells(hass: HomeAssistant, entity_id: str) -> bool:
    """Whether a message there is words, and no action or event that another home carries out for our login."""
    found = er.async_get(hass).async_get(entity_id)
    entry = hass.config_entries.async_get_entry(found.config_entry_id or "") if found else None
    if not found or not entry or type_of(entry.data) != TYPE_HOMEASSISTANT or found.domain != NOTIFY_DOMAIN:
        return True
    address = _address(entry, found) or ""
    return address == RECIPIENT_BACH or address.startswith(RECIPIENT_ENTITY)


async def require_connection_control(hass: HomeAssistant, context: Context, entry: BachConfigEntry) -> None:
    """Raise `Unauthorized` unless the context's user may control all recipients of a connection.

    Nor if a dead letter lies there that is not theirs to send: whoever may not send one again may not send all.
    """
    await _require_control(hass, context, _entities_of(hass, entry))
    user = await _user(hass, context)
    if user is None:
        return
    connection = connection_name(entry)
    for recipient in await _places_of_dead_letters(hass, connection):
        if not may_control(hass, user, connection, recipient):
            raise Unauthorized(context=context, permission=POLICY_CONTROL)


async def _places_of_dead_letters(hass: HomeAssistant, connection: str) -> set[str]:
    places, before = set[str](), None
    messages = partial(hass.data[HUB].bach.messages, connection=connection, status=[Status.DEAD], limit=_PAGE)
    while page := await messages(before=before):
        places |= {message.recipient for message in page}
        before = page[-1].id
    return places


async def require_place_control(call: ServiceCall, connection: str, recipient: str) -> None:
    """Raise `Unauthorized` unless the calling user may control the recipient at this address.

    An address that is no recipient is for administrators: it may be any chat, phone number or, in another home, any
    action, and the home's own account would speak for whoever may not do so.
    """
    await require_control(call, _entities_at(call.hass, connection, recipient))


def may_control(hass: HomeAssistant, user: User, connection: str, recipient: str) -> bool:
    """Whether a user may control the recipient at this address; one that is no recipient is for administrators."""
    return _denied(hass, user, _entities_at(hass, connection, recipient)) is None


async def require_message_control(call: ServiceCall, message_id: int) -> None:
    """Raise `Unauthorized` unless the user may control the message's recipient, or `BachError` if there is none."""
    message = await call.hass.data[HUB].bach.get(message_id)
    await require_place_control(call, message.connection, message.recipient)


def _entities_at(hass: HomeAssistant, connection: str, recipient: str) -> list[str]:
    """The notify entity of the recipient at this address; none if it is no recipient."""
    entries = connections(hass)
    entry = next((entry for entry in entries if connection_name(entry) == connection), None)
    return _entities_of(hass, entry, recipient) if entry else []


def _entities_of(hass: HomeAssistant, entry: BachConfigEntry, recipient: str | None = None) -> list[str]:
    """The notify entities of a connection, or of one of its recipients."""
    return [
        found.entity_id
        for found in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if _is_judged_by(entry, found) and recipient in (None, _address(entry, found))
    ]


def _is_judged_by(entry: BachConfigEntry, found: er.RegistryEntry) -> bool:
    """A recipient by its notify entity, and an alert, which has none, by the one that shows how it stands."""
    subentry = entry.subentries.get(found.config_subentry_id or "")
    is_alert = subentry is not None and subentry.subentry_type == SUBENTRY_ALERT
    return found.domain == (SENSOR_DOMAIN if is_alert else NOTIFY_DOMAIN)


def _address(entry: BachConfigEntry, found: er.RegistryEntry) -> str | None:
    subentry = entry.subentries.get(found.config_subentry_id or "")
    return subentry.data.get(CONF_RECIPIENT) if subentry else None
