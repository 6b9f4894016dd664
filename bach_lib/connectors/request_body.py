"""Bodies of requests: how much of one was handed to the network, and how long a large one may take.

A request of which a part is missing has no effect anywhere, so what broke off in its body is as if it had not been
sent. Large ones go in pieces: between two of them the loop does other work, and one that does not move is given up.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from mimetypes import guess_type
from typing import Final, override

from aiohttp import ClientTimeout, MultipartWriter, Payload
from aiohttp.abc import AbstractStreamWriter

from bach_lib.connectors.upload_progress import Tally
from bach_lib.models import File, Message

PIECE: Final = 1 << 16
_PIECES_A_TURN: Final = 16
_STANDSTILL: Final = 60.0
"""Seconds in which not one piece goes; what is slow moves all the same."""
_SLOWEST: Final = 64_000
"""Bytes a second, half a Mbit. ADSL has 1 Mbit/s upstream (ITU-T G.992.1 promises 640 kbit/s to 1.3 Mbit/s), and the
home has other things to say meanwhile."""
_MOST_UPLOADS: Final = 3
"""Of one attempt: as asked, as documents, each alone."""


def media_type(file: File) -> str:
    """What the file says it is, else what its name says."""
    # `guess_file_type` is younger than Python 3.12; with "./" before it no name passes for an address.
    return file.mime_type or guess_type(f"./{file.name}")[0] or "application/octet-stream"


def upload_seconds(size: int) -> float:
    """How long so many bytes may take on the slowest line that we wait for."""
    return size / _SLOWEST


def uploading(usual: ClientTimeout, size: int) -> ClientTimeout:
    """The time-outs of a request that brings so many bytes along.

    Who takes them may hand them on, over the same line, before answering: a Bot API or a signal-cli in the home does.
    """
    more = upload_seconds(size)
    return ClientTimeout(
        total=None if usual.total is None else usual.total + 2 * more,
        connect=usual.connect,
        sock_connect=usual.sock_connect,
        sock_read=None if usual.sock_read is None else usual.sock_read + more,
    )


def attempt_seconds(message: Message) -> float:
    """How much longer than usual an attempt may take that has these files."""
    return 2 * _MOST_UPLOADS * upload_seconds(sum(len(file.content) for file in message.files))


class Body(Payload):
    """What knows whether it was handed to the network. aiohttp holds the headers back until then."""

    written: bool = False
    """Whether any of it was handed to the network."""
    ended: bool = False
    """Whether the last of it was, at least in part: who has all of it may have acted."""

    def __init__(self, raw: bytes, *, content_type: str) -> None:
        super().__init__(raw, content_type=content_type)
        self._size = len(raw)
        self._raw = raw
        self.tally: Tally = Tally()
        """Of the whole request, of which it may be a part."""

    @override
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """As a text."""
        return self._raw.decode(encoding, errors)

    @override
    async def write(self, writer: AbstractStreamWriter) -> None:
        """The same as `write_with_length`."""
        await self.write_with_length(writer, None)

    @override
    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Raises `TimeoutError` where nothing moves."""
        del content_length  # which is that of all of it
        size, sent, self.written = self._size or 0, 0, True
        self.tally.size = self.tally.size or size
        for number, piece in enumerate(self.pieces()):
            sent += len(piece)
            self.ended = sent >= size
            async with asyncio.timeout(_STANDSTILL if size > PIECE else None):
                await writer.write(piece)
            self.tally.add(len(piece))
            if number % _PIECES_A_TURN == _PIECES_A_TURN - 1:
                await asyncio.sleep(0)

    def pieces(self) -> Iterator[bytes | memoryview]:
        """What is written, at most `PIECE` bytes at once."""
        if len(self._raw) <= PIECE:  # as nearly always
            yield self._raw
            return
        content = memoryview(self._raw)
        for at in range(0, len(content), PIECE):
            yield content[at : at + PIECE]


class JsonBody(Body):
    """JSON body."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw, content_type="application/json")


class NoBody(JsonBody):
    """Empty body of calls that have none: it tells all the same whether they were handed to the network."""

    SKIP: Final = frozenset({"Content-Type"})
    """Headers that aiohttp must leave out then; it wants a payload to have this one."""

    def __init__(self) -> None:
        super().__init__(b"")


class FormBody(MultipartWriter):
    """A form with files that knows whether it was handed to the network, as `Body` does."""

    written: bool = False
    """Whether any of it was handed to the network."""

    def __init__(self, fields: Mapping[str, str], files: Iterable[tuple[str, File]]) -> None:
        super().__init__("form-data")
        self._bodies = list[Body]()
        self._tally = Tally()
        for name, value in fields.items():
            self._add(Body(value.encode(), content_type="text/plain; charset=utf-8"), name)
        for name, file in files:
            self._add(Body(file.content, content_type=media_type(file)), name, filename=file.name)

    @property
    def ended(self) -> bool:
        """As in `Body`."""
        return all(part.ended for part in self._bodies)

    def _add(self, part: Body, name: str, **parameters: str) -> None:
        part.set_content_disposition("form-data", quote_fields=False, name=name, **parameters)
        self.append_payload(part)
        self._bodies.append(part)
        part.tally = self._tally
        self._tally.size += part.size or 0

    @override
    async def write(self, writer: AbstractStreamWriter, close_boundary: bool = True) -> None:
        self.written = True
        await super().write(writer, close_boundary)
