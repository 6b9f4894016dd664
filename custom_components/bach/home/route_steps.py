"""Reads the steps of a route from its sub-entry, and says whom they mean now.

A step names recipients by the ids of their sub-entries, which stay when somebody is renamed or moves.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from bach_lib import Place, Reached, Route, RouteWords, Step
from bach_lib.errors import InvalidRecipientError
from bach_lib.said import Sentence
from custom_components.bach.const import (
    CONF_BUT_CAUSE,
    CONF_IN_TURN,
    CONF_REACHED,
    CONF_RECIPIENT,
    CONF_RECIPIENTS,
    CONF_REPEAT_EVERY,
    CONF_REPEATS,
    CONF_STEPS,
    CONF_WAIT,
    SUBENTRY_ROUTE,
    TYPE_ROUTES,
)
from custom_components.bach.coordinator import BachConfigEntry

from .causes import Cause
from .entry import connections
from .language import home_texts
from .members import Recipient
from .recipient_subentries import is_people, texts_in
from .run_causes import causes_of
from .whom import people_of, place_of, places_of, told_by_id

_USUAL: Final = Step(places=())


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStep:
    """A step as it is stored: ids of recipients, and how long they are waited for (`bach_lib.Step`)."""

    recipients: tuple[str, ...]
    wait: float = _USUAL.wait
    in_turn: bool = _USUAL.in_turn
    reached: Reached = _USUAL.reached
    repeats: int = _USUAL.repeats
    repeat_every: float = _USUAL.repeat_every
    but_cause: bool = _USUAL.but_cause

    @classmethod
    def read(cls, stored: object) -> RouteStep:
        """One of the list in the sub-entry; what is damaged there is as usual."""
        data: Mapping[str, Any] = stored if isinstance(stored, Mapping) else {}
        reached = data.get(CONF_REACHED)
        repeats = _number(data.get(CONF_REPEATS), _USUAL.repeats)
        return cls(
            recipients=texts_in(data.get(CONF_RECIPIENTS)),
            wait=_number(data.get(CONF_WAIT), _USUAL.wait) or _USUAL.wait,
            in_turn=data.get(CONF_IN_TURN) is True,
            reached=Reached(reached) if reached in list(Reached) else _USUAL.reached,
            repeats=int(repeats),
            repeat_every=_number(data.get(CONF_REPEAT_EVERY), _USUAL.repeat_every) or _USUAL.repeat_every,
            but_cause=data.get(CONF_BUT_CAUSE) is True,
        )

    @property
    def stored(self) -> dict[str, Any]:
        """What goes into the sub-entry: nothing of what is usual."""
        found: dict[str, Any] = {CONF_RECIPIENTS: list(self.recipients), CONF_WAIT: self.wait}
        if self.in_turn:
            found[CONF_IN_TURN] = True
        if self.reached is not _USUAL.reached:
            found[CONF_REACHED] = self.reached.value
        if self.repeats:
            found |= {CONF_REPEATS: self.repeats, CONF_REPEAT_EVERY: self.repeat_every}
        if self.but_cause:
            found[CONF_BUT_CAUSE] = True
        return found


def _number(stored: object, usual: float) -> float:
    return stored if isinstance(stored, int | float) and not isinstance(stored, bool) and stored >= 0 else usual


def steps_of(subentry: ConfigSubentry) -> list[RouteStep]:
    """The steps of a route, in order."""
    stored = subentry.data.get(CONF_STEPS)
    return [RouteStep.read(one) for one in stored] if isinstance(stored, list | tuple) else []


def recipients_by_id(hass: HomeAssistant) -> dict[str, tuple[BachConfigEntry, ConfigSubentry]]:
    """All whom a route can tell, by the ids of their sub-entries. A route tells no route."""
    return told_by_id(hass) | {one.subentry_id: (entry, one) for entry, one in people_of(hass)}


def leaves_out_cause(hass: HomeAssistant, step: RouteStep) -> bool:
    """Whether whoever caused it is left out: as the step says, or people in it."""
    return _leaves_out_cause(step, recipients_by_id(hass))


def _leaves_out_cause(step: RouteStep, known: Mapping[str, Recipient]) -> bool:
    there = (known[one][1] for one in step.recipients if one in known)
    return step.but_cause or any(is_people(one) and one.data.get(CONF_BUT_CAUSE) is True for one in there)


def routes_of(hass: HomeAssistant) -> Iterator[tuple[BachConfigEntry, ConfigSubentry]]:
    """All routes of this home."""
    for entry in connections(hass):
        for one in entry.get_subentries_of_type(SUBENTRY_ROUTE):
            yield entry, one


def asked_by_route(hass: HomeAssistant, name: str, cause: Cause) -> list[tuple[float, Recipient]]:
    """Whom a route asks, and after how many seconds; people as they are told now. A step with nobody takes no time.

    Whoever caused it is asked where a step leaves them out only if nobody else can be.
    """
    steps = [step for _, one in routes_of(hass) if one.data.get(CONF_RECIPIENT) == name for step in steps_of(one)]
    return _asked(hass, steps, causes_of(hass, cause)) or _asked(hass, steps, ())


def _asked(
    hass: HomeAssistant, steps: Iterable[RouteStep], caused_by: Sequence[Place]
) -> list[tuple[float, Recipient]]:
    known, found, passed = recipients_by_id(hass), list[tuple[float, Recipient]](), 0.0
    at = {place_of(one): one for one in known.values()}
    for step in steps:
        without = caused_by if _leaves_out_cause(step, known) else ()
        groups = [(one,) for one in step.recipients] if step.in_turn else [step.recipients]
        for group in groups:
            places = [place_of(known[one]) for one in group if one in known]
            if asked := [at[one] for place in places for one in places_of(hass, place, without) if one in at]:
                found += [(passed, one) for one in asked]
                passed += step.wait + step.repeats * step.repeat_every
    return found


def route_of(hass: HomeAssistant, name: str) -> Route:
    """The route as it is now, without those who were removed. Raises `InvalidRecipientError` where nobody is left."""
    found = next((one for _, one in routes_of(hass) if one.data.get(CONF_RECIPIENT) == name), None)
    return route_through(hass, name, steps_of(found) if found else [])


def route_through(hass: HomeAssistant, name: str, stored: Iterable[RouteStep]) -> Route:
    """The same for steps that are kept elsewhere."""
    known = recipients_by_id(hass)
    steps = [step for one in stored if (step := _step(one, known)).places]
    if not steps:
        raise InvalidRecipientError(
            recipient=name,
            type=TYPE_ROUTES,
            expected=Sentence("a_route_that_tells_somebody", "a route that tells somebody; add whom to tell to it"),
        )
    texts = home_texts(hass)
    words = RouteWords(
        button=texts["route_button"],
        acknowledged=texts["route_acknowledged"],
        over=texts["route_over"],
        snoozed=texts["route_snoozed"],
    )
    return Route(name=name, steps=tuple(steps), words=words)


def _step(step: RouteStep, known: Mapping[str, tuple[BachConfigEntry, ConfigSubentry]]) -> Step:
    there = [known[one] for one in step.recipients if one in known]
    return Step(
        places=tuple(map(place_of, there)),
        wait=step.wait,
        in_turn=step.in_turn,
        reached=step.reached,
        repeats=step.repeats,
        repeat_every=step.repeat_every,
        but_cause=_leaves_out_cause(step, known),
    )
