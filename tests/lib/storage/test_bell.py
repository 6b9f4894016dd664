"""What threads tell the event loop: all of it, in its order, and also where the system has no quick way for it."""

import asyncio
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

import pytest

from bach_lib.errors import StorageError
from bach_lib.storage import Database
from bach_lib.storage.bell import Bell
from tests.lib.storage.work import add

WHERE: ContextVar[str] = ContextVar("where", default="nowhere")


def refuse(*_: object) -> None:
    """What a loop says that cannot watch files (Windows)."""
    raise NotImplementedError


@pytest.fixture(params=["quick", "asyncio's own"])
async def bell(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Bell:
    """Made in the running loop, which can watch files or not."""
    if request.param != "quick":
        monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", refuse)
    return Bell(asyncio.get_running_loop())


def open_files() -> int:
    """How many this process has open."""
    return len([*Path("/proc/self/fd").iterdir()])


def ring(bell: Bell, count: int, call: Callable[[int], object]) -> None:
    """From a thread, so many times."""

    def work() -> None:
        for number in range(count):
            bell.call(call, number)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


async def test_all_is_told_in_its_order(bell: Bell) -> None:
    """A message would be told of as sent before it is told of as stored."""
    told: list[int] = []
    done = asyncio.Event()
    for _ in range(3):
        ring(bell, 100, told.append)
    bell.call(done.set)
    await done.wait()
    assert told == [*range(100)] * 3
    bell.close()


async def test_a_call_that_fails_ends_no_other(bell: Bell) -> None:
    """One mistake in a listener, and whoever stored a message in the same moment would wait for ever."""
    faults: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    told: list[int] = []

    def fail_first(number: int) -> None:
        if number == 0:
            raise LookupError("first")
        told.append(number)

    done = asyncio.Event()
    ring(bell, 3, fail_first)
    bell.call(done.set)
    await done.wait()
    assert told == [1, 2]
    [fault] = faults
    assert repr(fault["exception"]) == "LookupError('first')"
    assert "fail_first" in str(fault["message"]), "which listener it was"
    bell.close()


async def test_what_is_told_belongs_to_nobody() -> None:
    """What listeners begin would seem to be begun by whoever opened the database, such as one entry of many."""
    token = WHERE.set("in the opener")
    bell = Bell(asyncio.get_running_loop())
    WHERE.reset(token)
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    ring(bell, 1, lambda _: found.set_result(WHERE.get()))
    assert await found == "nowhere"
    bell.close()


async def test_what_was_told_before_the_end_is_not_forgotten(bell: Bell) -> None:
    """Who stored the last message would never learn that it is stored."""
    told: list[int] = []
    ring(bell, 3, told.append)
    bell.close()
    await asyncio.sleep(0)
    assert told == [0, 1, 2]


async def test_a_thread_that_ends_rings_no_file(bell: Bell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop may have closed it just before, and the number may be that of a file of somebody else."""
    rung: list[int] = []
    monkeypatch.setattr("bach_lib.storage.bell._ring", rung.append)
    closed, close = asyncio.Event(), bell.close
    monkeypatch.setattr(bell, "close", closed.set)
    await asyncio.to_thread(bell.close_soon)
    await closed.wait()
    close()
    assert not rung


def test_nobody_is_told_when_the_loop_is_closed() -> None:
    """The storage's thread would die of it, and leave its file open."""

    async def make() -> Bell:
        return Bell(asyncio.get_running_loop())

    with asyncio.Runner() as runner:
        bell = runner.run(make())
    ring(bell, 1, print)


async def test_a_database_works_without_the_quick_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only Linux has it."""
    monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", refuse)
    store = Database(tmp_path / "bach.db")
    await store.open()
    assert await store.submit(add("home")) == 1
    await store.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell which files are open")
async def test_nothing_stays_open(tmp_path: Path) -> None:
    """A home that reloads often, or tries a database in vain, would run out of files after some days."""
    before = open_files()
    for _ in range(3):
        store, second = Database(tmp_path / "bach.db"), Database(tmp_path / "bach.db")
        await store.open()
        with pytest.raises(StorageError):
            await second.open()
        await store.close()
    assert open_files() <= before + 1
