"""Says who caused a run of a route, so that a step can leave them out: as places, which the run keeps on disk.

It is decided when somebody asks for the run. Hours may lie between that and its start, as in quiet hours, and a
restart, after which nobody knows the context any more: so it is kept with the message that starts it.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, unquote

from homeassistant.core import Context, HomeAssistant, callback

from bach_lib import Place
from custom_components.bach.const import TYPE_ROUTES
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.partners import type_of

from .causes import CAUSES, Cause
from .origin import BY, MOST_KEPT, context_to_keep, user_in
from .persons import PERSON, Person, is_one_persons
from .whom import caused_by, place_of, told_by_id

_MOST: Final = 20
"""As many as a run takes."""


@callback
def causes_of(hass: HomeAssistant, cause: Cause) -> tuple[Place, ...]:
    """Who caused something: persons, and a private chat in which somebody wrote who may be none."""
    found = [Place(connection=PERSON, recipient=one.id) for one in caused_by(hass, cause)]
    writer = told_by_id(hass).get(cause.writer or "")
    if writer is not None and is_one_persons(writer):
        found.append(place_of(writer))
    return tuple(found[:_MOST])


@callback
def causes_in(hass: HomeAssistant, context: Context | None) -> tuple[Place, ...]:
    """Who caused what is done, or has become so, in this context."""
    return causes_of(hass, hass.data[CAUSES].of(context))


@callback
def kept_for(hass: HomeAssistant, context: Context, entry: BachConfigEntry, person: Person | None = None) -> str:
    """What is kept with a message that is sent in this context through this connection, and is for this person."""
    kept = context_to_keep(context, person)
    if type_of(entry.data) == TYPE_ROUTES and not context.user_id:
        for one in causes_in(hass, context):
            longer = f"{kept} {BY}{quote(one.connection)}:{quote(one.recipient)}"
            kept = longer if len(longer) <= MOST_KEPT else kept
    return kept


@callback
def causes_kept(hass: HomeAssistant, kept: str | None) -> tuple[Place, ...]:
    """Who caused what a message starts, by what is kept with it."""
    if user_id := user_in(kept):
        return causes_of(hass, Cause(users=frozenset({user_id})))
    return tuple(_places_in(kept or ""))[:_MOST]


def _places_in(kept: str) -> Iterator[Place]:
    for word in kept.split():
        if word.startswith(BY):
            connection, colon, recipient = word.removeprefix(BY).partition(":")
            if connection and colon and recipient:
                yield Place(connection=unquote(connection), recipient=unquote(recipient))
