"""Schedule of one connection: the messages that are to be sent at a later time, which are in no lane until then.

They go by the clock on the wall, as people mean a time of the day by it: when that is set forward they are sent, when
it is set back they wait. Only their numbers and times are in memory, a thousand at most (`room.MOST_SCHEDULED`), and
one timer for the next of them. Once due, a message is one of that moment, on disk as well: it takes its place by
priority and number, its time to live begins, and from then on no clock that is set can call it back.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from heapq import heapify, heappop, heappush

from bach_lib.clock import Cancel
from bach_lib.errors import SessionEndedError
from bach_lib.events import MessageCancelled, MessageQueued
from bach_lib.models import Message
from bach_lib.outbound.going_together import Together
from bach_lib.outbound.lane import is_crowded
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.services import DispatchServices

_PORTION = 50
"""Messages that are written in one transaction."""


class Schedule:
    """Scheduled messages of one connection. `spawn` lets something go on while it is at work; `due` gets each message.

    What the disk has not taken when it is stopped is read again after the next start.
    """

    def __init__(
        self,
        connection: str,
        services: DispatchServices,
        ledger: Ledger,
        spawn: Callable[[Coroutine[object, object, None]], None],
        due: Callable[[Message], None],
    ) -> None:
        self._name, self._services, self._ledger = connection, services, ledger
        self._spawn, self._due = spawn, due
        self._times: dict[int, float] = {}
        self._next: list[tuple[float, int]] = []
        self._cancel_timer: Cancel = lambda: None

    def __contains__(self, message_id: object) -> bool:
        """Whether it waits for its time."""
        return message_id in self._times

    def add(self, message_id: int, time: float) -> None:
        """A message is to be sent then (seconds since 1970)."""
        self._times[message_id] = time
        heappush(self._next, (time, message_id))
        if is_crowded(self._next, len(self._times)):
            self._next = [(time, message_id) for message_id, time in self._times.items()]
            heapify(self._next)
        if self._next[0] == (time, message_id):
            self._set_timer()

    def discard(self, message_id: int) -> None:
        """A message does not wait for its time any more."""
        self._times.pop(message_id, None)

    def clear(self) -> None:
        """Forget all."""
        self._cancel_timer()
        self._times.clear()
        self._next.clear()

    def _set_timer(self) -> None:
        self._cancel_timer()
        while self._next and self._times.get(self._next[0][1]) != self._next[0][0]:
            heappop(self._next)  # it was taken back, or has another time
        if self._next:
            self._cancel_timer = self._services.clock.call_at(self._next[0][0], self._look)

    def _look(self) -> None:
        """Let those go whose time has come, by what the wall shows now."""
        self._ledger.look_at_the_wall()
        now, found = self._services.clock.now(), list[int]()
        while self._next and self._next[0][0] <= now:
            time, message_id = heappop(self._next)
            if self._times.get(message_id) == time:
                del self._times[message_id]
                found.append(message_id)
        if found:
            self._spawn(self._fall_due(found, now))
        self._set_timer()

    async def _fall_due(self, message_ids: list[int], now: float) -> None:
        queue = self._services.queue
        for first in range(0, len(message_ids), _PORTION):
            some = message_ids[first : first + _PORTION]
            try:
                fall_due = partial(queue.fall_due, self._name, some, now, self._services.settings)
                messages, together = await self._ledger.until_stored(fall_due)
            except SessionEndedError:
                raise asyncio.CancelledError from None
            self._tell(together)
            for message in (*together.new, *messages):
                self._due(message)

    def _tell(self, together: Together) -> None:
        """Of messages that were gathered, and of those that say them now."""
        for message in together.told:
            self.discard(message.id)
            self._services.bus.publish(MessageCancelled(connection=self._name, message=message))
        for message in together.new:
            self._services.bus.publish(MessageQueued(connection=self._name, message=message))
