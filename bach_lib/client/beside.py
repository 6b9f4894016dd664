"""What both clients do alike: their subscribers, the stream of events and its return after a break, and long waits."""

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType
from typing import Self, overload

from aiohttp import ClientError, ClientResponse

from bach_lib.arguments import seconds
from bach_lib.bus import Bus, Unsubscribe
from bach_lib.client.remote_stream import Streams
from bach_lib.errors import BachError
from bach_lib.events import Event, EventsMissed
from bach_lib.field_logger import FieldLogger
from bach_lib.handling.event_stream import LIMIT, check_wish
from bach_lib.models import File, Loss, Message
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.files import bounded_files
from bach_lib.rest.exact import event_of

_LOGGER = FieldLogger(__name__)
_FIRST, _LONGEST = 0.1, 5.0
"""Seconds before the stream is asked for again."""
_READY = 5.0
"""Seconds that a call waits for a stream that has just been asked for, so that no event of its own is missed."""
_SLICE = 10.0
"""Seconds of one question; a longer wait asks again."""
_WAITS = 16
"""Waits that ask at once; others take turns with them."""
_MAX_FRAME = 16_000_000
"""Bytes of one event."""


class Beside(ABC):
    """A client of a BACH that another process has open. Use it as a context manager."""

    def __init__(self) -> None:
        self._bus = Bus()
        self._streams = Streams(self._bus)
        self._listening: asyncio.Task[None] | None = None
        self._is_settled = asyncio.Event()
        self._waits = asyncio.Semaphore(_WAITS)
        self._last: str | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; nobody hears of events any more, and streams end after what waits in them."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
        self._streams.close()
        await self._close()

    def subscribe[E: Event](self, event_type: type[E], callback: Callable[[E], None]) -> Unsubscribe:
        """Call `callback` for every event of this type until the returned function is called."""
        unsubscribe = self._bus.subscribe(event_type, callback)
        self._begin_to_listen()
        return unsubscribe

    @overload
    def events(self, *, limit: int = LIMIT) -> AsyncIterator[Event]: ...

    @overload
    def events[E: Event](self, *event_types: type[E], limit: int = LIMIT) -> AsyncIterator[E]: ...

    def events[E: Event](self, *event_types: type[E], limit: int = LIMIT) -> AsyncIterator[E]:
        """What happens from now on, of these types (by default all), as `Bach.events` has it.

        Where events are missing because the owner went away, or was read too slowly, the loop ends with an
        `EventsMissingError`; a stream that has `EventsMissed` among its types, or all, gets that event instead. Another
        loop over the same stream goes on.
        """
        stream = self._streams.stream(event_types, check_wish(event_types, limit))
        self._begin_to_listen()
        return stream

    def _begin_to_listen(self) -> None:
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="bach-events-beside")

    async def wait(self, message_id: int, timeout: float | None = None) -> Message:
        """The message when it has ended, or as it stands after `timeout` seconds."""
        end = None if timeout is None else time.monotonic() + seconds("timeout", timeout)
        while True:
            async with self._waits:
                left = _SLICE if end is None else min(max(end - time.monotonic(), 0.0), _SLICE)
                message = await self._wait(message_id, left)
            if message.status.is_final or (end is not None and time.monotonic() >= end):
                return message

    @abstractmethod
    async def _open(self) -> None:
        """Make the line."""

    @abstractmethod
    async def _close(self) -> None:
        """Close it."""

    @abstractmethod
    async def _wait(self, message_id: int, timeout: float) -> Message:
        """One question of some seconds."""

    @abstractmethod
    def _stream(self, last: str | None) -> AbstractAsyncContextManager[ClientResponse]:
        """Events since the one with this id. Raises what aiohttp raises, or a `BachError`."""

    async def _ready(self) -> None:
        """Who subscribed and then asks for something wants to hear of it."""
        if self._listening is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_settled.wait(), _READY)

    async def _listen(self) -> None:
        delay = _FIRST
        while True:
            reason = "it ended"
            try:
                async with self._stream(self._last) as response:
                    async for name, data in self._frames(response):
                        delay = _FIRST
                        self._publish(name, data)
            except (ClientError, OSError, TimeoutError, ValueError, BachError) as error:
                reason = type(error).__name__
            self._is_settled.set()  # it will not be there soon
            _LOGGER.info("The stream of events broke off (%s); it is asked for again", reason)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST)

    async def _frames(self, response: ClientResponse) -> AsyncIterator[tuple[str, str]]:
        """Name and data of each event. The first frame only tells where the stream begins."""
        left = b""
        async for chunk in response.content.iter_any():
            *whole, left = (left + chunk).split(b"\n\n")
            if len(left) > _MAX_FRAME:
                raise ValueError
            for frame in whole:
                fields = dict(_fields(frame))
                self._last = fields.get("id", self._last)
                self._is_settled.set()
                if "event" in fields:
                    yield fields["event"], fields.get("data", "{}")

    def _publish(self, name: str, data: str) -> None:
        if name == "gap":
            _LOGGER.warning("Some events are missing: the owner went away, or was read too slowly")
            self._bus.publish(EventsMissed(connection=""))
        elif event := event_of(name, json.loads(data)):
            self._bus.publish(event)


def _fields(frame: bytes) -> Iterator[tuple[str, str]]:
    for line in frame.decode("utf-8").split("\n"):
        name, colon, value = line.partition(":")
        if name and colon:
            yield name, value.removeprefix(" ")


def parted(options: SendOptions) -> tuple[Mapping[str, object], Sequence[File], Sequence[Loss]]:
    """The options without files, the files that may go there, and why the others may not.

    Raises `InvalidValueError` for what are no files, and `TypeError`.
    """
    if unknown := options.keys() - SendOptions.__annotations__.keys():
        raise TypeError(f"send() got an unexpected keyword argument {min(unknown)!r}")
    return without_files(options)


def without_files(options: Mapping[str, object]) -> tuple[Mapping[str, object], Sequence[File], Sequence[Loss]]:
    """The same for options that are known. Raises `InvalidValueError`."""
    files, lost = bounded_files(options.get("files", ()))
    return {name: value for name, value in options.items() if name != "files"}, files, lost
