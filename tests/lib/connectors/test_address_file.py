"""Files from addresses: bounded in size, time and redirections, and only from where the caller allows."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from bach_lib import fetch_file
from bach_lib.errors import FileNotFetchedError


@pytest.fixture
async def shelf() -> AsyncIterator[TestServer]:
    """A server with files, and with what is none."""

    async def plan(request: web.Request) -> web.Response:
        return web.Response(body=request.headers.get("Authorization", "-").encode(), content_type="image/png")

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 1000)

    async def never(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def leads(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.query["to"])

    async def circle(request: web.Request) -> web.Response:
        raise web.HTTPFound("/circle")

    app = web.Application()
    for path, handler in {
        "/plan": plan,
        "/endless": endless,
        "/never": never,
        "/leads": leads,
        "/circle": circle,
    }.items():
        app.router.add_get(path, handler)
    server = TestServer(app, host="127.0.0.1")
    async with server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """The caller's."""
    async with ClientSession() as session:
        yield session


async def test_a_file_has_its_name_and_its_kind(shelf: TestServer, session: ClientSession) -> None:
    """A picture would arrive as a file that no phone opens."""
    file = await fetch_file(str(shelf.make_url("/plan")), session)
    assert (file.name, file.mime_type, file.content, file.size) == ("plan.png", "image/png", b"-", 1)
    assert (await fetch_file(shelf.make_url("/plan"), session, name="radar.png")).name == "radar.png"


async def test_who_we_are_is_told_to_the_first_server_only(shelf: TestServer, session: ClientSession) -> None:
    """Whoever leads elsewhere would get the home's password for its camera."""
    headers = {"Authorization": "Bearer x"}
    here, other = shelf.make_url("/plan"), shelf.make_url("/plan").with_host("localhost")
    for to, told in ((here, b"Bearer x"), (other, b"-")):
        url = shelf.make_url("/leads").with_query(to=str(to))
        assert (await fetch_file(url, session, headers=headers)).content == told


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/endless", "it has more than 5000 bytes"),
        ("/never", "it did not come within 0.2 seconds"),
        ("/nothing", "its server answers with HTTP status 404"),
        ("/leads?to=/plan", "127.0.0.1 is not allowed"),
        ("/leads?to=file:///etc/passwd", "it is no address of a web server"),
        ("/circle", "it leads on more than 5 times"),
    ],
)
async def test_what_is_not_fetched_is_said(shelf: TestServer, session: ClientSession, path: str, reason: str) -> None:
    """A home would run out of memory, wait for ever, or hand its own network to whoever names an address."""

    def may_fetch(url: URL) -> bool:
        return url.path != "/plan"

    url = str(shelf.make_url("/")).rstrip("/") + path
    with pytest.raises(FileNotFetchedError, match=reason) as caught:
        await fetch_file(url, session, limit=5000, seconds=0.2 if path == "/never" else 30, may_fetch=may_fetch)
    assert "/" not in str(caught.value), "an address may hold a token"


@pytest.mark.parametrize("url", ["http://[", "ftp://example.org/x", "x", "http://127.0.0.1:9/x"])
async def test_what_is_no_address_is_said(session: ClientSession, url: str) -> None:
    """A slip in an address would be an error that nobody understands."""
    with pytest.raises(FileNotFetchedError):
        await fetch_file(url, session)
