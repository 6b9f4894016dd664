"""Fix flow for dead letters: list, retry or discard them, and show the result.

Everything that can be done about them can be done by mouse.
"""

from typing import Final, override

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from bach_lib import BachError, Message, Retried, Status
from custom_components.bach.actions.dead_letters import RETRY_SECONDS
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.language import in_home_language
from custom_components.bach.kinds.markdown_escape import escape_links, escape_markdown, with_escaped
from custom_components.bach.messages.undelivered import reason_of, recipient_name
from custom_components.bach.web.message_page import message_page

from .connection_repair import ConnectionRepairFlow

_SHOWN: Final = 10
"""Dead letters in the list: a dialog is no archive."""


class DeadLettersFlow(ConnectionRepairFlow):
    """Fix flow for the dead letters of a connection."""

    _words: dict[str, str]

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Offer to show, retry or discard the present dead letters; with none the issue is fixed."""
        if (found := self._find()) is None:
            return self.async_abort(reason="entry_not_loaded")
        bach, connection = found
        try:
            letters = await bach.messages(connection=connection, status=(Status.DEAD,), limit=_SHOWN)
            queues = await bach.queue_status()
        except BachError as error:  # the disk
            return self._refused(error)
        if not letters:
            return self.async_create_entry(data={})
        self._words = self._told(letters, queues[connection].dead)
        return self._menu("show", "retry", "discard")

    @override
    def _placeholders(self) -> dict[str, str]:
        return self._words

    async def async_step_show(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """List the newest, without their texts; then return to the menu."""
        if user_input is not None:
            return await self.async_step_init()
        return self._page("show", self._words)

    async def async_step_retry(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Retry all, wait, and show the result."""
        if (found := self._find()) is None:
            return self.async_abort(reason="entry_not_loaded")
        bach, connection = found
        try:
            retried = await bach.retry_and_follow(connection, wait=RETRY_SECONDS)
        except BachError as error:
            return self._refused(error)
        return self._page(*_became(self.hass, retried))

    async def async_step_all_sent(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Close the page "all were sent"."""
        return await self.async_step_init()

    async def async_step_still_dead(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Close the page "some failed again"; the menu is about those."""
        return await self.async_step_init()

    async def async_step_not_all_sent(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Close the page with the mixed result."""
        return await self.async_step_init()

    async def async_step_discard(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Discard all, and show how many they were."""
        if (found := self._find()) is None:
            return self.async_abort(reason="entry_not_loaded")
        bach, connection = found
        try:
            count = await bach.discard_all(connection)
        except BachError as error:
            return self._refused(error)
        return self._page("discarded", {"count": str(count)})

    async def async_step_discarded(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Close that page."""
        return await self.async_step_init()

    def _page(self, step_id: str, words: dict[str, str]) -> RepairsFlowResult:
        return self.async_show_form(step_id=step_id, data_schema=vol.Schema({}), description_placeholders=words)

    def _told(self, letters: list[Message], count: int) -> dict[str, str]:
        entry: BachConfigEntry = self.hass.config_entries.async_get_known_entry(self._entry_id)
        rows = [
            f"- [{_time(letter)}]({message_page(letter.id)}), {escape_markdown(recipient_name(entry, letter))}: "
            f"{escape_markdown(reason_of(self.hass, letter))}"
            for letter in letters
        ]
        return with_escaped(
            {
                "name": entry.title,
                "count": str(count),
                "recipient": recipient_name(entry, letters[0]),
                "reason": escape_links(reason_of(self.hass, letters[0])),
                "url": message_page(letters[0].id),
                "messages": "\n".join(rows),
                "shown": str(len(rows)),
            }
        )


def _time(letter: Message) -> str:
    """Format in local time when the message failed for good."""
    moment = letter.finished_at if letter.finished_at is not None else letter.created_at
    return dt_util.as_local(dt_util.utc_from_timestamp(moment)).strftime("%Y-%m-%d %H:%M")


def _became(hass: HomeAssistant, retried: Retried) -> tuple[str, dict[str, str]]:
    """The page for a result of retrying, and its placeholders."""
    words = {
        "sent": str(retried.sent),
        "dead": str(retried.dead),
        "waiting": str(retried.waiting),
        "uncertain": str(retried.uncertain),
        "reason": escape_markdown("; ".join(in_home_language(hass, one) for one in retried.reasons)),
    }
    if retried.waiting or retried.uncertain:
        return "not_all_sent", words
    return "still_dead" if retried.dead else "all_sent", words
