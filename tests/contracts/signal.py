"""Signal on loopback, for the contract of connectors."""

from base64 import b64decode
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import ClassVar, override

from bach_lib.connectors.base import Connector
from bach_lib.connectors.signal import Settings, SignalConnector, Timeouts
from bach_lib.models import Extras
from bach_lib.testing.contract import PartnerPlatform
from bach_lib.testing.signal import SignalServer
from tests.contracts.platforms import CHAT


class SignalPlatform(PartnerPlatform[SignalServer]):
    """Signal, through a server that stands behind a proxy with a token."""

    name = "signal"
    connector = SignalConnector
    secrets: ClassVar[Mapping[str, str]] = {"token": "the-token-of-the-proxy-of-the-contract-tests"}
    wrong_secrets: ClassVar[Mapping[str, str]] = {"token": "a-token-that-the-proxy-does-not-know-any-more"}
    settings: ClassVar[Mapping[str, object]] = {"number": "+491700000001"}
    recipient = "+491701234567"
    same_recipients = (" +49 170 1234567 ", "+49 (170) 123-4567")
    knows_what_is_gone = False
    metadata = CHAT

    @override
    async def start(self, stack: AsyncExitStack) -> None:
        self._server = await stack.enter_async_context(SignalServer(key=self.secrets["token"]))

    @override
    def incomplete(self) -> Connector:
        """The server asks for no secret, but which account is meant has to be said."""
        setup = self.setup()
        return SignalConnector(replace(setup, connection=replace(setup.connection, settings={})))

    @override
    def hasty(self) -> Connector:
        haste = Settings(timeouts=Timeouts(connect=60, read=0.5, total=60))
        return self.closed_at_the_end(SignalConnector(self.setup(), haste))

    @override
    def extras(self) -> Extras:
        """It makes no preview of any link."""
        last = self._server.sent[-1]
        return Extras(link_preview=False, view_once=last.body.get("view_once") is True, poll=last.poll)

    @override
    def refuse(self) -> bool:
        self._server.refuse("Couldn't process request - invalid request")
        return True

    @override
    def tell_to_wait(self, seconds: int) -> bool:
        words, headers = "Failed to send message due to rate limiting", {"Retry-After": str(seconds)}
        self._server.refuse(words, status=429, headers=headers)
        return True

    @override
    def files(self) -> list[tuple[str, bytes]]:
        attached = [one.body.get("base64_attachments", []) for one in self._server.sent]
        found = []
        for data in [str(one) for some in attached if isinstance(some, list) for one in some]:
            about, _, raw = data.partition(";base64,")
            found.append((about.partition(";filename=")[2], b64decode(raw)))
        return found

    @override
    def texts(self) -> list[str]:
        return [message.text for message in self._server.sent if not message.is_deleted]

    @override
    def write(self, text: str) -> None:
        self._server.when_heard(self._server.written(text, sender=self.recipient))

    @override
    def send_file(self, content: bytes) -> None:
        file = self._server.file(content)
        self._server.when_heard(self._server.written("", sender=self.recipient, attachments=[file]))

    @override
    def is_typing(self) -> bool:
        return self.recipient in self._server.box.typing

    @override
    def reactions(self) -> list[str]:
        return [reaction.emoji for reaction in self._server.box.reactions]
