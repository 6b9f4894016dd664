"""ntfy on loopback, for the contract of connectors: a topic that somebody else publishes to as well."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import ClassVar, override

from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.ntfy import NtfyConnector, Settings, Timeouts
from bach_lib.testing.ntfy import NtfyServer
from tests.contracts.platforms import Platform


class NtfyPlatform(Platform):
    """ntfy, at a server that asks for a token."""

    name = "ntfy"
    connector = NtfyConnector
    secrets: ClassVar[Mapping[str, str]] = {"token": "tk_the_token_of_the_contract_tests"}
    wrong_secrets: ClassVar[Mapping[str, str]] = {"token": "tk_a_token_that_somebody_has_deleted"}
    recipient = "our_doorbell"
    has_typing = False
    same_recipients = (" our_doorbell ",)

    @property
    @override
    def endpoint(self) -> str:
        return self._server.url

    @override
    async def start(self, stack: AsyncExitStack) -> None:
        self._server = await stack.enter_async_context(NtfyServer(key=self.secrets["token"]))

    @override
    def setup(self, secrets: Mapping[str, str] | None = None) -> Setup:
        """One that listens to the topic."""
        return replace(super().setup(secrets), allowed=lambda: frozenset({self.recipient}))

    @override
    def incomplete(self) -> Connector:
        """Everything has a default; but an address that is none is no server."""
        setup = self.setup()
        return NtfyConnector(replace(setup, connection=replace(setup.connection, endpoint="ntfy")))

    @override
    def hasty(self) -> Connector:
        haste = Settings(timeouts=Timeouts(connect=60, read=0.5, total=60))
        connector = NtfyConnector(self.setup(), haste)
        self._stack.push_async_callback(connector.close)
        return connector

    @override
    async def go_away(self) -> None:
        await self._server.pause()

    @override
    def fall_silent(self) -> None:
        self._server.asked.clear()
        self._server.hold.clear()

    @override
    async def until_asked(self) -> None:
        await self._server.wait_for(1)

    @override
    def files(self) -> list[tuple[str, bytes]]:
        return [(one.name, one.content) for one in self._server.sent if one.content is not None]

    @override
    def texts(self) -> list[str]:
        return [one.text for one in self._server.sent]

    @override
    def write(self, text: str) -> None:
        """As soon as somebody listens: who begins to is told nothing from before."""
        self._server.when_heard(lambda: self._server.write(self.recipient, text))

    @override
    def press(self, button: str) -> None:
        raise AssertionError("ntfy has no buttons that come back")

    @override
    def send_file(self, content: bytes) -> None:
        self._server.when_heard(lambda: self._server.send_file(self.recipient, content))

    @override
    def acknowledged(self) -> int:
        return 0

    @override
    def is_typing(self) -> bool:
        return False

    @override
    def reactions(self) -> list[str]:
        return []
