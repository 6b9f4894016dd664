"""Config flow steps of connectors that other packages bring: choose one, fill in what it declares, try it.

Without such a package the menu says nothing of them. What a package does wrong is told in the dialog, by its name.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_TYPE

from bach_lib import BachError, Fault, Identity, InputError
from bach_lib.errors import InvalidEndpointError
from bach_lib.models.health import INTERNAL
from custom_components.bach.const import CONF_ENDPOINT, CONF_LINK, CONF_SECRETS
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.language import in_home_language
from custom_components.bach.kinds.form_fields import drop_down, labelled
from custom_components.bach.kinds.markdown_escape import escape_links, with_escaped
from custom_components.bach.kinds.others import OtherKind, async_other_kind, async_others
from custom_components.bach.kinds.settings import stored

from .form_errors import BASE, FAULT_ERRORS
from .naming import new_title

REFUSED = "refused_other"
UNUSABLE = "unusable_connector"
_FAULTS = {**FAULT_ERRORS, "auth_failed": REFUSED, INTERNAL: UNUSABLE}
_SAME = (CONF_TYPE, CONF_ENDPOINT, CONF_SECRETS)
"""What makes two connections the same, where nobody tells whose account it is."""


class OtherSteps(ConfigFlow, ABC):
    """Mixin with the steps of connections that another package's connector makes."""

    _other: str

    async def async_step_other(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose one of those that are installed; of one there is nothing to choose."""
        others = await async_others()
        if user_input is not None or len(others) == 1:
            self._other = user_input[CONF_TYPE] if user_input else next(iter(others))
            return await self.async_step_other_form()
        if not others:  # removed since the menu was shown
            return self.async_abort(reason="no_others")
        labels = {type_: f"{type_} ({package})" for type_, package in others.items()}
        schema = vol.Schema({vol.Required(CONF_TYPE): drop_down(labelled(labels))})
        return self.async_show_form(step_id="other", data_schema=schema)

    async def async_step_other_form(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for what the connector declares."""
        return await self._ask_other("other_form", self._other, user_input)

    async def async_step_change_other(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for other settings; empty secrets stay as they are."""
        return await self._ask_other("change_other", self._entry().data[CONF_TYPE], user_input)

    async def async_step_other_refused(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for other credentials, as the platform refused ours."""
        return await self._ask_other("other_refused", self._entry().data[CONF_TYPE], user_input)

    @abstractmethod
    async def _check(self, data: dict[str, Any]) -> Identity | Fault:
        """Log in with the given data. Raises an `InputError`."""

    @abstractmethod
    def _entry(self) -> BachConfigEntry:
        """The entry that the flow changes."""

    @abstractmethod
    def _entry_data(self) -> Mapping[str, Any]:
        """Its data; nothing for a new one."""

    async def _ask_other(self, step_id: str, type_: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Show the form until its input works on the platform, then save it."""
        try:
            kind = await async_other_kind(type_)
        except BachError as error:
            return self.async_abort(
                reason=UNUSABLE,
                description_placeholders={"reason": escape_links(in_home_language(self.hass, error.sentence))},
            )
        old, errors, reason, expected = self._entry_data(), dict[str, str](), "", ""
        if user_input is not None:
            try:
                answer = await self._check(data := kind.merge(old, user_input))
            except InputError as error:
                errors, reason = _of_input(error, kind), error.sentence
                expected = error.placeholders.get("expected") or error.placeholders.get("about", "")
            else:
                if isinstance(answer, Identity):
                    return await self._keep_other(data, answer)
                errors, reason = {BASE: _FAULTS.get(answer.code, "cannot_connect")}, answer.text
        schemas = {"change_other": kind.reconfigure_schema, "other_refused": kind.reauth_schema}
        schema, name = schemas.get(step_id, kind.schema), "" if self.source == SOURCE_USER else self._entry().title
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, user_input or kind.suggest(old)),
            errors={field if field in schema.schema else BASE: error for field, error in errors.items()},
            description_placeholders={
                **kind.placeholders,
                **with_escaped({"name": name}),
                "reason": escape_links(in_home_language(self.hass, reason)),
                "expected": escape_links(in_home_language(self.hass, expected)),
            },
        )

    async def _keep_other(self, data: dict[str, Any], identity: Identity) -> ConfigFlowResult:
        """Create the entry, or update it if the account is the same."""
        data[CONF_LINK] = identity.link
        if identity.accepted is None:  # nothing was proved: what it says of itself is no account
            same: dict[str, Any] = {
                key: data.get(key) for key in (CONF_TYPE, CONF_ENDPOINT, CONF_SECRETS) if key in data
            }
            if self.source == SOURCE_USER:
                self._async_abort_entries_match(same)
        else:
            await self.async_set_unique_id(f"{data[CONF_TYPE]}:{identity.id}")
        if self.source != SOURCE_USER:
            entry = self._entry()
            if entry.unique_id and self.unique_id:
                self._abort_if_unique_id_mismatch()
            return self.async_update_and_abort(entry, **stored(data, entry.options))
        self._abort_if_unique_id_configured()
        title = new_title(data, identity.name, self._async_current_entries())
        return self.async_create_entry(title=title, **stored(data))


def _of_input(error: InputError, kind: OtherKind) -> dict[str, str]:
    """The field and the text for what cannot be."""
    if (field := kind.place_of(error)) is None:
        return {BASE: "invalid_other"}
    return {field: error.code if isinstance(error, InvalidEndpointError) else "invalid_value"}
