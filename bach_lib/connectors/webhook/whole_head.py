"""Body that lets the head of an answer be read by itself, whatever comes behind it.

aiohttp reads what has come as one. A program that answers 204 and writes a text behind it, which no 204 has, would have
its whole answer thrown away, and whoever asked would not know whether the message was taken; the head had said so.
"""

import asyncio
import re
from typing import Final, cast, override

from aiohttp.abc import AbstractStreamWriter

from bach_lib.connectors.request_body import Body

_END: Final = b"\r\n\r\n"
_INFORMATIONAL: Final = re.compile(rb"HTTP/1\.[01] 1[0-9]{2}\b")
"""Heads like these come before the one of the answer."""


class WaryBody(Body):
    """A body whose answer is cut where its head ends."""

    @override
    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        transport = getattr(writer, "transport", None)
        if isinstance(transport, asyncio.Transport):
            transport.set_protocol(_Cutter(transport, cast("asyncio.Protocol", transport.get_protocol())))
        await super().write_with_length(writer, content_length)


class _Cutter(asyncio.Protocol):
    """Stand-in for the protocol until the head has come; hands that on first, and then what came with it."""

    def __init__(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        self._transport = transport
        self._protocol = protocol
        self._head = bytearray()

    @override
    def data_received(self, data: bytes) -> None:
        searched = max(0, len(self._head) - len(_END) + 1)
        self._head += data
        while (end := self._head.find(_END, searched)) >= 0:
            behind = end + len(_END) - (len(self._head) - len(data))
            self._protocol.data_received(data[:behind])
            data, is_over = data[behind:], not _INFORMATIONAL.match(self._head)
            self._head, searched = bytearray(data), 0
            if is_over:
                self._transport.set_protocol(self._protocol)
                break
        if data:
            self._protocol.data_received(data)

    @override
    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    @override
    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    @override
    def resume_writing(self) -> None:
        self._protocol.resume_writing()
