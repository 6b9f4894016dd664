"""Subentry flow for a recipient: pair with somebody who writes, or type an id.

The flows of single platforms add ways to find a recipient, and share how one is validated and saved.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.const import CONF_TYPE
from homeassistant.helpers.selector import BooleanSelector, TextSelector

from bach_lib.connectors import Connectors
from bach_lib.errors import InvalidRecipientError
from custom_components.bach.actions.legacy_notify import free_name
from custom_components.bach.assist.settings import (
    SECTION_CHAT,
    chat_section,
    chat_suggestions,
    chat_values,
    without_chat,
)
from custom_components.bach.const import (
    CONF_HELLO,
    CONF_KIND,
    CONF_LANGUAGE,
    CONF_NOTIFY_ACTION,
    CONF_RECIPIENT,
    CONF_ROLE,
    CONF_TITLE,
    CONF_USER_ID,
    KIND_PRIVATE,
    TYPE_HOMEASSISTANT,
)
from custom_components.bach.home.addresses import normal_form
from custom_components.bach.home.attribution import Role
from custom_components.bach.home.entry import recipient_unique_id
from custom_components.bach.home.language import in_home_language
from custom_components.bach.home.users import Users, async_get_users
from custom_components.bach.kinds.markdown_escape import escape_markdown, with_escaped
from custom_components.bach.kinds.webhook import sends
from custom_components.bach.lifecycle.people import async_move_people
from custom_components.bach.messages.hello import async_greet, is_harmless
from custom_components.bach.messages.recipient_changes import async_move_undelivered

from .action_name import ACTION_FIELD, misnamed
from .address_check import async_check_address, can_check_addresses
from .dead_letter_steps import DeadLetterSteps
from .pairing import PairingSteps
from .role_fields import is_shared, rights_schema, rights_values, suggested_rights, without_rights

MANUAL_SCHEMA: Final = vol.Schema(
    {vol.Required(CONF_RECIPIENT): TextSelector(), vol.Optional(CONF_TITLE): TextSelector()}
)


class RecipientFlow(PairingSteps, DeadLetterSteps):
    """Subentry flow that adds or changes a recipient.

    `is_heard`: messages from there are received. `can_chat`: a conversation agent may answer there. `hello_seconds`:
    how long to wait for the result of the first message.
    """

    is_heard: ClassVar[bool] = True
    can_chat: ClassVar[bool] = True
    hello_seconds: ClassVar[float] = 5.0

    _typed: tuple[str, dict[str, Any]]

    def __init__(self) -> None:
        super().__init__()
        self._untried: str | None = None
        self._found: dict[str, str] = {}  # the kind of a typed address, if the platform told

    async def async_step_user(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the menu of ways to find the recipient."""
        return self.async_show_menu(step_id="user", menu_options=["pair", "manual"])

    async def async_step_manual(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for an id that the user knows."""
        return await self._ask("manual", user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change id, name, role and chat settings."""
        return await self._ask("reconfigure", user_input)

    async def _ask(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        """Show the form until the id is valid, then save it."""
        errors: dict[str, str] = {}
        placeholders = {"expected": await self._expected(), "reason": ""}
        if user_input is not None:
            try:
                recipient = await self._normalize(user_input[CONF_RECIPIENT])
            except InvalidRecipientError as error:
                errors[CONF_RECIPIENT], placeholders["expected"] = (
                    error.code,
                    in_home_language(self.hass, error.placeholders["expected"]),
                )
            else:
                errors = self._taken(recipient, CONF_RECIPIENT) or self._conflicts(recipient, user_input)
                errors = errors or self._misnamed(user_input)
                if not errors and (doubt := await self._check_address(recipient)):
                    errors[CONF_RECIPIENT], placeholders["reason"] = doubt
                if not errors:
                    return await self._keep_with_dead_letters(recipient, user_input)
        users = await async_get_users(self.hass)
        schema = MANUAL_SCHEMA
        if self.is_heard:
            schema = schema.extend(self._rights(users))
            if self.can_chat and self.source != SOURCE_USER:
                schema = schema.extend({vol.Optional(SECTION_CHAT): chat_section(self.hass)})
        if self.source != SOURCE_USER and sends(self._get_entry().data):
            schema = schema.extend({vol.Optional(CONF_NOTIFY_ACTION): ACTION_FIELD})
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema.extend(self._hello_box()), user_input or self._suggest(users)
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    @override
    def _rights(self, users: Users) -> dict[vol.Marker, Any]:
        """The form fields for the role, and for the user unless several people write there."""
        if self._candidates:
            return rights_schema(users, is_shared=all(is_shared(one.kind) for one in self._candidates.values()))
        if self.source == SOURCE_USER:  # a typed id may be anybody's: asked when that is known
            return rights_schema(users, is_shared=can_check_addresses(self._get_entry()))
        known = self._get_reconfigure_subentry().data
        return rights_schema(users, is_shared=is_shared(known.get(CONF_KIND)) and CONF_USER_ID not in known)

    async def _expected(self) -> str:
        """The connector's description of what an address looks like."""
        try:
            await self._normalize("")
        except InvalidRecipientError as error:
            return in_home_language(self.hass, error.placeholders["expected"])
        return ""

    async def _check_address(self, recipient: str) -> tuple[str, str] | None:
        """Look up a new address; an unanswered look-up is an error only the first time."""
        self._found = {}
        is_old = self.source != SOURCE_USER and self._get_reconfigure_subentry().data[CONF_RECIPIENT] == recipient
        if is_old or recipient == self._untried:
            return None
        looked = await async_check_address(self.hass, self._get_entry(), recipient)
        self._found = {CONF_KIND: looked} if isinstance(looked, str) else {}
        doubt = looked if isinstance(looked, tuple) else None
        self._untried = recipient if doubt and doubt[0] == "cannot_ask" else None
        return doubt

    def _conflicts(self, recipient: str, user_input: dict[str, Any]) -> dict[str, str]:  # noqa: ARG002 - for those who can
        """Further form errors, for flows that have some."""
        return {}

    def _misnamed(self, user_input: dict[str, Any]) -> dict[str, str]:
        """The form error of a name for an action that cannot be one, or is somebody else's."""
        mine = "" if self.source == SOURCE_USER else self._get_reconfigure_subentry().subentry_id
        return misnamed(self.hass, user_input, mine)

    async def _normalize(self, recipient: str) -> str:
        connector = await Connectors().load(self._get_entry().data[CONF_TYPE])
        return normal_form(self.hass, self._get_entry())(connector.normalize_recipient(recipient))

    def _suggest(self, users: Users) -> dict[str, Any]:
        if self.source == SOURCE_USER:
            return {}
        subentry = self._get_reconfigure_subentry()
        return {
            CONF_RECIPIENT: subentry.data[CONF_RECIPIENT],
            CONF_TITLE: subentry.title,
            **_action(subentry.data.get(CONF_NOTIFY_ACTION)),
            **suggested_rights(users, subentry.data),
            SECTION_CHAT: chat_suggestions(self.hass, subentry.data),
        }

    async def _keep_with_dead_letters(self, recipient: str, user_input: dict[str, Any]) -> SubentryFlowResult:
        """Save the recipient and move its messages; if there are dead letters, ask what to do with them."""
        before = None if self.source == SOURCE_USER else self._get_reconfigure_subentry().data[CONF_RECIPIENT]
        kept = await self._keep(recipient, user_input)
        if before in {None, recipient}:
            return kept
        self._moved_to = recipient
        if not (dead := await async_move_undelivered(self.hass, self._get_entry(), before, recipient)):
            return kept
        self._dead = dead
        return await self.async_step_dead_letters()

    async def _keep(self, recipient: str, user_input: dict[str, Any]) -> SubentryFlowResult:
        title = user_input.get(CONF_TITLE, "").strip() or recipient
        if self.source == SOURCE_USER:
            self._typed = recipient, {**user_input, CONF_TITLE: title}
            asks = self._found.get(CONF_KIND) == KIND_PRIVATE and user_input.get(CONF_ROLE) != Role.NOTIFY_ONLY
            return await (self.async_step_whose() if asks and self._is_new(recipient) else self._create_typed({}))
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        before, rights = subentry.data[CONF_RECIPIENT], rights_values(user_input)
        kept = {key: value for key, value in subentry.data.items() if key != CONF_NOTIFY_ACTION}
        if recipient != before:  # another place, perhaps of another kind
            kept = {key: value for key, value in kept.items() if key != CONF_KIND} | self._found
            if is_shared(kept.get(CONF_KIND)):
                rights.pop(CONF_USER_ID, None)
        result = self.async_update_and_abort(
            entry,
            subentry,
            title=title,
            data={
                **without_chat(without_rights(kept)),
                **rights,
                **_action(user_input.get(CONF_NOTIFY_ACTION)),
                **chat_values(user_input.get(SECTION_CHAT, subentry.data)),
                CONF_RECIPIENT: recipient,
            },
            unique_id=recipient_unique_id(recipient),
        )
        async_move_people(self.hass, entry, before, recipient)
        return result

    async def async_step_whose(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the Home Assistant user, if the typed id is a private chat."""
        if user_input is not None:
            return await self._create_typed(user_input)
        rights, words = (
            rights_schema(await async_get_users(self.hass)),
            with_escaped({"name": self._typed[1][CONF_TITLE]}),
        )
        field = {key: box for key, box in rights.items() if key == CONF_USER_ID}
        return self.async_show_form(step_id="whose", data_schema=vol.Schema(field), description_placeholders=words)

    async def _create_typed(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        recipient, typed = self._typed
        rights = rights_values({**typed, **user_input})
        return await self._create(recipient, typed[CONF_TITLE], {**self._found, **rights}, typed)

    @override
    def _hello_box(self, *, ticked: bool | None = None) -> dict[vol.Marker, Any]:
        """The form field for a first message; not preselected where that could trigger anything."""
        entry = self._get_entry()
        if self.source != SOURCE_USER or not sends(entry.data):
            return {}
        default = is_harmless(entry.data[CONF_TYPE]) if ticked is None else ticked
        return {vol.Required(CONF_HELLO, default=default): BooleanSelector()}

    @override
    async def _create(
        self, recipient: str, title: str, extra: Mapping[str, Any], user_input: Mapping[str, Any] | None
    ) -> SubentryFlowResult:
        """Create the subentry, and send the first message if wanted; its failure does not prevent that."""
        entry, unique_id = self._get_entry(), recipient_unique_id(recipient)
        greeted, reason = None, ""
        if self._is_new(recipient) and user_input and user_input.get(CONF_HELLO):
            key = f"hello-{self.flow_id}"  # the same form may be submitted twice
            greeted, reason = await async_greet(
                self.hass, entry, recipient, seconds=self.hello_seconds, key=key, language=extra.get(CONF_LANGUAGE)
            )
        has_words = sends(entry.data) and entry.data[CONF_TYPE] != TYPE_HOMEASSISTANT  # there it may be anything
        action = _action(free_name(self.hass, title)) if has_words else {}
        return self.async_create_entry(
            title=title,
            data={CONF_RECIPIENT: recipient, **extra, **action},
            description=greeted,
            description_placeholders={"name": escape_markdown(title), "reason": escape_markdown(reason)},
            unique_id=unique_id,
        )


def _action(name: str | None) -> dict[str, str]:
    return {CONF_NOTIFY_ACTION: name} if name else {}
