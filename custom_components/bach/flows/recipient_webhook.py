"""Subentry flow for a recipient of a webhook: whoever posts is picked from a list, or a name is typed.

All senders share the connection's secret, so the name in a post is only a claim: its messages are announced without a
user and any rights. A sender that needs a role or a user gets a secret of its own.
"""

from collections.abc import Awaitable, Callable, Mapping
from secrets import token_urlsafe
from typing import Any, ClassVar, Final, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.helpers.selector import TextSelector

from bach_lib.connectors.webhook.claims import check_token
from bach_lib.connectors.webhook.signature import key_of
from bach_lib.errors import InvalidValueError
from custom_components.bach.const import (
    CONF_INCOMING_SECRET,
    CONF_INCOMING_TOKEN,
    CONF_OWN_SECRET,
    CONF_RECIPIENT,
    CONF_ROLE,
    CONF_TITLE,
    SUBENTRY_RECIPIENT,
)
from custom_components.bach.home.attribution import Role
from custom_components.bach.home.entry import proven_senders
from custom_components.bach.home.users import Users, async_get_users
from custom_components.bach.kinds.form_fields import radio_buttons
from custom_components.bach.kinds.markdown_escape import with_escaped

from .pairing import KEEP_WAITING
from .recipient import RecipientFlow
from .role_fields import rights_schema, suggested_rights
from .webhook_page import copy_schema, first_line, to_copy

CONF_TRUST: Final = "trust"
CLAIMED: Final = "claimed"
OWN: Final = "own"
MUTED: Final = "muted"
TRUST: Final = (CLAIMED, OWN, MUTED)
"""What is believed of a name: that something was posted under it; whoever has its secret; nothing."""

_SECRET_BYTES: Final = 32
_UNNAMED: Final = "default"
"""What the recipient of an address is called where there is only one."""

type _Resume = Callable[[dict[str, Any]], Awaitable[SubentryFlowResult]]


