"""Subentry flow for a person: a member of a group with a role that differs from the group's.

Without it, everybody in a group may do the same.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, override

import voluptuous as vol
from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_TYPE
from homeassistant.helpers.selector import (
    SelectSelector,
    TextSelector,
)

from bach_lib import BachError
from custom_components.bach.const import (
    CONF_KIND,
    CONF_RECIPIENT,
    CONF_SENDER_ID,
    CONF_TITLE,
    KIND_PRIVATE,
    SUBENTRY_RECIPIENT,
    TYPE_DISCORD,
    TYPE_SIGNAL,
    TYPE_TELEGRAM,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import person_unique_id
from custom_components.bach.home.users import Users, async_get_users
from custom_components.bach.kinds.form_fields import drop_down, labelled, radio_buttons
from custom_components.bach.kinds.markdown_escape import with_escaped

from .role_fields import rights_schema, rights_values, suggested_rights

_LOOK_BACK: Final = 500
"""Messages of the inbox in which people are looked for."""

_MAX_TITLE = 100
_SENDER_ID = re.compile(r"[\w.+-]{1,100}", re.ASCII)
_PEOPLE: Final[Mapping[str, re.Pattern[str]]] = {
    TYPE_DISCORD: re.compile(r"\d{15,20}", re.ASCII),
    TYPE_SIGNAL: re.compile(r"\+\d{5,15}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII),
    TYPE_TELEGRAM: re.compile(r"[1-9]\d{0,18}", re.ASCII),
}
"""What a person's id looks like there; a name, or the id of a group or channel, would never write."""


class PersonFlow(ConfigSubentryFlow):
    """Subentry flow that adds or changes a person."""

    def __init__(self) -> None:
        self._place = ""
        self._seen: dict[str, str] = {}

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose the group."""
        groups = _groups(self._get_entry())
        if not groups:
            return self.async_abort(reason="no_groups")
        if user_input is not None:
            self._place = user_input[CONF_RECIPIENT]
            return await self.async_step_who()
        schema = vol.Schema({vol.Required(CONF_RECIPIENT): radio_buttons(labelled(groups))})
        return self.async_show_form(step_id="user", data_schema=schema)

    async def async_step_who(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose the person, and the role."""
        errors: dict[str, str] = {}
        if user_input is not None:
            sender_id = self._meant(user_input[CONF_SENDER_ID])
            if not (errors := self._wrong_with(sender_id)):
                return self._create(sender_id, user_input)
        self._seen = await _seen(self._get_entry(), self._place)
        about = _about(await async_get_users(self.hass))
        schema = vol.Schema({vol.Required(CONF_SENDER_ID): self._who()}).extend(about)
        return self.async_show_form(
            step_id="who",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders=with_escaped({"name": _groups(self._get_entry()).get(self._place, self._place)}),
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change name and role; the person themselves cannot be changed."""
        subentry, users = self._get_reconfigure_subentry(), await async_get_users(self.hass)
        if user_input is not None:
            return self.async_update_and_abort(
                self._get_entry(),
                subentry,
                title=_title(user_input) or subentry.data[CONF_SENDER_ID],
                data=_identity(subentry) | rights_values(user_input),
            )
        shown = {CONF_TITLE: subentry.title, **suggested_rights(users, subentry.data)}
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(_about(users)), shown),
            description_placeholders=with_escaped(
                {
                    "name": _groups(self._get_entry()).get(
                        subentry.data[CONF_RECIPIENT], subentry.data[CONF_RECIPIENT]
                    ),
                    "sender": subentry.data[CONF_SENDER_ID],
                }
            ),
        )

    @override
    def _get_entry(self) -> BachConfigEntry:
        return super()._get_entry()

    def _who(self) -> SelectSelector:
        """The selector: recent senders, or a typed id."""
        labels = {sender: f"{name} ({sender})" for sender, name in self._seen.items()}
        return drop_down(labelled(labels), custom_value=True)

    def _meant(self, typed: str) -> str:
        """Normalize a typed id: a phone number without blanks, a Discord mention without brackets."""
        typed, type_ = typed.strip(), self._get_entry().data[CONF_TYPE]
        if type_ == TYPE_DISCORD:
            return typed.removeprefix("<").removesuffix(">").removeprefix("@").removeprefix("!")
        return re.sub(r"[\s()/.-]", "", typed) if type_ == TYPE_SIGNAL and typed.startswith("+") else typed

    def _wrong_with(self, sender_id: str) -> dict[str, str]:
        """The form error if this is no id of a new person in the group."""
        entry = self._get_entry()
        form = _PEOPLE.get(entry.data[CONF_TYPE], _SENDER_ID)
        if sender_id not in self._seen and (not form.fullmatch(sender_id) or sender_id in _groups(entry)):
            return {CONF_SENDER_ID: "invalid_sender"}
        unique_id = person_unique_id(self._place, sender_id)
        is_taken = any(one.unique_id == unique_id for one in entry.subentries.values())
        return {CONF_SENDER_ID: "person_taken"} if is_taken else {}

    def _create(self, sender_id: str, user_input: dict[str, Any]) -> SubentryFlowResult:
        return self.async_create_entry(
            title=_title(user_input) or self._seen.get(sender_id, sender_id),
            data={CONF_RECIPIENT: self._place, CONF_SENDER_ID: sender_id, **rights_values(user_input)},
            unique_id=person_unique_id(self._place, sender_id),
        )


def _about(users: Users) -> dict[vol.Marker, Any]:
    return {vol.Optional(CONF_TITLE): TextSelector(), **rights_schema(users)}


def _title(user_input: Mapping[str, Any]) -> str:
    return str(user_input.get(CONF_TITLE, "")).strip()[:_MAX_TITLE]


def _identity(subentry: ConfigSubentry) -> dict[str, Any]:
    return {field: subentry.data[field] for field in (CONF_RECIPIENT, CONF_SENDER_ID)}


def _groups(entry: BachConfigEntry) -> dict[str, str]:
    """The recipients that may have several members, as addresses and titles."""
    return {
        subentry.data[CONF_RECIPIENT]: subentry.title
        for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
        if subentry.data.get(CONF_KIND) != KIND_PRIVATE
    }


async def _seen(entry: BachConfigEntry, place: str) -> dict[str, str]:
    """Recent senders in the group and people with private chats, as ids and names; without those added already."""
    found: dict[str, str] = {}
    if entry.state is ConfigEntryState.LOADED:
        coordinator = entry.runtime_data
        try:
            messages = await coordinator.bach.inbox(connection=coordinator.connection, limit=_LOOK_BACK)
        except BachError:
            messages = []  # an id can be typed all the same
        for message in messages:
            if place in (message.recipient, message.recipient.partition("/")[0]) and message.sender_id:
                found.setdefault(message.sender_id, message.sender_name[:_MAX_TITLE] or message.sender_id)
    for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
        if subentry.data.get(CONF_KIND) == KIND_PRIVATE:
            # Discord writes "@" before the id of a person who is a place to send to
            found.setdefault(subentry.data[CONF_RECIPIENT].removeprefix("@"), subentry.title)
    added = {subentry.unique_id for subentry in entry.subentries.values()}
    return {sender: name for sender, name in found.items() if person_unique_id(place, sender) not in added}
