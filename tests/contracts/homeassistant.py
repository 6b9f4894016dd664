"""Another Home Assistant, for the contract of connectors: its person fires and hears events of one type."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import ClassVar, override

import orjson

from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.homeassistant import HomeAssistantConnector, Settings, Timeouts
from bach_lib.testing.contract import PlatformOn
from bach_lib.testing.faults import CAPTIVE_PORTAL
from bach_lib.testing.homeassistant import HomeAssistantServer
from bach_lib.testing.partners.base import Told
from tests.contracts.platforms import CHAT


class HomeAssistantPlatform(PlatformOn[HomeAssistantServer]):
    """A Home Assistant."""

    name = "homeassistant"
    connector = HomeAssistantConnector
    secrets: ClassVar[Mapping[str, str]] = {"token": "the-long-lived-token-of-the-contract-tests"}
    wrong_secrets: ClassVar[Mapping[str, str]] = {"token": "a-long-lived-token-that-somebody-has-deleted"}
    recipient = "event:doorbell"
    has_typing = False
    metadata = CHAT
    same_recipients = (" event:doorbell ", "EVENT:doorbell")

    @override
    async def start(self, stack: AsyncExitStack) -> None:
        self._server = await stack.enter_async_context(HomeAssistantServer(key=self.secrets["token"]))

    @override
    def setup(self, secrets: Mapping[str, str] | None = None) -> Setup:
        """One that may hear of the doorbell."""
        return replace(super().setup(secrets), allowed=lambda: frozenset({self.recipient}))

    @override
    def hasty(self) -> Connector:
        haste = Settings(timeouts=Timeouts(connect=60, command=0.5))
        return self.closed_at_the_end(HomeAssistantConnector(self.setup(), haste))

    @override
    def fall_silent(self) -> None:
        """But for logging in, which has no effect that could be uncertain."""
        self._server.commands.clear()
        self._server.silent = True

    @override
    async def until_asked(self) -> None:
        await self._server.until(1)

    @override
    def refuse(self) -> bool:
        self._server.refusals.append(("invalid_format", "extra keys not allowed"))
        return True

    @override
    def tell_to_wait(self, seconds: int) -> bool:
        """It never does."""
        return False

    @override
    def lose_answer(self) -> bool:
        self._server.lost = 1
        return True

    @override
    def answer_for_it(self) -> bool:
        """In place of its WebSocket; nothing of a message has been written by then."""
        self._server.told.append(Told(status=502, body=CAPTIVE_PORTAL, is_foreign=True))
        return True

    @override
    def write_raw(self, raw: str) -> bool:
        return self._server.push("doorbell", orjson.loads(raw)) > 0

    @override
    def texts(self) -> list[str]:
        return [str(data["message"]) for _, data in self._server.fired]

    @override
    def write(self, text: str) -> None:
        self._server.when_heard("doorbell", {"message": text})
