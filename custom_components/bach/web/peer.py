"""WebSocket commands by which the BACH of another home delivers its messages ("letters").

A letter does not say who wrote it; the login does: the sender is the connected home whose recipient for letters is
mapped to the logged-in user. So no home can pose as another, and no user needs to be an administrator.
"""

from typing import Any, Final

import voluptuous as vol
from homeassistant.components import websocket_api
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant, callback
from homeassistant.loader import async_get_loaded_integration

from bach_lib import Bach
from bach_lib.connectors.base import Incoming
from bach_lib.connectors.homeassistant import read_letter
from bach_lib.errors import (
    CannotReceiveError,
    NotOpenError,
    PushRefusedError,
    StorageError,
    UnknownConnectionError,
)
from custom_components.bach.const import (
    CONF_RECIPIENT,
    CONF_USER_ID,
    DOMAIN,
    RECIPIENT_BACH,
    SUBENTRY_RECIPIENT,
    TYPE_HOMEASSISTANT,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.attribution import Role
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.roles import role_of
from custom_components.bach.home.users import USERS

NOT_ACCEPTED: Final = "not_accepted"
"""Nobody here takes letters from this user. Whoever sends need not try again."""

NOT_READY: Final = "not_ready"
"""They cannot be stored now. Whoever sends has to try again."""

_NOT_READY_ERRORS = (CannotReceiveError, NotOpenError, StorageError, UnknownConnectionError)
"""The connection is off or being set up, Home Assistant stops, the disk has failed, nothing is set up yet."""


@callback
def async_register_commands(hass: HomeAssistant) -> None:
    """Register the commands, so that others can tell "no BACH here" from "BACH is not ready"."""
    websocket_api.async_register_command(hass, _hello)
    websocket_api.async_register_command(hass, _deliver)


@callback
def letter_box(hass: HomeAssistant, user_id: str) -> BachConfigEntry | None:
    """The entry of the home that logs in as this user, if letters from there are accepted.

    It does not depend on whether the connection works: a letter could otherwise be stored twice, as from two homes.
    """
    if not hass.data[USERS].active(user_id):
        return None
    for entry in connections(hass):
        if takes_letters(entry, user_id):
            return entry
    return None


@callback
def takes_letters(entry: BachConfigEntry, user_id: str) -> bool:
    """Whether an entry's home is mapped to this user, and may write."""
    return entry.data.get(CONF_TYPE) == TYPE_HOMEASSISTANT and any(
        subentry.data.get(CONF_RECIPIENT) == RECIPIENT_BACH
        and subentry.data.get(CONF_USER_ID) == user_id
        and role_of(subentry) is not Role.NOTIFY_ONLY
        for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
    )


@callback
@websocket_api.websocket_command({vol.Required("type"): "bach/hello"})
def _hello(hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]) -> None:
    """Handle `bach/hello`: return the version, and whether letters of this user are accepted."""
    version = async_get_loaded_integration(hass, DOMAIN).version
    accepts = letter_box(hass, connection.user.id) is not None
    connection.send_result(msg["id"], {"version": str(version), "accepts": accepts})


@websocket_api.websocket_command({vol.Required("type"): "bach/deliver", vol.Required("letter"): object})
@websocket_api.async_response
async def _deliver(hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]) -> None:
    """Handle `bach/deliver`: store a letter, and answer once it is on disk."""
    if (entry := letter_box(hass, connection.user.id)) is None:
        connection.send_error(msg["id"], NOT_ACCEPTED, "No connection here takes letters from this user.")
        return
    try:
        letter = read_letter(msg["letter"])
    except PushRefusedError as error:
        connection.send_error(msg["id"], websocket_api.ERR_INVALID_FORMAT, str(error))
        return
    if await _stored(hass, connection_name(entry), letter):
        connection.send_result(msg["id"], {"id": letter.remote_id})
    else:
        connection.send_error(msg["id"], NOT_READY, "Letters cannot be stored at the moment.")


async def _stored(hass: HomeAssistant, connection: str, letter: Incoming) -> bool:
    """Store a letter; True also if it was stored before, False if it cannot be stored now."""
    try:
        bach = hass.data[HUB].bach
        if not _lets_in(bach, connection):
            return False
        # None is a letter that is known, unless the row was changed meanwhile: what it keeps out was not stored
        return await bach.take(connection, letter) is not None or _lets_in(bach, connection)
    except _NOT_READY_ERRORS:
        return False


def _lets_in(bach: Bach, connection: str) -> bool:
    """Whether the registry lets letters in already; it follows the entry with a delay."""
    return RECIPIENT_BACH in bach.registry.get(connection).allowed
