"""ntfy on loopback, for the contract of connectors: a topic that somebody else publishes to as well."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import ClassVar, override

from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.ntfy import NtfyConnector, Settings, Timeouts
from bach_lib.models import Extras
from bach_lib.testing.contract import PartnerPlatform
from bach_lib.testing.ntfy import NtfyServer
from tests.contracts.platforms import CHAT


class NtfyPlatform(PartnerPlatform[NtfyServer]):
    """ntfy, at a server that asks for a token."""

    name = "ntfy"
    connector = NtfyConnector
    secrets: ClassVar[Mapping[str, str]] = {"token": "tk_the_token_of_the_contract_tests"}
    wrong_secrets: ClassVar[Mapping[str, str]] = {"token": "tk_a_token_that_somebody_has_deleted"}
    recipient = "our_doorbell"
    has_typing = False
    metadata = CHAT
    same_recipients = (" our_doorbell ",)

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
        return self.closed_at_the_end(NtfyConnector(self.setup(), haste))

    @override
    def extras(self) -> Extras:
        """It makes no preview of any link."""
        return Extras(link_preview=False)

    @override
    def refuse(self) -> bool:
        self._server.refuse(40024)
        return True

    @override
    def tell_to_wait(self, seconds: int) -> bool:
        self._server.refuse(42901, headers={"Retry-After": str(seconds)})
        return True

    @override
    def write_raw(self, raw: str) -> bool:
        return self._server.push_raw(raw) > 0

    @override
    def files(self) -> list[tuple[str, bytes]]:
        return [(one.name, one.content) for one in self._server.sent if one.content is not None]

    @override
    def texts(self) -> list[str]:
        return [one.text for one in self._server.sent]

    @override
    def write(self, text: str) -> None:
        """As soon as somebody listens: who begins to is told nothing from before."""
        self._server.when_heard(lambda: self._server.says(text, sender=self.recipient))

    @override
    def send_file(self, content: bytes) -> None:
        self._server.when_heard(lambda: self._server.send_file(self.recipient, content))
