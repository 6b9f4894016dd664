"""A receiver that does not work yet, and its other side."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import override

import pytest

from bach_lib import Fault
from bach_lib.connectors.base import Batch, Setup
from bach_lib.storage import Store
from bach_lib.testing import FakeClock, fake_connector
from tests.lib.inbound.receiving import Bench, Platform
from tests.lib.storage.work import add
from tests.lib.strict import exact_names, no_failure_is_only_logged

__all__ = ["exact_names", "no_failure_is_only_logged"]


@pytest.fixture
def platform() -> Platform:
    """The other side."""
    return Platform()


@pytest.fixture
async def bench(store: Store, clock: FakeClock, setup: Setup, platform: Platform) -> AsyncIterator[Bench]:
    """A receiver that does not work yet."""
    base = fake_connector(platform, receives=True)

    class Scripted(base):  # type: ignore[misc, valid-type] # the class is made by a function
        @override
        async def receive(self, cursor: str | None) -> Batch | Fault:
            if platform.receive:
                platform.cursors.append(cursor)
                return await platform.receive(cursor)
            answer: Batch | Fault = await super().receive(cursor)
            return answer

    noise: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    await store.submit(add("home"))
    bench = Bench(store, clock, Scripted(setup))
    yield bench
    await bench.receiver.stop()
    gc.collect()
    assert noise == [], "what goes wrong in the background must be somebody's to look at"
