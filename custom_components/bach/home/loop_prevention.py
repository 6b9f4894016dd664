"""Loop prevention: stops automations on dead letters from sending to the very recipient where sending failed.

An automation can learn of a dead letter in many ways: our trigger, our event, a sensor, a helper or another automation
that follows one of these. What they have in common is the context: each run has that of its cause as parent. So the
contexts that announced a dead letter are remembered, with all that descend from them.

A letter that is sent again because it died dies again a second later, and would be sent again for that: what descends
from a dead letter may send letters again at once the first time, and then at growing distances.
"""

import math
import time
from typing import Final

from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.core import Event as HomeEvent
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.hass_dict import HassKey

from bach_lib import BachError, Message
from bach_lib.redact import readable
from custom_components.bach.const import DOMAIN

from .entry import connection_name, connections
from .hub import HUB
from .origin import context_id
from .roles import place

DEAD_LETTER_TO: Final = "dead letter to "
"""How what our trigger says of itself begins; an automation repeats it when it tells that it was triggered."""

_MAX_KNOWN: Final = 1000
_FIRST_PAUSE: Final = 60.0
_LONGEST_PAUSE: Final = 3600.0
_FORGOTTEN: Final = 24 * 3600.0

type Address = tuple[str, str]
"""A connection and the normal form of an address there."""

type Blocked = frozenset[Address]
"""The addresses where a notice about the dead letter has failed as well; empty after the first dead letter."""


class LoopPrevention:
    """Tracks the contexts that descend from a dead letter, and refuses messages to where such notices have failed."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._known: dict[str, Blocked] = {}
        self._shared: dict[str, Blocked] = {}
        """The same by contexts that others use too: of the runs they cause, only those started by our trigger count."""
        self._retried: dict[int | str, tuple[int, float]] = {}
        """Number and time of the retries by automations on dead letters, by message id or connection name."""
        self.now = time.monotonic
        hass.bus.async_listen("automation_triggered", self._triggered)

    @callback
    def register_notice(self, context: Context, *deaths: Message) -> None:
        """Register a context of ours under which something announces that these messages were not delivered."""
        _remember(self._known, context.id, self._blocked_after(deaths))

    @callback
    def register_trigger(self, context: Context, death: Message) -> None:
        """Register the message's own context, with which our trigger is about to run automations."""
        _remember(self._shared, context.id, self._blocked_after((death,)))

    @callback
    def is_from_dead_letter(self, context_id: str | None) -> bool:
        """Whether this context descends from a dead letter."""
        return context_id in self._known

    @callback
    def require_no_loop(self, context: Context | None, connection: str, recipient: str) -> None:
        """Raise if the context descends from a dead letter, and a notice about it has failed at this address."""
        if context is None:
            return
        if (blocked := self._blocked_in(context)) is None:
            return
        _remember(self._known, context.id, blocked)
        if self._address(connection, recipient) in blocked:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="in_circles",
                translation_placeholders={"name": self._name(connection, recipient)},
            )

    async def require_no_loop_by_change(self, context: Context, message_id: int) -> None:
        """As `require_no_loop`, for a change of a sent message. Raises a `BachError` if there is no such message."""
        if self._blocked_in(context):
            message = await self._hass.data[HUB].bach.get(message_id)
            self.require_no_loop(context, message.connection, message.recipient)

    @callback
    def require_pause(self, context: Context | None, what: int | str) -> None:
        """Raise if an automation on dead letters retries these (a message, or a connection's) without a pause."""
        if context is None or self._blocked_in(context) is None:
            return
        times, last = self._retried.get(what, (0, -_FORGOTTEN))
        passed = self.now() - last
        times = times if passed < _FORGOTTEN else 0
        pause = min(_FIRST_PAUSE * 2 ** min(times - 1, 10), _LONGEST_PAUSE) if times else 0.0
        if passed < pause:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="retried_in_circles",
                translation_placeholders={"minutes": str(math.ceil((pause - passed) / 60))},
            )
        self._retried.pop(what, None)
        _remember(self._retried, what, (times + 1, self.now()))

    def _blocked_in(self, context: Context) -> Blocked | None:
        """What is blocked in a context that descends from a dead letter, or whose parent does; None: it does not."""
        return self._known.get(context.id, self._known.get(context.parent_id or ""))

    def _blocked_after(self, deaths: tuple[Message, ...]) -> Blocked:
        """The addresses of those messages that were such notices themselves, and what was blocked before."""
        addresses: set[Address] = set()
        for death in deaths:
            if (before := self._known.get(context_id(death) or "")) is not None:
                addresses |= before | {self._address(death.connection, death.recipient)}
        return frozenset(addresses)

    def _address(self, connection: str, recipient: str) -> Address:
        try:
            return connection, self._hass.data[HUB].bach.normal(connection, recipient)
        except BachError:  # no address, which is refused where it is sent to
            return connection, recipient

    def _name(self, connection: str, recipient: str) -> str:
        """The recipient's title in Home Assistant, or its address."""
        entries = connections(self._hass)
        entry = next((one for one in entries if connection_name(one) == connection), None)
        found = place(entry.subentries.values(), recipient) if entry else None
        return found.title if found else readable(recipient)

    @callback
    def _triggered(self, event: HomeEvent) -> None:
        """Let the context of a new automation run inherit from its parent, for all that descends from it.

        Its first actions may be over by now: what happens while another event is told of is told of afterwards. They
        are held by the parent itself, see `_blocked_in`.
        """
        parent = event.context.parent_id or ""
        shared = self._shared.get(parent)
        if shared is not None and str(event.data.get("source", "")).startswith(DEAD_LETTER_TO):
            _remember(self._known, event.context.id, shared)
        elif (blocked := self._known.get(parent)) is not None:
            _remember(self._known, event.context.id, blocked)


LOOP_PREVENTION: HassKey[LoopPrevention] = HassKey(f"{DOMAIN}_loop_prevention")


def _remember[K, T](known: dict[K, T], one: K, what: T) -> None:
    known[one] = what
    if len(known) > _MAX_KNOWN:
        del known[next(iter(known))]
