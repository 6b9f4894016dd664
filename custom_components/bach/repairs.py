"""Repairs platform: creates the fix flow of each issue.

Two short flows stand here, about messages held in a restored database and about a removed recipient; the others are in
`flows/`.
"""

from typing import Any

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector, SelectSelectorConfig

from bach_lib import Bach, BachError
from bach_lib.errors import InputError

from .const import CONF_RECIPIENT
from .coordinator import BachConfigEntry
from .flows.claimed_names_repair import CLAIMED_NAMES, ClaimedNamesFlow
from .flows.connection_repair import ConnectionRepairFlow
from .flows.dead_letters_repair import DeadLettersFlow
from .flows.inactive_repair import InactiveFlow
from .flows.rival_repair import RivalFlow
from .flows.storage_repair import StorageFlow
from .home.entry import connection_name, connections
from .home.hub import HUB
from .home.recipient_subentries import recipient_subentries
from .home.storage_issue import STORAGE
from .kinds.form_fields import labelled
from .kinds.partners import is_partner
from .kinds.requirements import PACKAGE, PackageFlow
from .lifecycle.inactive import DISABLED, SWITCHED_OFF
from .lifecycle.watcher import CONFLICT
from .messages.recipient_changes import REMOVED_RECIPIENT, discard_undelivered, undelivered
from .messages.undelivered import HELD


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Create the fix flow of one of our issues."""
    known = data or {}
    if issue_id == STORAGE:
        return StorageFlow(str(known.get("path")))
    if issue_id.startswith(PACKAGE):
        return PackageFlow(str(known.get("package")))
    entry_id = str(known.get("entry_id"))
    if issue_id.startswith(REMOVED_RECIPIENT):
        return RemovedRecipientFlow(entry_id, str(known.get("recipient")))
    if issue_id.startswith(CLAIMED_NAMES):
        return ClaimedNamesFlow(entry_id)
    if issue_id.startswith((SWITCHED_OFF, DISABLED)):
        return InactiveFlow(entry_id)
    if issue_id.startswith(HELD):
        return HeldFlow(entry_id)
    if issue_id.startswith(CONFLICT):
        return RivalFlow(entry_id)
    return DeadLettersFlow(entry_id)


class HeldFlow(ConnectionRepairFlow):
    """Fix flow for messages that a restored database holds: release or discard them."""

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Offer to release or to discard."""
        return self._menu("release", "discard")

    async def async_step_release(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Release the messages for sending."""
        if (found := self._find()) is None:
            return self.async_abort(reason="entry_not_loaded")
        bach, connection = found
        try:
            await bach.release(connection)
        except BachError as error:
            return self._refused(error)
        return self.async_create_entry(data={})

    async def async_step_discard(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Discard the messages."""
        if (found := self._find()) is None:
            return self.async_abort(reason="entry_not_loaded")
        bach, connection = found
        try:
            await bach.discard_held(connection)
        except BachError as error:
            return self._refused(error)
        return self.async_create_entry(data={})


class RemovedRecipientFlow(ConnectionRepairFlow):
    """Fix flow for the undelivered messages of a removed recipient: discard, send to somebody else, or keep."""

    def __init__(self, entry_id: str, recipient: str) -> None:
        super().__init__(entry_id)
        self._recipient = recipient

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Offer to discard, move or keep."""
        return self._menu("discard", "move", "keep")

    async def async_step_discard(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Discard the messages."""
        if (found := self._find()) is None:
            return self.async_abort(reason="entry_not_loaded")
        bach, connection = found
        try:
            await discard_undelivered(bach, connection, self._recipient)
        except BachError as error:
            return self._refused(error, "not_discarded")
        return self.async_create_entry(data={})

    async def async_step_keep(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Keep dead letters as they are; withdrawn messages stay cancelled."""
        return self.async_create_entry(data={})

    async def async_step_move(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask for another recipient, and send the messages there."""
        if (found := self._find()) is None:
            return self.async_abort(reason="entry_not_loaded")
        bach, connection = found
        if user_input is not None:
            entry_id, _, subentry_id = str(user_input[CONF_RECIPIENT]).partition(":")
            if (entry := self.hass.config_entries.async_get_entry(entry_id)) and subentry_id in entry.subentries:
                target = entry.subentries[subentry_id].data[CONF_RECIPIENT]
                return await self._move(bach, connection, connection_name(entry), target)
        options = self._recipients()
        if not options:
            return self.async_abort(reason="nobody")
        return self.async_show_form(
            step_id="move",
            data_schema=vol.Schema(
                {vol.Required(CONF_RECIPIENT): SelectSelector(SelectSelectorConfig(options=options))}
            ),
            description_placeholders=self._placeholders(),
        )

    async def _move(self, bach: Bach, connection: str, to: str, recipient: str) -> RepairsFlowResult:
        """Send each message to the new recipient; one that cannot go there stays as it is."""
        refused: BachError | None = None
        try:
            for message_id in await undelivered(bach, connection, self._recipient):
                try:
                    await bach.amend(message_id, connection=to, recipient=recipient)
                except InputError as error:
                    refused = error
        except BachError as error:  # the disk, or the queue there is full: the next would not go either
            refused = error
        if refused:
            return self._refused(refused)
        return self.async_create_entry(data={})

    def _recipients(self) -> list[SelectOptionDict]:
        """The options of the form: all recipients of loaded connections."""
        hub = self.hass.data[HUB]
        entries: list[BachConfigEntry] = [
            entry
            for entry in connections(self.hass, include_disabled=False)
            if not is_partner(entry) and hub.has(connection_name(entry))
        ]
        return labelled(
            {
                f"{entry.entry_id}:{one.subentry_id}": f"{one.title} ({entry.title})"
                for entry in entries
                for one in recipient_subentries(entry)
            }
        )
