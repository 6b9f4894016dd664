"""Who says nothing, or only half of it, does not keep others out; real sockets, and time turned by hand."""

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from bach_lib.rest.server import ClientTimeouts, ConnectionLimiter, max_connections
from bach_lib.rest.uploads import Uploads
from bach_lib.testing import FakeClock

PATIENCE = ClientTimeouts(head=10, body=20, idle=60)


class House:
    """A server behind a limiter, and the way to it."""

    def __init__(self, limiter: ConnectionLimiter, port: int) -> None:
        self.limiter = limiter
        self.port = port
        self.goes_on = asyncio.Event()

    async def visit(self, said: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect, and say this."""
        before = self.limiter.visitors
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(said)
        for _ in range(1000):
            if self.limiter.visitors > before:
                break
            await asyncio.sleep(0)
        return reader, writer

    async def until(self, *, asking: int = 0, speaking: int = 0) -> None:
        """Wait until so many have said the head of a request, and so many others a part of one."""
        async with asyncio.timeout(60):
            while True:
                visitors = list(self.limiter._visitors.values())
                spoken = [visitor for visitor in visitors if visitor._has_spoken and not visitor.is_asking]
                if (sum(visitor.is_asking for visitor in visitors), len(spoken)) == (asking, speaking):
                    return
                await asyncio.sleep(0)


@asynccontextmanager
async def house(clock: FakeClock, most: int = 8) -> AsyncIterator[House]:
    """Open it."""
    limiter, uploads = ConnectionLimiter(most, patience=PATIENCE, clock=clock), Uploads()

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/upload":
            _, files = await uploads.read(request)
            return web.Response(text=f"{len(files[0].content)}")
        if request.path == "/slow":
            await made.goes_on.wait()
        return web.Response(text=f"{len(await request.read())}")

    application = web.Application(middlewares=[limiter.middleware])
    application.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    made = House(limiter, listening.getsockname()[1])
    assert runner.server
    limiter.open(runner.server, [listening])
    try:
        yield made
    finally:
        await limiter.close()
        await runner.cleanup()


async def ends(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the other end closes."""
    async with asyncio.timeout(60):
        return await reader.read()


@pytest.mark.parametrize(
    ("said", "seconds", "answer"),
    [
        (b"", 10, b""),
        (b"GET / HT", 10, b"HTTP/1.1 408"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n", 10, b"HTTP/1.1 408"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf", 20, b"HTTP/1.1 408"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal", 20, b"HTTP/1.1 408"),
    ],
)
async def test_half_a_request_is_not_waited_for(loopback: None, said: bytes, seconds: float, answer: bytes) -> None:
    """Anybody could hold all places with a few bytes each, for ever."""
    clock = FakeClock()
    async with house(clock) as there:
        reader, writer = await there.visit(said)
        has_head = b"\r\n\r\n" in said
        await there.until(asking=int(has_head), speaking=int(bool(said) and not has_head))
        await clock.advance(seconds - 0.1)
        assert there.limiter.visitors == 1, "whoever is in time is not sent away"
        await clock.advance(0.2)
        got = await ends(reader)
        assert got.startswith(answer) if answer else not got
        writer.close()


@pytest.mark.parametrize("is_finished", [True, False])
async def test_a_slow_upload_has_the_time_of_its_size_and_no_more(loopback: None, is_finished: bool) -> None:
    """A picture would never arrive over a slow line; or whoever dribbles one could hold both places for uploads."""
    clock = FakeClock()
    part = b'--b\r\nContent-Disposition: form-data; name="'
    begin = part + b'message"\r\n\r\n{}\r\n' + part + b'file"; filename="a"\r\n\r\n'
    size, end = 5_000_000, b"\r\n--b--\r\n"
    head = f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(begin) + size + len(end)}\r\n\r\n"
    async with house(clock) as there:
        said = b"POST /upload HTTP/1.1\r\nHost: a\r\n" + head.encode() + begin + b"x" * 1000
        reader, writer = await there.visit(said)
        await there.until(asking=1)
        await clock.advance(39)
        assert there.limiter.visitors == 1, "20 seconds, and 20 more for 5 MB"
        if is_finished:
            writer.write(b"x" * (size - 1000) + end)
            async with asyncio.timeout(60):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(7) == b"5000000"
        else:
            await clock.advance(2)
            assert b"HTTP/1.1 408" in await ends(reader)
        writer.close()


async def test_between_two_requests_somebody_may_rest_for_a_while(loopback: None) -> None:
    """Each request of a program would need a connection of its own; or one that rests would stay for ever."""
    clock = FakeClock()
    async with house(clock) as there:
        reader, writer = await there.visit()
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            async with asyncio.timeout(60):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
                await reader.readexactly(1)
            await clock.advance(55)
        await clock.advance(6)
        assert await ends(reader) == b""
        writer.close()


async def test_after_an_answer_half_a_head_has_its_time_too(loopback: None) -> None:
    """One good request first would be the way around it."""
    clock = FakeClock()
    async with house(clock) as there:
        reader, writer = await there.visit(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(60):
            await reader.readuntil(b"\r\n\r\n")
        await there.until()
        writer.write(b"GET / HT")
        await there.until(speaking=1)
        await clock.advance(11)
        assert b"HTTP/1.1 408" in await ends(reader)
        writer.close()


async def test_a_slow_answer_of_ours_is_not_cut(loopback: None) -> None:
    """Whoever asks while the disk is slow would get nothing."""
    clock = FakeClock()
    async with house(clock) as there:
        reader, writer = await there.visit(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")
        await there.until(asking=1)
        await clock.advance(600)
        there.goes_on.set()
        async with asyncio.timeout(60):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_who_only_sits_there_makes_room(loopback: None, caplog: pytest.LogCaptureFixture) -> None:
    """A flood of silent connections would take every file of the process; deliveries need some."""
    clock = FakeClock()
    async with house(clock) as there:
        asked = await there.visit(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")
        sitting = [await there.visit(b"GET / HT") for _ in range(100)]
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{there.port}/") as answer:
            assert answer.status == 200
        assert there.limiter.visitors <= 8
        there.goes_on.set()
        async with asyncio.timeout(60):
            assert (await asked[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200"), "who is asking stays"
        for _, writer in [asked, *sitting]:
            writer.close()
    said = [record.levelno for record in caplog.records if record.name == "bach_lib.rest.server"]
    assert said == [logging.WARNING], "one line, not one for each"


async def test_when_all_are_asking_the_next_is_turned_away(loopback: None) -> None:
    """Requests that take long would take every file all the same."""
    clock = FakeClock()
    async with house(clock, most=4) as there:
        words = b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok"
        asking = [await there.visit(words) for _ in range(4)]
        await there.until(asking=4)
        reader, writer = await there.visit(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises(ConnectionError):
            raise ConnectionResetError if await ends(reader) == b"" else AssertionError
        there.goes_on.set()
        for _, one in [*asking, (reader, writer)]:
            one.close()


async def test_without_files_it_waits_and_says_so_once(
    loopback: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop says it some thousand times a second, until the disk is full."""
    clock = FakeClock()
    async with house(clock) as there:
        _, sitting = await there.visit()
        loop, tries = asyncio.get_running_loop(), 0
        accept = loop.sock_accept

        async def fail(_: socket.socket) -> object:
            nonlocal tries
            tries += 1
            raise OSError(errno.EMFILE, "Too many open files")

        monkeypatch.setattr(loop, "sock_accept", fail)
        _, writer = await asyncio.open_connection("127.0.0.1", there.port)
        await clock.advance(10)
        assert 1 <= tries <= 40
        monkeypatch.setattr(loop, "sock_accept", accept)
        await clock.advance(1)
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{there.port}/") as answer:
            assert answer.status == 200
        writer.close()
        sitting.close()
    said = [record.getMessage() for record in caplog.records if record.name == "bach_lib.rest.server"]
    assert said == ["No connection can be taken: Too many open files"]


def test_places_are_well_below_the_limit_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a small limit the connections themselves would use it up."""
    for files, expected in ((1024, 256), (128, 32), (1 << 20, 256), (8, 4)):
        monkeypatch.setattr("bach_lib.rest.server._files", lambda files=files: files)
        assert max_connections(256, 4) == expected
