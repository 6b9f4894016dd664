"""Acknowledges button presses to the platform at once, beside everything else, as a person looks at the button."""

import asyncio
from collections.abc import Callable, Iterable

from bach_lib.connectors.base import Connector, Incoming
from bach_lib.models.incoming import Kind


class Acknowledging:
    """Acknowledger of the presses of one connection. `is_let_in`: whether somebody allowed sent it."""

    def __init__(self, connection: str, is_let_in: Callable[[Incoming], bool]) -> None:
        self._name = connection
        self._is_let_in = is_let_in
        self.under_way: set[asyncio.Task[None]] = set()

    def begin(self, connector: Connector, messages: Iterable[Incoming]) -> None:
        """Acknowledge the presses among these messages."""
        for message in messages:
            if message.kind is Kind.BUTTON and self._is_let_in(message):
                task = asyncio.create_task(connector.acknowledge(message), name="bach-acknowledge")
                self.under_way.add(task)
                task.add_done_callback(self.under_way.discard)
