"""An address that takes webhooks, for the contract of connectors."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import ClassVar, override

from aiohttp.web import BaseRequest, Response, StreamResponse

from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.webhook import Timeouts, WebhookConnector
from bach_lib.testing.contract import PartnerPlatform
from bach_lib.testing.partners.base import Asked, PartnerServer, Told

_JSON = {"Content-Type": "application/json"}
HOST = "https://hooks.example.org"


class Hook(PartnerServer):
    """Takes what comes with the right path, and keeps it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.taken: list[Asked] = []

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        if asked.path != self.path:
            return Response(status=401)
        if asked.method in {"POST", "PUT"}:
            self.taken.append(asked)
        return Response(status=204)


class WebhookPlatform(PartnerPlatform[Hook]):
    """Somebody's address."""

    name = "webhook"
    connector = WebhookConnector
    secrets: ClassVar[Mapping[str, str]] = {
        "url": f"{HOST}/in/the-secret-part-of-the-address",
        "secret": "whsec_dGhlLWtleS1vZi10aGUtY29udHJhY3QtdGVzdHM=",
    }
    wrong_secrets: ClassVar[Mapping[str, str]] = {"url": f"{HOST}/in/the-secret-part-of-an-address-that-was-changed"}
    recipient = "default"
    same_recipients = (" default ",)

    @override
    async def start(self, stack: AsyncExitStack) -> None:
        self._server = await stack.enter_async_context(Hook(self.secrets["url"].removeprefix(HOST)))

    @override
    def setup(self, secrets: Mapping[str, str] | None = None) -> Setup:
        """The same secrets, on loopback."""
        setup = super().setup(secrets)
        local = {name: value.replace(HOST, self._server.url) for name, value in setup.secrets.items()}
        return replace(setup, connection=replace(setup.connection, endpoint=None), secrets=local)

    @override
    def hasty(self) -> Connector:
        return WebhookConnector(self.setup(), Timeouts(connect=60, read=0.5, total=60))

    @override
    def refuse(self) -> bool:
        return self._tell(Told(status=422, body=b'{"detail": "no such field"}', headers=_JSON))

    @override
    def tell_to_wait(self, seconds: int) -> bool:
        return self._tell(Told(status=429, headers={"Retry-After": str(seconds)}))

    def _tell(self, told: Told) -> bool:
        self._server.told.append(told)
        return True

    @override
    def texts(self) -> list[str]:
        return [str(asked.body["text"]) for asked in self._server.taken if isinstance(asked.body, dict)]
