"""A network between processes and their database, which fails where it is told to.

    python -m benchmarks.cluster.network PORT

It writes its own port, then reads a line for each thing to do: `silent` (nothing comes through, and nobody is told),
`heard` (what was held back comes through, and all goes on), `cut` (all connections break), `swallow N` (so many times
a connection breaks when the server says that a commit is done, before anybody hears of it), `eat N` (before the server
hears of the commit).
"""

import asyncio
import re
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Self

_PREPARED = re.compile(rb"(\w+)\0COMMIT\0")
_DONE = b"COMMIT\0"


class _Network:
    def __init__(self, server: int) -> None:
        self._server = server
        self._open: set[StreamWriter] = set()
        self._heard = asyncio.Event()
        self._heard.set()
        self._swallow = self._eat = 0

    async def run(self) -> None:
        """Until nobody tells it anything any more."""
        listening = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        print(listening.sockets[0].getsockname()[1], flush=True)
        loop, told = asyncio.get_running_loop(), StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
        while line := await told.readline():
            self._do(*line.decode().split())

    def _do(self, what: str, number: str = "0") -> None:
        if what == "silent":
            self._heard.clear()
        elif what == "heard":
            self._heard.set()
        elif what == "cut":
            for writer in self._open:
                writer.transport.abort()
        elif what == "swallow":
            self._swallow = int(number)
        elif what == "eat":
            self._eat = int(number)

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        await self._heard.wait()
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, server_writer}
        self._open |= pair
        both = (self._say(reader, server_writer), self._answer(server_reader, writer))
        await asyncio.wait([asyncio.ensure_future(one) for one in both], return_when=asyncio.FIRST_COMPLETED)
        for one in pair:
            one.transport.abort()
        self._open -= pair

    async def _say(self, reader: StreamReader, writer: StreamWriter) -> None:
        name = b""
        with suppress(OSError):
            while said := await reader.read(1 << 16):
                await self._heard.wait()
                if found := _PREPARED.search(said):
                    name = found[1]
                if self._eat and name and b"\0" + name + b"\0" in said:
                    self._eat -= 1
                    return
                writer.write(said)
                await writer.drain()

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):
            while said := await reader.read(1 << 16):
                await self._heard.wait()
                if self._swallow and _DONE in said:
                    self._swallow -= 1
                    return
                writer.write(said)
                await writer.drain()


class Network:
    """Such a process. `port`: where the server is heard through it."""

    def __init__(self, process: Process, port: int) -> None:
        self._process, self.port = process, port

    @classmethod
    async def before(cls, server: int) -> Self:
        """One before a server's port."""
        arguments = ("-m", "benchmarks.cluster.network", str(server))
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=Path(__file__).parents[2], stdin=PIPE, stdout=PIPE
        )
        if process.stdout is None:
            raise RuntimeError("it cannot be heard")
        return cls(process, int(await process.stdout.readline()))

    def tell(self, what: str) -> None:
        """Let it do something."""
        if self._process.stdin:
            self._process.stdin.write(f"{what}\n".encode())

    async def close(self) -> None:
        """End it."""
        self._process.kill()
        await self._process.wait()


if __name__ == "__main__":
    asyncio.run(_Network(int(sys.argv[1])).run())
