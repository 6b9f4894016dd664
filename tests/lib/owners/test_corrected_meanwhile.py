"""A person corrects an address in one process while another one has a message under way to the old one."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bach_lib import Bach, Connection, Delivery, Fault, Policy, Status
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outcomes import Retry, Scope
from bach_lib.testing import FakePlatform, fake_connector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bach_lib.connectors.base import Connector

BUSY = Fault(code="busy", text="Not now")


def shared(platform: FakePlatform) -> type[Connector]:
    """A connector that several processes may use at once."""
    made = fake_connector(platform)
    made.capabilities = replace(made.capabilities, shared_lanes=True)
    return made


class Processes:
    """Processes that share a database; each sees the platform through eyes of its own."""

    def __init__(self, address: str, stack: AsyncExitStack) -> None:
        self._address, self._stack = address, stack

    async def open(self) -> tuple[Bach, FakePlatform]:
        """One more."""
        platform = FakePlatform()
        bach = Bach(self._address, connectors={"fake": shared(platform)}, policy=Policy(parallel=1), grace=0.0)
        return await self._stack.enter_async_context(bach), platform


@pytest.fixture
async def processes(database_address: str) -> AsyncIterator[Processes]:
    """None yet."""
    async with AsyncExitStack() as stack:
        yield Processes(database_address, stack)


async def until(holds: Callable[[], bool]) -> None:
    """Let the others have their turn; the test is red if that never comes."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - there is no event for what others do
            await asyncio.sleep(0)


def held(platform: FakePlatform) -> asyncio.Event:
    """Let attempts last until this is set."""
    platform.hold = asyncio.Event()
    return platform.hold


async def test_what_the_owner_has_under_way_follows_what_another_process_corrects(processes: Processes) -> None:
    """It would be tried again at the address that somebody has corrected, or be overtaken at the new one."""
    owner, platform = await processes.open()
    other, _ = await processes.open()
    await owner.registry.add(Connection(name="home", type="fake"))
    platform.outcomes.append(Retry(fault=BUSY, scope=Scope.CONNECTION, written=False))
    go = held(platform)
    first = await owner.send("home", "ada", "code")
    await until(lambda: len(platform.attempts) == 1 and bool(other.registry.list()))
    assert await other.move("home", "ada", "bob") == 1
    dispatcher = owner._open_parts.runtimes.dispatcher("home")
    assert isinstance(dispatcher, Dispatcher)
    await until(lambda: "bob" in dispatcher._lanes.recipients)
    second = await owner.send("home", "bob", "false alarm")
    go.set()
    assert (await owner.wait(second.id, 60)).status is Status.SENT
    assert [(one.recipient, one.id) for one in platform.attempts] == [("ada", 1), ("bob", first.id), ("bob", second.id)]


@pytest.mark.parametrize("is_killed", [False, True], ids=["given back", "killed"])
async def test_what_is_under_way_in_a_lane_that_was_lent_follows(processes: Processes, is_killed: bool) -> None:
    """The same where the process that delivers is neither the owner nor the one in which somebody corrects."""
    owner, near = await processes.open()
    helper, far = await processes.open()
    await owner.registry.add(Connection(name="home", type="fake"))
    go, come = held(near), held(far)
    far.outcomes.append(Retry(fault=BUSY, scope=Scope.CONNECTION, written=False))
    await owner.send("home", "cyd", "keeps the owner busy")
    await until(lambda: len(near.attempts) == 1)
    first = await owner.send("home", "ada", "code", delivery=Delivery.AT_LEAST_ONCE)
    await until(lambda: len(far.attempts) == 1)
    assert await owner.move("home", "ada", "bob") == 1
    second = await owner.send("home", "bob", "false alarm")
    if is_killed:
        await helper.close()
    come.set()
    go.set()
    assert (await owner.wait(second.id, 60)).status is Status.SENT
    ways = [(one.recipient, one.id) for one in (*far.attempts, *near.attempts[1:])]
    assert ways == [("ada", first.id), ("bob", first.id), ("bob", second.id)]
    assert [one.recipient for one in (await owner.history(first.id))[1]] == ["ada", "bob"]
