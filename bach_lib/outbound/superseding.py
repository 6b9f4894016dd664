"""Takes away what was sent with a tag once a newer message of that tag has been sent (ADR 0114).

Only then: whoever looks must find one of them at any time. A process that ends in between leaves the older one; the
next message of the tag finds both.
"""

import asyncio
import logging
from contextlib import suppress

from bach_lib.bus import Bus
from bach_lib.errors import BachError, InputError
from bach_lib.events import MessageSent
from bach_lib.models import Message, Operation
from bach_lib.outbound.sender import Sender
from bach_lib.outbound.tagged import id_there
from bach_lib.registry.directory import Directory

_LOGGER = logging.getLogger(__name__)
_LATEST = 3600.0
"""Seconds after which an older message stays: by then people have seen both."""


class Superseding:
    """Follows what is sent, from when it is made until it is closed."""

    def __init__(self, bus: Bus, directory: Directory, sender: Sender) -> None:
        self._directory = directory
        self._sender = sender
        self._tasks = set[asyncio.Task[None]]()
        self._unsubscribe = bus.subscribe(MessageSent, self._sent)

    async def close(self) -> None:
        """Follow no longer. What has begun is cancelled: nothing is lost but a tidy chat."""
        self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _sent(self, event: MessageSent) -> None:
        message = event.message
        is_new = message.operation is Operation.SEND or id_there(message) != message.target
        if message.tag is not None and is_new and message.operation is not Operation.DELETE:
            task = asyncio.get_running_loop().create_task(self._supersede(message, message.tag), name="bach-supersede")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _supersede(self, message: Message, tag: str) -> None:
        forms = self._directory.spellings(message.connection, message.recipient)
        try:
            for older in await self._sender.tagged.of_tag(message.connection, forms, tag, before=message.id):
                if id_there(older) != id_there(message):
                    await self.take_away(older)
        except BachError as error:  # the disk
            _LOGGER.warning("What was sent before message %s with its tag stays: %s", message.id, error)

    async def take_away(self, message: Message) -> bool:
        """Have a sent message taken away, once however often that is asked; whether its platform can do that.

        Raises a `StorageError`.
        """
        with suppress(InputError):  # it cannot, another account has sent it, or the connection is gone
            await self._sender.take_away(
                message, {"idempotency_key": f"bach:superseded:{message.id}", "time_to_live": _LATEST}
            )
            return True
        return False
