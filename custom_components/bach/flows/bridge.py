"""Subentry flow for a bridge: from where, to whom, and what goes along; said in sentences before it is kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.helpers.selector import BooleanSelector, EntitySelector, EntitySelectorConfig

from bach_lib import BachError
from custom_components.bach.const import (
    CONF_BOTH_WAYS,
    CONF_DELETIONS,
    CONF_EDITS,
    CONF_FILES,
    CONF_FROM,
    CONF_TO,
    CONF_WITH_NAME,
    DOMAIN,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.attribution import Role
from custom_components.bach.home.bridge_drawing import counted, previewed
from custom_components.bach.home.bridge_rules import MOST_TARGETS, BridgeRule, bridge_name, titled
from custom_components.bach.home.language import common_texts
from custom_components.bach.home.members import async_recipient_of
from custom_components.bach.home.recipient_subentries import recipient_subentries
from custom_components.bach.home.roles import role_of
from custom_components.bach.home.route_steps import routes_of
from custom_components.bach.home.target_recipients import notify_entity_id
from custom_components.bach.home.whom import people_of, told_by_id
from custom_components.bach.kinds.form_fields import drop_down, form_section, labelled

SECTION_MORE: Final = "more"
_ALONG: Final = (CONF_WITH_NAME, CONF_FILES, CONF_EDITS, CONF_DELETIONS)
_MORE: Final = form_section({vol.Required(key, default=True): BooleanSelector() for key in _ALONG})


class BridgeFlow(ConfigSubentryFlow):
    """Subentry flow that adds or changes a bridge."""

    def __init__(self) -> None:
        self._rule = BridgeRule()
        self._is_changed = True

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new bridge, and for another plan of one that is there."""
        sources = self._sources()
        if not sources:
            return self.async_abort(reason="nothing_comes_in")
        if len(told_by_id(self.hass)) < 2:
            return self.async_abort(reason="nobody_to_carry_to")
        errors: dict[str, str] = {}
        if user_input is not None:
            rule, errors = self._given(user_input)
            if not errors:
                self._rule = rule
                return await self.async_step_plan()
        untold = [*routes_of(self.hass), *people_of(self.hass)]
        others = [entity_id for one in untold if (entity_id := notify_entity_id(self.hass, one))]
        whom = EntitySelectorConfig(
            filter=[{"integration": DOMAIN, "domain": "notify"}], exclude_entities=others, multiple=True
        )
        schema = vol.Schema(
            {
                vol.Required(CONF_FROM, default=next(iter(sources))): drop_down(labelled(sources)),
                vol.Required(CONF_TO): EntitySelector(whom),
                vol.Required(CONF_BOTH_WAYS, default=False): BooleanSelector(),
                vol.Required(SECTION_MORE): _MORE,
            }
        )
        shown = user_input or self._suggested()
        schema = self.add_suggested_values_to_schema(schema, shown)
        return self.async_show_form(step_id="user", data_schema=schema, errors=errors)

    async def async_step_reconfigure(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Begin with the bridge as it is, and what it has carried."""
        self._rule, self._is_changed = BridgeRule.read(self._get_reconfigure_subentry()), False
        return await self.async_step_plan()

    async def async_step_plan(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say what the bridge does, and what can be done about it."""
        texts = await common_texts(self.hass, self.hass.config.language)
        is_new = self.source == SOURCE_USER
        options = ["save"] if self._is_changed else []
        options += ["user"] if is_new or self._is_changed else ["change"]
        options += [] if is_new or self._is_changed else ["resume" if self._rule.is_paused else "pause"]
        said = [previewed(self.hass, self._rule, texts)]
        if not is_new:
            said.append(await self._counted(texts))
        words = {"bridge": "\n\n".join(one for one in said if one)}
        return self.async_show_menu(step_id="plan", menu_options=options, description_placeholders=words)

    async def async_step_change(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for another plan."""
        self._is_changed = True
        return await self.async_step_user()

    async def async_step_pause(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Carry nothing, until somebody says otherwise."""
        self._rule = replace(self._rule, is_paused=True)
        return await self.async_step_save()

    async def async_step_resume(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Carry what is written from now on."""
        self._rule = replace(self._rule, is_paused=False)
        return await self.async_step_save()

    async def async_step_save(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add the bridge, or change it."""
        if self.source == SOURCE_USER:
            return self.async_create_entry(title=titled(self.hass, self._rule), data=self._rule.stored)
        subentry = self._get_reconfigure_subentry()
        return self.async_update_and_abort(
            self._get_entry(), subentry, title=titled(self.hass, self._rule), data=self._rule.stored
        )

    @override
    def _get_entry(self) -> BachConfigEntry:
        return super()._get_entry()

    async def _counted(self, texts: Mapping[str, str]) -> str:
        """What it has carried, where that can be asked now."""
        entry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return ""
        if self._rule.is_paused:
            return texts["bridge_paused"]
        try:
            name = bridge_name(self._get_reconfigure_subentry().subentry_id)
            return counted(await entry.runtime_data.bach.bridges.sides(name), texts)
        except BachError:  # it waits for a connection that is not set up
            return ""

    def _sources(self) -> dict[str, str]:
        """Where something can come in through this connection."""
        heard = [one for one in recipient_subentries(self._get_entry()) if role_of(one) is not Role.NOTIFY_ONLY]
        return {one.subentry_id: one.title for one in heard}

    def _given(self, user_input: Mapping[str, Any]) -> tuple[BridgeRule, dict[str, str]]:
        """The bridge that was filled in, and what is wrong with it."""
        known = told_by_id(self.hass)
        found = [async_recipient_of(self.hass, one) for one in user_input[CONF_TO]]
        meant = [one[1].subentry_id for one in found if one and one[1].subentry_id in known]
        source = user_input[CONF_FROM]
        rule = BridgeRule(
            source=source,
            targets=tuple(dict.fromkeys(meant)),
            both_ways=user_input[CONF_BOTH_WAYS],
            is_paused=self._rule.is_paused,
            **{key: user_input[SECTION_MORE][key] for key in _ALONG},
        )
        if source in meant:
            return rule, {CONF_TO: "same_place"}
        if not 1 <= len(meant) <= MOST_TARGETS or len(meant) != len(found):
            return rule, {CONF_TO: "invalid_targets"}
        return rule, {}

    def _suggested(self) -> dict[str, Any]:
        """What the form shows of the bridge that is there."""
        if not self._rule.source:
            return {}
        known = told_by_id(self.hass)
        entities = [notify_entity_id(self.hass, known[one]) for one in self._rule.targets if one in known]
        return {
            CONF_FROM: self._rule.source,
            CONF_TO: [one for one in entities if one],
            CONF_BOTH_WAYS: self._rule.both_ways,
            SECTION_MORE: {key: getattr(self._rule, key) for key in _ALONG},
        }
