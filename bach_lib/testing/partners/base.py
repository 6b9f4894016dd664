"""What the servers share: they remember what they were asked, and do for once as they are told."""

import asyncio
import json
from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import override

from aiohttp.web import BaseRequest, Response, StreamResponse, json_response

from bach_lib.testing.loopback import Foreign, Loopback, drop
from bach_lib.testing.waiting import Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in: `method`, `path`, `query` and `headers`. `body`: its JSON or form, or None."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer to give instead of the right one. `is_foreign`: something on the way gives it in the server's place."""

    status: int = 200
    """Of HTTP."""
    body: bytes = b""
    """As it is sent."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside the usual ones."""
    is_foreign: bool = False


_MOST_BYTES = 200_000_000
"""Of a request, which may hold files."""


class PartnerServer(Loopback):
    """A server that takes `key` (None: everybody). `told` holds what to answer next, before anything right.

    While `hold` is clear, nobody gets an answer. Of so many of the next POSTs as `lost` says the answer is lost: they
    have their effect, and the connection is cut.
    """

    def __init__(self, *, key: str | None = None, port: int = 0) -> None:
        super().__init__(port)
        self.key = key
        self.asked: list[Asked] = []
        """What it was asked, oldest first."""
        self.told: deque[Told] = deque()
        self.lost: int = 0
        self.hold: asyncio.Event = asyncio.Event()
        self.hold.set()
        self._is_broken = False
        self._waiting = Waiting()

    def fails(self) -> None:
        """Every request is answered with a page that says 500, until it `works`."""
        self._is_broken = True

    def holds(self) -> None:
        """Nobody gets an answer, until it `works`."""
        self.hold.clear()

    def works(self) -> None:
        """It answers again; whoever waits gets the right answer."""
        self._is_broken = False
        self.hold.set()

    async def wait_until_asked(self, number: int, timeout: float = 30.0) -> None:
        """Wait until it was asked so often. Raises TimeoutError after `timeout` seconds."""
        await self._waiting.until(lambda: len(self.asked) >= number, timeout)

    @override
    async def handle(self, request: BaseRequest, /) -> StreamResponse:
        request = request.clone(client_max_size=_MOST_BYTES)
        asked = Asked(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers=request.headers.copy(),
            body=await _body(request),
        )
        self.asked.append(asked)
        self.heard(request, asked.body)
        self._waiting.changed()
        await self.hold.wait()
        if self._is_broken:
            return Foreign(
                status=500, body=b"<html><body>Internal Server Error</body></html>", content_type="text/html"
            )
        if self.told:
            told = self.told.popleft()
            answer = Foreign if told.is_foreign else Response
            return answer(status=told.status, body=told.body, headers=told.headers)
        if self.key is not None and not self.accepts(asked):
            return self.refusal()
        if self.lost and asked.method == "POST":
            self.lost -= 1
            await self.respond(asked, request)
            return drop(request)
        return await self.respond(asked, request)

    def accepts(self, asked: Asked) -> bool:
        """Whether the right key was shown."""
        return asked.headers.get("Authorization") == f"Bearer {self.key}"

    def refusal(self) -> Response:
        """What somebody with a wrong key is told."""
        return json_response({"error": "unauthorized"}, status=401)

    @abstractmethod
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        """Answer what is right."""


async def _body(request: BaseRequest) -> object:
    raw = await request.read()
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(await request.post())
    try:
        body: object = json.loads(raw)
    except ValueError:
        return None
    return body
