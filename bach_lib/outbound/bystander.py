"""Queue of a connection on which another process works: what is written here goes out there.

Nothing waits in memory here. Whatever was written is called out (`tell`), so that its owner looks at it.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from math import inf

from bach_lib.events import MessageCancelled, MessageQueued
from bach_lib.models import Message
from bach_lib.outbound.bundle import Bundle
from bach_lib.outbound.lane_address import LaneAddresses
from bach_lib.outbound.putting import Put
from bach_lib.outbound.rows import Draft, Request
from bach_lib.outbound.services import DispatchServices

_LOOK = 5.0
"""Seconds for which the number of those that wait is good enough; it is counted again sooner when there is no room."""

type Tell = Callable[[str, Sequence[int]], None]
"""Tells the owner of a connection to look at these messages; none: at all that wait."""


class Bystander:
    """The calls of a `Dispatcher` that anybody may make, for the queue of another process."""

    def __init__(self, connection: str, services: DispatchServices, tell: Tell) -> None:
        self._name, self._services, self._tell = connection, services.of(connection), tell
        self._addresses = LaneAddresses(connection, services.directory, services.clock)
        self._room, self._looked_at = 0, -inf
        """How many more may wait, as the database said; its owner's lanes are not here."""

    def put(self, draft: Draft, request: Request | None = None, bundle: Bundle | None = None) -> asyncio.Future[Put]:
        """Store a message, or let `bundle` do it; the future is done after the commit, or a `QueueFullError`."""
        limit: int | None = None
        if self._room <= 0 or self._services.clock.monotonic() - self._looked_at > _LOOK:
            limit = self._services.policy.max_waiting
        self._room -= 1
        others = self._addresses.others(draft.recipient) if draft.tag is not None else ()
        future = (bundle or self._services.queue).put(draft, leased=False, request=request, others=others, limit=limit)
        future.add_done_callback(self._stored)
        return future

    def _stored(self, future: asyncio.Future[Put]) -> None:
        if future.cancelled() or future.exception():
            return
        if (room := future.result().room) is not None:
            self._room, self._looked_at = room, self._services.clock.monotonic()
        if not (put := future.result()).is_new:
            self._tell(self._name, [put.message.id])  # who stored it may have died before it was called out
            return
        self._publish(MessageQueued, put.message)
        for message in put.replaced:
            self._publish(MessageCancelled, message)
        # of more than a hundred with its tag the others end when they are to be sent, since a newer one waits
        self._tell(self._name, [put.message.id, *(message.id for message in put.replaced)])

    def look_at_the_wall(self) -> None:
        """The owner does; the times on disk are by its clock."""

    def waits_again(self, message: Message) -> None:
        """A message was revived on disk."""
        self._publish(MessageQueued, message)
        self._tell(self._name, [message.id])

    def forget(self, message: Message) -> None:
        """A waiting message was cancelled on disk."""
        self._publish(MessageCancelled, message)
        self._tell(self._name, [message.id])

    def drop(self, message: Message) -> None:
        """A waiting message became another one on disk, perhaps of another recipient or connection."""
        self._tell(self._name, [message.id])

    def moved(self, old: str, new: str) -> None:  # noqa: ARG002 - the owner reads it on disk
        """The waiting messages of a recipient got another address on disk."""
        self._tell(self._name, ())

    def readdressed(self, message_ids: Iterable[int], new: str) -> None:  # noqa: ARG002 - as above
        """Some messages got another address on disk; those of them that wait, or wait again, go there."""
        if ids := list(message_ids):
            self._tell(self._name, ids)

    def _publish(self, kind: type[MessageQueued | MessageCancelled], message: Message) -> None:
        self._services.bus.publish(kind(connection=self._name, message=message))
