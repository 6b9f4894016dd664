"""Polling as the receiver does, for the tests of single connectors."""

import asyncio

from bach_lib.connectors.base import Batch, Connector


async def polled(connector: Connector, cursor: str | None = None) -> Batch:
    """The next poll that brings something."""
    async with asyncio.timeout(60):
        while True:
            answer = await connector.receive(cursor)
            assert isinstance(answer, Batch), answer
            if answer.messages or answer.unreadable or answer.proofs:
                return answer
            cursor = answer.cursor
