"""A loft on loopback, and the contract."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import ClassVar, override

from aiohttp.web import BaseRequest, Response, StreamResponse, json_response

from bach_lib.connecting import Connector, Timeouts
from bach_lib.testing import Asked, ConnectorContract, PartnerPlatform, PartnerServer, Told
from bach_pigeon import PigeonConnector


class LoftServer(PartnerServer):
    """Answers as a loft does. It knows a message that it has had by its nonce."""

    def __init__(self, *, key: str) -> None:
        super().__init__(key=key)
        self.sent: dict[str, str] = {}
        self.landed: list[object] = []
        self._news = asyncio.Event()

    def land(self, element: object) -> None:
        """A pigeon comes home."""
        self.landed.append(element)
        self._news.set()

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        match asked.method, asked.path, asked.body:
            case "GET", "/loft", _:
                return json_response({"id": "loft-1", "name": "Old mill"})
            case "POST", "/pigeons", {"text": str(text), "nonce": str(nonce)}:
                self.sent.setdefault(nonce, text)
                return json_response({"ring": f"DV-{[*self.sent].index(nonce) + 1}"})
            case "GET", "/landed", _:
                return await self._tell(int(asked.query["after"]))
        return json_response({"error": "no such place"}, status=404)

    async def _tell(self, after: int) -> Response:
        while len(self.landed) <= after:
            self._news.clear()
            await self._news.wait()
        return json_response({"landed": self.landed[after:], "cursor": len(self.landed)})


class PigeonPlatform(PartnerPlatform[LoftServer]):
    """A loft, how to connect to it, and how it fails as told."""

    name = "pigeon"
    connector = PigeonConnector
    secrets: ClassVar[Mapping[str, str]] = {"token": "the-token-of-the-loft"}
    wrong_secrets: ClassVar[Mapping[str, str]] = {"token": "a-token-of-last-year"}
    recipient = "ada"
    same_recipients = (" ada ",)

    @override
    async def start(self, stack: AsyncExitStack) -> None:
        self._server = await stack.enter_async_context(LoftServer(key=self.secrets["token"]))

    @override
    def hasty(self) -> Connector:
        return self.closed_at_the_end(PigeonConnector(self.setup(), Timeouts(connect=60, read=0.5, total=60)))

    @override
    def texts(self) -> list[str]:
        return list(self._server.sent.values())

    @override
    def write(self, text: str) -> None:
        self._server.land({"ring": len(self._server.landed) + 1, "from": self.recipient, "text": text})

    @override
    def write_raw(self, raw: str) -> bool:
        self._server.land(json.loads(raw))
        return True

    @override
    def refuse(self) -> bool:
        return self._tell(Told(status=422, body=b'{"error": "too heavy"}'))

    @override
    def tell_to_wait(self, seconds: int) -> bool:
        headers = {"Retry-After": str(seconds)}
        return self._tell(Told(status=429, body=b'{"error": "all are on their way"}', headers=headers))

    def open_to_all(self) -> None:
        """The loft asks for no token."""
        self._server.key = None

    def _tell(self, told: Told) -> bool:
        self._server.told.append(told)
        return True


class TestPigeon(ConnectorContract):
    """All that every connector promises."""

    platform = PigeonPlatform
