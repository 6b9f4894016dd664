"""Walks through what waits in the inbox, in order, a page at a time, and goes on when something new is announced.

Nothing but a page is in memory, however much waits.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from math import inf

from bach_lib.handling.received_message import Work
from bach_lib.models.incoming import IncomingMessage

_PAGE = 20
"""Messages in memory; what a webhook was told may be large."""


class InboxWalk:
    """One walk, of one connection or of all."""

    def __init__(self, work: Callable[[], Work], connection: str | None = None) -> None:
        self._work = work
        self._connection = connection
        self._page: deque[IncomingMessage] = deque()
        self._after = 0
        self._is_at_end = False
        self._came = inf
        """The lowest number of what was announced since the newest page began to be read; it may miss in that page."""
        self._stirred = asyncio.Event()

    def came(self, incoming_id: int) -> None:
        """This message waits; it may have a lower number than one that was there before."""
        if incoming_id <= self._after:  # so what is in memory, from its first on, is looked at again
            self._after = min([incoming_id, *(one.id for one in self._page)]) - 1
            self._page.clear()
        self._came = min(self._came, incoming_id)
        self._is_at_end = False
        self._stirred.set()

    def stir(self) -> None:
        """Let whoever waits for the next one look around."""
        self._stirred.set()

    async def next(self) -> IncomingMessage | None:
        """The next one that waits. None: none does, and `stirred` tells of more. Raises a `StorageError`."""
        while not self._page:
            if self._is_at_end:
                return None
            self._stirred.clear()
            self._is_at_end, self._came, after = True, inf, self._after
            try:
                page = await self._work().inbox.unhandled.page(self._connection, after, _PAGE)
            except BaseException:  # raised again: nothing has been looked at
                self._is_at_end = False
                raise
            if self._after == after:  # nothing came meanwhile that stands before it
                self._page.extend(one for one in page.messages if one.id < self._came)
                self._after = page.upto if page.upto < self._came else int(self._came) - 1
            self._is_at_end = self._is_at_end and page.is_last
        return self._page.popleft()

    def following(self) -> IncomingMessage | None:
        """The next one, if it is in memory; it stays there."""
        return self._page[0] if self._page else None

    async def stirred(self) -> None:
        """Until something comes, or `stir`."""
        await self._stirred.wait()
        self._stirred.clear()
