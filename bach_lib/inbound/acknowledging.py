"""Acknowledges button presses to the platform at once, beside everything else, as a person looks at the button."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from bach_lib.connectors.base import Connector, Incoming
from bach_lib.foreign import guarded
from bach_lib.models.incoming import Kind
from bach_lib.redact import Redactor

_LOGGER = logging.getLogger(__name__)
_TIMEOUT = 15.0
"""Seconds. Platforms forget a press about as soon (Telegram after some 30 s, Discord after 3)."""


class Acknowledging:
    """Of the presses of one connection. `is_let_in`: whether somebody allowed sent it."""

    def __init__(self, connection: str, is_let_in: Callable[[Incoming], bool]) -> None:
        self._name = connection
        self._is_let_in = is_let_in
        self.under_way: set[asyncio.Task[None]] = set()

    def begin(self, connector: Connector, messages: Iterable[Incoming], redact: Redactor) -> None:
        """Acknowledge the presses among these messages."""
        for message in messages:
            if message.kind is Kind.BUTTON and self._is_let_in(message):
                task = asyncio.create_task(self._acknowledge(connector, message, redact), name="bach-acknowledge")
                self.under_way.add(task)
                task.add_done_callback(self.under_way.discard)

    async def _acknowledge(self, connector: Connector, press: Incoming, redact: Redactor) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT):
                await guarded(connector.acknowledge(press))
        except Exception as error:  # noqa: BLE001 - a border: the press itself is what matters
            _LOGGER.debug("A press through %s was not acknowledged: %s", self._name, redact(repr(error)))
