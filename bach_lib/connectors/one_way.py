"""Connectors with nobody at the other end: what they can do is to send, and the rest of the contract is empty."""

from typing import ClassVar, override

from bach_lib.connectors.base import Batch, Connector, Incoming
from bach_lib.models import Fault
from bach_lib.models.incoming import Media


class Unattended(Connector):
    """A connector to a machine: there is nobody who presses buttons or looks whether we type."""

    @override
    async def acknowledge(self, press: Incoming) -> None:
        """Nobody can press anything here."""

    @override
    async def typing(self, recipient: str) -> None:
        """Nobody looks."""


class SendOnly(Unattended):
    """A connector that only sends, each time anew. `never` is what it says to who asks for messages."""

    never: ClassVar[Fault]

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        return self.never

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        return self.never

    @override
    async def reset(self) -> None:
        """Nothing is held open."""

    @override
    async def close(self) -> None:
        """Nothing is held open."""
