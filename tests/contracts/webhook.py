"""An address that takes webhooks, for the contract of connectors."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import ClassVar, override

from aiohttp.web import BaseRequest, Response, StreamResponse

from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.webhook import Timeouts, WebhookConnector
from bach_lib.testing.partners.base import Asked, PartnerServer
from tests.contracts.platforms import Platform

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


class WebhookPlatform(Platform):
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

    @property
    @override
    def endpoint(self) -> str:
        return self._hook.url

    @override
    async def start(self, stack: AsyncExitStack) -> None:
        self._hook = await stack.enter_async_context(Hook(self.secrets["url"].removeprefix(HOST)))

    @override
    def setup(self, secrets: Mapping[str, str] | None = None) -> Setup:
        """The same secrets, on loopback."""
        setup = super().setup(secrets)
        local = {name: value.replace(HOST, self._hook.url) for name, value in setup.secrets.items()}
        return replace(setup, connection=replace(setup.connection, endpoint=None), secrets=local)

    @override
    def hasty(self) -> Connector:
        return WebhookConnector(self.setup(), Timeouts(connect=60, read=0.5, total=60))

    @override
    async def go_away(self) -> None:
        await self._hook.pause()

    @override
    def fall_silent(self) -> None:
        self._hook.asked.clear()
        self._hook.hold.clear()

    @override
    async def until_asked(self) -> None:
        await self._hook.wait_for(1)

    @override
    def texts(self) -> list[str]:
        return [str(asked.body["text"]) for asked in self._hook.taken if isinstance(asked.body, dict)]

    @override
    def write(self, text: str) -> None:
        raise AssertionError("nobody can be asked for messages")

    @override
    def press(self, button: str) -> None:
        raise AssertionError("a webhook has no buttons")

    @override
    def send_file(self, content: bytes) -> None:
        raise AssertionError("nobody can be asked for messages")

    @override
    def acknowledged(self) -> int:
        return 0

    @override
    def is_typing(self) -> bool:
        return False

    @override
    def reactions(self) -> list[str]:
        return []
