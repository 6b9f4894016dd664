"""Knows who caused what an automation does now, so that everybody else can be told of it.

An automation acts in a context of its own, whose parent is that of what started it: a user's action, somebody's
message or press, or a person who came home. Home Assistant keeps no contexts, so these are remembered for a while.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.hass_dict import HassKey

from custom_components.bach.const import DOMAIN

from .attribution import SIGNAL_RECEIVED, Received
from .persons import persons

_MAX_KNOWN: Final = 1000
_BY_USERS: Final = (EVENT_CALL_SERVICE, "mobile_app_notification_action", "tag_scanned")
"""Events in whose context Home Assistant names the user who caused them."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who caused something, by what is known of them: users, persons, and the sub-entry of a recipient who wrote."""

    users: frozenset[str] = frozenset()
    persons: frozenset[str] = frozenset()
    writer: str | None = None


NOBODY: Final = Cause()


class Causes:
    """The contexts in which somebody has caused something lately."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._known = OrderedDict[str, Cause]()
        for event_type in _BY_USERS:
            hass.bus.async_listen(event_type, self._acted)
        hass.bus.async_listen("automation_triggered", self._triggered)
        async_dispatcher_connect(hass, SIGNAL_RECEIVED, self._received)

    @callback
    def of(self, context: Context | None) -> Cause:
        """Who caused what is done in this context."""
        if context is None:
            return NOBODY
        if context.user_id:
            return Cause(users=frozenset({context.user_id}))
        return self._known.get(context.id) or self._moved(context.id) or self._of_parent(context) or NOBODY

    @callback
    def _acted(self, event: Event[Any]) -> None:
        if event.context.user_id:
            self._remember(event.context.id, Cause(users=frozenset({event.context.user_id})))

    @callback
    def _received(self, received: Received) -> None:
        users = frozenset({received.context.user_id} if received.context.user_id else ())
        self._remember(received.context.id, Cause(users=users, writer=received.subentry_id))

    @callback
    def _triggered(self, event: Event[Any]) -> None:
        """An automation has begun: whoever caused its trigger causes what it does, also an hour later.

        Its first actions may be over by now: what happens while another event is told of is told of afterwards.
        """
        if known := self._of_parent(event.context):
            self._remember(event.context.id, known)

    def _of_parent(self, context: Context) -> Cause | None:
        return self._known.get(context.parent_id or "") or self._moved(context.parent_id)

    def _moved(self, context_id: str | None) -> Cause | None:
        """The persons who have come or gone in this context."""
        states = self._hass.states
        moved = frozenset(
            person.id
            for person in persons(self._hass)
            for entity_id in (person.entity_id, *person.trackers)
            if (state := states.get(entity_id)) and state.context.id == context_id
        )
        return Cause(persons=moved) if moved else None

    def _remember(self, context_id: str, cause: Cause) -> None:
        self._known[context_id] = cause
        if len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)


CAUSES: HassKey[Causes] = HassKey(f"{DOMAIN}_causes")
