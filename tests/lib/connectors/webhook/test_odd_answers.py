"""Answers that no server should give, and some do: the head of an answer says what became of a message."""

import asyncio
from asyncio import StreamReader, StreamWriter

from aiohttp import ClientSession

from bach_lib.connectors.base import Setup
from bach_lib.connectors.webhook import WebhookConnector
from bach_lib.models import Connection, Message
from bach_lib.testing import FakeClock

SENT, DEAD, UNCERTAIN = "Sent", "Dead", "Uncertain"
NONE, OK = b"HTTP/1.1 204 No Content\r\n", b"HTTP/1.1 200 OK\r\n"
ANSWERS: dict[tuple[bytes, ...], str] = {
    (NONE + b"\r\nthank you",): SENT,
    (NONE + b"\r\n", b"thank you"): SENT,
    (NONE + b"\r", b"\nthank you"): SENT,
    (NONE, b"X-A: b\r\n\r", b"\n{}"): SENT,
    (NONE + b"Content-Length: 5\r\n\r\nhello",): SENT,
    (NONE + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",): SENT,
    (NONE + b"Content-Type: text/html\r\n\r\n\r\n\r\n<html></html>\r\n\r\n",): SENT,
    (b"HTTP/1.1 100 Continue\r\n\r\n" + NONE + b"\r\nthank you",): SENT,
    (b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r", b"\n" + NONE + b"\r", b"\nthank you"): SENT,
    (OK + b"Content-Length: 2\r\n\r\nok, and more",): SENT,
    (OK + b"Content-Length: 200\r\n\r\nok",): SENT,
    (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",): SENT,
    (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno, and more",): DEAD,
    (b"HTTP/1.1 304 Not Modified\r\n\r\nabc",): UNCERTAIN,
    (b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno, and more",): UNCERTAIN,
    (NONE,): UNCERTAIN,
    (NONE + b"Content-Le",): UNCERTAIN,
    (b"thank you\r\n\r\n",): UNCERTAIN,
    (b"HTTP/1.1 100 Continue\r\n\r\nthank you",): UNCERTAIN,
    (): UNCERTAIN,
}


def connector(url: str, session: ClientSession, **settings: object) -> WebhookConnector:
    """One to this address."""
    connection = Connection(name="hook", type="webhook", endpoint=url, settings=settings)
    return WebhookConnector(
        Setup(connection=connection, secrets={}, session=session, new_session=ClientSession, clock=FakeClock())
    )


async def outcomes(session: ClientSession, parts: tuple[bytes, ...]) -> list[str]:
    """What becomes of messages, the second over the same line if the first has left it open."""

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
            if not parts or not parts[-1].endswith(b"\r\n\r\n"):
                break
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    message = Message(id=1, nonce="a-1", connection="hook", recipient="default", text="x")
    async with server:
        hooks = [connector(f"http://127.0.0.1:{port}/", session, method=method) for method in ("POST", "GET", "POST")]
        return [type(await hook.send(message)).__name__ for hook in hooks]


async def test_the_head_says_whether_it_was_taken(socket_enabled: None) -> None:
    """A message that was taken would go again, or be shown to a person as one that nobody knows of."""
    async with ClientSession() as session:
        found = {parts: await outcomes(session, parts) for parts in ANSWERS}
    assert found == {parts: [outcome] * 3 for parts, outcome in ANSWERS.items()}
