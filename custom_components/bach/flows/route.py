"""Subentry flow for a route: its steps are put together one by one, and drawn as they would be taken."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import (
    BooleanSelector,
    DurationSelector,
    DurationSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
)
from homeassistant.util import slugify

from bach_lib import Reached
from custom_components.bach.actions.legacy_notify import free_name
from custom_components.bach.const import (
    CONF_BUT_CAUSE,
    CONF_IN_TURN,
    CONF_NOTIFY_ACTION,
    CONF_REACHED,
    CONF_RECIPIENT,
    CONF_RECIPIENTS,
    CONF_REPEAT_EVERY,
    CONF_REPEATS,
    CONF_STEPS,
    CONF_TITLE,
    CONF_WAIT,
    DOMAIN,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import recipient_unique_id
from custom_components.bach.home.language import common_texts
from custom_components.bach.home.members import async_people_of, async_recipient_of
from custom_components.bach.home.route_drawing import drawn, told
from custom_components.bach.home.route_steps import RouteStep, recipients_by_id, routes_of, steps_of
from custom_components.bach.home.target_recipients import notify_entity_id
from custom_components.bach.kinds.form_fields import drop_down, form_section, labelled, radio_buttons
from custom_components.bach.kinds.markdown_escape import with_escaped

from .action_name import ACTION_FIELD, misnamed

CONF_STEP: Final = "step"
SECTION_MORE: Final = "more"

_MOST: Final = 20
"""Steps of a route, and recipients of a step, as the library takes them."""
_LONGEST: Final = timedelta(days=7)
_MAX_TITLE: Final = 100
_SPAN: Final = DurationSelector(DurationSelectorConfig(enable_day=False))
_MORE: Final = form_section(
    {
        vol.Required(CONF_IN_TURN, default=False): BooleanSelector(),
        vol.Required(CONF_BUT_CAUSE, default=False): BooleanSelector(),
        vol.Required(CONF_REACHED, default=Reached.ACKNOWLEDGED.value): drop_down(
            [one.value for one in reversed(Reached)], translation_key=CONF_REACHED
        ),
        vol.Required(CONF_REPEATS, default=0): NumberSelector(
            NumberSelectorConfig(min=0, max=100, step=1, mode=NumberSelectorMode.BOX)
        ),
        vol.Required(CONF_REPEAT_EVERY, default={"minutes": 1}): _SPAN,
    }
)


class RouteFlow(ConfigSubentryFlow):
    """Subentry flow that adds or changes a route."""

    def __init__(self) -> None:
        self._title = ""
        self._action: str | None = None
        self._steps: list[RouteStep] = []
        self._number = 0
        """The step that a form is about; of a new one it is the number after the last."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the name of a new route."""
        if not recipients_by_id(self.hass):
            return self.async_abort(reason="nobody_to_tell")
        if user_input is not None and (title := _title(user_input)):
            self._title = title
            return await self.async_step_add_step()
        schema = vol.Schema({vol.Required(CONF_TITLE): TextSelector()})
        return self.async_show_form(step_id="user", data_schema=schema)

    async def async_step_reconfigure(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Begin with the route as it is."""
        subentry = self._get_reconfigure_subentry()
        self._title, self._action = subentry.title, subentry.data.get(CONF_NOTIFY_ACTION)
        self._steps = steps_of(subentry)
        return await self.async_step_plan()

    async def async_step_plan(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the whole route, and what can be done about it."""
        texts = await common_texts(self.hass, self.hass.config.language)
        options = [
            *(["save"] if self._steps else []),
            *(["add_step"] if len(self._steps) < _MOST else []),
            *(["change_step"] if self._steps else []),
            *(["remove_step"] if len(self._steps) > 1 else []),
            *(["name_route"] if self.source != SOURCE_USER else []),
        ]
        words = {**with_escaped({"name": self._title}), "route": drawn(self.hass, self._steps, texts)}
        return self.async_show_menu(step_id="plan", menu_options=options, description_placeholders=words)

    async def async_step_add_step(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new step, the last one."""
        self._number = len(self._steps)
        return await self._ask_step("add_step", user_input)

    async def async_step_change_step(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose the step to change."""
        if len(self._steps) == 1:
            self._number = 0
            return await self.async_step_edit_step()
        if user_input is not None:
            self._number = int(user_input[CONF_STEP])
            return await self.async_step_edit_step()
        return await self._choose_step("change_step")

    async def async_step_edit_step(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a step anew."""
        return await self._ask_step("edit_step", user_input)

    async def async_step_remove_step(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose the step to remove."""
        if user_input is not None:
            del self._steps[int(user_input[CONF_STEP])]
            return await self.async_step_plan()
        return await self._choose_step("remove_step")

    async def async_step_name_route(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for another name, and that of the action for old automations."""
        mine = self._get_reconfigure_subentry().subentry_id
        errors = misnamed(self.hass, user_input or {}, mine)
        if user_input is not None and not errors:
            self._title = _title(user_input) or self._title
            self._action = user_input.get(CONF_NOTIFY_ACTION)
            return await self.async_step_plan()
        fields = {vol.Required(CONF_TITLE): TextSelector(), vol.Optional(CONF_NOTIFY_ACTION): ACTION_FIELD}
        shown = user_input or {CONF_TITLE: self._title, **_named(self._action)}
        schema = self.add_suggested_values_to_schema(vol.Schema(fields), shown)
        return self.async_show_form(step_id="name_route", data_schema=schema, errors=errors)

    async def async_step_save(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add the route, or change it. What was started goes on as it began."""
        steps = [step.stored for step in self._steps]
        if self.source != SOURCE_USER:
            subentry = self._get_reconfigure_subentry()
            kept = {key: one for key, one in subentry.data.items() if key != CONF_NOTIFY_ACTION}
            return self.async_update_and_abort(
                self._get_entry(),
                subentry,
                title=self._title,
                data={**kept, **_named(self._action), CONF_STEPS: steps},
            )
        recipient = self._free_recipient()
        return self.async_create_entry(
            title=self._title,
            data={CONF_RECIPIENT: recipient, CONF_STEPS: steps, **_named(free_name(self.hass, self._title))},
            unique_id=recipient_unique_id(recipient),
        )

    @override
    def _get_entry(self) -> BachConfigEntry:
        return super()._get_entry()

    async def _ask_step(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            step, errors = self._given(user_input)
            if not errors:
                self._steps[self._number : self._number + 1] = [step]
                return await self.async_step_plan()
        left_out = [entity_id for one in routes_of(self.hass) if (entity_id := notify_entity_id(self.hass, one))]
        whom = EntitySelectorConfig(
            filter=[{"integration": DOMAIN, "domain": "notify"}], exclude_entities=left_out, multiple=True, reorder=True
        )
        schema = vol.Schema(
            {
                vol.Required(CONF_RECIPIENTS): EntitySelector(whom),
                vol.Required(CONF_WAIT, default={"minutes": 5}): _SPAN,
                vol.Required(SECTION_MORE): _MORE,
            }
        )
        shown = user_input or self._suggested()
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
            description_placeholders={"number": str(self._number + 1)},
        )

    def _given(self, user_input: Mapping[str, Any]) -> tuple[RouteStep, dict[str, str]]:
        """The step that was filled in, and what is wrong with it."""
        known, errors = recipients_by_id(self.hass), dict[str, str]()
        given = user_input[CONF_RECIPIENTS]
        found = [async_recipient_of(self.hass, one) or async_people_of(self.hass, one) for one in given]
        meant = [one[1].subentry_id for one in found if one and one[1].subentry_id in known]
        if not 1 <= len(meant) <= _MOST or len(meant) != len(found):
            errors[CONF_RECIPIENTS] = "invalid_told"
        more = user_input[SECTION_MORE]
        wait, every = cv.time_period_dict(user_input[CONF_WAIT]), cv.time_period_dict(more[CONF_REPEAT_EVERY])
        if not timedelta() < wait <= _LONGEST:
            errors[CONF_WAIT] = "invalid_span"
        if not timedelta() < every <= _LONGEST:
            errors["base"] = "invalid_repetition"
        step = RouteStep(
            recipients=tuple(dict.fromkeys(meant)),
            wait=wait.total_seconds(),
            in_turn=more[CONF_IN_TURN],
            but_cause=more[CONF_BUT_CAUSE],
            reached=Reached(more[CONF_REACHED]),
            repeats=int(more[CONF_REPEATS]),
            repeat_every=every.total_seconds(),
        )
        return step, errors

    def _suggested(self) -> dict[str, Any]:
        """What the form shows of the step that is there."""
        if self._number >= len(self._steps):
            return {}
        step, known = self._steps[self._number], recipients_by_id(self.hass)
        told_ones = [notify_entity_id(self.hass, known[one]) for one in step.recipients if one in known]
        return {
            CONF_RECIPIENTS: [one for one in told_ones if one],
            CONF_WAIT: _span(step.wait),
            SECTION_MORE: {
                CONF_IN_TURN: step.in_turn,
                CONF_BUT_CAUSE: step.but_cause,
                CONF_REACHED: step.reached.value,
                CONF_REPEATS: step.repeats,
                CONF_REPEAT_EVERY: _span(step.repeat_every),
            },
        }

    async def _choose_step(self, step_id: str) -> SubentryFlowResult:
        texts = await common_texts(self.hass, self.hass.config.language)
        labels = {
            str(number): f"{number + 1}. {told(self.hass, step, texts)}" for number, step in enumerate(self._steps)
        }
        schema = vol.Schema({vol.Required(CONF_STEP): radio_buttons(labelled(labels))})
        return self.async_show_form(step_id=step_id, data_schema=schema)

    def _free_recipient(self) -> str:
        """What the route is called as a recipient: like its title, and like no other."""
        taken = {one.data[CONF_RECIPIENT] for _, one in routes_of(self.hass)}
        name = slugify(self._title)[:80] or "route"
        return next(one for number in range(1, len(taken) + 2) if (one := _numbered(name, number)) not in taken)


def _title(given: Mapping[str, Any]) -> str:
    return str(given.get(CONF_TITLE, "")).strip()[:_MAX_TITLE]


def _named(action: str | None) -> dict[str, str]:
    return {CONF_NOTIFY_ACTION: action} if action else {}


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


def _span(seconds: float) -> dict[str, int]:
    whole = round(seconds)
    return {"hours": whole // 3_600, "minutes": whole % 3_600 // 60, "seconds": whole % 60}
