"""The subentry flow steps that ask what to do with dead letters after a recipient's address was corrected.

The dead letters are kept under the new address by then; most people correct an address in order to send them again.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult

from bach_lib import Bach, BachError
from custom_components.bach.const import CONF_RECIPIENT
from custom_components.bach.home.entry import connection_name, recipient_unique_id
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.language import in_home_language
from custom_components.bach.kinds.markdown_escape import escape_links, with_escaped


class DeadLetterSteps(ConfigSubentryFlow):
    """Mixin with the steps for dead letters; `_moved_to` is the new address, `_dead` how many they are."""

    def __init__(self) -> None:
        self._moved_to: str | None = None
        self._dead = 0

    def _is_new(self, recipient: str) -> bool:
        """Whether no recipient of the entry has this address yet."""
        unique_id = recipient_unique_id(recipient)
        return all(subentry.unique_id != unique_id for subentry in self._get_entry().subentries.values())

    def _taken(self, recipient: str, field: str) -> dict[str, str]:
        """The form error if another recipient has this address; aborting the flow instead would lose what was typed."""
        is_own = self.source != SOURCE_USER and self._get_reconfigure_subentry().data[CONF_RECIPIENT] == recipient
        return {} if is_own or self._is_new(recipient) else {field: "recipient_taken"}

    async def async_step_dead_letters(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer to send, keep or discard the dead letters."""
        return self.async_show_menu(
            step_id="dead_letters",
            menu_options=["send_dead_letters", "keep_dead_letters", "discard_dead_letters"],
            description_placeholders=with_escaped({"count": str(self._dead), "recipient": self._moved_to or ""}),
        )

    async def async_step_send_dead_letters(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Send the dead letters to the new address."""
        return await self._done(Bach.retry_all)

    async def async_step_keep_dead_letters(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Keep the dead letters as they are."""
        return self.async_abort(reason="reconfigure_successful")

    async def async_step_discard_dead_letters(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Discard the dead letters."""
        return await self._done(Bach.discard_all)

    async def _done(self, what: Callable[..., Awaitable[object]]) -> SubentryFlowResult:
        """Do something with all of them; the recipient is changed whatever comes of it."""
        try:
            async with self.hass.data[HUB].hold() as bach:
                await what(bach, connection_name(self._get_entry()), recipient=self._moved_to)
        except BachError as error:  # the disk
            words = {"reason": escape_links(in_home_language(self.hass, error.sentence))}
            return self.async_abort(reason="dead_letters_stay", description_placeholders=words)
        return self.async_abort(reason="reconfigure_successful")
