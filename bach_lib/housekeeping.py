"""Forgetting what is old, so that no disk carries it for ever. Dead letters stay: they wait for a person."""

import asyncio
import logging

from bach_lib.clock import Cancel, Clock
from bach_lib.errors import BachError
from bach_lib.inbound.inbox import Inbox
from bach_lib.models import Status
from bach_lib.outbound.history import History

_LOGGER = logging.getLogger(__name__)
_EVERY = 6 * 3600.0

PURGED = (Status.SENT, Status.EXPIRED, Status.CANCELLED)
"""Messages nobody has to look at any more."""


class Housekeeping:
    """Removes finished and incoming messages older than `keep_seconds`, at the start and every six hours."""

    def __init__(self, history: History, inbox: Inbox, clock: Clock, keep_seconds: float) -> None:
        self._history = history
        self._inbox = inbox
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._task: asyncio.Task[None] | None = None
        self._cancel_timer: Cancel | None = None

    def start(self) -> None:
        """Clean up now and from time to time."""
        self._cancel_timer = self._clock.call_later(_EVERY, self.start)
        self._task = asyncio.create_task(self._run(), name="bach-housekeeping")

    async def stop(self) -> None:
        """End, in the middle if need be."""
        if self._cancel_timer:
            self._cancel_timer()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        before = self._clock.now() - self._keep_seconds
        try:
            await self._history.purge(before, PURGED)
            await self._inbox.purge(before)
        except BachError as error:  # the disk; there is a next time
            _LOGGER.warning("Old messages could not be removed: %s", error)
