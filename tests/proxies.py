"""Proxies on this machine: SOCKS 4, 4a and 5 with user and password (RFC 1928, 1929), and HTTP with CONNECT.

They know no names: `*.test` is this machine to them, so what is asked for can be a name that nobody else has. They can
refuse, hang and hang up at each point.
"""

import asyncio
import struct
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import NamedTuple

HOST = "127.0.0.1"
USER, PASSWORD = "ada", "hunter2:@/%"
"""With signs that mean something in an address."""
LOGIN = f"{USER}:{PASSWORD}"

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Trouble(StrEnum):
    """What a proxy does in the place of its work."""

    HANGS = "hangs"
    HANGS_UP = "hangs_up"
    HANGS_UP_LATER = "hangs_up_later"
    """After the talk about who we are."""
    REFUSES = "refuses"
    DOES_NOT_REACH = "does_not_reach"
    SPEAKS_ELSE = "speaks_else"


class Asked(NamedTuple):
    """Where somebody wanted to go."""

    host: str
    port: int


@dataclass(kw_only=True)
class ProxyServer:
    """What it wants, what it does, and what it was asked."""

    login: str | None = None
    """USER:PASSWORD."""
    trouble: Trouble | None = None
    asked: list[Asked] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    """What it was shown."""
    port: int = 0

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with one client."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            if self.trouble is Trouble.HANGS:
                await reader.read()
            elif self.trouble is Trouble.SPEAKS_ELSE:
                writer.write(b"220 mail.example.org ESMTP\r\n")
                await reader.read(100)
            elif self.trouble is not Trouble.HANGS_UP:
                first = await reader.readexactly(1)
                talk = {b"\x04": self._socks4, b"\x05": self._socks5}.get(first, self._http)
                await talk(first, reader, writer)
        writer.close()

    async def _socks5(self, _: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        method = 2 if self.login else 0
        if method not in methods:
            writer.write(b"\x05\xff")
            return
        writer.write(bytes([5, method]))
        if self.login and not await self._knows(reader, writer):
            return
        if self.trouble is Trouble.HANGS_UP_LATER:
            return
        kind = (await reader.readexactly(4))[3]
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        [port] = struct.unpack(">H", await reader.readexactly(2))
        code = {Trouble.REFUSES: 2, Trouble.DOES_NOT_REACH: 4}.get(self.trouble or Trouble.HANGS, 0)
        there = await self._reached(host, port, is_allowed=not code)
        writer.write(bytes([5, code or (0 if there else 5), 0, 1, 0, 0, 0, 0, 0, 0]))
        await _passed_on((reader, writer), there)

    async def _knows(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await reader.readexactly(1)
        user = await reader.readexactly((await reader.readexactly(1))[0])
        password = await reader.readexactly((await reader.readexactly(1))[0])
        self.logins.append(f"{user.decode()}:{password.decode()}")
        is_known = self.logins[-1] == self.login
        writer.write(bytes([1, 0 if is_known else 1]))
        return is_known

    async def _socks4(self, _: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, port, address = struct.unpack(">BH4s", await reader.readexactly(7))
        self.logins.append((await reader.readuntil(b"\0"))[:-1].decode())
        host = str(ip_address(address))
        if host.startswith("0.0.0."):
            host = (await reader.readuntil(b"\0"))[:-1].decode()
        code = {Trouble.REFUSES: 0x5D, Trouble.DOES_NOT_REACH: 0x5B}.get(self.trouble or Trouble.HANGS, 0x5A)
        there = await self._reached(host, port, is_allowed=code == 0x5A)
        writer.write(bytes([0, code, 0, 0, 0, 0, 0, 0]))
        await _passed_on((reader, writer), there)

    async def _http(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = first + await reader.readuntil(b"\r\n\r\n")
        line, *headers = head.decode().split("\r\n")
        shown = [one.partition(" ")[2] for one in headers if one.lower().startswith("proxy-authorization:")]
        self.logins += shown
        if self.login and shown != [f"Basic {b64encode(self.login.encode()).decode()}"]:
            writer.write(b"HTTP/1.1 407 Who are you?\r\nContent-Length: 0\r\n\r\n")
            return
        method, target, _ = line.split()
        code = {Trouble.REFUSES: 403, Trouble.DOES_NOT_REACH: 502}.get(self.trouble or Trouble.HANGS, 0)
        place = target if method == "CONNECT" else target.removeprefix("http://").partition("/")[0]
        host, _, port = place.partition(":")
        there = await self._reached(host, int(port or 80), is_allowed=not code)
        if code:
            writer.write(f"HTTP/1.1 {code} No\r\nContent-Length: 0\r\n\r\n".encode())
        elif method == "CONNECT":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        elif there:
            theirs = [one for one in headers if not one.lower().startswith("proxy-")]
            there[1].write("\r\n".join([line, *theirs]).encode())
        await _passed_on((reader, writer), there)

    async def _reached(self, host: str, port: int, *, is_allowed: bool) -> Streams | None:
        self.asked.append(Asked(host, port))
        if not is_allowed:
            return None
        with suppress(OSError):
            return await asyncio.open_connection(HOST if host.endswith(".test") else host, port)
        return None


async def _passed_on(here: Streams, there: Streams | None) -> None:
    """All that either says, until one of them ends."""
    if there is None:
        return
    try:
        ways = [asyncio.create_task(_poured(here[0], there[1])), asyncio.create_task(_poured(there[0], here[1]))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.wait(ways)
    finally:
        there[1].close()


async def _poured(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()


type Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[int]:
    """Somebody who takes connections and does this with each; its port."""
    tasks = set[asyncio.Task[None]]()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            tasks.add(task)
        with suppress(asyncio.CancelledError, ConnectionError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(answered, HOST)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        server.close_clients()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


@asynccontextmanager
async def proxy_server(*, login: str | None = None, trouble: Trouble | None = None) -> AsyncIterator[ProxyServer]:
    """A proxy that speaks all of it."""
    proxy = ProxyServer(login=login, trouble=trouble)
    async with listening(proxy.serve) as proxy.port:
        yield proxy
