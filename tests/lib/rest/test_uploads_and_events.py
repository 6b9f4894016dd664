"""Files over REST, the stream of events, and the interface below an address of somebody else's application."""

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest
from aiohttp import ClientSession, FormData, web
from aiohttp.test_utils import TestServer

from bach_lib import Bach, MessageQueued
from bach_lib.rest import event_feed, make_application
from bach_lib.testing import FakeClock, FakePlatform
from tests.lib.rest.conftest import TOKEN, Client

AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
FIELDS = '{"connector": "home", "recipient": "ada", "content": "Disk full"}'


async def post(url: str, form: FormData | bytes, content_type: str | None = None) -> tuple[int, object]:
    """What is answered to a form."""
    headers = AUTHORIZED | ({"Content-Type": content_type} if content_type else {})
    async with (
        ClientSession() as session,
        session.post(f"{url}/api/v1/messages/send", data=form, headers=headers) as answer,
    ):
        body = await answer.json()
        return answer.status, body.get("code")


def form(*files: tuple[str, bytes], fields: str = FIELDS) -> FormData:
    """A message with files, as curl writes it."""
    made = FormData()
    made.add_field("message", fields, content_type="application/json")
    for name, content in files:
        made.add_field("file", content, filename=name, content_type="text/plain")
    return made


async def test_files_go_along_and_may_go_without_words(
    client: Client, platform: FakePlatform, clock: FakeClock
) -> None:
    """A camera's picture could not be sent from another program."""
    assert await post(client.url, form(("a.txt", b"\x00one"), ("b.txt", b"two"))) == (201, None)
    wordless = FIELDS.replace("Disk full", "")
    assert await post(client.url, form(("c.txt", b"three"), fields=wordless)) == (201, None)
    await clock.settle()
    assert [[(one.name, one.content) for one in message.files] for message in platform.sent] == [
        [("a.txt", b"\x00one"), ("b.txt", b"two")],
        [("c.txt", b"three")],
    ]


