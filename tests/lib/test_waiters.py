"""Waiting for a message: until it has ended, until time is up, or until BACH closes."""

import asyncio
import logging

import pytest

from bach_lib import Bach, Connection, Fault, Message, Status
from bach_lib.bus import Bus
from bach_lib.errors import UnknownMessageError
from bach_lib.outbound.waiters import Waiters
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.outbound import make


@pytest.fixture
async def home(bach: Bach, platform: FakePlatform, clock: FakeClock) -> Bach:
    """A BACH whose platform is away."""
    platform.fault = Fault(code="unreachable", text="No route to host")
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    return bach


async def waiting(bach: Bach, clock: FakeClock, timeout: float | None = None) -> asyncio.Task[Message]:
    """Somebody who waits for message 1."""
    task = asyncio.create_task(bach.wait(1, timeout))
    await clock.settle()
    assert not task.done()
    return task


async def test_a_message_that_has_ended_is_there_at_once(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Who asks a moment too late would wait for ever."""
    platform.fault = None
    receipt = await home.send("home", "ada", "text")
    await clock.advance(31)
    assert (await home.wait(receipt.id)).status is Status.SENT
    assert (await home.wait(receipt.id, timeout=0)).status is Status.SENT


async def test_everybody_who_waits_is_told(
    home: Bach, platform: FakePlatform, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The second automation that waits for the same message would hang."""
    await home.send("home", "ada", "text")
    tasks = [await waiting(home, clock) for _ in range(3)]
    await home.send("home", "ada", "for which nobody waits")
    platform.fault = None
    await clock.advance(31)
    assert [task.result().status for task in tasks] == [Status.SENT] * 3
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_when_time_is_up_one_gets_the_message_as_it_stands(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """An automation would fail although its message is on its way."""
    await home.send("home", "ada", "text")
    task = await waiting(home, clock, timeout=10)
    await clock.advance(9)
    assert not task.done()
    await clock.advance(1)
    message = task.result()
    assert message.status is Status.PENDING
    assert message.error == platform.fault, "as it stands now, not as it was when the waiting began"


async def test_closing_lets_everybody_go(home: Bach, clock: FakeClock) -> None:
    """A shutdown would hang, or end automations with an error about BACH not being open."""
    await home.send("home", "ada", "text")
    await clock.settle()  # the attempt has failed
    task = await waiting(home, clock)
    await home.close(grace=0)
    async with asyncio.timeout(60):
        assert (await task).status is Status.PENDING


@pytest.mark.parametrize("timeout", [None, 3600.0])
async def test_waiting_ends_with_the_connection(home: Bach, clock: FakeClock, timeout: float | None) -> None:
    """Whoever waits for a message would wait for ever, as nothing can become of it any more."""
    await home.send("home", "ada", "text")
    await clock.settle()  # the attempt has failed
    task = await waiting(home, clock, timeout)
    await home.registry.remove("home")
    await clock.settle()
    assert task.done()
    with pytest.raises(UnknownMessageError) as caught:
        task.result()
    assert caught.value.placeholders == {"id": "1"}


async def test_a_cancelled_waiter_is_forgotten(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Every automation that was stopped would be kept in memory."""
    await home.send("home", "ada", "text")
    task = await waiting(home, clock, timeout=1000)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    waiters = home._open_parts.waiters
    assert (waiters._futures, waiters._connections) == ({}, {})
    platform.fault = None
    await clock.advance(31)
    assert (await home.get(1)).status is Status.SENT


async def test_an_unknown_message_is_not_waited_for(home: Bach) -> None:
    """A typing error would wait for ever."""
    with pytest.raises(UnknownMessageError):
        await home.wait(99)
    assert home._open_parts.waiters._futures == {}


async def test_what_is_waited_for_is_watched(clock: FakeClock) -> None:
    """Who waits for what another process sends would never hear of its end, or of one that has ended long ago."""
    known = {1: make.message(id=1), 2: make.message(id=2, status=Status.SENT)}
    watched: list[Message] = []

    async def get(message_id: int) -> Message:
        return known[message_id]

    waiters = Waiters(Bus(), clock, get, watched.append)
    assert await waiters.wait(2, None) == known[2]
    waiting = asyncio.create_task(waiters.wait(1, 10))
    await clock.settle()
    assert watched == [known[1]]
    await clock.advance(10)
    assert await waiting == known[1]
    waiters.close()
