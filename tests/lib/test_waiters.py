"""Waiting for a message: until it has ended, until time is up, or until BACH closes."""

import asyncio

import pytest

from bach_lib import Bach, Connection, Fault, Message, Status
from bach_lib.errors import UnknownMessageError
from bach_lib.testing import FakeClock, FakePlatform


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


async def test_everybody_who_waits_is_told(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The second automation that waits for the same message would hang."""
    await home.send("home", "ada", "text")
    tasks = [await waiting(home, clock) for _ in range(3)]
    platform.fault = None
    await clock.advance(31)
    assert [task.result().status for task in tasks] == [Status.SENT] * 3


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
    with pytest.raises(UnknownMessageError):
        task.result()


async def test_a_cancelled_waiter_is_forgotten(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Every automation that was stopped would be kept in memory."""
    await home.send("home", "ada", "text")
    task = await waiting(home, clock, timeout=1000)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert home._open_parts.waiters._futures == {}
    platform.fault = None
    await clock.advance(31)
    assert (await home.get(1)).status is Status.SENT


async def test_an_unknown_message_is_not_waited_for(home: Bach) -> None:
    """A typing error would wait for ever."""
    with pytest.raises(UnknownMessageError):
        await home.wait(99)
    assert home._open_parts.waiters._futures == {}
