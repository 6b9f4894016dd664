"""Whoever waits for a write hears of it, also if it is to end meanwhile."""

import asyncio
from contextvars import ContextVar

import pytest

from bach_lib.outbound.uncancellable import Uncancellable

ABOUT = ContextVar("ABOUT", default="nothing")


async def waits(future: asyncio.Future[str]) -> str:
    """Wait for a write."""
    return await Uncancellable(future)


async def test_who_is_cancelled_ends_when_the_write_has_and_takes_nothing_from_it() -> None:
    """What the disk has done would be told to nobody: a message that was sent would be shown as on its way."""
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(waits(future))
    for _ in range(2):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert (task.done(), future.cancelled()) == (False, False)
    future.set_result("written")
    await asyncio.wait([task])
    assert task.cancelled()


async def test_who_waits_gets_what_was_written() -> None:
    """Nobody would be told which number a message has."""
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, "written")
    assert await waits(future) == "written"


async def test_what_is_written_already_holds_up_nobody() -> None:
    """News of two messages would come in another order than they were written."""
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    future.set_result("written")
    order: list[str] = []
    asyncio.get_running_loop().call_soon(order.append, "next")
    order.append(await Uncancellable(future))
    await asyncio.sleep(0)
    assert order == ["written", "next"]


async def test_what_fails_is_raised_where_it_is_waited_for() -> None:
    """A full disk would pass for a write that went well."""
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(waits(future))
    await asyncio.sleep(0)
    future.set_exception(OSError("full"))
    with pytest.raises(OSError, match="full"):
        await task


async def test_it_can_be_waited_for_beside_other_things() -> None:
    """Where all that is under way is gathered, asyncio would refuse it: it asks whose loop it is."""
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    assert asyncio.isfuture(Uncancellable(future))
    assert Uncancellable(future).get_loop() is asyncio.get_running_loop()
    asyncio.get_running_loop().call_soon(future.set_result, "written")
    assert await asyncio.wait_for(asyncio.ensure_future(Uncancellable(future)), 60) == "written"


async def test_what_belongs_to_a_task_is_still_its_own_after_the_write() -> None:
    """What is traced of a message would be told of another one."""
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, "written")
    await waits(future)
    ABOUT.set("a message")
    await asyncio.sleep(0)
    assert ABOUT.get() == "a message"
