"""Bodies that take their time: a slow line is waited for, one that stands still is not, and half of one is nothing."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import orjson
import pytest
from aiohttp import ClientSession, ClientTimeout
from aiohttp.abc import AbstractStreamWriter

from bach_lib.connectors import request_body
from bach_lib.connectors.network import broken
from bach_lib.connectors.observations import Observation
from bach_lib.connectors.request_body import Body, FormBody, upload_seconds, uploading
from bach_lib.connectors.signal.attachment_body import AttachmentBody
from bach_lib.connectors.upload_progress import uploads_heard
from bach_lib.models import File
from bach_lib.outcomes import Retry, Scope

MEGABYTE = 1_000_000


def test_fifty_megabytes_have_the_time_that_they_need_at_a_megabit_a_second() -> None:
    """They would be cut off after half a minute, and begun again for ever."""
    usual = ClientTimeout(total=20, connect=10, sock_connect=10, sock_read=15)
    timeout = uploading(usual, 50 * MEGABYTE)
    assert timeout.total is not None
    assert timeout.total > 20 + 50 * MEGABYTE / (MEGABYTE / 8)
    assert timeout.total < 30 * 60, "a lane would stand still for half an hour"
    assert timeout.sock_read == 15 + upload_seconds(50 * MEGABYTE)
    assert uploading(usual, 0) == usual


type Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[str]:
    """The address of a server that does this with each connection."""
    tasks = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        try:
            await answer(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 16)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the beginning."""
    del writer
    await reader.readexactly(100_000)


async def stand_still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take nothing."""
    del reader, writer
    await asyncio.Event().wait()


@pytest.mark.parametrize("answer", [cut_off, stand_still])
async def test_what_broke_off_half_way_has_not_arrived(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that may go only once would be in doubt, though nobody can have got it."""
    monkeypatch.setattr(request_body, "_STANDSTILL", 0.2)
    file = File(name="clip.mp4", content=bytes(20 * MEGABYTE))
    async with answering(answer) as url, ClientSession() as session:
        for body in (FormBody({"chat_id": "42"}, [("video", file)]), Body(file.content, content_type="video/mp4")):
            try:
                async with session.post(url, data=body):
                    pytest.fail("it was answered")
            except (OSError, TimeoutError) as error:
                failure = broken(error, "platform", written=body.written, ended=body.ended)
            assert failure.seen is Observation.BROKE_OFF
            outcome = failure.outcome
            assert isinstance(outcome, Retry)
            assert (outcome.scope, outcome.written) == (Scope.CONNECTION, True)


class Kept:
    """Keeps what is written, as far as a body asks for it."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """It."""
        self.pieces.append(bytes(chunk))


def as_writer(kept: Kept) -> AbstractStreamWriter:
    """The same for a body."""
    return cast("AbstractStreamWriter", kept)


@pytest.mark.parametrize("sizes", [(0,), (1, 2, 3), (49_151, 49_152, 49_153), (200_000,)])
async def test_files_are_encoded_while_they_go(sizes: tuple[int, ...]) -> None:
    """A video of 100 MB would be in memory four times, as bytes, base64, text and JSON."""
    files = [File(name=f'a;"{number}".bin', content=bytes([number]) * size) for number, size in enumerate(sizes)]
    body, kept = AttachmentBody({"message": 'Look: "ä"'}, files), Kept()
    await body.write(as_writer(kept))
    raw = b"".join(kept.pieces)
    assert len(raw) == body.size
    assert max(map(len, kept.pieces)) <= request_body.PIECE
    read = orjson.loads(raw)
    assert read["message"] == 'Look: "ä"'
    assert [b64decode(one.partition(",")[2]) for one in read["base64_attachments"]] == [one.content for one in files]
    assert read["base64_attachments"][0].startswith('data:application/octet-stream;filename=a_"0".bin;base64,')
    assert body.ended


async def test_the_loop_goes_on_while_a_large_file_goes() -> None:
    """Every other alarm would wait for it."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    await Body(bytes(5 * MEGABYTE), content_type="video/mp4").write(as_writer(Kept()))
    task.cancel()
    assert turns >= 4


async def test_who_made_the_attempt_hears_how_far_it_is() -> None:
    """Somebody who waits for a film on a slow line would think that it hangs."""
    files = [File(name="a.mp4", content=bytes(1_200_000)), File(name="b.mp4", content=bytes(900_000))]
    form = FormBody({"chat_id": "42"}, [("a", files[0]), ("b", files[1])])
    for body, least in ((form, 2_100_000), (AttachmentBody({}, files), 2_800_000)):
        told = list[tuple[int, int]]()
        with uploads_heard(lambda sent, size, told=told: told.append((sent, size))):  # type: ignore[misc] # of each round
            await asyncio.create_task(body.write(as_writer(Kept())))  # as aiohttp does
        assert told == sorted(told)
        assert told[-1] == (told[-1][1], told[-1][1])
        assert least <= told[0][1] < least + 10_000
        assert told[0][0] < told[0][1]
    heard = list[int]()
    with uploads_heard(lambda sent, _: heard.append(sent)):
        await Body(bytes(900_000), content_type="image/png").write(as_writer(Kept()))
    assert heard == []
