"""Moves or withdraws the queued messages and dead letters of a recipient whose address changed or that was removed.

Nothing is sent to somebody who was removed, and what they did not get becomes an issue that asks what to do with it.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from bach_lib import Bach, BachError, Message, Status
from bach_lib.errors import InputError
from bach_lib.events import MessageFinished
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.hub import HUB
from custom_components.bach.kinds.markdown_escape import with_escaped

from .removed_recipients import REMOVED_RECIPIENTS

_LOGGER = logging.getLogger(__name__)

REMOVED_RECIPIENT: Final = "removed_recipient"
"""The key of the repair that asks, and the beginning of its id."""

_WITHDRAWN = "recipient_removed"
"""The library's code of what waited when the recipient was removed."""
_STOPPED: Final = (Status.DEAD, Status.UNCERTAIN)
"""What waits for a person: it has failed for good, or nobody knows whether it arrived."""
_PAGE = 500


async def async_move_undelivered(hass: HomeAssistant, entry: BachConfigEntry, old: str, new: str) -> int:
    """Move queued messages and dead letters to a new address; return how many dead letters it has now."""
    try:
        async with hass.data[HUB].hold() as bach:
            await bach.move(connection_name(entry), old, new)
            return len([one async for one in _all(bach, connection_name(entry), new, (Status.DEAD,))])
    except BachError as error:  # it was never set up, or the disk fails: the recipient is changed all the same
        _LOGGER.warning("The messages for %s could not follow to %s: %s", old, new, error)
        return 0


async def async_compare_recipients(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach) -> None:
    """Apply the removals and address changes that were made while the entry was not loaded.

    Raises a `StorageError`: nothing may be sent to those who were removed, so set-up has to wait for the disk.
    """
    connection = connection_name(entry)
    believed = [one for one in bach.registry.get(connection).allowed if "#" not in one]
    for old, new in (await hass.data[REMOVED_RECIPIENTS].compare(entry, believed)).items():
        await async_move_undelivered(hass, entry, old, new)
    await _withdraw_all(hass, entry, InputError)


async def async_settle_removed(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Withdraw the queued messages of removed recipients, and create the issue about what they did not get."""
    await hass.data[REMOVED_RECIPIENTS].compare(entry)
    await _withdraw_all(hass, entry)


@callback
def async_follow_departed(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach) -> None:
    """Include attempts that were under way when a recipient was removed, until the entry is unloaded.

    Those that ended while nobody listened (the database was being read, or between two listeners) are counted now.
    """
    connection, departed = connection_name(entry), hass.data[REMOVED_RECIPIENTS]

    @callback
    def ended(event: MessageFinished) -> None:
        if event.connection == connection and event.message.recipient in departed.leaving(entry.entry_id):
            entry.async_create_task(hass, _withdraw_all(hass, entry), "bach: ask about a removed recipient")

    entry.async_on_unload(bach.subscribe(MessageFinished, ended))
    if departed.leaving(entry.entry_id):
        entry.async_create_task(hass, _withdraw_all(hass, entry), "bach: ask about a removed recipient")


async def undelivered(bach: Bach, connection: str, recipient: str) -> list[int]:
    """The ids of the messages that a removed recipient did not get, oldest first.

    Dead letters, uncertain messages, and those withdrawn because of the removal; no expired ones, which are never sent.
    """
    found = _all(bach, connection, recipient, (*_STOPPED, Status.CANCELLED))
    ids = [one.id async for one in found if one.status in _STOPPED or (one.error and one.error.code == _WITHDRAWN)]
    return ids[::-1]


async def discard_undelivered(bach: Bach, connection: str, recipient: str) -> None:
    """Discard the dead and uncertain messages of a removed recipient; withdrawn ones have ended already."""
    while page := await bach.messages(connection=connection, recipient=recipient, status=_STOPPED, limit=_PAGE):
        await bach.discard_messages([one.id for one in page])


async def _withdraw_all(hass: HomeAssistant, entry: BachConfigEntry, survived: type[BachError] = BachError) -> None:
    """Withdraw the queued messages of all recipients noted as leaving; errors other than `survived` are raised."""
    departed = hass.data[REMOVED_RECIPIENTS]
    async with departed.lock:
        for address, title in departed.leaving(entry.entry_id).items():
            try:
                async with hass.data[HUB].hold() as bach:
                    is_done = await _withdraw(hass, bach, entry, address, title)
            except survived as error:  # it stays noted, and is tried again when the entry is set up
                _LOGGER.warning("What waits for %s could not be taken back: %s", title, error)
            else:
                if is_done:
                    await departed.done(entry.entry_id, address)


async def _withdraw(hass: HomeAssistant, bach: Bach, entry: BachConfigEntry, address: str, title: str) -> bool:
    """Withdraw queued messages and create the issue; False if an attempt is still under way."""
    connection = connection_name(entry)
    await bach.withdraw(connection, address)
    # first: what is under way now and has ended before it is counted is told by its event
    under_way = await bach.messages(connection=connection, recipient=address, status=(Status.SENDING,), limit=1)
    if count := len(await undelivered(bach, connection, address)):
        ir.async_create_issue(
            hass,
            DOMAIN,
            f"{REMOVED_RECIPIENT}_{entry.entry_id}_{address}",
            data={"entry_id": entry.entry_id, "recipient": address},
            is_fixable=True,
            is_persistent=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=REMOVED_RECIPIENT,
            translation_placeholders=with_escaped({"recipient": title, "name": entry.title, "count": str(count)}),
        )
    return not under_way


async def _all(bach: Bach, connection: str, recipient: str, status: Sequence[Status]) -> AsyncIterator[Message]:
    """All messages at an address with one of these statuses, newest first, read page by page."""
    before: int | None = None
    while True:
        page = await bach.messages(
            connection=connection, recipient=recipient, status=status, before=before, limit=_PAGE
        )
        for message in page:
            yield message
        if len(page) < _PAGE:
            return
        before = page[-1].id
