"""Options flow of all kinds of connections: the settings without which a connection works as well.

What leads to the platform another way, or asks it something else, is tried before it is saved.
"""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow

from bach_lib import Fault, InputError, Report
from bach_lib.connectors.network_way import check_way
from bach_lib.errors import InvalidValueError
from bach_lib.registry.own_policy import check_own_policy
from bach_lib.registry.sender_tag import check_tag
from bach_lib.registry.waiting_rules import check_waiting_rules
from custom_components.bach.const import CONF_MODEL, CONF_RECIPIENT
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.language import common_texts, in_home_language
from custom_components.bach.home.recipient_subentries import recipient_subentries
from custom_components.bach.kinds.markdown_escape import escape_links, with_escaped
from custom_components.bach.kinds.option_forms import (
    DECIDED_THERE,
    EXAMPLES,
    option_schema,
    put_options,
    suggested_options,
)
from custom_components.bach.kinds.settings import OPTIONS, OURS, stored, whole
from custom_components.bach.kinds.stored_data import usable
from custom_components.bach.kinds.wait_forms import wait_selectors

from .form_errors import BASE, opened, placed
from .trying import async_try
from .unknown_kind import UNKNOWN_KIND, is_unknown, what_is_unknown


class BachOptionsFlow(OptionsFlow):
    """One form; its sections say what they are about."""

    config_entry: BachConfigEntry

    def __init__(self) -> None:
        self._successors: dict[str, str] = {}

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the form until its input works, then save it."""
        entry = self.config_entry
        if is_unknown(entry.data):
            words = what_is_unknown(entry.data)
            return self.async_abort(reason=UNKNOWN_KIND, description_placeholders=words)
        old, errors, words = usable(whole(entry)), dict[str, str](), {"reason": "", "expected": ""}
        if user_input is not None:
            try:
                data = put_options(old, user_input, self.hass.config.time_zone)
                fault = await self._try(old, data)
            except InputError as error:
                errors, words["expected"] = (
                    _of_input(error),
                    escape_links(in_home_language(self.hass, error.placeholders.get("expected", ""))),
                )
            else:
                if fault is None:
                    return self._save(data)
                errors = {CONF_MODEL if data.get(CONF_MODEL) else BASE: _FAULT}
                words["reason"] = escape_links(in_home_language(self.hass, fault.text))
        texts = await common_texts(self.hass, self.hass.config.language)
        people = {one.data[CONF_RECIPIENT]: one.title for one in recipient_subentries(entry)}
        schema = option_schema(old, wait_selectors(people, old, texts), self._offers())
        errors = placed(schema, errors)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                opened(schema, errors), user_input or suggested_options(old)
            ),
            errors=errors,
            description_placeholders={**with_escaped({"name": entry.title}), **EXAMPLES, **words},
        )

    def _save(self, data: Mapping[str, Any]) -> ConfigFlowResult:
        parted = stored(data, self.config_entry.options)
        if parted["data"] != dict(self.config_entry.data):  # an entry that was never set up since the options exist
            self.hass.config_entries.async_update_entry(self.config_entry, data=parted["data"])
        return self.async_create_entry(data=parted["options"])

    async def _try(self, old: Mapping[str, Any], data: dict[str, Any]) -> Fault | None:
        """What stands in the way of what only the platform decides about, if any of that was changed.

        Raises an `InputError`.
        """
        options = stored(data)["options"]
        check_tag(options)
        check_own_policy(options)
        check_way(options, data)
        check_waiting_rules(options)
        changed = {name for name in OPTIONS - OURS | DECIDED_THERE if old.get(name) != data.get(name)}
        if not changed:
            return None
        answer = await async_try(self.hass, data, self._successors, self.config_entry)
        return answer if isinstance(answer, Fault) and changed & DECIDED_THERE else None

    def _offers(self) -> tuple[str, ...]:
        """The models that the partner named when it was checked last."""
        coordinator = getattr(self.config_entry, "runtime_data", None)
        checked = coordinator.data.checked if coordinator is not None else None
        return checked.result.offers if checked is not None and isinstance(checked.result, Report) else ()


_FAULT = "not_this_way"


def _of_input(error: InputError) -> dict[str, str]:
    """The field that an error is about; above the form if it is another one."""
    if not isinstance(error, InvalidValueError):
        return {BASE: "invalid_value"}
    return {error.placeholders["field"].removeprefix("settings.").partition(".")[0]: "invalid_value"}
