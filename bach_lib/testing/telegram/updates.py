"""The updates that wait for a bot, and the long poll that fetches them.

As described at https://core.telegram.org/bots/api#getupdates and done in telegram-bot-api's `Client.cpp`
(`do_get_updates`, `abort_long_poll`): an update stays until a poll with a higher offset confirms it; a second poll that
has to wait ends the first with 409. Left out: updates older than a day expire, and the real server holds repeated
conflicts back for three seconds.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping
from itertools import islice

from bach_lib.clock import Clock
from bach_lib.testing.telegram.errors import ApiError, other_poller

MAX_LIMIT = 100
MAX_TIMEOUT = 50  # LONG_POLL_MAX_TIMEOUT

# Sent only to those who ask: https://core.telegram.org/bots/api#getupdates, allowed_updates.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class UpdateQueue:
    """The updates of one bot, oldest first. `changed` is called when a long poll begins to wait."""

    def __init__(self, clock: Clock, first_id: int, changed: Callable[[], None]) -> None:
        self._clock = clock
        self._changed = changed
        self._updates: deque[dict[str, object]] = deque()
        self._next_id = first_id
        self._allowed: frozenset[str] = frozenset()
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._updates)

    @property
    def is_polled(self) -> bool:
        """True while a long poll waits."""
        return self._waiter is not None and not self._waiter.done()

    def allow(self, kinds: Collection[str]) -> None:
        """Queue only these kinds from now on; none means all that need not be asked for."""
        self._allowed = frozenset(kinds)

    def push(self, update: Mapping[str, object]) -> int:
        """Queue an update and return its id; a given `update_id` is kept. A kind the bot did not ask for is lost."""
        given = update.get("update_id")
        number = given if isinstance(given, int) else self._next_id
        self._next_id = max(self._next_id, number + 1)
        if any(self._wants(kind) for kind in update if kind != "update_id"):
            self._updates.append({"update_id": number, **update})
            self._wake()
        return number

    async def poll(self, offset: int, limit: int, timeout: int) -> list[dict[str, object]]:
        """Confirm everything before `offset` and return up to `limit` updates, waiting up to `timeout` seconds for one.

        A negative offset keeps that many of the newest and forgets the rest. Raises ApiError (409) when another poll or
        a webhook takes over.
        """
        self._confirm(offset)
        if not self._updates and timeout > 0:
            await self._wait(min(timeout, MAX_TIMEOUT))
        return list(islice(self._updates, limit))

    def interrupt(self, error: ApiError) -> None:
        """End the waiting poll with `error`."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    def clear(self) -> None:
        """Forget what waits."""
        self._updates.clear()

    def _wants(self, kind: str) -> bool:
        return kind in self._allowed if self._allowed else kind not in ON_REQUEST

    def _confirm(self, offset: int) -> None:
        while offset < 0 and len(self._updates) > -offset:
            self._updates.popleft()
        while offset > 0 and self._updates and self._id(self._updates[0]) < offset:
            self._updates.popleft()

    @staticmethod
    def _id(update: Mapping[str, object]) -> int:
        number = update["update_id"]
        return number if isinstance(number, int) else 0

    async def _wait(self, timeout: int) -> None:
        self.interrupt(other_poller())
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        cancel = self._clock.call_later(timeout, self._wake)
        self._changed()
        try:
            await waiter
        finally:
            cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
