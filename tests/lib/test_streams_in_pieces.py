"""Whatever reads a stream puts it together in proportion to what comes, in however small pieces it comes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import ModuleType, SimpleNamespace
from typing import Protocol, Self, cast, override

import pytest
from aiohttp import BodyPartReader, ClientResponse

from bach_lib.connectors import network
from bach_lib.connectors.ntfy import stream
from bach_lib.connectors.telegram import http_request
from bach_lib.connectors.webhook import whole_head
from bach_lib.partners import http, sse
from bach_lib.rest import uploads

_PIECES = 3000


class Handled:
    """How many bytes were copied or looked at."""

    bytes = 0


class Weighed(bytearray):
    """Bytes that are counted whenever some of them are copied or looked at."""

    @override
    def __iadd__(self, other: bytes) -> Self:  # type: ignore[override] # it takes more than it is given here
        Handled.bytes += len(other)
        super().__iadd__(other)
        return self

    @override
    def __add__(self, other: bytes) -> "Weighed":  # type: ignore[override] # it takes more than it is given here
        Handled.bytes += len(self) + len(other)
        return Weighed(super().__add__(other))

    def __bytes__(self) -> bytes:
        Handled.bytes += len(self)
        return bytes(memoryview(self))

    @override
    def find(self, sub: bytes, start: int = 0) -> int:  # type: ignore[override] # it takes more than it is given here
        Handled.bytes += len(self) - start
        return super().find(sub, start)


class Pieces:
    """A body that comes byte by byte."""

    def __init__(self, body: bytes) -> None:
        self._left = [body[at : at + 1] for at in reversed(range(len(body)))]

    async def iter_any(self) -> AsyncIterator[bytes]:
        """All, one after the other."""
        while self._left:
            yield self._left.pop()

    async def readany(self) -> bytes:
        """The next."""
        return self._left.pop()

    async def read_chunk(self, size: int) -> bytes:
        """The next, or nothing."""
        assert size
        return self._left.pop() if self._left else b""

    def at_eof(self) -> bool:
        """Whether that was all."""
        return not self._left


def response(body: bytes) -> ClientResponse:
    """An answer that comes byte by byte."""
    return cast("ClientResponse", SimpleNamespace(content=Pieces(body), close=lambda: None))


class ReadsAnswers(Protocol):
    """What reads the body of an answer."""

    def __call__(self, response: ClientResponse, limit: int, /) -> Awaitable[bytes]:
        """All of it, or a little more than the limit."""


def answers(read: ReadsAnswers) -> Callable[[bytes], Awaitable[object]]:
    """Read an answer."""
    return lambda body: read(response(body), 2 * _PIECES)


async def lines(body: bytes) -> None:
    """Read a subscription."""
    assert [line async for line in stream.lines_of(response(body + b"\n"))] == [body]


async def upload(body: bytes) -> None:
    """Read a file of a form."""
    assert await uploads._bounded(cast("BodyPartReader", Pieces(body)), 2 * _PIECES) == body


async def head(body: bytes) -> None:
    """Read the head of an answer."""
    got = list[bytes]()
    protocol = cast("asyncio.Protocol", SimpleNamespace(data_received=got.append))
    cutter = whole_head._Cutter(cast("asyncio.Transport", SimpleNamespace(set_protocol=lambda _: None)), protocol)
    for at in range(len(body)):
        cutter.data_received(body[at : at + 1])
    cutter.data_received(b"\r\n\r\n")
    assert len(b"".join(got)) > len(body)


@pytest.mark.parametrize(
    ("module", "read"),
    [
        (network, answers(network.read_body)),
        (http, answers(http.read)),
        (http_request, answers(http_request._read)),
        (stream, lines),
        (uploads, upload),
        (whole_head, head),
    ],
)
async def test_a_body_that_comes_byte_by_byte_is_put_together_once(
    module: ModuleType, read: Callable[[bytes], Awaitable[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who sends very slowly would keep the whole house busy: a thousand times the size, a million the work."""
    monkeypatch.setattr(module, "bytearray", Weighed, raising=False)
    Handled.bytes = 0
    await read(b"x" * _PIECES)
    assert _PIECES // 2 < Handled.bytes < 10 * _PIECES


def test_a_line_of_events_that_comes_byte_by_byte_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends four megabytes byte by byte would keep the machine busy for hours."""
    looked, ends = 0, sse._LINE_END

    def split(piece: bytes) -> list[bytes]:
        nonlocal looked
        looked += len(piece)
        return ends.split(piece)

    monkeypatch.setattr(sse, "_LINE_END", SimpleNamespace(split=split))
    reader = sse.EventReader()
    for byte in [b"x"] * _PIECES + [b"\r", b"y"] * _PIECES:
        reader.feed(byte)
    assert reader.feed(b"\ndata: end\n\n") == ["end"]
    assert looked < 10 * _PIECES
