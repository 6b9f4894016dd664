"""Another Home Assistant, for the contract of connectors: its person fires and hears events of one type."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import ClassVar, override

from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.homeassistant import HomeAssistantConnector, Settings, Timeouts
from bach_lib.testing.homeassistant import HomeAssistantServer
from tests.contracts.platforms import Platform


class HomeAssistantPlatform(Platform):
    """A Home Assistant."""

    name = "homeassistant"
    connector = HomeAssistantConnector
    secrets: ClassVar[Mapping[str, str]] = {"token": "the-long-lived-token-of-the-contract-tests"}
    wrong_secrets: ClassVar[Mapping[str, str]] = {"token": "a-long-lived-token-that-somebody-has-deleted"}
    recipient = "event:doorbell"
    has_typing = False
    same_recipients = (" event:doorbell ", "EVENT:doorbell")

    @property
    @override
    def endpoint(self) -> str:
        return self._server.url

    @override
    async def start(self, stack: AsyncExitStack) -> None:
        self._server = await stack.enter_async_context(HomeAssistantServer(key=self.secrets["token"]))

    @override
    def setup(self, secrets: Mapping[str, str] | None = None) -> Setup:
        """One that may hear of the doorbell."""
        return replace(super().setup(secrets), allowed=lambda: frozenset({self.recipient}))

    @override
    def hasty(self) -> Connector:
        connector = HomeAssistantConnector(self.setup(), Settings(timeouts=Timeouts(connect=60, command=0.5)))
        self._stack.push_async_callback(connector.close)
        return connector

    @override
    async def go_away(self) -> None:
        await self._server.pause()

    @override
    def fall_silent(self) -> None:
        """But for logging in, which has no effect that could be uncertain."""
        self._server.commands.clear()
        self._server.silent = True

    @override
    async def until_asked(self) -> None:
        await self._server.until(1)

    @override
    def texts(self) -> list[str]:
        return [str(data["message"]) for _, data in self._server.fired]

    @override
    def write(self, text: str) -> None:
        self._server.when_heard("doorbell", {"message": text})

    @override
    def press(self, button: str) -> None:
        raise AssertionError("events have no buttons")

    @override
    def send_file(self, content: bytes) -> None:
        raise AssertionError("events have no files")

    @override
    def acknowledged(self) -> int:
        return 0

    @override
    def is_typing(self) -> bool:
        return False

    @override
    def reactions(self) -> list[str]:
        return []
