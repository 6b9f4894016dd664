"""Routes incoming messages: matches the rules, and announces each message once.

What the router found out is written before anybody is told. So a crash in between costs an announcement (the message
stays unread in the inbox), and never opens a door twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import batched

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.events import MessageReceived
from bach_lib.field_logger import FieldLogger
from bach_lib.foreign import guarded
from bach_lib.inbound.inbox import MAX_ROUTED, Inbox
from bach_lib.inbound.rules import Rules
from bach_lib.inbound.unhandled import is_over
from bach_lib.models import Connection
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.said import Sentence

_LOGGER = FieldLogger(__name__)


class Router:
    """Routes what is in the inbox. What a crash left there for too long (`Inbox.max_age`) is not acted upon."""

    def __init__(self, inbox: Inbox, rules: Rules, bus: Bus, clock: Clock) -> None:
        self._inbox = inbox
        self._rules = rules
        self._bus = bus
        self._clock = clock

    async def route(self, connection: Connection, messages: Iterable[IncomingMessage]) -> int:
        """Find out, write, announce; return how many. Raises a `StorageError`, as `announce` does."""
        return len(await self.announce(connection, messages))

    async def announce(self, connection: Connection, messages: Iterable[IncomingMessage]) -> list[IncomingMessage]:
        """The same, some at a time and in order; return them as they were announced.

        Raises a `StorageError`; then what could not be written was not announced.
        """
        announced: list[IncomingMessage] = []
        for some in batched(messages, MAX_ROUTED):
            routed = [await self._route_one(connection, message) for message in some]
            await self._inbox.save_routed(routed)
            for message in routed:
                self._bus.publish(MessageReceived(connection=connection.name, message=message))
            announced += routed
        return announced

    async def route_left_over(self, connection: Connection) -> int:
        """Route what was stored and never announced; return how many. Raises a `StorageError`."""
        number, is_more = 0, True
        while is_more:
            left = await self._inbox.unrouted(connection.name)
            number += await self.route(connection, left)
            is_more = len(left) == MAX_ROUTED
        return number

    async def _route_one(self, connection: Connection, message: IncomingMessage) -> IncomingMessage:
        now = self._clock.now()
        found: dict[str, object] = {"source": connection.type, "routed_at": now}
        try:
            found |= await guarded(self._context(connection.name, message.text))
        except Exception:
            _LOGGER.exception(
                "Message %s could not be held against the rules",
                message.id,
                connection=connection.name,
                message_id=message.id,
            )
            found["routing_error"] = Sentence(
                "the_rules_could_not_be_tried_the_log_says_why", "The rules could not be tried; the log says why."
            )
        kind, max_age = message.kind, self._inbox.max_age(connection.name)
        if is_over(message, now, max_age):
            kind = Kind.EXPIRED
        return replace(message, kind=kind, routed_at=now, metadata={**message.metadata, **found})

    async def _context(self, connection: str, text: str) -> Mapping[str, object]:
        match = await self._rules.match(connection, text) if text else None
        found: dict[str, object] = {"context_triggers": list(match.hits) if match else []}
        if match and match.hints:
            found["context_hints"] = list(match.hints)
        if match and match.cut_off:
            found["cut_off"] = list(match.cut_off)
        return found
