"""A line between two programs on this machine that a test can cut, and on which it can lose what is under way."""

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from typing import Self

from demo.process import HOST

_CHUNK = 65_536


class Line:
    """A port of its own that leads to another one."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[StreamWriter] = set()
        self._is_deaf = False
        self._lost = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, HOST, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server:
            self._server.close()
            self.cut()
            await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Where it begins."""
        assert self._server
        return f"http://{HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def lose_answer(self) -> None:
        """Let nothing through that the far end says, from now until the cut; returns once it has said something."""
        self._is_deaf = True
        self._lost.clear()
        await self._lost.wait()

    def cut(self) -> None:
        """Whatever goes over the line breaks; who comes next gets through."""
        self._is_deaf = False
        for writer in self._writers:
            writer.transport.abort()

    async def _connected(self, near_reader: StreamReader, near: StreamWriter) -> None:
        try:
            far_reader, far = await asyncio.open_connection(HOST, self._target)
        except OSError:
            near.transport.abort()
            return
        self._writers |= {near, far}
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass_on(near_reader, far, is_answer=False))
                tasks.create_task(self._pass_on(far_reader, near, is_answer=True))
        finally:
            for writer in (near, far):
                writer.transport.abort()
                self._writers.discard(writer)

    async def _pass_on(self, reader: StreamReader, writer: StreamWriter, *, is_answer: bool) -> None:
        """Until either end is closed; then nothing more goes the other way either."""
        with suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                if is_answer and self._is_deaf:
                    self._lost.set()
                    continue
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