class HookRecipientFlow(RecipientFlow):
    """Subentry flow that adds or changes a sender of posts, or a name to send to.

    Before the first one it shows address and secret for the other side: the set-up of a webhook leads here, and whoever
    closed the dialog then comes here again.
    """

    waiting_for: ClassVar[str] = "wait_for_post"

    def __init__(self) -> None:
        super().__init__()
        self._resume: _Resume | None = None
        self._made = token_urlsafe(_SECRET_BYTES)

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what to copy before the first recipient, then the menu."""
        entry = self._get_entry()
        is_first = not entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
        return await (self.async_step_post_here() if is_first and to_copy(self.hass, entry) else self._begin())

    async def async_step_post_here(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show address and secret to copy to the other side."""
        if user_input is not None:
            return await self._begin()
        entry = self._get_entry()
        return self.async_show_form(
            step_id="post_here",
            data_schema=copy_schema(to_copy(self.hass, entry)),
            description_placeholders=with_escaped({"name": entry.title}),
        )

    @override
    async def async_step_nobody(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer to wait on or to type a name, as nobody posted."""
        return self.async_show_menu(step_id="nobody", menu_options=["pair", "hook"])

    async def async_step_hook(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the name."""
        return await self._ask("hook", user_input)

    @override
    async def async_step_pick(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among those who posted."""
        if user_input is None or user_input[CONF_RECIPIENT] == KEEP_WAITING:
            return await super().async_step_pick(user_input)
        return await self._decide(user_input, super().async_step_pick)

    async def async_step_own(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the sender's own secret, its role and its user."""
        errors: dict[str, str] = {}
        kept = None if self.source == SOURCE_USER else self._get_reconfigure_subentry().data.get(CONF_OWN_SECRET)
        if user_input is not None and self._resume:
            secret = user_input.get(CONF_OWN_SECRET, "").strip() or kept or self._made
            if not (errors := self._wrong_with(secret)):
                return await self._resume({**user_input, CONF_OWN_SECRET: secret})
        users = await async_get_users(self.hass)
        schema = vol.Schema({vol.Optional(CONF_OWN_SECRET): TextSelector(), **rights_schema(users)})
        suggested = {} if self.source == SOURCE_USER else dict(self._get_reconfigure_subentry().data)
        shown = suggested_rights(users, suggested) | ({} if kept else {CONF_OWN_SECRET: self._made})
        return self.async_show_form(
            step_id="own",
            data_schema=self.add_suggested_values_to_schema(schema, user_input or shown),
            errors=errors,
        )

    @override
    def _rights(self, users: Users) -> dict[vol.Marker, Any]:
        return {vol.Required(CONF_TRUST, default=CLAIMED): radio_buttons(TRUST, translation_key=CONF_TRUST)}

    @override
    def _suggest(self, users: Users) -> dict[str, Any]:
        found = super()._suggest(users)
        return found | {CONF_TRUST: trust_in(self._get_reconfigure_subentry().data)} if found else found

    @override
    async def _keep_with_dead_letters(self, recipient: str, user_input: dict[str, Any]) -> SubentryFlowResult:
        async def keep(decided: dict[str, Any]) -> SubentryFlowResult:
            return await super(HookRecipientFlow, self)._keep_with_dead_letters(recipient, decided)

        return await self._decide(user_input, keep) if self.is_heard else await keep(user_input)

    async def _decide(self, user_input: dict[str, Any], resume: _Resume) -> SubentryFlowResult:
        """Continue with the rights that the chosen trust allows."""
        trust = user_input.get(CONF_TRUST, CLAIMED)
        if trust == OWN:
            self._resume = lambda rights: resume({**user_input, **rights})
            return await self.async_step_own()
        return await resume({**user_input, CONF_ROLE: Role.NOTIFY_ONLY.value} if trust == MUTED else user_input)

    def _wrong_with(self, secret: str) -> dict[str, str]:
        """The form error for a secret that is too weak, or that another sender has."""
        entry = self._get_entry()
        own = None if self.source == SOURCE_USER else self._get_reconfigure_subentry().subentry_id
        taken = [one.data[CONF_OWN_SECRET] for one in proven_senders(entry) if one.subentry_id != own]
        taken += [entry.data.get(field) for field in (CONF_INCOMING_TOKEN, CONF_INCOMING_SECRET)]
        try:
            check_token(secret, CONF_OWN_SECRET)
            key_of(secret, CONF_OWN_SECRET)
        except InvalidValueError:
            return {CONF_OWN_SECRET: "weak_secret"}
        return {CONF_OWN_SECRET: "secret_taken"} if secret in taken else {}

    @override
    def _listen(self) -> None:
        """Start pairing, with a curl line to try on the waiting page."""
        super()._listen()
        self._words = {**self._words, "curl": first_line(self.hass, self._get_entry())}

    async def _begin(self) -> SubentryFlowResult:
        return self.async_show_menu(step_id="user", menu_options=["pair", "hook"])


def trust_in(data: Mapping[str, Any]) -> str:
    """The trust stored in a subentry's data."""
    if data.get(CONF_OWN_SECRET):
        return OWN
    return MUTED if data.get(CONF_ROLE) == Role.NOTIFY_ONLY else CLAIMED


class MuteHookRecipientFlow(HookRecipientFlow):
    """Subentry flow for a webhook that only sends."""

    is_heard = False

    @override
    def _suggest(self, users: Users) -> dict[str, Any]:
        """Suggest the webhook itself as its first recipient: most addresses know no other."""
        entry = self._get_entry()
        is_first = self.source == SOURCE_USER and not entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
        return {CONF_RECIPIENT: _UNNAMED, CONF_TITLE: entry.title} if is_first else super()._suggest(users)

    @override
    async def _begin(self) -> SubentryFlowResult:
        return await self.async_step_hook()
