"""Subentry flow for an alert: what is watched, what is said to whom, and all of it in words before it is saved."""

from typing import Any, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.util import slugify

from bach_lib.redact import readable
from custom_components.bach.alerts.alert import CONDITION, CONF_ENTITY, PREFIX, Alert, Watches, alert_of, all_alerts
from custom_components.bach.alerts.core_yaml import CoreAlerts, async_core_alerts, async_import
from custom_components.bach.alerts.drawing import drawn_alert
from custom_components.bach.const import CONF_RECIPIENT, CONF_RECIPIENTS, CONF_TITLE
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import recipient_unique_id
from custom_components.bach.home.language import common_texts
from custom_components.bach.home.route_steps import recipients_by_id
from custom_components.bach.kinds.markdown_escape import with_escaped

from .alert_forms import (
    condition_schema,
    given_condition,
    given_told,
    suggested_condition,
    suggested_told,
    told_schema,
)

_KINDS = [one.value for one in Watches]


class AlertFlow(ConfigSubentryFlow):
    """Subentry flow that adds or changes an alert."""

    def __init__(self) -> None:
        self._title = ""
        self._data: dict[str, Any] = {}
        self._entity_id = ""
        self._core: CoreAlerts | None = None

    async def async_step_user(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose what a new alert watches, or take over those of Home Assistant."""
        if not recipients_by_id(self.hass):
            return self.async_abort(reason="nobody_to_tell")
        self._core = await async_core_alerts(self.hass)
        options = [*_KINDS, *(["import_core"] if self._core.new else [])]
        words = {"count": str(len(self._core.new))}
        return self.async_show_menu(step_id="user", menu_options=options, description_placeholders=words)

    async def async_step_reconfigure(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Begin with the alert as it is."""
        subentry = self._get_reconfigure_subentry()
        self._title, self._data = subentry.title, dict(subentry.data)
        return await self.async_step_plan()

    async def async_step_condition(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose what it watches from now on."""
        return self.async_show_menu(step_id="condition", menu_options=_KINDS)

    async def async_step_state(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the entity, whose states are offered next."""
        if user_input is not None:
            self._entity_id = user_input[CONF_ENTITY]
            return await self.async_step_states()
        schema = self.add_suggested_values_to_schema(condition_schema(Watches.STATE), self._data)
        return self.async_show_form(step_id="state", data_schema=schema)

    async def async_step_states(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the states."""
        given = user_input and {CONF_ENTITY: self._entity_id, **user_input}
        return await self._ask_condition("states", Watches.STATE, given)

    async def async_step_number(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a number and its limits."""
        return await self._ask_condition("number", Watches.NUMBER, user_input)

    async def async_step_missing(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the entity that should be there."""
        return await self._ask_condition("missing", Watches.MISSING, user_input)

    async def async_step_template(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a template."""
        return await self._ask_condition("template", Watches.TEMPLATE, user_input)

    async def async_step_told(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask what is said, to whom and how often."""
        errors: dict[str, str] = {}
        if user_input is not None:
            found, errors = given_told(self.hass, user_input)
            if not errors:
                self._title = found.pop(CONF_TITLE)
                self._data |= found
                return await self.async_step_plan()
        shown = user_input or suggested_told(self.hass, self._data, self._title or self._watched())
        schema = self.add_suggested_values_to_schema(told_schema(), shown)
        return self.async_show_form(step_id="told", data_schema=schema, errors=errors)

    async def async_step_plan(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the whole alert, and what can be done about it."""
        texts = await common_texts(self.hass, self.hass.config.language)
        words = {**with_escaped({"name": self._title}), "alert": drawn_alert(self.hass, self._alert(), texts)}
        return self.async_show_menu(
            step_id="plan", menu_options=["save", "condition", "told"], description_placeholders=words
        )

    async def async_step_save(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add the alert, or change it."""
        if self.source != SOURCE_USER:
            return self.async_update_and_abort(
                self._get_entry(), self._get_reconfigure_subentry(), title=self._title, data=self._data
            )
        name = self._free_name()
        return self.async_create_entry(
            title=self._title, data={**self._data, CONF_RECIPIENT: name}, unique_id=recipient_unique_id(name)
        )

    async def async_step_import_core(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what comes over of the alerts in YAML, and what does not; then take them over."""
        core = self._core or await async_core_alerts(self.hass)
        texts = await common_texts(self.hass, self.hass.config.language)
        if user_input is None:
            words = {"alerts": core.drawn(self.hass, texts)}
            return self.async_show_form(
                step_id="import_core", data_schema=vol.Schema({}), description_placeholders=words, last_step=True
            )
        count = async_import(self.hass, self._get_entry(), core)
        return self.async_abort(reason="imported", description_placeholders={"count": str(count)})

    @override
    def _get_entry(self) -> BachConfigEntry:
        return super()._get_entry()

    async def _ask_condition(self, step_id: str, watches: Watches, given: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if given is not None:
            found, errors = given_condition(watches, given)
            if not errors:
                self._data = {key: one for key, one in self._data.items() if key not in CONDITION} | found
                is_new = CONF_RECIPIENTS not in self._data
                return await (self.async_step_told() if is_new else self.async_step_plan())
        schema = condition_schema(watches, self._entity_id if step_id == "states" else "")
        shown = given or suggested_condition(self._data)
        return self.async_show_form(
            step_id=step_id, data_schema=self.add_suggested_values_to_schema(schema, shown), errors=errors
        )

    def _alert(self) -> Alert:
        return alert_of("", self._title, self._data)

    def _watched(self) -> str:
        """What an alert is called unless somebody says otherwise: like the entity that it watches."""
        state = self.hass.states.get(self._data.get(CONF_ENTITY, ""))
        return readable(state.name) if state else ""

    def _free_name(self) -> str:
        """What the alert is called where its runs are listed: like its title, and like no other."""
        taken = {one.data.get(CONF_RECIPIENT) for _, one in all_alerts(self.hass)}
        name = f"{PREFIX}{slugify(self._title)[:80]}"
        return next(one for n in range(1, len(taken) + 2) if (one := name if n == 1 else f"{name}_{n}") not in taken)
