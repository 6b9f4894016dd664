"""The forms of an alert's dialog, and what their values mean."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import voluptuous as vol
from homeassistant.core import HomeAssistant
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
    StateSelector,
    StateSelectorConfig,
    TemplateSelector,
    TextSelector,
)

from custom_components.bach.alerts.alert import (
    CONF_ABOVE,
    CONF_BELOW,
    CONF_CAMERA,
    CONF_DONE_MESSAGE,
    CONF_ENTITY,
    CONF_HEADING,
    CONF_HOLD,
    CONF_KIND_OF_ALERT,
    CONF_MESSAGE,
    CONF_PRIORITY,
    CONF_REMINDERS,
    CONF_SKIP_FIRST,
    CONF_SNOOZE,
    CONF_STATES,
    CONF_TEMPLATE,
    MOST_REMINDERS,
    USUAL_PRIORITY,
    USUAL_SNOOZE,
    Watches,
)
from custom_components.bach.const import CONF_RECIPIENTS, CONF_TITLE, DOMAIN
from custom_components.bach.home.members import async_people_of, async_recipient_of
from custom_components.bach.home.route_steps import recipients_by_id, routes_of
from custom_components.bach.home.target_recipients import notify_entity_id
from custom_components.bach.kinds.form_fields import form_section

SECTION_MORE: Final = "more"
_MOST: Final = 20
_LONGEST: Final = timedelta(days=7)
_LONGEST_MINUTES: Final = 7 * 24 * 60.0
_MAX_TITLE: Final = 100
_MOST_CAMERAS: Final = 10
_MAX_TEXT: Final = 5_000
_SPAN: Final = DurationSelector(DurationSelectorConfig(enable_day=False))
_NUMBER: Final = NumberSelector(NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX))
_HOLD: Final = {vol.Required(CONF_HOLD, default={"minutes": 0}): _SPAN}
_CAMERAS: Final = EntitySelectorConfig(domain=["camera", "image"], multiple=True, reorder=True)
_NUMBERS: Final = EntitySelectorConfig(domain=["sensor", "number", "input_number", "counter"])
_MORE: Final = form_section(
    {
        vol.Optional(CONF_HEADING): TemplateSelector(),
        vol.Required(CONF_SKIP_FIRST, default=False): BooleanSelector(),
        vol.Required(CONF_SNOOZE, default=USUAL_SNOOZE / 60): NumberSelector(
            NumberSelectorConfig(min=0, max=1440, step=1, mode=NumberSelectorMode.BOX, unit_of_measurement="min")
        ),
        vol.Required(CONF_PRIORITY, default=USUAL_PRIORITY): NumberSelector(
            NumberSelectorConfig(min=-10, max=10, step=1, mode=NumberSelectorMode.BOX)
        ),
    }
)
_TEXTS: Final = (CONF_MESSAGE, CONF_DONE_MESSAGE)


def condition_schema(watches: Watches, entity_id: str = "") -> vol.Schema:
    """The form of a kind of condition; that of a state once the entity is known, as it offers the states that has."""
    entity = {vol.Required(CONF_ENTITY): EntitySelector()}
    match watches:
        case Watches.STATE:
            if not entity_id:
                return vol.Schema(entity)
            states = StateSelector(StateSelectorConfig(entity_id=entity_id, multiple=True))
            return vol.Schema({vol.Required(CONF_STATES): states, **_HOLD})
        case Watches.NUMBER:
            limits = {vol.Optional(CONF_ABOVE): _NUMBER, vol.Optional(CONF_BELOW): _NUMBER}
            return vol.Schema({vol.Required(CONF_ENTITY): EntitySelector(_NUMBERS), **limits, **_HOLD})
        case Watches.MISSING:
            return vol.Schema({**entity, vol.Required(CONF_HOLD, default={"minutes": 5}): _SPAN})
    return vol.Schema({vol.Required(CONF_TEMPLATE): TemplateSelector(), **_HOLD})


def given_condition(watches: Watches, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What is stored of such a form, and what is wrong with it."""
    errors, hold = dict[str, str](), cv.time_period_dict(given[CONF_HOLD])
    if not timedelta() <= hold <= _LONGEST:
        errors[CONF_HOLD] = "invalid_hold"
    if watches is Watches.STATE and not given[CONF_STATES]:
        errors[CONF_STATES] = "no_states"
    above, below = given.get(CONF_ABOVE), given.get(CONF_BELOW)
    limits = [one for one in (above, below) if one is not None]
    if watches is Watches.NUMBER and (not limits or limits != sorted(set(limits))):
        errors["base"] = "invalid_limits"
    if len(given.get(CONF_TEMPLATE, "")) > _MAX_TEXT:
        errors[CONF_TEMPLATE] = "too_long"
    fields = (CONF_ENTITY, CONF_STATES, CONF_ABOVE, CONF_BELOW, CONF_TEMPLATE)
    found = {field: given[field] for field in fields if given.get(field) is not None}
    return {CONF_KIND_OF_ALERT: watches.value, **found, CONF_HOLD: hold.total_seconds()}, errors