async def test_forms_that_are_none_are_refused(client: Client, bach: Bach, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken or endless upload would fill the memory, or be half a message."""
    monkeypatch.setattr("bach_lib.rest.uploads.MAX_CONTENTS", 1000)
    nameless = form()
    nameless.add_field("file", "x")
    twice = form()
    twice.add_field("message", FIELDS)
    alone = FormData()
    alone.add_field("file", b"x", filename="a.txt")
    multipart = "multipart/form-data; boundary=b"
    head = b'--b\r\nContent-Disposition: form-data; name="message"\r\n'
    refused: list[tuple[FormData | bytes, str | None, tuple[int, str]]] = [
        (form(("a", b"x" * 600), ("b", b"x" * 600)), None, (413, "request_entity_too_large")),
        (form(*((f"{number}", b"x") for number in range(21))), None, (422, "invalid_value")),
        (nameless, None, (422, "invalid_value")),
        (twice, None, (422, "invalid_value")),
        (alone, None, (422, "invalid_value")),
        (form(("a", b"x"), fields="{"), None, (400, "invalid_json")),
        (form(("a", b"x"), fields="[]"), None, (422, "invalid_value")),
        (form(fields=FIELDS.replace("Disk full", "")), None, (422, "invalid_value")),
        (form(fields='{"content": "' + "x" * 70_000 + '"}'), None, (413, "request_entity_too_large")),
        (b"", multipart, (400, "unreadable_body")),
        (b"nothing", multipart, (400, "unreadable_body")),
        (b"x", "multipart/form-data", (400, "unreadable_body")),
        (head + b"Content-Transfer-Encoding: base64\r\n\r\ne30=\r\n--b--", multipart, (400, "unreadable_body")),
        (
            head + b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--",
            multipart,
            (400, "unreadable_body"),
        ),
    ]
    for body, content_type, expected in refused:
        assert await post(client.url, body, content_type) == expected, (expected, body)
    assert await bach.messages() == []


class Stream:
    """A reader of the stream."""

    def __init__(self, url: str, query: str = "", last: str | None = None) -> None:
        self._address = f"{url}/api/v1/events{query}"
        self._headers = AUTHORIZED | ({} if last is None else {"Last-Event-ID": last})
        self.last = ""

    async def frames(self, session: ClientSession) -> AsyncGenerator[tuple[str, dict[str, object]]]:
        """Each event; the first is the beginning itself."""
        async with session.get(self._address, headers=self._headers) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
            frame = dict[str, str]()
            async for line in response.content:
                name, _, value = line.decode().strip().partition(": ")
                if name:
                    frame[name] = value
                    continue
                self.last = frame.get("id", self.last)
                yield frame.get("event", ""), json.loads(frame.get("data", "{}"))
                frame = {}


async def test_events_are_told_and_a_break_is_bridged_or_said(client: Client, clock: FakeClock) -> None:
    """A program would believe that nothing happened while its line was broken."""
    async with asyncio.timeout(60), ClientSession() as session:
        stream = Stream(client.url, "?types=MessageQueued,MessageSent")
        frames = stream.frames(session)
        assert await anext(frames) == ("", {})
        await client.send("one")
        await clock.settle()
        name, data = await anext(frames)
        assert (name, data["message"]["text"]) == ("MessageQueued", "one")  # type: ignore[index] # what JSON made
        seen = stream.last
        await frames.aclose()
        await client.send("two")
        again = Stream(client.url, "?types=MessageQueued", seen)
        frames = again.frames(session)
        assert (await anext(frames))[0] == ""
        name, data = await anext(frames)
        assert (name, data["message"]["text"]) == ("MessageQueued", "two")  # type: ignore[index] # what JSON made
        await frames.aclose()
        frames = Stream(client.url, last="00000000-5").frames(session)
        assert [(await anext(frames))[0], (await anext(frames))[0]] == ["", "gap"]
        await frames.aclose()


async def test_who_reads_too_slowly_is_told_of_a_gap(
    client: Client, bach: Bach, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One reader that hangs would take the memory of the house."""
    monkeypatch.setattr(event_feed, "MAX_WAITING", 2)
    await client.send("one")
    message = (await bach.messages())[0]
    async with asyncio.timeout(60), ClientSession() as session:
        frames = Stream(client.url, "?types=MessageQueued").frames(session)
        await anext(frames)
        for _ in range(5):  # in one turn of the loop, so that none can be written in between
            bach._base.bus.publish(MessageQueued(connection="home", message=message))
        assert [(await anext(frames))[0] for _ in range(3)] == ["gap", "MessageQueued", "MessageQueued"]
        await frames.aclose()


async def test_the_streams_are_few_and_end_with_the_server(
    client: Client, bach: Bach, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon could not be stopped while somebody listens, or would be filled with listeners."""
    monkeypatch.setattr(event_feed, "MAX_FEEDS", 1)
    server = TestServer(make_application(bach, token=TOKEN))
    await server.start_server()
    async with asyncio.timeout(60), ClientSession() as session:
        frames = Stream(f"http://127.0.0.1:{server.port}").frames(session)
        await anext(frames)
        async with session.get(f"http://127.0.0.1:{server.port}/api/v1/events", headers=AUTHORIZED) as answer:
            assert (answer.status, (await answer.json())["code"]) == (429, "too_many_streams")
        async with session.get(f"http://127.0.0.1:{server.port}/api/v1/events") as answer:
            assert answer.status == 401
        await server.close()
        with pytest.raises(StopAsyncIteration):
            await anext(frames)


async def test_below_another_address_the_same_is_open_to_all(bach: Bach) -> None:
    """Its health could not be looked at, and the document would lead nowhere."""
    outer = web.Application()
    outer.add_subapp("/bach", make_application(bach, token=TOKEN))
    server = TestServer(outer)
    await server.start_server()
    async with ClientSession() as session:
        url = f"http://127.0.0.1:{server.port}/bach"
        for path, status in (("/health", 200), ("/api/v1/openapi.json", 200), ("/api/v1/messages/queue", 401)):
            async with session.get(url + path) as answer:
                assert answer.status == status, path
        async with session.post(f"{url}/api/v1/hooks/none", data=b"x") as answer:
            assert answer.status == 403
        async with session.get(f"{url}/api/v1/openapi.json") as answer:
            assert (await answer.json())["servers"] == [{"url": "/bach"}]
    await server.close()
