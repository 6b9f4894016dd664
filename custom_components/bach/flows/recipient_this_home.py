"""Subentry flow for a place of this home: a phone, an entity, an action, or the notifications in the sidebar.

All are found by themselves. A phone is asked for more: whose it is, how it is told, and what may break its silence.
"""

from collections.abc import Mapping
from typing import Any, Final, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
)

from bach_lib import Candidate
from custom_components.bach.const import (
    CONF_CRITICAL_FROM,
    CONF_HELLO,
    CONF_KIND,
    CONF_NOTIFY_ACTION,
    CONF_RECIPIENT,
    CONF_REPLIES,
    CONF_SPEECH,
    CONF_TITLE,
    CONF_USER_ID,
    CONF_WAY,
)
from custom_components.bach.home.users import async_get_users
from custom_components.bach.kinds.form_fields import drop_down, labelled
from custom_components.bach.kinds.markdown_escape import with_escaped
from custom_components.bach.messages.hello import is_harmless
from custom_components.bach.this_home.found_places import SPEAKER, entity_at
from custom_components.bach.this_home.phones import phone_at
from custom_components.bach.this_home.place_forms import PHONE
from custom_components.bach.this_home.recipient_choices import Way

from .action_name import ACTION_FIELD
from .finding import FindingRecipientFlow
from .role_fields import rights_schema, rights_values, suggested_rights, without_rights

_CHOICES: Final = (CONF_CRITICAL_FROM, CONF_NOTIFY_ACTION, CONF_REPLIES, CONF_SPEECH, CONF_WAY)
_PRIORITY: Final = NumberSelector(NumberSelectorConfig(min=-10, max=10, step=1, mode=NumberSelectorMode.BOX))


class PlaceFlow(FindingRecipientFlow):
    """Subentry flow that adds or changes a place of this home."""

    _place: Candidate

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Begin with the list."""
        return await self.async_step_where()

    async def async_step_where(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among all places that are there now and are no recipients yet."""
        if user_input is not None:
            self._place = self._candidates[user_input[CONF_RECIPIENT]]
            return await self.async_step_about()
        taken = {one.data.get(CONF_RECIPIENT) for one in self._get_entry().subentries.values()}
        found = [one for one in await self._find() if one.recipient not in taken]
        if not found:
            return self.async_abort(reason="no_places_left")
        self._candidates = {one.recipient: one for one in found}
        selector = drop_down(labelled({one.recipient: one.title for one in found}))
        return self.async_show_form(step_id="where", data_schema=vol.Schema({vol.Required(CONF_RECIPIENT): selector}))

    async def async_step_about(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the name, and what else there is to choose; then add it."""
        place = self._place
        if user_input is None:
            phone = phone_at(self.hass, place.recipient)
            known = {CONF_TITLE: place.title, CONF_USER_ID: phone.user_id if phone else ""}
            return await self._show("about", place.recipient, known)
        title = user_input.get(CONF_TITLE, "").strip() or place.title
        return await self._create(
            place.recipient, title, {CONF_KIND: place.kind, **self._chosen(user_input)}, user_input
        )

    @override
    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change name and choices; another place is another recipient."""
        return await self.async_step_change_place(user_input)

    async def async_step_change_place(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for them."""
        subentry = self._get_reconfigure_subentry()
        errors = self._misnamed(user_input or {})
        if user_input is None or errors:
            known = {**subentry.data, CONF_TITLE: subentry.title, **(user_input or {})}
            return await self._show("change_place", subentry.data[CONF_RECIPIENT], known, errors)
        kept = {key: one for key, one in without_rights(subentry.data).items() if key not in _CHOICES}
        title = user_input.get(CONF_TITLE, "").strip() or subentry.title
        return self.async_update_and_abort(
            self._get_entry(), subentry, title=title, data={**kept, **self._chosen(user_input)}
        )

    async def _show(
        self, step_id: str, recipient: str, known: Mapping[str, Any], errors: dict[str, str] | None = None
    ) -> SubentryFlowResult:
        users = await async_get_users(self.hass)
        fields: dict[vol.Marker, Any] = {vol.Optional(CONF_TITLE): TextSelector()}
        shown = {key: known[key] for key in (CONF_TITLE, *_CHOICES) if key in known}
        entity_id = entity_at(self.hass, recipient) or ""
        if recipient.startswith(PHONE):
            fields |= rights_schema(users) | {
                vol.Required(CONF_WAY, default=Way.FITTING.value): drop_down(list(Way), translation_key=CONF_WAY),
                vol.Required(CONF_REPLIES, default=False): BooleanSelector(),
                vol.Optional(CONF_CRITICAL_FROM): _PRIORITY,
            }
            shown |= suggested_rights(users, known)
        elif entity_id.startswith(f"{SPEAKER}."):
            fields[vol.Optional(CONF_SPEECH)] = EntitySelector(EntitySelectorConfig(domain="tts"))
        if self.source != SOURCE_USER:
            fields[vol.Optional(CONF_NOTIFY_ACTION)] = ACTION_FIELD
        else:
            default = is_harmless(self._get_entry().data["type"], recipient)
            fields[vol.Required(CONF_HELLO, default=default)] = BooleanSelector()
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), shown),
            errors=errors,
            description_placeholders=with_escaped({"name": str(known[CONF_TITLE])}),
        )

    def _chosen(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What is stored of a form: nothing of what is usual."""
        found: dict[str, Any] = rights_values(given)
        if given.get(CONF_WAY, Way.FITTING) != Way.FITTING:
            found[CONF_WAY] = given[CONF_WAY]
        if given.get(CONF_REPLIES):
            found[CONF_REPLIES] = True
        if given.get(CONF_CRITICAL_FROM) is not None:
            found[CONF_CRITICAL_FROM] = int(given[CONF_CRITICAL_FROM])
        return found | {key: given[key] for key in (CONF_NOTIFY_ACTION, CONF_SPEECH) if given.get(key)}
