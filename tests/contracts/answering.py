"""A web server that answers as told, in every way in which something on a network can answer, and every such way."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

PAGE = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>Please try again later.</body></html>"
STATUSES = (200, 301, 400, 401, 403, 404, 408, 413, 429, 431, 499, 500, 502, 503, 504, 524)
_TLS = b"\x16"
"""How a handshake begins; a server without TLS answers it with words that no client takes for one."""
_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)


class Effect(StrEnum):
    """What becomes of the connection."""

    ANSWER = "answer"
    CLOSE_AT_ONCE = "close at once"
    CLOSE_AFTER_READING = "close after reading"
    SILENCE = "silence"
    CUT = "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. `body`: bytes, or what becomes JSON; `CUT` stops in the middle of it."""

    effect: Effect = Effect.ANSWER
    status: int = 200
    body: object = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """What goes over the wire."""
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        length = len(body) + (50 if self.effect is Effect.CUT else 0)
        head = {"Content-Type": self.kind, "Content-Length": str(length), **self.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        return f"HTTP/1.1 {self.status} X\r\n{lines}\r\n".encode() + body


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    method: str
    path: str
    body: bytes


def page(status: int) -> Answer:
    """A page of something on the way."""
    headers = {"Location": "http://portal.invalid/"} if 300 <= status < 400 else {}
    return Answer(status=status, body=PAGE, kind="text/html", headers=headers)


WAYS: Mapping[str, Answer] = {
    "closed before it was read": Answer(effect=Effect.CLOSE_AT_ONCE),
    "closed after it was read": Answer(effect=Effect.CLOSE_AFTER_READING),
    "silence": Answer(effect=Effect.SILENCE),
    "cut off": Answer(effect=Effect.CUT, body=b'{"'),
    **{f"page {status}": page(status) for status in STATUSES},
    "page without a type": Answer(status=403, body=PAGE, kind="application/octet-stream"),
    "page as JSON": Answer(status=502, body=PAGE),
    "empty 200": Answer(),
    "empty 502": Answer(status=502, kind="text/plain"),
    "JSON of another shape": Answer(body={"surprise": [1]}),
    "a list": Answer(body=[]),
    "a gateway's JSON": Answer(status=504, body={"message": "Endpoint request timed out"}),
}
"""Whatever can answer in a platform's place, or fail to."""


_NO_HTTP = Asked(method="", path="", body=b"")


class AnsweringServer:
    """Keeps what it was asked. `answer` says what follows; without it everything is answered by `right`."""

    def __init__(self, right: Callable[[Asked], Answer]) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Answer | None] = lambda _: None
        self.at_once = False
        """Close connections without looking at what they bring."""
        self._right = right
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 22)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            while not self.at_once and (asked := await _read(reader)):
                if asked is _NO_HTTP:
                    writer.write(Answer(status=400).encode())
                    break
                self.asked.append(asked)
                answer = self.answer(asked) or self._right(asked)
                if answer.effect is Effect.SILENCE:
                    await asyncio.Event().wait()
                if answer.effect in {Effect.CLOSE_AFTER_READING, Effect.CLOSE_AT_ONCE}:
                    break
                head, end, body = answer.encode().partition(b"\r\n\r\n")
                writer.write(head + end + (b"" if asked.method == "HEAD" else body))
                if answer.effect is Effect.CUT:
                    await writer.drain()
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        first = await reader.readexactly(1)
        if first == _TLS:
            return _NO_HTTP
        head = first + await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
    length = _LENGTH.search(head)
    if length is None and b"chunked" in head.lower():
        return Asked(method=method, path=path, body=await reader.readuntil(b"\r\n0\r\n\r\n"))
    return Asked(method=method, path=path, body=await reader.readexactly(int(length[1]) if length else 0))
