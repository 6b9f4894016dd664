"""Says by which recipients people are told at this moment: a person where they are, or everybody at home.

What was chosen for a person stands in a sub-entry; of others the home knows whose recipients are theirs. Nobody is left
out in silence: where no one can be told, that is an error, unless somebody has chosen otherwise.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er

from bach_lib import BreakerState, ConnectionState, Place
from custom_components.bach.const import (
    CONF_AT_HOME,
    CONF_AWAY,
    CONF_BUT_CAUSE,
    CONF_FIRST_AT_HOME,
    CONF_FIRST_AWAY,
    CONF_IF_NOBODY,
    CONF_PERSON,
    CONF_RECIPIENT,
    CONF_WHO,
    DOMAIN,
    TYPE_ROUTES,
    TYPE_THIS_HOME,
)
from custom_components.bach.kinds.partners import type_of
from custom_components.bach.this_home.phones import phone_at
from custom_components.bach.this_home.place_forms import PHONE

from .causes import NOBODY, Cause
from .entry import connection_name, connections
from .members import Recipient
from .persons import PERSON, Person, found_for, is_one_persons, person_at, person_of, persons
from .recipient_subentries import people_subentries, recipient_subentries, texts_in
from .target_recipients import notify_entity_id

_DOWN: Final = frozenset({ConnectionState.AUTH_FAILED, ConnectionState.DISABLED, ConnectionState.DISCONNECTED})


class Who(StrEnum):
    """Whom a sub-entry stands for."""

    PERSON = "person"
    EVERYBODY = "everybody"
    AT_HOME = "at_home"
    AWAY = "away"


class IfNobody(StrEnum):
    """What is done where nobody of them is there."""

    REFUSE = "refuse"
    EVERYBODY = "everybody"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The recipients of a person at one place, by the ids of their sub-entries.

    `first`: only the first of them that can be reached is told.
    """

    recipients: tuple[str, ...] = ()
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How a person is told at home, and away. Where nothing is chosen for one of the two, the other counts."""

    at_home: Reach
    away: Reach

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Ways:
        """Those in a sub-entry."""
        return cls(
            at_home=_reach(data.get(CONF_AT_HOME), data.get(CONF_FIRST_AT_HOME)),
            away=_reach(data.get(CONF_AWAY), data.get(CONF_FIRST_AWAY)),
        )

    def of(self, person: Person) -> tuple[Reach, Reach]:
        """Those for where the person is, and those that count if there is none."""
        return (self.at_home, self.away) if person.is_home else (self.away, self.at_home)

    @property
    def all(self) -> tuple[str, ...]:
        """All recipients, each once."""
        return tuple(dict.fromkeys((*self.at_home.recipients, *self.away.recipients)))


@dataclass(frozen=True, slots=True)
class Told:
    """A recipient by whom somebody is told, and who that is."""

    recipient: Recipient
    person: Person


def who_of(data: Mapping[str, Any]) -> Who:
    """Whom a sub-entry stands for; what another version has stored means everybody."""
    who = data.get(CONF_WHO)
    return Who(who) if who in list(Who) else Who.EVERYBODY


def _reach(recipients: object, first: object) -> Reach:
    return Reach(recipients=texts_in(recipients), first=first is True)


@callback
def people_of(hass: HomeAssistant) -> list[Recipient]:
    """All people that somebody has chosen, with the entries of their sub-entries."""
    return [(entry, one) for entry in connections(hass) for one in people_subentries(entry)]


@callback
def told_by_id(hass: HomeAssistant) -> dict[str, Recipient]:
    """All recipients by whom somebody can be told, by the ids of their sub-entries: no routes."""
    return {
        one.subentry_id: (entry, one)
        for entry in connections(hass)
        if type_of(entry.data) != TYPE_ROUTES
        for one in recipient_subentries(entry)
    }


@callback
def told_by(
    hass: HomeAssistant, entity_id: str, people: Recipient | None, cause: Cause, *, wherever: bool = False
) -> list[Told]:
    """Those by whom the person of an entity, or people of ours, are told now. Raises an error if nobody is."""
    if people is not None:
        return told_of_people(hass, people[1], cause, wherever=wherever)
    person = person_at(hass, entity_id)
    if person is None or not (found := _of(hass, person, wherever=wherever)):
        raise _error(translation_key="person_unreached", name=person.name if person else entity_id)
    return found


@callback
def told_of_people(
    hass: HomeAssistant, people: ConfigSubentry, cause: Cause = NOBODY, *, wherever: bool = False
) -> list[Told]:
    """Those by whom these people are told now. `wherever`: by all recipients of theirs, at home and away.

    Raises an error that says why nobody is.
    """
    who = who_of(people.data)
    if who is Who.PERSON:
        if (person := person_of(hass, people.data.get(CONF_PERSON, ""))) is None:
            raise _error(translation_key="person_gone", name=people.title)
        return told_by(hass, person.entity_id, None, cause, wherever=wherever)
    without = [one.id for one in caused_by(hass, cause)] if people.data.get(CONF_BUT_CAUSE) else ()
    return _told_of_several(hass, people, without, wherever=wherever)


def _told_of_several(
    hass: HomeAssistant, people: ConfigSubentry, without: Collection[str], *, wherever: bool = False
) -> list[Told]:
    """Those by whom all are told who are meant, without these persons. Raises as `told_of_people`."""
    who = who_of(people.data)
    left = [one for one in persons(hass) if one.id not in without]
    those = [one for one in left if wherever or _is_meant(who, one)]
    found = _of_all(hass, those, wherever=wherever)
    if_nobody = people.data.get(CONF_IF_NOBODY)
    if not found and if_nobody == IfNobody.EVERYBODY:
        found = _of_all(hass, left, wherever=wherever)
    if not found and if_nobody != IfNobody.NOBODY:
        raise _error(translation_key="nobody_there", name=people.title)
    return found


@callback
def places_of(hass: HomeAssistant, place: Place, without: Sequence[Place] = ()) -> Sequence[Place]:
    """Whom a place of a route means now: itself, or those by whom people are told; nobody where that is an error.

    `without`: as `run_causes` has them.
    """
    gone = [one.recipient for one in without if one.connection == PERSON]
    for recipient in people_of(hass):
        if place == place_of(recipient):
            return [one for one in _places_of_people(hass, recipient[1], gone) if one not in without]
    if place in without:
        return ()
    theirs = (one for person in persons(hass) if person.id in gone for one in _alone(hass, person))
    return () if place in map(place_of, theirs) else (place,)


def _places_of_people(hass: HomeAssistant, people: ConfigSubentry, without: Collection[str]) -> list[Place]:
    try:
        if who_of(people.data) is not Who.PERSON:
            found = _told_of_several(hass, people, without)
        elif people.data.get(CONF_PERSON) in without:
            return []
        else:
            found = told_of_people(hass, people)
    except ServiceValidationError:
        return []
    return [place_of(told.recipient) for told in found]


def place_of(recipient: Recipient) -> Place:
    """Where it is, as the library knows it."""
    entry, one = recipient
    return Place(connection=connection_name(entry), recipient=one.data[CONF_RECIPIENT])


@callback
def ways_of(hass: HomeAssistant, person: Person) -> Ways:
    """How a person is told: as was chosen, else by all that is theirs."""
    chosen = (one for _, one in people_of(hass) if one.data.get(CONF_PERSON) == person.id)
    if (subentry := next(chosen, None)) is not None:
        return Ways.read(subentry.data)
    reach = Reach(recipients=tuple(one.subentry_id for _, one in found_for(hass, person)))
    return Ways(at_home=reach, away=reach)


def _of_all(hass: HomeAssistant, those: Iterable[Person], *, wherever: bool) -> list[Told]:
    """Everybody who can be told; whoever has nothing is left out, as long as somebody has."""
    return [told for person in those for told in _of(hass, person, wherever=wherever)]


def _of(hass: HomeAssistant, person: Person, *, wherever: bool) -> list[Told]:
    """Those that were chosen for where the person is; if these are all gone, the others, and then what is theirs."""
    ways, known = ways_of(hass, person), told_by_id(hass)
    hers = Reach(recipients=tuple(one.subentry_id for _, one in found_for(hass, person)))
    for reach in (Reach(recipients=ways.all),) if wherever else (*ways.of(person), hers):
        there = [known[one] for one in reach.recipients if one in known]
        if reach.first:
            there = [one for one in there if _can_be_reached(hass, one)][:1] or there[:1]
        if there:
            return [Told(one, person) for one in there]
    return []


@callback
def caused_by(hass: HomeAssistant, cause: Cause) -> list[Person]:
    """The persons who did."""
    return [one for one in persons(hass) if _has_caused(hass, cause, one)] if cause != NOBODY else []


def _has_caused(hass: HomeAssistant, cause: Cause, person: Person) -> bool:
    if person.user_id in cause.users or person.id in cause.persons:
        return True
    return any(one.subentry_id == cause.writer for _, one in _alone(hass, person))


def _alone(hass: HomeAssistant, person: Person) -> list[Recipient]:
    """The recipients of a person that nobody else reads: phones, and private chats."""
    known = told_by_id(hass)
    theirs = [known[one] for one in ways_of(hass, person).all if one in known]
    return [one for one in theirs if is_one_persons(one)]


def _is_meant(who: Who, person: Person) -> bool:
    return who is Who.EVERYBODY or person.is_home is (who is Who.AT_HOME)


def _can_be_reached(hass: HomeAssistant, recipient: Recipient) -> bool:
    """Whether nothing is known that would let a message wait there."""
    entry, subentry = recipient
    if entry.state is not ConfigEntryState.LOADED:
        return False
    now, address = entry.runtime_data.data, subentry.data[CONF_RECIPIENT]
    if not now.is_active or now.sending.state in _DOWN or now.breaker is BreakerState.OPEN:
        return False
    if type_of(entry.data) == TYPE_THIS_HOME and address.startswith(PHONE) and phone_at(hass, address) is None:
        return False
    found = er.async_get(hass).async_get(notify_entity_id(hass, recipient) or "")
    return found is not None and not found.disabled


def _error(*, translation_key: str, name: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=translation_key, translation_placeholders={"name": name}
    )
