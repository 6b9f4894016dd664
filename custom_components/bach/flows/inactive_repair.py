"""Fix flow for messages waiting on a disabled connection: list them, enable the connection, or discard them.

It opens the database by itself, which is closed if all connections are disabled.
"""

import asyncio
from typing import Final, override

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlowResult

from bach_lib import Bach, BachError, Message, Status
from bach_lib.errors import NotCancellableError
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.hub import HUB
from custom_components.bach.kinds.markdown_escape import escape_markdown
from custom_components.bach.lifecycle.inactive import INACTIVE, time_of_day
from custom_components.bach.messages.undelivered import recipient_name

from .connection_repair import ConnectionRepairFlow

_WAITING: Final = (Status.PENDING, Status.FAILED)
_SHOWN: Final = 10
"""Messages in the list: a dialog is no archive."""
_PAGE: Final = 200


class InactiveFlow(ConnectionRepairFlow):
    """Fix flow for the waiting messages of a connection that is switched off or disabled."""

    _list = ""
    _shown = 0

    @override
    def _placeholders(self) -> dict[str, str]:
        return super()._placeholders() | {"messages": self._list, "shown": str(self._shown)}

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Offer to switch on, show or discard."""
        return self._menu("switch_on", "show", "discard")

    async def async_step_show(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """List the newest, without their texts; then return to the menu."""
        if user_input is not None:
            return await self.async_step_init()
        if (entry := self._entry()) is None:
            return self.async_abort(reason="entry_not_loaded")
        try:
            async with self.hass.data[HUB].hold() as bach:
                messages = await _page(bach, connection_name(entry), limit=_SHOWN)
        except BachError as error:
            return self._refused(error)
        rows = [f"- {time_of_day(one.created_at)}, {escape_markdown(recipient_name(entry, one))}" for one in messages]
        self._list, self._shown = "\n".join(rows), len(rows)
        return self.async_show_form(
            step_id="show", data_schema=vol.Schema({}), description_placeholders=self._placeholders()
        )

    async def async_step_switch_on(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Switch the connection on, and enable its entry."""
        if (entry := self._entry()) is None:
            return self.async_abort(reason="entry_not_loaded")
        try:
            async with self.hass.data[HUB].hold() as bach:
                await bach.registry.update(connection_name(entry), is_active=True)
        except BachError as error:
            return self._refused(error)
        if entry.disabled_by:
            await self.hass.config_entries.async_set_disabled_by(entry.entry_id, None)
        return self.async_create_entry(data={})

    async def async_step_discard(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Cancel the waiting messages, and show how many they were."""
        if (entry := self._entry()) is None:
            return self.async_abort(reason="entry_not_loaded")
        try:
            async with self.hass.data[HUB].hold() as bach:
                count = await _discard(bach, connection_name(entry))
        except BachError as error:
            return self._refused(error)
        return self.async_show_form(
            step_id="discarded", data_schema=vol.Schema({}), description_placeholders={"count": str(count)}
        )

    async def async_step_discarded(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Close that page."""
        await self.hass.data[INACTIVE].look()
        return self.async_create_entry(data={})

    def _entry(self) -> BachConfigEntry | None:
        return self.hass.config_entries.async_get_entry(self._entry_id)


async def _page(bach: Bach, connection: str, *, limit: int, before: int | None = None) -> list[Message]:
    """The newest waiting messages, without those held in a restored database, which have another issue."""
    found = await bach.messages(connection=connection, status=_WAITING, before=before, limit=limit)
    return [one for one in found if not one.held]


async def _discard(bach: Bach, connection: str) -> int:
    """Cancel all waiting messages page by page; return how many were cancelled."""
    cancelled, before = 0, None
    while page := await bach.messages(connection=connection, status=_WAITING, before=before, limit=_PAGE):
        before = page[-1].id
        mine = [bach.cancel(one.id) for one in page if not one.held]
        for result in await asyncio.gather(*mine, return_exceptions=True):
            if isinstance(result, Message):
                cancelled += 1
            elif not isinstance(result, NotCancellableError):  # else it has ended meanwhile
                raise result
    return cancelled
