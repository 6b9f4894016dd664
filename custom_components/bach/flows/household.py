"""Subentry flow for the people of this home: how a person is told at home and away, or who everybody is.

What Home Assistant knows of a person is filled in already, so that one look and one click are enough.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.helpers.selector import BooleanSelector, EntitySelector, EntitySelectorConfig, TextSelector
from homeassistant.util import slugify

from custom_components.bach.actions.legacy_notify import free_name
from custom_components.bach.const import (
    CONF_AT_HOME,
    CONF_AWAY,
    CONF_BUT_CAUSE,
    CONF_FIRST_AT_HOME,
    CONF_FIRST_AWAY,
    CONF_IF_NOBODY,
    CONF_NOTIFY_ACTION,
    CONF_PERSON,
    CONF_RECIPIENT,
    CONF_TITLE,
    CONF_WHO,
    DOMAIN,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import recipient_unique_id
from custom_components.bach.home.language import common_texts
from custom_components.bach.home.members import async_recipient_of
from custom_components.bach.home.persons import Person, found_for, person_of, persons
from custom_components.bach.home.recipient_subentries import people_subentries
from custom_components.bach.home.route_steps import routes_of
from custom_components.bach.home.target_recipients import notify_entity_id
from custom_components.bach.home.whom import IfNobody, Who, people_of, told_by_id, who_of
from custom_components.bach.home.whom_drawing import drawn_everybody, drawn_person
from custom_components.bach.kinds.form_fields import drop_down, labelled, radio_buttons
from custom_components.bach.kinds.markdown_escape import with_escaped

from .action_name import ACTION_FIELD, misnamed

_MAX_TITLE: Final = 100
_MOST: Final = 20
_SETS: Final = {Who.AT_HOME: "people_at_home", Who.EVERYBODY: "everybody", Who.AWAY: "people_away"}
_PLACES: Final = {CONF_AT_HOME: CONF_FIRST_AT_HOME, CONF_AWAY: CONF_FIRST_AWAY}


class PeopleFlow(ConfigSubentryFlow):
    """Subentry flow that adds or changes a person, or everybody."""

    def __init__(self) -> None:
        self._who = Who.PERSON
        self._person_id = ""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among the persons of Home Assistant that are not added yet, and everybody."""
        texts = await common_texts(self.hass, self.hass.config.language)
        if user_input is not None:
            kind, _, self._person_id = user_input[CONF_WHO].partition(":")
            self._who = Who(kind)
            if self._who is Who.PERSON:
                return await self.async_step_person()
            return await self.async_step_everybody()
        added = {one.data.get(CONF_PERSON) for _, one in people_of(self.hass)}
        labels = {one.id: one.name for one in persons(self.hass) if one.id not in added}
        labels = {f"{Who.PERSON}:{id_}": name for id_, name in labels.items()}
        labels |= {who.value: texts[key] for who, key in _SETS.items()}
        schema = vol.Schema({vol.Required(CONF_WHO): radio_buttons(labelled(labels))})
        return self.async_show_form(step_id="user", data_schema=schema)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change what was chosen; who it is stays."""
        data = self._get_reconfigure_subentry().data
        self._who, self._person_id = who_of(data), data.get(CONF_PERSON, "")
        if self._who is Who.PERSON:
            return await self.async_step_person(user_input)
        return await self.async_step_everybody(user_input)

    async def async_step_person(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask by which recipients they are told, at home and away."""
        if (person := person_of(self.hass, self._person_id)) is None:
            return self.async_abort(reason="person_gone")
        errors = dict[str, str]()
        if user_input is not None:
            given, errors = self._given(user_input)
            errors |= self._misnamed(user_input)
            if not errors:
                data = {CONF_WHO: Who.PERSON.value, CONF_PERSON: person.id, **given}
                data |= self._named(person.name, user_input)
                return self._save(person.name, f"{Who.PERSON}:{person.id}", data)
        shown = user_input or self._suggested(person)
        texts = await common_texts(self.hass, self.hass.config.language)
        words = {**with_escaped({"name": person.name}), "now": drawn_person(self.hass, person, self._ids(shown), texts)}
        fields = {field: one for place in _PLACES for field, one in self._fields(place).items()}
        schema = vol.Schema(fields | self._action_field())
        return self.async_show_form(
            step_id="person",
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
            description_placeholders=words,
        )

    async def async_step_everybody(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask who is left out, and what is done where nobody is there."""
        texts = await common_texts(self.hass, self.hass.config.language)
        errors = self._misnamed(user_input or {})
        if user_input is not None and not errors:
            title = str(user_input.get(CONF_TITLE, "")).strip()[:_MAX_TITLE] or self._usual_title(texts, user_input)
            given = {key: user_input[key] for key in (CONF_BUT_CAUSE, CONF_IF_NOBODY)}
            data = {CONF_WHO: self._who.value, **given, **self._named(title, user_input)}
            return self._save(title, self._free_recipient(title), data)
        fields: dict[vol.Marker, Any] = {
            vol.Optional(CONF_TITLE): TextSelector(),
            vol.Required(CONF_BUT_CAUSE, default=False): BooleanSelector(),
            vol.Required(CONF_IF_NOBODY, default=IfNobody.REFUSE.value): drop_down(
                list(IfNobody), translation_key=CONF_IF_NOBODY
            ),
        }
        shown = user_input or {}
        if self.source != SOURCE_USER and not user_input:
            subentry = self._get_reconfigure_subentry()
            shown = {CONF_TITLE: subentry.title, **subentry.data}
        return self.async_show_form(
            step_id="everybody",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields | self._action_field()), shown),
            errors=errors,
            description_placeholders={
                "who": texts[_SETS[self._who]],
                "now": drawn_everybody(self.hass, texts),
            },
        )

    @override
    def _get_entry(self) -> BachConfigEntry:
        return super()._get_entry()

    def _fields(self, place: str) -> dict[vol.Marker, Any]:
        nobodys = [*routes_of(self.hass), *people_of(self.hass)]
        left_out = [entity_id for one in nobodys if (entity_id := notify_entity_id(self.hass, one))]
        whom = EntitySelectorConfig(
            filter=[{"integration": DOMAIN, "domain": "notify"}], exclude_entities=left_out, multiple=True, reorder=True
        )
        return {
            vol.Optional(place, default=list[str]()): EntitySelector(whom),
            vol.Required(_PLACES[place], default=False): BooleanSelector(),
        }

    def _given(self, user_input: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """What is stored of the form, and what is wrong with it."""
        given, errors, known = dict[str, Any](), dict[str, str](), told_by_id(self.hass)
        for place, first in _PLACES.items():
            entity_ids = user_input.get(place, [])
            ids = [one for one in self._ids_of(entity_ids) if one in known]
            if len(ids) != len(entity_ids) or len(ids) > _MOST:
                errors[place] = "invalid_told"
            given |= {place: list(dict.fromkeys(ids)), first: user_input[first]}
        if not errors and not any(given[place] for place in _PLACES):
            errors[CONF_AT_HOME] = "nobody_told"
        return given, errors

    def _suggested(self, person: Person) -> dict[str, Any]:
        """What the form shows: what was chosen, or what is known to be theirs, and is called like them."""
        if self.source != SOURCE_USER:
            data, known = self._get_reconfigure_subentry().data, told_by_id(self.hass)
            lists = {place: [known[one] for one in data.get(place, []) if one in known] for place in _PLACES}
            firsts = {first: data.get(first) is True for first in _PLACES.values()}
            firsts |= {key: data[key] for key in (CONF_NOTIFY_ACTION,) if key in data}
        else:
            lists = dict.fromkeys(_PLACES, found_for(self.hass, person, by_name=True))
            firsts = dict.fromkeys(_PLACES.values(), False)
        entities = {
            place: [entity_id for one in found if (entity_id := notify_entity_id(self.hass, one))]
            for place, found in lists.items()
        }
        return {**entities, **firsts}

    def _ids(self, shown: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        return {place: tuple(self._ids_of(shown.get(place, []))) for place in _PLACES}

    def _ids_of(self, entity_ids: Iterable[str]) -> list[str]:
        found = [async_recipient_of(self.hass, one) for one in entity_ids]
        return [one[1].subentry_id for one in found if one]

    def _action_field(self) -> dict[vol.Marker, Any]:
        """The name of the action for what can call nothing else; of new ones it is made of their title."""
        return {} if self.source == SOURCE_USER else {vol.Optional(CONF_NOTIFY_ACTION): ACTION_FIELD}

    def _misnamed(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        is_new = self.source == SOURCE_USER
        return {} if is_new else misnamed(self.hass, user_input, self._get_reconfigure_subentry().subentry_id)

    def _named(self, title: str, user_input: Mapping[str, Any]) -> dict[str, str]:
        is_new = self.source == SOURCE_USER
        action = free_name(self.hass, title) if is_new else user_input.get(CONF_NOTIFY_ACTION)
        return {CONF_NOTIFY_ACTION: action} if action else {}

    def _usual_title(self, texts: Mapping[str, str], user_input: Mapping[str, Any]) -> str:
        title = texts[_SETS[self._who]]
        return texts["people_but_cause"].format(who=title) if user_input[CONF_BUT_CAUSE] else title

    def _free_recipient(self, title: str) -> str:
        """What these people are called in a route: like their title, and like no others."""
        if self.source != SOURCE_USER:
            return str(self._get_reconfigure_subentry().data[CONF_RECIPIENT])
        taken = {one.data[CONF_RECIPIENT] for one in people_subentries(self._get_entry())}
        name = f"people:{slugify(title)[:80]}"
        names = (name, *(f"{name}_{number}" for number in range(2, len(taken) + 2)))
        return next(one for one in names if one not in taken)

    def _save(self, title: str, recipient: str, data: Mapping[str, Any]) -> SubentryFlowResult:
        whole = {CONF_RECIPIENT: recipient, **data}
        if self.source != SOURCE_USER:
            entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
            return self.async_update_and_abort(entry, subentry, title=title, data=whole)
        return self.async_create_entry(title=title, data=whole, unique_id=recipient_unique_id(recipient))
