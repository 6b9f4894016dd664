"""An address on loopback, and connectors to it."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import override

import pytest
from aiohttp import ClientSession
from aiohttp.web import BaseRequest, Response, StreamResponse

from bach_lib.connectors.base import Setup
from bach_lib.connectors.webhook import WebhookConnector
from bach_lib.models import Connection
from bach_lib.testing import FakeClock
from bach_lib.testing.partners.base import Asked, PartnerServer

type Connect = Callable[..., WebhookConnector]


class Address(PartnerServer):
    """Takes everything, and keeps what came; `raw` has the bodies as they came, and `targets` the addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.raw: list[bytes] = []
        self.targets: list[str] = []

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        self.raw.append(await request.read())
        self.targets.append(request.raw_path)
        return Response(status=204)


@pytest.fixture
async def address() -> AsyncIterator[Address]:
    """Somebody's address."""
    async with Address() as running:
        yield running


@pytest.fixture
async def connect(address: Address, clock: FakeClock) -> AsyncIterator[Connect]:
    """Make a connector to it."""
    async with ClientSession() as session:

        def make(
            *,
            secrets: Mapping[str, str] | None = None,
            settings: Mapping[str, object] | None = None,
            endpoint: str | None = None,
        ) -> WebhookConnector:
            return WebhookConnector(
                Setup(
                    connection=Connection(name="hook", type="webhook", endpoint=endpoint, settings=settings or {}),
                    secrets={"url": f"{address.url}/in/t0p-secret"} if secrets is None else secrets,
                    session=session,
                    new_session=ClientSession,
                    clock=clock,
                )
            )

        yield make
