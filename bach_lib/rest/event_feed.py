"""Event feed: what happens, as server-sent events, for programs in other processes. Bounded in every direction.

Events are numbered while the feed is in use, and the newest are kept for a while, so that whoever comes back with
`Last-Event-ID` misses nothing over a short break. Where something is missing, an event `gap` says so.
"""

import asyncio
import json
import re
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from bach_lib.bach import Bach
from bach_lib.events import ConnectionAdded, ConnectionUpdated, Event, SenderBlocked
from bach_lib.redact import readable
from bach_lib.rest.answers import RefusedError
from bach_lib.rest.exact import exact, kinds_of_events
from bach_lib.rest.requests import invalid, query_fields

HEARTBEAT = 15.0
"""Seconds without an event after which a line says that the stream lives."""
STALLED = 30.0
"""Seconds that a reader may take nothing; then it is sent away."""
MAX_FEEDS = 32
MAX_WAITING, MAX_WAITING_BYTES = 1000, 4_000_000
"""What may wait for one reader; then the oldest goes, and a gap is told."""
_KEPT, _KEPT_BYTES = 200, 1_000_000
"""What is kept for those who come back."""
INSIDE: tuple[type[Event], ...] = (ConnectionAdded, ConnectionUpdated, SenderBlocked)
"""Rows of the registry, whose references to secrets lead to files, and strangers: not for whoever has a token only."""


_ID = re.compile(r"[0-9a-f]{8}-[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Line:
    """One event as it is written."""

    number: int
    kind: type[Event]
    written: bytes


class _Lines:
    """The newest lines, at most so many and so large."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._lines: deque[_Line] = deque()
        self._most, self._most_bytes, self._bytes = most, most_bytes, 0

    def put(self, line: _Line) -> int:
        """Keep it; how many older ones had to go."""
        self._lines.append(line)
        self._bytes += len(line.written)
        dropped = 0
        while len(self._lines) > self._most or (self._bytes > self._most_bytes and len(self._lines) > 1):
            self.take()
            dropped += 1
        return dropped

    def take(self) -> _Line | None:
        """The oldest, if there is one."""
        line = self._lines.popleft() if self._lines else None
        self._bytes -= len(line.written) if line else 0
        return line

    def after(self, number: int) -> list[_Line]:
        """Those that came after it."""
        return [line for line in self._lines if line.number > number]


class _Reader:
    """Queue of one reader."""

    def __init__(self, kinds: tuple[type[Event], ...]) -> None:
        self.kinds = kinds
        self.lines = _Lines(MAX_WAITING, MAX_WAITING_BYTES)
        self.has_gap = False
        self.stirred = asyncio.Event()

    def put(self, line: _Line) -> None:
        """Something has happened that it may have asked for."""
        if issubclass(line.kind, self.kinds):
            self.has_gap |= self.lines.put(line) > 0
            self.stirred.set()


class EventFeed:
    """Handler of the streams of one BACH."""

    def __init__(
        self,
        bach: Bach,
        *,
        hidden: tuple[type[Event], ...] = INSIDE,
        heartbeat: float = HEARTBEAT,
        stalled: float = STALLED,
    ) -> None:
        self._bach = bach
        self._hidden, self._heartbeat, self._stalled = hidden, heartbeat, stalled
        self._run = secrets.token_hex(4)
        self._number = 0
        self._kept = _Lines(_KEPT, _KEPT_BYTES)
        self._readers: set[_Reader] = set()
        self._is_listening = self._is_closed = False

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """What happens from now on, or since the event that `Last-Event-ID` names."""
        kinds = _kinds(query_fields(request, "types").get("types", ""))
        if len(self._readers) >= MAX_FEEDS or self._is_closed:
            raise RefusedError(
                HTTPStatus.TOO_MANY_REQUESTS, "too_many_streams", "Too many streams are open. End one, or come later."
            )
        self._listen()
        reader = _Reader(kinds)
        self._catch_up(reader, request.headers.get("Last-Event-ID"))
        self._readers.add(reader)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        try:
            await response.prepare(request)
            await self._write(response, f"retry: 1000\nid: {self._run}-{self._number}\n\n".encode())
            await self._pass_on(reader, response)
        except TimeoutError:  # it takes nothing any more
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            pass
        finally:
            self._readers.discard(reader)
        return response

    async def close(self, _: web.Application | None = None) -> None:
        """End all streams."""
        self._is_closed = True
        for reader in self._readers:
            reader.stirred.set()

    def _listen(self) -> None:
        if not self._is_listening:
            self._is_listening = True
            self._bach.subscribe(Event, self._take)

    def _take(self, event: Event) -> None:
        if isinstance(event, self._hidden) or self._is_closed:
            return
        self._number += 1
        name, data = type(event).__name__, json.dumps(exact(event)).encode()  # halves of characters included
        written = f"id: {self._run}-{self._number}\nevent: {name}\ndata: ".encode() + data + b"\n\n"
        line = _Line(self._number, type(event), written)
        self._kept.put(line)
        for reader in self._readers:
            reader.put(line)

    def _catch_up(self, reader: _Reader, last: str | None) -> None:
        """Let somebody who comes back have what came meanwhile, or know that something is missing."""
        if last is None:
            return
        if not _ID.fullmatch(last):
            raise invalid("Last-Event-ID must be the id of an event of this stream.")
        run, _, number = last.partition("-")
        known = int(number) if run == self._run else -1
        missed = self._kept.after(known)
        reader.has_gap = not 0 <= known <= self._number or known + len(missed) != self._number
        for line in () if reader.has_gap else missed:
            reader.put(line)

    async def _pass_on(self, reader: _Reader, response: web.StreamResponse) -> None:
        while not self._is_closed:
            if reader.has_gap:
                reader.has_gap = False
                await self._write(response, b"event: gap\ndata: {}\n\n")
            if line := reader.lines.take():
                await self._write(response, line.written)
                continue
            reader.stirred.clear()
            try:
                await asyncio.wait_for(reader.stirred.wait(), self._heartbeat)
            except TimeoutError:
                await self._write(response, b":\n\n")

    async def _write(self, response: web.StreamResponse, written: bytes) -> None:
        async with asyncio.timeout(self._stalled):
            await response.write(written)


def _kinds(words: str) -> tuple[type[Event], ...]:
    """Raises `RefusedError`."""
    known = kinds_of_events()
    names: Sequence[str] = [word for word in words.split(",") if word] or ["Event"]
    if unknown := set(names) - known.keys():
        raise invalid(f'There is no event "{readable(min(unknown)[:50])}". There are: {", ".join(known)}.')
    return tuple(known[name] for name in names)
