"""A server on 127.0.0.1 that can go away and come back on the same port, as platforms do.

aiohttp's low-level server is used instead of an application with routes: a benchmark should measure the client, not its
counterpart. A double that answers what its platform never would lets wrong programs pass; so a `Witness` can look at
all that is said, and hold it against what the platform says of itself.
"""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from types import TracebackType
from typing import ClassVar, Protocol, Self

import orjson
from aiohttp.web import BaseRequest, Response, Server, StreamResponse

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asked. `body`: its JSON, or the fields of its form; `files`: the names of those with a file."""

    platform: str
    method: str
    path: str
    query: Mapping[str, str]
    body: object = None
    files: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What it was told. `body`: the JSON, `bytes` where it is none, or None for nothing."""

    platform: str
    method: str
    path: str
    status: int
    body: object


class Witness(Protocol):
    """Somebody who looks at everything that a double hears and says."""

    def asked(self, request: Request, /) -> None:
        """A request came in."""

    def answered(self, answer: Answer, /) -> None:
        """It was answered, in the platform's name."""

    def told(self, platform: str, line: object, /) -> None:
        """Something was said that nobody had asked for: an event, a line of a WebSocket."""


class Foreign(Response):
    """An answer of something on the way, such as a portal or a proxy: it is not in the platform's name."""


def drop(request: BaseRequest) -> Response:
    """Cut the connection. aiohttp finds it closed and throws this response away."""
    if request.transport is not None:
        request.transport.abort()
    return Response()


class Loopback(ABC):
    """A server, as a context manager or with `start` and `stop`.

    `port` 0 takes a free one, which is kept over `pause` and `resume`. `witness` sees what all servers hear and say
    that stand for a `platform`.
    """

    platform: ClassVar[str] = ""
    witness: ClassVar[Witness | None] = None

    def __init__(self, port: int) -> None:
        self.port: int = port
        self._server: Server | None = None
        self._listener: asyncio.Server | None = None
        self._reserved: socket.socket | None = None

    @property
    def origin(self) -> str:
        """What stands before every path."""
        return f"http://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """Where the server is: the `endpoint` of a connection to it."""
        return self.origin

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
        if isinstance(response, Response) and not isinstance(response, Foreign):
            self._answered(request, response)
        return response

    def heard(self, request: BaseRequest, body: object = None, files: Mapping[str, object] | None = None) -> None:
        """Show a request to the witness, as soon as it is read; who is cut off has asked all the same."""
        if self.witness is not None and self.platform:
            asked = Request(
                platform=self.platform,
                method=request.method,
                path=request.path,
                query=dict(request.query),
                body=body,
                files=frozenset(files or ()),
            )
            self.witness.asked(asked)

    def tell(self, line: object) -> None:
        """Show the witness what is said unasked."""
        if self.witness is not None and self.platform:
            self.witness.told(self.platform, line)

    def _answered(self, request: BaseRequest, response: Response) -> None:
        is_cut = request.transport is None or request.transport.is_closing()
        if self.witness is None or not self.platform or is_cut:
            return
        raw = response.body
        body: object = raw if isinstance(raw, bytes) and raw else None
        if isinstance(body, bytes):
            with suppress(ValueError):
                body = orjson.loads(body)
        self.witness.answered(
            Answer(platform=self.platform, method=request.method, path=request.path, status=response.status, body=body)
        )

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
        self.port = int(held.getsockname()[1])
        return held
