"""Receives from ntfy: a subscription to all allowed topics, which goes on from where the last one ended.

Servers keep messages for twelve hours, so nothing is missed by an outage that ends before. A message of ours waits for
a moment until the disk knows of it: it may come back to a process after this one.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from aiohttp import ClientResponse

from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch
from bach_lib.connectors.ntfy import codec
from bach_lib.connectors.ntfy.own_posts import OwnPosts
from bach_lib.connectors.ntfy.rest import Rest
from bach_lib.connectors.ntfy.stream import lines_of
from bach_lib.connectors.ntfy.stream_buffer import StreamBuffer
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.platform_time import PlatformTime
from bach_lib.connectors.wakeup import Wakeup
from bach_lib.models import Fault
from bach_lib.said import Sentence

_LOOK_SECONDS: Final = 5.0
"""Seconds until a topic that was let in meanwhile is heard of."""
_PATIENCE: Final = 2.0
"""Seconds that a message waits at most until the disk knows of it."""


class StreamReceiver:
    """The incoming side of one server. `topics` returns which are let in at this moment.

    `poll_seconds`: how long an idle poll may be held.
    """

    def __init__(self, rest: Rest, *, topics: Callable[[], frozenset[str]], clock: Clock, poll_seconds: float) -> None:
        self._rest = rest
        self._topics = topics
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._wakeup = Wakeup(clock)
        self._has_room = asyncio.Event()
        self._buffer = StreamBuffer(clock, self._wakeup.wake)
        self._time = PlatformTime(clock)
        self._listening: asyncio.Task[None] | None = None
        self._listens_to: frozenset[str] | None = None
        self._notice: Fault | None = None
        self._cursor: str | None = None
        self._is_polled = False
        self._noted = self._handed = self._written = 0
        """How much of ours there was, is in the cursor that was handed over last, and is on disk."""
        self._on_disk = Wakeup(clock)

    @property
    def own(self) -> OwnPosts:
        """What we publish."""
        return self._buffer.own

    def listens_to(self, topic: str) -> bool:
        """Whether what is published there comes back."""
        return topic in self._topics()

    async def note(self) -> None:
        """Wait until the disk knows what of ours may come back, if somebody polls: who does not will not be told."""
        self._noted += 1
        wanted = self._noted
        self._wakeup.wake()
        await self._on_disk.until(lambda: not self._is_polled or self._written >= wanted, _PATIENCE)

    async def receive(self, cursor: str | None) -> Batch | Fault:
        """What came after `cursor`. The poll that opens a stream does not wait for messages."""
        self._confirm(cursor)
        self._is_polled = True
        answer: Batch | Fault | None = None
        try:
            answer = await self._poll()
        except CallError as error:
            answer = error.fault
        finally:
            self._is_polled = isinstance(answer, Batch)  # else nobody comes back with what was noted
            self._on_disk.wake()
        return answer

    async def reset(self) -> None:
        """End the stream; what it brought stays."""
        await self._end()
        self._is_polled = False
        self._wakeup.wake()
        self._on_disk.wake()

    def _confirm(self, cursor: str | None) -> None:
        self._buffer.confirm(cursor)
        if cursor is not None and cursor == self._cursor:
            self._written = self._handed
            self._on_disk.wake()
        if not self._buffer.is_full:
            self._has_room.set()

    async def _poll(self) -> Batch | Fault:
        """Raises `CallError`."""
        deadline = self._clock.monotonic() + self._poll_seconds
        while not self._buffer:
            if (wanted := self._topics()) != self._listens_to:
                await self._begin(wanted)
                break
            left = deadline - self._clock.monotonic()
            if self._noted > self._handed:
                break
            if left <= 0:
                await self._look()
                break
            if self._listening is not None and self._listening.done():
                await self._end()
                return Fault(
                    code="unreachable",
                    text=Sentence(
                        "the_connection_that_brings_what_host_has_broke",
                        "The connection that brings what {host} has broke.",
                        host=self._rest.host,
                    ),
                )
            await self._until_incoming(min(left, _LOOK_SECONDS))
        batch = self._buffer.batch(self._notice, self._time.now())
        self._handed, self._cursor = self._noted, batch.cursor
        return batch

    async def _begin(self, wanted: frozenset[str]) -> None:
        """Listen to these topics. Raises `CallError`."""
        await self._end()
        self._notice = None
        if wanted:
            response = await self._open(wanted)
            self._time.learn(response.headers)
            lines = lines_of(response)
            first = await anext(lines, b"")
            if not first:
                raise CallError(
                    "unreachable",
                    Sentence(
                        "host_ends_what_it_has_hardly_begun",
                        "{host} ends what it has hardly begun.",
                        host=self._rest.host,
                    ),
                    Observation.NO_ANSWER,
                )
            self._buffer.begin(wanted, codec.time_of(first) or self._clock.now())
            self._listening = asyncio.create_task(self._listen(lines), name="bach-ntfy-stream")
        self._listens_to = wanted
        await self._look()

    async def _look(self) -> None:
        """Where nothing is listened to, no stream tells that the server is gone. Raises `CallError`."""
        if not self._listens_to:
            self._listens_to = None
            await self._rest.get("v1", "health")
            self._listens_to = frozenset()

    async def _end(self) -> None:
        listening, self._listening, self._listens_to = self._listening, None, None
        if listening is not None:
            listening.cancel()
            await asyncio.wait([listening])

    async def _open(self, wanted: frozenset[str]) -> ClientResponse:
        """A stream of all these topics that we may read. Raises `CallError`."""
        try:
            return await self._rest.subscribe(sorted(wanted), self._buffer.since)
        except CallError as error:
            if error.code == "bad_request" and self._buffer.since is not None:  # where it was is no place there
                self._buffer.since = None
                return await self._rest.subscribe(sorted(wanted), None)
            if error.code != "forbidden" or len(wanted) == 1:
                raise
            readable = [topic for topic in sorted(wanted) if await self._may_read(topic)]
            if not readable or len(readable) == len(wanted):
                raise
            shut = ", ".join(sorted(wanted.difference(readable)))
            self._notice = Fault(
                code="forbidden",
                text=Sentence(
                    "host_lets_us_not_read_shut", "{host} lets us not read {shut}.", host=self._rest.host, shut=shut
                ),
            )
        return await self._rest.subscribe(readable, self._buffer.since)

    async def _may_read(self, topic: str) -> bool:
        """Raises `CallError` for anything but the refusal of this topic."""
        try:
            await self._rest.get(topic, "auth")
        except CallError as error:
            if error.code == "forbidden":
                return False
            raise
        return True

    async def _listen(self, lines: AsyncGenerator[bytes]) -> None:
        async with aclosing(lines):
            try:
                async for raw in lines:
                    self._buffer.hear(raw)
                    while self._buffer.is_full:
                        self._has_room.clear()
                        await self._has_room.wait()
            finally:
                self._wakeup.wake()

    async def _until_incoming(self, seconds: float) -> None:
        """Wait until something came, the stream ended or the time is over."""
        if self._listening is None or not self._listening.done():
            await self._wakeup.once(seconds)
