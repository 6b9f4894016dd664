"""Loop prevention for notices about dead letters: one that is sent to where the letter died would die too.

An automation can learn of a dead letter in many ways: our trigger, our event, a sensor, a helper or another automation
that follows one of these. What they have in common is the context: each run has that of its cause as parent. So the
contexts that announced a dead letter are remembered, with all that descend from them.
"""

from typing import Final

from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.core import Event as HomeEvent
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.hass_dict import HassKey

from bach_lib import BachError, Message
from custom_components.bach.const import DOMAIN

from .entry import connection_name
from .hub import HUB
from .roles import place

DEAD_LETTER_TO: Final = "dead letter to "
"""How what our trigger says of itself begins; an automation repeats it when it tells that it was triggered."""

_MAX_KNOWN: Final = 1000

type Place = tuple[str, str]
"""A connection and the one form of an address there."""

type Origin = frozenset[Place]
"""Where words of a dead letter, which were to tell of it, have died as well; nowhere, as long as it is the first."""


class Lineage:
    """Which contexts came from a dead letter, and where words of it may not be sent any more."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._known: dict[str, Origin] = {}
        self._shared: dict[str, Origin] = {}
        """By contexts that are not ours alone: of the runs that one causes only those are meant that say so."""
        hass.bus.async_listen("automation_triggered", self._triggered)

    @callback
    def tells_of(self, context: Context, *deaths: Message) -> None:
        """What has this context, which nothing else has, tells that these messages were not delivered."""
        _remember(self._known, context.id, self._origin(deaths))

    @callback
    def triggers_for(self, context: Context, death: Message) -> None:
        """Our trigger is about to run automations with this context, which is that of the message itself."""
        _remember(self._shared, context.id, self._origin((death,)))

    @callback
    def is_of_a_run(self, context_id: str | None) -> bool:
        """Whether this context came from a dead letter."""
        return context_id in self._known

    @callback
    def require_way(self, context: Context | None, connection: str, recipient: str) -> None:
        """Raise if this would tell of dead letters where words of them have died already."""
        if context is None:
            return
        origin = self._known.get(context.id, self._known.get(context.parent_id or ""))
        if origin is None:
            return
        _remember(self._known, context.id, origin)
        if self._place(connection, recipient) in origin:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="in_circles",
                translation_placeholders={"name": self._name(connection, recipient)},
            )

    async def require_way_of(self, context: Context, message_id: int) -> None:
        """The same for a change of a message. Raises an error of the library if there is none."""
        if self._known.get(context.id):
            message = await self._hass.data[HUB].bach.get(message_id)
            self.require_way(context, message.connection, message.recipient)

    def _origin(self, deaths: tuple[Message, ...]) -> Origin:
        """All together: where one of them has died that was word of another."""
        places: set[Place] = set()
        for death in deaths:
            if death.context and (before := self._known.get(death.context)) is not None:
                places |= before | {self._place(death.connection, death.recipient)}
        return frozenset(places)

    def _place(self, connection: str, recipient: str) -> Place:
        try:
            return connection, self._hass.data[HUB].bach.normal(connection, recipient)
        except BachError:  # no address, which is refused where it is sent to
            return connection, recipient

    def _name(self, connection: str, recipient: str) -> str:
        """What people call it."""
        entries = self._hass.config_entries.async_entries(DOMAIN)
        entry = next((one for one in entries if connection_name(one) == connection), None)
        found = place(entry.subentries.values(), recipient) if entry else None
        return found.title if found else recipient

    @callback
    def _triggered(self, event: HomeEvent) -> None:
        """A run has begun, and nothing of it has been done yet."""
        parent = event.context.parent_id or ""
        shared = self._shared.get(parent)
        if shared is not None and str(event.data.get("source", "")).startswith(DEAD_LETTER_TO):
            _remember(self._known, event.context.id, shared)
        elif (origin := self._known.get(parent)) is not None:
            _remember(self._known, event.context.id, origin)


LINEAGE: HassKey[Lineage] = HassKey(f"{DOMAIN}_lineage")


def _remember[T](known: dict[str, T], one: str, what: T) -> None:
    known[one] = what
    if len(known) > _MAX_KNOWN:
        del known[next(iter(known))]
