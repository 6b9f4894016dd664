"""A connector as somebody writes it who does not read ours, one thing of which goes wrong."""

import asyncio
from collections.abc import Mapping
from typing import cast

from bach_lib.connectors.base import Batch, Connector, Incoming, Setup
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.models import Candidate, Fault, Format, Identity, Message
from bach_lib.models.incoming import Media
from bach_lib.outcomes import Outcome, Sent

CAPABILITIES = Capabilities(
    receives=True,
    idempotent=True,
    formats=frozenset({Format.PLAIN}),
    max_text=280,
    send_timeout=0.02,
    poll_timeout=0.02,
)


class Sloppy:
    """It has what the contract asks for and inherits nothing; without what may be missing."""

    capabilities = CAPABILITIES

    def __init__(self, setup: Setup) -> None:
        pass

    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        """As it is."""
        return recipient

    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """None."""
        return {}

    async def send(self, message: Message) -> Outcome:
        """It arrives."""
        return Sent(remote_id=str(message.id))

    async def check(self) -> Identity | Fault:
        """All is well."""
        return Identity(id="1", name="ours")

    async def receive(self, cursor: str | None) -> Batch | Fault:
        """Nothing comes."""
        await asyncio.Event().wait()
        return Batch(messages=(), cursor=cursor)

    async def acknowledge(self, press: Incoming) -> None:
        """Nobody sees it."""

    async def typing(self, recipient: str) -> None:
        """Nobody sees it."""

    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        """An empty file."""
        return b""

    async def find(self, query: str) -> list[Candidate] | Fault:
        """Nobody."""
        return []

    async def reset(self) -> None:
        """Nothing is held open."""

    async def close(self) -> None:
        """Nothing is held open."""


def sloppy(**replaced: object) -> type[Connector]:
    """Its class, with one or some things of it replaced."""
    return cast("type[Connector]", type("Ours", (Sloppy,), replaced))
