"""Subentry flow for a recipient in another home: a notify target, an event type, or the BACH there.

A first message could run an action over there, so it is asked for separately.
"""

from typing import Any, ClassVar, Final, override

import voluptuous as vol
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers.selector import (
    TextSelector,
)

from bach_lib import Candidate
from bach_lib.errors import InvalidRecipientError
from custom_components.bach.const import (
    CONF_EVENT_TYPE,
    CONF_HELLO,
    CONF_KIND,
    CONF_RECIPIENT,
    CONF_ROLE,
    CONF_TITLE,
    CONF_USER_ID,
    RECIPIENT_BACH,
    RECIPIENT_EVENT,
    TYPE_HOMEASSISTANT,
)
from custom_components.bach.home.attribution import Role
from custom_components.bach.home.entry import connections
from custom_components.bach.home.users import async_get_users
from custom_components.bach.kinds.form_fields import drop_down, labelled
from custom_components.bach.kinds.markdown_escape import with_escaped
from custom_components.bach.messages.hello import is_harmless
from custom_components.bach.web.peer import takes_letters

from .finding import FindingRecipientFlow
from .role_fields import rights_schema, rights_values

_MAX_OPTIONS: Final = 500


class HomeRecipientFlow(FindingRecipientFlow):
    """Subentry flow that adds or changes a recipient in another home.

    No agent can be chosen to answer: two homes that answer each other would never end.
    """

    can_chat: ClassVar[bool] = False

    _chosen: tuple[str, str, dict[str, str]]

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the menu: notify target, BACH, event type, or other."""
        return self.async_show_menu(step_id="user", menu_options=["target", "bach", "event", "other"])

    async def async_step_target(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among the notify entities and actions over there; they only receive."""
        if user_input is not None:
            found = self._candidates[user_input[CONF_RECIPIENT]]
            data = {CONF_KIND: found.kind, CONF_ROLE: Role.NOTIFY_ONLY.value}
            self._chosen = found.recipient, _title(user_input) or found.title, data
            if user_input[CONF_HELLO] and not is_harmless(TYPE_HOMEASSISTANT, found.recipient):
                return await self.async_step_hello_runs()
            return await self._create(*self._chosen, user_input)
        self._candidates = {found.recipient: found for found in await self._find() if self._is_new(found.recipient)}
        self._candidates.pop(RECIPIENT_BACH, None)  # which has a step of its own
        if not self._candidates:
            return await self.async_step_no_target()
        schema = _target_schema(list(self._candidates.values())).extend(self._hello_box(ticked=True))
        return self.async_show_form(step_id="target", data_schema=schema)

    async def async_step_hello_runs(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask before a first message that would run an action."""
        return self.async_show_menu(
            step_id="hello_runs",
            menu_options=["hello_skip", "hello_send"],
            description_placeholders=with_escaped({**self._invitation(), "recipient": self._chosen[0]}),
        )

    async def async_step_hello_send(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Create the recipient, and send the first message."""
        return await self._keep_chosen(hello=True)

    async def async_step_hello_skip(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Create the recipient without a first message."""
        return await self._keep_chosen(hello=False)

    async def _keep_chosen(self, *, hello: bool) -> SubentryFlowResult:
        return await self._create(*self._chosen, {CONF_HELLO: hello})

    async def async_step_no_target(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say that there is no new notify target."""
        return self.async_show_menu(
            step_id="no_target",
            menu_options=["target", "bach", "event", "other"],
            description_placeholders=self._invitation(),
        )

    async def async_step_bach(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the user with which the other home logs in here: it authenticates its messages."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._conflicts(RECIPIENT_BACH, user_input)):
            data = {CONF_KIND: RECIPIENT_BACH, **rights_values(user_input)}
            return await self._create(RECIPIENT_BACH, f"BACH ({self._get_entry().title})", data, user_input)
        rights = rights_schema(await async_get_users(self.hass))
        return self.async_show_form(
            step_id="bach",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(dict(reversed(rights.items())) | self._hello_box()), user_input
            ),
            errors=errors,
            description_placeholders=self._invitation(),
        )

    async def async_step_event(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for an event type to fire and to listen to."""
        errors: dict[str, str] = {}
        if user_input is not None:
            event_type = user_input[CONF_EVENT_TYPE].strip().removeprefix(RECIPIENT_EVENT)
            try:
                recipient = await self._normalize(f"{RECIPIENT_EVENT}{event_type}")
            except InvalidRecipientError:
                errors[CONF_EVENT_TYPE] = "invalid_event_type"
            else:
                data = {CONF_KIND: "event", **rights_values(user_input)}
                if not (errors := self._taken(recipient, CONF_EVENT_TYPE)):
                    return await self._create(recipient, _title(user_input) or event_type, data, user_input)
        fields = {vol.Required(CONF_EVENT_TYPE): TextSelector(), vol.Optional(CONF_TITLE): TextSelector()}
        rights = rights_schema(await async_get_users(self.hass))
        schema = vol.Schema(fields | rights | self._hello_box())
        return self.async_show_form(
            step_id="event",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
        )

    async def async_step_other(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for an address that the user knows."""
        return await self._ask("other", user_input)

    @override
    def _conflicts(self, recipient: str, user_input: dict[str, Any]) -> dict[str, str]:
        """The error if another home logs in with the same user: the two could not be told apart."""
        user_id = user_input.get(CONF_USER_ID)
        if recipient != RECIPIENT_BACH or not user_id:
            return {}
        own = self._get_entry()
        others = (entry for entry in connections(self.hass) if entry is not own)
        is_taken = any(takes_letters(entry, user_id) for entry in others)
        return {CONF_USER_ID: "user_taken"} if is_taken else {}


def _target_schema(found: list[Candidate]) -> vol.Schema:
    labels = {
        one.recipient: f"{one.title} ({one.recipient})" if one.kind == "entity" else one.recipient
        for one in found[:_MAX_OPTIONS]
    }
    return vol.Schema(
        {vol.Required(CONF_RECIPIENT): drop_down(labelled(labels)), vol.Optional(CONF_TITLE): TextSelector()}
    )


def _title(user_input: dict[str, Any]) -> str:
    return str(user_input.get(CONF_TITLE, "")).strip()[:100]
