"""Two real processes on one file: the second works beside the first, also when the first is killed."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from bach_lib import AnyBach, Bach, EventsMissed, MessageQueued, OwnerGoneError, Status, StoreInUseError, connect
from bach_lib.client import rest_client
from bach_lib.client.owner_client import OwnerClient
from bach_lib.control.link import DaemonClient
from bach_lib.control.socket_server import ControlServer
from bach_lib.rest.event_feed import MAX_WAITING_BYTES

from .conftest import TOKEN

pytestmark = pytest.mark.slow  # processes begin and end

_OWNER = """
import asyncio, sys
from bach_lib import Bach, Connection, connect
from bach_lib.testing import FakePlatform, fake_connector

def opening():
    home = Connection(name="home", type="fake")
    kinds = {"fake": fake_connector(FakePlatform())}
    return Bach(sys.argv[1], connectors=kinds, connections=[home], autostart=False, grace=0)

async def main():
    async with connect(sys.argv[1], opening=opening) as bach:
        print(type(bach).__name__, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""
"""A program that nothing leaves: its connection rests. It ends with its input."""

_SERVER = """
import asyncio, sys
from aiohttp import web
from bach_lib import Bach, Connection
from bach_lib.rest import make_application
from bach_lib.testing import FakePlatform, fake_connector

async def main():
    home = Connection(name="home", type="fake")
    kinds = {"fake": fake_connector(FakePlatform())}
    async with Bach(sys.argv[1], connectors=kinds, connections=[home], autostart=False, grace=0) as bach:
        runner = web.AppRunner(make_application(bach, token=sys.argv[2]))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(sys.argv[3])).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""
"""The same one behind a REST interface, whose port it says."""


@contextmanager
def program(database: Path, source: str = _OWNER, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Another process with the same file; it is through when this begins."""
    with subprocess.Popen(
        [sys.executable, "-c", source, str(database), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def kind_of(process: subprocess.Popen[str]) -> str:
    """What it got, when it has it."""
    assert process.stdout
    return process.stdout.readline().strip()


type Began = Callable[[str], AbstractAsyncContextManager[tuple[subprocess.Popen[str], str]]]
"""Begins a program that has the file. Takes where the last one was, and says where this one is; "" for anywhere."""


def beside(database: Path) -> Began:
    """Reached through the file: a program beside the owner's."""

    @asynccontextmanager
    async def begin(_: str) -> AsyncIterator[tuple[subprocess.Popen[str], str]]:
        with program(database) as owner:
            assert await asyncio.to_thread(kind_of, owner) == "Bach"
            yield owner, str(database)

    return begin


def elsewhere(database: Path) -> Began:
    """Reached through REST, as from another machine."""

    @asynccontextmanager
    async def begin(place: str) -> AsyncIterator[tuple[subprocess.Popen[str], str]]:
        with program(database, _SERVER, TOKEN, place.rpartition(":")[2] or "0") as server:
            yield server, f"http://127.0.0.1:{await asyncio.to_thread(kind_of, server)}"

    return begin


@pytest.mark.parametrize("way", [beside, elsewhere])
async def test_the_owner_is_killed_while_somebody_waits(database: Path, way: Callable[[Path], Began]) -> None:
    """A web server's second worker would hang for ever, or send twice what it cannot know to be stored."""
    begin = way(database)
    async with begin("") as (owner, place), connect(place, token=TOKEN if "://" in place else None) as bach:
        told = list[EventsMissed | MessageQueued]()
        bach.subscribe(EventsMissed, told.append)
        bach.subscribe(MessageQueued, told.append)
        receipt = await bach.send("home", "ada", "Water leak", idempotency_key="leak")
        waiting = asyncio.create_task(bach.wait(receipt.id))
        await asyncio.sleep(0)
        assert (await bach.get(receipt.id)).status is Status.PENDING
        os.kill(owner.pid, signal.SIGKILL)
        with pytest.raises(OwnerGoneError, match="gave no answer"):
            await asyncio.wait_for(waiting, 30)
        with pytest.raises(OwnerGoneError, match=r"bach\.db|127\.0\.0\.1"):
            await bach.send("home", "ada", "Water leak", idempotency_key="leak")
        await asyncio.to_thread(owner.wait)
        async with begin(place) as (_, again_at):
            assert again_at == place
            again = await bach.send("home", "ada", "Water leak", idempotency_key="leak")
            assert again.id == receipt.id, "it is the same message"
            async with asyncio.timeout(60):
                while not any(isinstance(event, EventsMissed) for event in told):
                    await bach.send("home", "ada", "another")
            assert isinstance(told[0], MessageQueued)


@pytest.mark.parametrize("way", [beside, elsewhere])
async def test_an_owner_that_is_frozen_is_said_and_nothing_goes_twice(
    database: Path, way: Callable[[Path], Began], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's worker would wait for ever, or what it repeats be sent once more when the owner goes on."""
    begin = way(database)
    async with begin("") as (owner, place), connect(place, token=TOKEN if "://" in place else None) as bach:
        os.kill(owner.pid, signal.SIGSTOP)
        try:
            with monkeypatch.context() as impatient:
                impatient.setattr(DaemonClient.__init__, "__kwdefaults__", {"pulse": 0.3, "between": 0.1})
                impatient.setattr(rest_client, "_ANSWER", 0.5)
                with pytest.raises(OwnerGoneError):
                    await asyncio.wait_for(bach.send("home", "ada", "Water leak", idempotency_key="leak"), 30)
        finally:
            os.kill(owner.pid, signal.SIGCONT)
        receipt = await bach.send("home", "ada", "Water leak", idempotency_key="leak")
        assert [message.id for message in await bach.messages()] == [receipt.id]


async def test_many_that_start_at_once_share_one_owner(database: Path) -> None:
    """Of a web server's workers all but one would end at the start."""
    with program(database) as one, program(database) as two, program(database) as three:
        kinds = await asyncio.gather(*(asyncio.to_thread(kind_of, process) for process in (one, two, three)))
        assert sorted(kinds) == ["Bach", "OwnerClient", "OwnerClient"]


async def test_the_command_reaches_a_program_that_shares(database: Path) -> None:
    """Whoever looks after a program would have to stop it first."""
    with program(database) as owner:
        assert await asyncio.to_thread(kind_of, owner) == "Bach"
        said = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "bach_lib.cli", "connector", "list"],
            env=os.environ | {"BACH_DB": str(database)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (said.returncode, "home" in said.stdout) == (0, True), said.stderr


async def test_one_that_does_not_share_is_named(database: Path) -> None:
    """A program would wait without end for somebody who never answers."""
    async with Bach(database, autostart=False):
        with pytest.raises(StoreInUseError):
            async with connect(database, patience=0.2):
                pass


async def test_the_socket_is_its_owners_and_goes_with_them(database: Path, owner: Bach) -> None:
    """Other accounts of the machine could send, or an old socket would stay."""
    socket = database.with_name("bach.db.sock")
    mode = socket.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    client: AnyBach = OwnerClient(database)
    assert await client.messages() == []


async def test_the_first_opens_and_closes_again(database: Path) -> None:
    """The file would stay locked, and the next start of the program fail."""
    for _ in range(2):
        async with connect(database) as bach:
            assert isinstance(bach, Bach)
        assert not database.with_name("bach.db.sock").exists()


async def test_a_reader_that_takes_nothing_is_sent_away(owner: Bach, tmp_path: Path) -> None:
    """One program that hangs would keep its place among the streams, and fill the memory of the owner."""
    server = ControlServer(owner, tmp_path / "reading.sock")
    feed = server._feed
    feed._stalled = 0.05
    await server.start()
    receipt = await owner.send("home", "ada", "x" * 3000)
    event = MessageQueued(connection="home", message=await owner.get(receipt.id))
    _, writer = await asyncio.open_unix_connection(tmp_path / "reading.sock", limit=1)  # bytes that it takes unread
    writer.write(b"GET /events HTTP/1.1\r\nHost: bach\r\n\r\n")
    async with asyncio.timeout(60):
        while True:
            if feed._readers:
                break
            await asyncio.sleep(0)
        (stuck,) = feed._readers
        while feed._readers:
            owner._base.bus.publish(event)
            assert stuck.lines._bytes <= MAX_WAITING_BYTES
            await asyncio.sleep(0)
        writer.close()
        assert (await owner.wait(receipt.id)).status is Status.SENT
    await server.stop()
