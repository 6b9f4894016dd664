"""What becomes of the messages for a recipient whose address changes, or who is removed."""

import logging
from collections.abc import Mapping
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from bach_lib import Bach, BachError, Message, Status

from .const import CONF_RECIPIENT, DOMAIN, SUBENTRY_RECIPIENT
from .entry import connection_name
from .hub import HUB

_LOGGER = logging.getLogger(__name__)

REMOVED_RECIPIENT: Final = "removed_recipient"
"""The key of the repair that asks, and the beginning of its id."""

_WITHDRAWN = "recipient_removed"
"""The library's code of what waited when the recipient was removed."""
_PAGE = 500

type Recipients = Mapping[str, tuple[str, str]]
"""Address and name of recipients, by sub-entry."""


def recipients_of(entry: ConfigEntry) -> Recipients:
    """Who is there now."""
    return {
        one.subentry_id: (one.data[CONF_RECIPIENT], one.title)
        for one in entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
    }


async def async_move_letters(hass: HomeAssistant, entry: ConfigEntry, old: str, new: str) -> int:
    """Let messages that wait, and dead letters, follow to a new address; how many dead letters there are at it now."""
    try:
        async with hass.data[HUB].hold() as bach:
            await bach.move(connection_name(entry), old, new)
            return len(await _page(bach, entry, new, Status.DEAD))
    except BachError as error:  # it was never set up, or the disk fails: the recipient is changed all the same
        _LOGGER.warning("The messages for %s could not follow to %s: %s", old, new, error)
        return 0


async def async_settle_removed(hass: HomeAssistant, entry: ConfigEntry, before: Recipients) -> None:
    """Send nothing more to those who are gone, and ask what is to become of what they did not get."""
    now = recipients_of(entry)
    addresses = {address for address, _ in now.values()}
    for subentry_id in before.keys() - now.keys():
        address, title = before[subentry_id]
        if address not in addresses:
            try:
                await _withdraw(hass, entry, address, title)
            except BachError as error:
                _LOGGER.warning("What waits for %s could not be taken back: %s", title, error)


async def undelivered(bach: Bach, connection: str, recipient: str) -> list[Message]:
    """What a removed recipient did not get, oldest first: dead letters, and what waited when it was removed."""
    found: list[Message] = []
    before: int | None = None
    while True:
        page = await bach.messages(
            connection=connection,
            recipient=recipient,
            status=(Status.DEAD, Status.CANCELLED),
            before=before,
            limit=_PAGE,
        )
        found += [one for one in page if one.status is Status.DEAD or (one.error and one.error.code == _WITHDRAWN)]
        if len(page) < _PAGE:
            return found[::-1]
        before = page[-1].id


async def _withdraw(hass: HomeAssistant, entry: ConfigEntry, address: str, title: str) -> None:
    async with hass.data[HUB].hold() as bach:
        await bach.withdraw(connection_name(entry), address)
        count = len(await undelivered(bach, connection_name(entry), address))
    if count:
        ir.async_create_issue(
            hass,
            DOMAIN,
            f"{REMOVED_RECIPIENT}_{entry.entry_id}_{address}",
            data={"entry_id": entry.entry_id, "recipient": address},
            is_fixable=True,
            is_persistent=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=REMOVED_RECIPIENT,
            translation_placeholders={"recipient": title, "name": entry.title, "count": str(count)},
        )


async def _page(bach: Bach, entry: ConfigEntry, recipient: str, status: Status) -> list[Message]:
    return await bach.messages(connection=connection_name(entry), recipient=recipient, status=(status,), limit=_PAGE)
