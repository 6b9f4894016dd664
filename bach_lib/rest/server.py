"""Connection limits and time-outs of the HTTP server, against clients that connect and say nothing.

aiohttp takes as many connections as there are, and waits without end for the rest of a request; asyncio complains
some thousand times a second when the process has no files left. So whoever connects and says nothing could stop a
daemon that delivers messages, and fill its disk. Here a server has a number of places well below the limit of files, a
request has some seconds to be said, and who only sits there goes first.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bach_lib.clock import Cancel, Clock, SystemClock
from bach_lib.field_logger import FieldLogger

_LOGGER = FieldLogger(__name__)

_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_FEWEST = 4
_QUIET = 60.0
"""Seconds between two lines in the log about the same."""
_PAUSE = 0.5
"""Seconds to wait where there was no room."""
_LAST_WORDS = 1.0
"""Seconds that an answer to somebody too slow has to get out."""
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTimeouts:
    """Time-outs of a client in seconds: for the head of a request, for its body, and between two requests."""

    head: float = 10.0
    body: float = 20.0
    idle: float = 60.0


def max_connections(most: int, share: int) -> int:
    """How many connections a server may hold: `most`, but never more than one in `share` of the process's files."""
    return max(_FEWEST, min(most, _files() // share))


class ConnectionLimiter:
    """Limits the connections to the server of a runner, which is set up already."""

    def __init__(self, most: int, *, patience: ClientTimeouts | None = None, clock: Clock | None = None) -> None:
        self._most = most
        self._patience = patience or ClientTimeouts()
        self._clock = clock or SystemClock()
        self._visitors: dict[asyncio.BaseTransport, _Visitor] = {}
        self._doormen: list[asyncio.Task[None]] = []
        self._listening: list[socket.socket] = []
        self._last_said: float | None = None

    @property
    def middleware(self) -> Middleware:
        """Tells the limiter when a request begins and ends; the outermost of its application."""

        @web.middleware
        async def attend(request: web.Request, handler: Handler) -> web.StreamResponse:
            visitor = self._visitors.get(request.transport) if request.transport else None
            if visitor is None:  # gone already
                return await handler(request)
            visitor.begin(request)
            try:
                return await handler(request)
            finally:
                visitor.end()

        return attend

    @property
    def visitors(self) -> int:
        """How many are connected."""
        return len(self._visitors)

    def open(self, server: Callable[[], asyncio.Protocol], sockets: Iterable[socket.socket]) -> None:
        """Let in who comes to these sockets, which listen."""
        for one in sockets:
            one.setblocking(False)
            self._listening.append(one)
            self._doormen.append(asyncio.create_task(self._attend(one, server)))

    async def close(self) -> None:
        """Let nobody in any more. Who is inside may stay."""
        for doorman in self._doormen:
            doorman.cancel()
        await asyncio.gather(*self._doormen, return_exceptions=True)
        for one in self._listening:  # also of a doorman who had not begun
            one.close()
        self._listening.clear()
        self._doormen.clear()

    async def _attend(self, listening: socket.socket, server: Callable[[], asyncio.Protocol]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                came, _ = await loop.sock_accept(listening)
            except OSError as error:
                await self._no_room(error)
                continue
            if not self._make_room():
                came.close()
                continue
            visitor = _Visitor(server(), self._patience, self._clock, self._visitors)
            try:
                await loop.connect_accepted_socket(lambda visitor=visitor: visitor, came)  # type: ignore[misc] # mypy knows no lambda with a default
            except OSError:  # gone before it was in
                came.close()

    def _make_room(self) -> bool:
        """Whether one more may come in; who has sat there longest without a request makes room."""
        if len(self._visitors) < self._most:
            return True
        self._say(f"All {self._most} places for connections are taken; who asks for nothing is sent away first")
        return self._send_away()

    def _send_away(self) -> bool:
        sitting = next((visitor for visitor in self._visitors.values() if not visitor.is_asking), None)
        if sitting is not None:
            sitting.send_away()
        return sitting is not None

    async def _no_room(self, error: OSError) -> None:
        if error.errno in _NO_ROOM:
            self._say(f"No connection can be taken: {error.strerror}")
            self._send_away()
        await self._clock.sleep(_PAUSE)

    def _say(self, sentence: str) -> None:
        now = self._clock.monotonic()
        if self._last_said is None or now - self._last_said >= _QUIET:
            self._last_said = now
            _LOGGER.warning("%s", sentence)


class _Visitor(asyncio.Protocol):
    """One connection: passes everything on to the server's own protocol, and minds the time."""

    def __init__(
        self,
        inner: asyncio.Protocol,
        patience: ClientTimeouts,
        clock: Clock,
        visitors: dict[asyncio.BaseTransport, _Visitor],
    ) -> None:
        self._inner = inner
        self._patience = patience
        self._clock = clock
        self._visitors = visitors
        self._transport: asyncio.Transport | None = None
        self._stop_timer: Cancel = _nothing
        self._request: web.Request | None = None
        self._has_spoken = False

    @property
    def is_asking(self) -> bool:
        """Whether the head of a request is there, and not yet its answer."""
        return self._request is not None

    def begin(self, request: web.Request) -> None:
        """The head is there; the rest has its time."""
        self._request = request
        self._give(self._patience.body)

    def give_more(self, seconds: float) -> None:
        """The body is large."""
        self._give(self._patience.body + seconds)

    def end(self) -> None:
        """It was answered."""
        self._request = None
        self._has_spoken = False
        self._give(self._patience.idle)

    def send_away(self) -> None:
        """Make room at once."""
        if self._transport is not None:
            self._visitors.pop(self._transport, None)
            self._transport.abort()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what sockets have
        self._transport = transport
        self._visitors[transport] = self
        self._give(self._patience.head)
        self._inner.connection_made(transport)

    @override
    def data_received(self, data: bytes) -> None:
        if not self._has_spoken and not self.is_asking:
            self._has_spoken = True
            self._give(self._patience.head)
        self._inner.data_received(data)

    @override
    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    @override
    def pause_writing(self) -> None:
        self._inner.pause_writing()

    @override
    def resume_writing(self) -> None:
        self._inner.resume_writing()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._transport is not None:
            self._visitors.pop(self._transport, None)
        self._inner.connection_lost(exc)

    def _give(self, seconds: float) -> None:
        self._stop_timer()
        if self._transport in self._visitors:  # else it has gone before its request was answered
            self._stop_timer = self._clock.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        if self._transport is None or (self._request is not None and self._request.content.is_eof()):
            return  # all is said, and now it is us who are slow
        if self._has_spoken or self._request is not None:
            self._transport.write(_TOO_SLOW)
        self._transport.close()
        self._stop_timer = self._clock.call_later(_LAST_WORDS, self._transport.abort)


def _nothing() -> None:
    """No timer runs yet."""


if sys.platform == "win32":

    def _files() -> int:
        return 512  # what its sockets may be, at least
else:
    import resource

    def _files() -> int:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return 1 << 20 if soft == resource.RLIM_INFINITY else soft
