"""A whole world for a test: a BACH without a file, a platform that does as it is told, and a clock to turn by hand."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from os import PathLike
from typing import NamedTuple

from bach_lib.bach import Bach
from bach_lib.connectors.base import Connector
from bach_lib.models import Connection
from bach_lib.policy import Policy
from bach_lib.registry.secrets import Lookup
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform, fake_connector

HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))


class World(NamedTuple):
    """What there is in it."""

    bach: Bach
    """Open."""
    platform: FakePlatform
    """What its connections lead to."""
    clock: FakeClock
    """What only the test turns."""


@asynccontextmanager
async def world(
    *,
    path: str | PathLike[str] = ":memory:",
    receives: bool = True,
    idempotent: bool = False,
    connections: Iterable[Connection] = (HOME,),
    connectors: Mapping[str, type[Connector]] | None = None,
    policy: Policy | None = None,
    policies: Mapping[str, Policy] | None = None,
    secrets: Mapping[str, Lookup] | None = None,
) -> AsyncIterator[World]:
    """BACH, the platform and the clock, open until the end of `async with`.

    There is a connection "home", which lets in the person "42". `connections` of the type "fake" lead to the platform,
    those of `connectors` elsewhere; everything follows the clock. `receives` and `idempotent`: what the platform can.
    What is under way at the end is given up at once.
    """
    platform, clock = FakePlatform(), FakeClock()
    fake = fake_connector(platform, receives=receives, idempotent=idempotent)
    bach = Bach(
        path,
        clock=clock,
        connectors={"fake": fake, **(connectors or {})},
        connections=connections,
        policy=policy,
        policies=policies,
        secrets=secrets,
        grace=0,
    )
    async with bach:
        await clock.settle()
        yield World(bach, platform, clock)