def told_schema() -> vol.Schema:
    """The form of what is said, to whom and how often."""
    whom = EntitySelectorConfig(filter=[{"integration": DOMAIN, "domain": "notify"}], multiple=True, reorder=True)
    return vol.Schema(
        {
            vol.Required(CONF_TITLE): TextSelector(),
            vol.Required(CONF_RECIPIENTS): EntitySelector(whom),
            vol.Optional(CONF_MESSAGE): TemplateSelector(),
            vol.Optional(CONF_DONE_MESSAGE): TemplateSelector(),
            vol.Optional(CONF_CAMERA): EntitySelector(_CAMERAS),
            vol.Optional(CONF_REMINDERS): TextSelector(),
            vol.Required(SECTION_MORE): _MORE,
        }
    )


def given_told(hass: HomeAssistant, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What is stored of that form, with the title beside it, and what is wrong with it."""
    more, errors = given[SECTION_MORE], dict[str, str]()
    told, reminders = _told(hass, given[CONF_RECIPIENTS]), _minutes(given.get(CONF_REMINDERS, ""))
    if told is None:
        errors[CONF_RECIPIENTS] = "invalid_told"
    if reminders is None:
        errors[CONF_REMINDERS] = "invalid_reminders"
    if not given[CONF_TITLE].strip():
        errors[CONF_TITLE] = "no_title"
    texts = {field: given.get(field, "").strip() for field in _TEXTS}
    texts[CONF_HEADING] = more.get(CONF_HEADING, "").strip()
    for field, text in texts.items():
        if len(text) > _MAX_TEXT:
            errors["base" if field == CONF_HEADING else field] = "too_long"
    if len(cameras := given.get(CONF_CAMERA, [])) > _MOST_CAMERAS:
        errors[CONF_CAMERA] = "too_many_cameras"
    if more[CONF_SKIP_FIRST] and not reminders:
        errors.setdefault("base", "nothing_to_skip")
    stored = {
        CONF_TITLE: given[CONF_TITLE].strip()[:_MAX_TITLE],
        CONF_RECIPIENTS: told or [],
        CONF_CAMERA: cameras,
        CONF_REMINDERS: [one * 60 for one in reminders or ()],
        CONF_SKIP_FIRST: more[CONF_SKIP_FIRST],
        CONF_SNOOZE: more[CONF_SNOOZE] * 60.0,
        CONF_PRIORITY: int(more[CONF_PRIORITY]),
        **texts,
    }
    return stored, errors


def suggested_told(hass: HomeAssistant, data: Mapping[str, Any], title: str) -> dict[str, Any]:
    """What that form shows of what is stored."""
    known = recipients_by_id(hass) | {one.subentry_id: (entry, one) for entry, one in routes_of(hass)}
    entities = [notify_entity_id(hass, known[one]) for one in data.get(CONF_RECIPIENTS, ()) if one in known]
    return {
        CONF_TITLE: title,
        CONF_RECIPIENTS: [one for one in entities if one],
        CONF_REMINDERS: ", ".join(f"{one / 60:g}" for one in data.get(CONF_REMINDERS, ())),
        **{field: data[field] for field in (*_TEXTS, CONF_CAMERA) if data.get(field)},
        SECTION_MORE: {
            **({CONF_HEADING: data[CONF_HEADING]} if data.get(CONF_HEADING) else {}),
            CONF_SKIP_FIRST: data.get(CONF_SKIP_FIRST, False),
            CONF_SNOOZE: data.get(CONF_SNOOZE, USUAL_SNOOZE) / 60,
            CONF_PRIORITY: data.get(CONF_PRIORITY, USUAL_PRIORITY),
        },
    }


def suggested_condition(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of the condition shows of what is stored."""
    return {**data, CONF_HOLD: _span_of(data.get(CONF_HOLD, 0.0))}


def _span_of(seconds: float) -> dict[str, int]:
    """A time as the selector shows it."""
    whole = round(seconds)
    return {"hours": whole // 3_600, "minutes": whole % 3_600 // 60, "seconds": whole % 60}


def _told(hass: HomeAssistant, entity_ids: list[str]) -> list[str] | None:
    """The ids of those who are told; None: too many, nobody, or a route beside others."""
    known, routes = recipients_by_id(hass), {one.subentry_id for _, one in routes_of(hass)}
    found = [async_recipient_of(hass, one) or async_people_of(hass, one) for one in entity_ids]
    meant = list(dict.fromkeys(one[1].subentry_id for one in found if one))
    if not meant or None in found or len(meant) > _MOST:
        return None
    is_one_route = len(meant) == 1 and meant[0] in routes
    return meant if is_one_route or known.keys() >= set(meant) else None


def _minutes(written: str) -> list[float] | None:
    """Times between reminders; None: that is none."""
    parts = [one for one in re.split(r"[\s,;]+", written.strip()) if one]
    try:
        found = [float(one) for one in parts]
    except ValueError:
        return None
    is_good = len(found) <= MOST_REMINDERS and all(1 / 60 <= one <= _LONGEST_MINUTES for one in found)
    return found if is_good else None
