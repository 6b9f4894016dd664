"""Promise 10: the event loop never waits for the disk, and many requests share one write to it."""

import asyncio
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import pytest

from bach_lib import Bach, Connection
from bach_lib.models import Status
from bach_lib.runtime.housekeeping import Housekeeping
from bach_lib.storage import Transaction
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform, fake_connector
from tests.lib.promises.conftest import OpenBach
from tests.lib.storage.work import How


class Options(TypedDict):
    """What the storage asks of SQLite."""

    isolation_level: None
    check_same_thread: bool
    cached_statements: int


class Commits:
    """Counts the transactions that write, and notes in which threads SQL ran."""

    def __init__(self) -> None:
        self.count = 0
        self.threads: set[str] = set()
        self._inside: set[str] = set()

    def trace(self, statement: str) -> None:
        """SQLite calls this for every statement it runs; one outside of a transaction is one by itself."""
        thread, word = threading.current_thread().name, statement.split(maxsplit=1)[0]
        self.threads.add(thread)
        if word == "BEGIN":
            self._inside.add(thread)
        elif word in {"COMMIT", "ROLLBACK"}:
            self._inside.discard(thread)
        is_alone = word in {"INSERT", "UPDATE", "DELETE"} and thread not in self._inside
        self.count += is_alone or statement == "BEGIN IMMEDIATE"


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Commits]:
    """Watch every SQLite connection that is opened."""
    commits = Commits()

    connect = sqlite3.connect

    def connect_traced(path: str, **options: Unpack[Options]) -> sqlite3.Connection:
        connection = connect(path, **options)
        connection.set_trace_callback(commits.trace)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_traced)
    yield commits


async def test_no_sql_runs_in_the_loops_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One slow SD card would freeze the whole house."""
    with counted(monkeypatch) as commits:
        async with Bach(tmp_path / "bach.db", connectors={"fake": fake_connector(FakePlatform())}) as bach:
            await bach.registry.add(Connection(name="home", type="fake"))
            receipt = await bach.send("home", "42", "text")
            await bach.wait(receipt.id, timeout=60)
            await bach.queue_status()
    assert commits.threads == {"bach-store-bach.db", "bach-lookup-bach.db"}


class SlowDisk:
    """Keeps the storage's thread busy until it is let go, and knows when enough waits for it."""

    def __init__(self, bach: Bach, monkeypatch: pytest.MonkeyPatch) -> None:
        self._loop = asyncio.get_running_loop()
        self._go_on = threading.Event()
        self._blocked = asyncio.Event()
        self._requests: asyncio.Semaphore = asyncio.Semaphore(0)
        self._submit = bach._base.store.submit
        self.waiting = self._submit(self._wait, writes=False)
        monkeypatch.setattr(bach._base.store, "submit", self._counted)

    def _wait(self, _: Transaction) -> None:
        self._loop.call_soon_threadsafe(self._blocked.set)
        assert self._go_on.wait(60)

    def _counted[T](self, work: Callable[[Transaction], T], **how: Unpack[How]) -> asyncio.Future[T]:
        self._requests.release()
        return self._submit(work, **how)

    async def has(self, requests: int) -> None:
        """Wait until the thread is busy and so many requests wait for it."""
        await self._blocked.wait()
        for _ in range(requests):
            await self._requests.acquire()

    async def let_go(self) -> None:
        """The disk is fast again."""
        self._go_on.set()
        await self.waiting


async def test_the_loop_runs_on_while_the_disk_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write would stop all automations for as long as the disk takes."""
    async with Bach(tmp_path / "bach.db", connectors={"fake": fake_connector(FakePlatform())}) as bach:
        await bach.registry.add(Connection(name="home", type="fake", is_active=False))
        disk = SlowDisk(bach, monkeypatch)
        sending = asyncio.create_task(bach.send("home", "42", "text"))
        await disk.has(requests=1)
        for _ in range(1000):
            await asyncio.sleep(0)
        assert not sending.done()
        await disk.let_go()
        await sending


async def test_a_hundred_callers_share_a_few_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message would cost a write of its own, and SD cards die of writes."""
    with counted(monkeypatch) as commits:
        async with Bach(tmp_path / "bach.db", connectors={"fake": fake_connector(FakePlatform())}) as bach:
            await bach.registry.add(Connection(name="home", type="fake", is_active=False))
            disk = SlowDisk(bach, monkeypatch)
            await disk.has(requests=0)
            before = commits.count
            callers = []
            for number in range(100):
                callers.append(asyncio.create_task(bach.send("home", "42", f"text {number}")))
                await asyncio.sleep(0)  # a turn of the loop for each
            await disk.has(requests=100)
            await disk.let_go()
            await asyncio.gather(*callers)
            assert commits.count - before <= 5, "theirs is one; the connection's own start may write as well"


async def test_a_message_that_goes_at_once_costs_two_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third write, for the claim, would make every alarm slower and wear the disk."""
    monkeypatch.setattr(Housekeeping, "start", lambda _: None)  # it writes when it likes
    with counted(monkeypatch) as commits:
        async with Bach(tmp_path / "bach.db", connectors={"fake": fake_connector(FakePlatform())}) as bach:
            await bach.registry.add(Connection(name="home", type="fake"))
            await bach.check("home")
            before = commits.count
            for number in range(10):
                receipt = await bach.send("home", "42", f"text {number}")
                message = await bach.wait(receipt.id, timeout=60)
                assert message.remote_id
            assert commits.count - before == 20


@pytest.mark.parametrize("turns", range(16))
async def test_stopping_at_any_moment_of_a_send_ends(open_bach: OpenBach, clock: FakeClock, turns: int) -> None:
    """Switching a connection off in the wrong turn of the loop would freeze the house for ever."""

    def give_up(*_: object) -> None:
        raise TimeoutError("the loop spins without end")  # no timer of the loop itself could fire

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    try:
        async with open_bach() as bach:
            sending = asyncio.create_task(bach.send("home", "42", "text"))
            for _ in range(turns):
                await asyncio.sleep(0)
            await bach.stop("home")
            await sending
            await bach.start("home")
            await clock.settle()
            assert [message.status for message in await bach.messages()] == [Status.SENT]
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
