"""A server on 127.0.0.1 that can go away and come back on the same port, as platforms do.

aiohttp's low-level server is used instead of an application with routes: a benchmark should measure the client, not its
counterpart.
"""

import asyncio
import socket
from abc import ABC, abstractmethod
from email.utils import formatdate
from types import TracebackType
from typing import Self

from aiohttp.web import BaseRequest, Server, StreamResponse

HOST = "127.0.0.1"


class Loopback(ABC):
    """A server, as a context manager or with `start` and `stop`.

    `port` 0 takes a free one, which is kept over `pause` and `resume`.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._server: Server | None = None
        self._listener: asyncio.Server | None = None
        self._reserved: socket.socket | None = None

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://{HOST}:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begin to listen. Raises OSError when the port is taken."""
        self._server = Server(self._handle, access_log=None, handler_cancellation=True)
        self._reserved = self._reserve()
        await self.resume()

    async def stop(self) -> None:
        """Cut every connection and give the port back."""
        await self.pause()
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    async def pause(self) -> None:
        """The platform goes away: connections are cut, new ones are refused."""
        if self._listener is None or self._server is None:
            return
        self._listener.close()
        self._listener = None
        self._reserved = self._reserve()
        for connection in self._server.connections:
            if connection.transport is not None:
                connection.transport.abort()
        await self._server.shutdown(timeout=1.0)  # returns when the cancelled handlers have ended, which is at once

    async def resume(self) -> None:
        """The platform comes back, on the same port."""
        if self._reserved is not None and self._server is not None:
            loop = asyncio.get_running_loop()
            self._listener = await loop.create_server(self._server, sock=self._reserved)
            self._reserved = None

    def time(self) -> float | None:
        """What its answers say the time is (seconds since 1970); None for that of this machine."""
        return None

    async def _handle(self, request: BaseRequest, /) -> StreamResponse:
        response, now = await self.handle(request), self.time()
        if now is not None and not response.prepared:
            response.headers["Date"] = formatdate(now, usegmt=True)
        return response

    @abstractmethod
    async def handle(self, request: BaseRequest, /) -> StreamResponse:
        """Answer one request."""

    def _reserve(self) -> socket.socket:
        """Hold the port without listening: connections are refused, and nobody gets it who asks for a free one."""
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((HOST, self.port))
        except OSError:
            held.close()
            raise
        self.port = held.getsockname()[1]
        return held
