"""The repairs platform: the fix flow of each issue, most of them about messages that were not delivered."""

from typing import Any

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector, SelectSelectorConfig

from bach_lib import Bach, BachError
from bach_lib.errors import InputError

from .const import CONF_RECIPIENT, DOMAIN, SUBENTRY_RECIPIENT
from .flows.claimed_names_repair import CLAIMED_NAMES, ClaimedNamesFlow
from .flows.connection_repair import ConnectionRepairFlow
from .flows.dead_letters_repair import DeadLettersFlow
from .flows.resting_repair import RestingFlow
from .flows.storage_repair import StorageFlow
from .home.entry import connection_name
from .home.hub import HUB
from .home.markdown_escape import escape_links
from .home.storage_issue import STORAGE
from .kinds.partners import is_partner
from .kinds.requirements import PACKAGE, PackageFlow
from .lifecycle.resting import DISABLED, SWITCHED_OFF
from .messages.recipient_changes import REMOVED_RECIPIENT, discard_undelivered, undelivered
from .messages.undelivered import HELD


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """The dialog of one of our repairs."""
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
        return RestingFlow(entry_id)
    if issue_id.startswith(HELD):
        return HeldFlow(entry_id)
    return DeadLettersFlow(entry_id)


class HeldFlow(ConnectionRepairFlow):
    """Sends what a restored database holds, or gives it up."""

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Ask what to do."""
        return self._menu("release", "discard")

    async def async_step_release(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Send them."""
        if (found := self._find()) is None:
            return self.async_abort(reason="entry_not_loaded")
        bach, connection = found
        await bach.release(connection)
        return self.async_create_entry(data={})

    async def async_step_discard(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Give them up."""
        if (found := self._find()) is None:
            return self.async_abort(reason="entry_not_loaded")
        bach, connection = found
        await bach.discard_held(connection)
        return self.async_create_entry(data={})


class RemovedRecipientFlow(ConnectionRepairFlow):
    """Asks what is to become of the messages for somebody who was removed."""

    def __init__(self, entry_id: str, recipient: str) -> None:
        super().__init__(entry_id)
        self._recipient = recipient

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Ask what to do."""
        return self._menu("discard", "move", "keep")

    async def async_step_discard(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Give them up."""
        if (found := self._find()) is None:
            return self.async_abort(reason="entry_not_loaded")
        bach, connection = found
        await discard_undelivered(bach, connection, self._recipient)
        return self.async_create_entry(data={})

    async def async_step_keep(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Leave them: dead letters stay, and what waited stays cancelled."""
        return self.async_create_entry(data={})

    async def async_step_move(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Send all of them to somebody else."""
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
        """Send each of them; one that cannot go there (a change of a message that is with the other) stays as it is."""
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
            return self.async_abort(reason="refused", description_placeholders={"reason": escape_links(str(refused))})
        return self.async_create_entry(data={})

    def _recipients(self) -> list[SelectOptionDict]:
        """Everybody who can be sent to, with their connection."""
        hub = self.hass.data[HUB]
        entries: list[ConfigEntry] = [
            entry
            for entry in self.hass.config_entries.async_entries(DOMAIN, include_disabled=False)
            if not is_partner(entry) and hub.has(connection_name(entry))
        ]
        return [
            SelectOptionDict(value=f"{entry.entry_id}:{one.subentry_id}", label=f"{one.title} ({entry.title})")
            for entry in entries
            for one in entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
        ]
