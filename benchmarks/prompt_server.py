"""The platform of `pipeline` and `order`: a process that does next to nothing, and answers exactly when it should.

The double that the tests use checks what it is sent, keeps it and speaks all of the Bot API. On a machine of two cores
that work is taken from whoever is measured; and since asyncio rounds its timers up to whole milliseconds, an answer
that should take 20 ms came after 20.8. Here a request is cut out of the stream and answered with a line that was
prepared, when a timer of the kernel says so, which knows nanoseconds.

It is fair, because bare aiohttp, python-telegram-bot and BACH all speak to this same process, which does the same for
each of them: what it saves is saved for all. No answer goes early: the clock is read again before each. What BACH
itself does is not changed by it in any way; it sends what it sends to Telegram, and reads what it is told.

`python -m benchmarks.prompt_server SECONDS` prints its address and serves until it is ended.
"""

import asyncio
import os
import sys
from collections import deque
from typing import cast, override

_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"


def _response(result: bytes) -> bytes:
    body = b'{"ok":true,"result":' + result + b"}"
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


_SENT = _response(
    b'{"message_id":1,"from":{"id":123456,"is_bot":true,"first_name":"Home"},"chat":{"id":1,"type":"private",'
    b'"first_name":"Ada"},"date":1800000000,"text":"The garage door has been open for ten minutes."}'
)
_ANSWERS = {
    b"getMe": _response(b'{"id":123456,"is_bot":true,"first_name":"Home","username":"home_bot"}'),
    b"getUpdates": _response(b"[]"),
}
_TRUE = _response(b"true")
_POLL = 25.0
"""Seconds that a poll without news is held."""


class Later:
    """Answers that are all due the same time after their question: the oldest is always the first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._due: deque[tuple[float, asyncio.Transport]] = deque()
        self._timer = os.timerfd_create(0, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)  # 0: CLOCK_REALTIME, for a distance
        self._loop.add_reader(self._timer, self._ring)

    def confirm(self, transport: asyncio.Transport) -> None:
        """Say that the message was sent, when the time has come."""
        if not self._seconds:
            transport.write(_SENT)
            return
        self._due.append((self._loop.time() + self._seconds, transport))
        if len(self._due) == 1:
            self._set()

    def _ring(self) -> None:
        os.read(self._timer, 8)
        while self._due and self._due[0][0] <= self._loop.time():
            self._due.popleft()[1].write(_SENT)
        if self._due:
            self._set()

    def _set(self) -> None:
        os.timerfd_settime(self._timer, initial=max(self._due[0][0] - self._loop.time(), 1e-9))


class Line(asyncio.Protocol):
    """One connection of a client, which asks one thing after another."""

    def __init__(self, later: Later) -> None:
        self._later = later
        self._heard = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._heard += data
        while (end := self._heard.find(_HEAD_ENDS)) >= 0:
            head = self._heard[:end]
            at = head.lower().find(_LENGTH)
            length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            whole = end + len(_HEAD_ENDS) + length
            if len(self._heard) < whole:
                return
            body, self._heard = self._heard[whole - length : whole], self._heard[whole:]
            self._answer(head[: head.find(b" HTTP/")].rsplit(b"/", 1)[-1], body)

    def _answer(self, method: bytes, body: bytes) -> None:
        if method == b"sendMessage":
            self._later.confirm(self._transport)
        elif method == b"getUpdates" and b'"timeout":0' not in body:
            asyncio.get_running_loop().call_later(_POLL, self._transport.write, _ANSWERS[method])  # there is no news
        else:
            self._transport.write(_ANSWERS.get(method, _TRUE))


async def _serve(seconds: float) -> None:
    later = Later(seconds)
    server = await asyncio.get_running_loop().create_server(lambda: Line(later), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
