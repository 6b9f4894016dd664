"""Tries what a dialog was told with the platform, before anything of it is saved."""

from functools import partial
from typing import Any

from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from bach_lib import Fault, Identity, check_connection
from bach_lib.errors import MissingLibraryError
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection
from custom_components.bach.home.sessions import new_session
from custom_components.bach.home.vaults import FormVault
from custom_components.bach.kinds.requirements import async_require, told


async def async_try(
    hass: HomeAssistant, data: dict[str, Any], successors: dict[str, str], owner: BachConfigEntry | None
) -> Identity | Fault:
    """Log in with the given data; return the account or the fault. Raises an `InputError`.

    `successors`: the refresh tokens that were used up on the way. `owner`: the entry that the dialog changes.
    """
    try:
        await async_require(hass, data[CONF_TYPE], data)
    except MissingLibraryError as error:
        return told(hass, error)
    answer = await check_connection(
        connection(data, name="new", reference=lambda field: f"form:{field}"),
        session=async_get_clientsession(hass),
        new_session=partial(new_session, hass),
        secrets={"form": FormVault(hass, data, successors, owner)},
    )
    return answer.notice or answer if isinstance(answer, Identity) else answer
