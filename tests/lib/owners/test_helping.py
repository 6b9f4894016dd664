"""Who helps a connection that another process owns, while its owner calls out twice, or it changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, override

import pytest

from bach_lib import Bach, Connection
from bach_lib.registry.secrets import Secrets
from benchmarks.cluster.worker import CONNECTORS, Together

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bach_lib.connecting import Setup
    from bach_lib.runtime.helping import Helping


class Counted(Together):
    """A connector that tells how many of it are open."""

    open: ClassVar[set[Counted]] = set()

    @override
    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.open.add(self)

    @override
    async def close(self) -> None:
        self.open.discard(self)
        await super().close()


@pytest.fixture
async def owner(database_address: str) -> AsyncIterator[Bach]:
    """A process that owns a connection."""
    Counted.open.clear()
    async with Bach(database_address, process="owner", connectors=CONNECTORS, grace=0.0) as bach:
        await bach.registry.add(Connection(name="hook", type="together"))
        yield bach


@pytest.fixture
async def helper(database_address: str, owner: Bach) -> AsyncIterator[Bach]:
    """Another one, beside it."""
    async with Bach(database_address, process="helper", connectors={"together": Counted}, grace=0.0) as bach:
        yield bach


def helping_of(bach: Bach) -> Helping:
    """What helps there."""
    helping = bach._open_parts.runtimes._helping
    assert helping
    return helping


async def settled(helping: Helping) -> None:
    """Wait until nothing begins or ends."""
    while helping._tasks:
        await asyncio.gather(*helping._tasks)
        await asyncio.sleep(0)


async def test_who_is_called_twice_at_once_helps_once(helper: Bach) -> None:
    """Two of it would deliver the same lanes, and the first would be closed by nobody."""
    helping = helping_of(helper)
    helping.offered("hook")
    helping.offered("hook")
    await settled(helping)
    assert len(Counted.open) == 1
    await helper.close()
    assert not Counted.open


async def test_what_changes_while_help_begins_is_not_helped_as_it_was(
    helper: Bach, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages would go on to an address, or with credentials, that somebody had just replaced."""
    asked, go, resolve = asyncio.Event(), asyncio.Event(), Secrets.resolve

    async def slow(self: Secrets, config: Mapping[str, str], type_: str) -> Mapping[str, str]:
        asked.set()
        await go.wait()
        return await resolve(self, config, type_)

    monkeypatch.setattr(Secrets, "resolve", slow)
    helping = helping_of(helper)
    helping.offered("hook")
    await asked.wait()
    await helper.registry.update("hook", is_active=False)
    go.set()
    await settled(helping)
    assert not helping._helps
    assert not Counted.open
