"""Takes away what was sent with a tag: when a newer message of that tag has been sent, or when it is asked (ADR 0114).

A newer one first: whoever looks must find one of them at any time. A process that ends in between leaves the older one;
the next message of the tag finds both.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bach_lib.bus import Bus
from bach_lib.errors import BachError, InputError, NotCancellableError
from bach_lib.events import MessageFinished, MessageSent
from bach_lib.field_logger import FieldLogger
from bach_lib.models import Message, Operation
from bach_lib.outbound.by_hand import ByHand
from bach_lib.outbound.sender import Sender
from bach_lib.outbound.tagged import id_there, is_original
from bach_lib.registry.directory import Directory

_LOGGER = FieldLogger(__name__)
_LATEST: Final = 3600.0
"""Seconds after which an older message stays: by then people have seen both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What clearing a tag did."""

    cancelled: int
    """How many messages wait no longer."""
    taken_away: int
    """How many go that were sent."""


class Superseding:
    """Follows what is sent, from when it is made until it is closed."""

    def __init__(self, bus: Bus, directory: Directory, sender: Sender, by_hand: ByHand) -> None:
        self._directory = directory
        self._sender = sender
        self._by_hand = by_hand
        self._tasks = set[asyncio.Task[None]]()
        self._unwanted = set[int]()  # on their way when their tag was cleared
        self._unsubscribe = bus.subscribe(MessageFinished, self._finished)

    async def close(self) -> None:
        """Follow no longer. What has begun is cancelled: nothing is lost but a tidy chat."""
        self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def clear(self, connection: str, recipient: str, tag: str) -> Cleared:
        """Cancel what waits there with a tag, and have taken away what was sent. Raises a `StorageError`.

        What is on its way goes when it has arrived; what was sent more than two days ago stays.
        """
        forms = self._directory.spellings(connection, recipient)
        cancelled = taken_away = 0
        for message_id in await self._sender.tagged.waiting(connection, forms, tag):
            try:
                await self._by_hand.cancel(message_id)
                cancelled += 1
            except NotCancellableError:
                self._unwanted.add(message_id)
        for message in await self._sender.tagged.of_tag(connection, forms, tag):
            self._unwanted.discard(message.id)
            taken_away += await self._take_away(message)
        return Cleared(cancelled=cancelled, taken_away=taken_away)

    def _finished(self, event: MessageFinished) -> None:
        message, is_unwanted = event.message, event.message.id in self._unwanted
        self._unwanted.discard(message.id)
        if not isinstance(event, MessageSent) or message.operation not in {Operation.SEND, Operation.EDIT}:
            return
        is_new = is_original(message)
        if is_unwanted or (message.tag is not None and is_new and not self._sender.replaces_by_tag(message.connection)):
            task = asyncio.get_running_loop().create_task(self._tidy(message, is_unwanted), name="bach-supersede")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _tidy(self, message: Message, is_unwanted: bool) -> None:
        try:
            if is_unwanted:
                await self._take_away(message)
            elif message.tag is not None:
                forms = self._directory.spellings(message.connection, message.recipient)
                for older in await self._sender.tagged.of_tag(
                    message.connection, forms, message.tag, before=message.id
                ):
                    if id_there(older) != id_there(message):
                        await self._take_away(older)
        except BachError as error:  # the disk
            _LOGGER.warning("What was sent before message %s with its tag stays: %s", message.id, error)

    async def _take_away(self, message: Message) -> bool:
        """Have a sent message taken away, once however often that is asked; whether its platform can do that."""
        if not is_original(message):
            return False
        with suppress(InputError):  # it cannot, another account has sent it, or the connection is gone
            await self._sender.change_there(
                message,
                Operation.DELETE,
                "",
                {"idempotency_key": f"bach:superseded:{message.id}", "time_to_live": _LATEST},
            )
            return True
        return False
