"""Any address: which statuses are good, and that credentials travel in the header that the person named."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import override

import pytest
from aiohttp import ClientSession
from aiohttp.web import BaseRequest, Response, StreamResponse

from bach_lib import Fault, Report
from bach_lib.testing import Told
from bach_lib.testing.partners.base import Asked, PartnerServer
from tests.lib.partners.make import connection, partner

LOGIN = b64encode(b"ada:l0velace-s3cret").decode()


class Page(PartnerServer):
    """A page that anybody may see, or whoever shows the `key` in one of three ways."""

    @override
    def accepts(self, asked: Asked) -> bool:
        shown = {asked.headers.get(name) for name in ("Authorization", "X-API-Key", "X-Door")}
        return self.key in shown

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        return Response(text="hello", headers={"Server": "page/1.0"})


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """One without a key."""
    async with Page() as page:
        yield page


async def test_a_page_that_answers_is_good(page: Page, session: ClientSession) -> None:
    """A person could not watch anything that has no type of its own."""
    report = await partner(connection("http", f"{page.url}/health/?full=1"), session).check()
    assert isinstance(report, Report)
    assert (report.accepted, report.version, report.offered) == (None, "page/1.0", 0)
    [asked] = page.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/health/", {"full": "1"})


@pytest.mark.parametrize(
    ("status", "settings", "code"),
    [
        (204, {}, None),
        (302, {}, None),
        (404, {}, "unexpected_status"),
        (400, {}, "unexpected_status"),
        (401, {}, "auth_failed"),
        (403, {}, "forbidden"),
        (429, {}, "rate_limited"),
        (503, {}, "server_error"),
        (404, {"expected_status": [404]}, None),
        (200, {"expected_status": [204]}, "unexpected_status"),
        (401, {"expected_status": [401]}, None),
        (200, {"method": "HEAD"}, None),
    ],
)
async def test_the_status_decides(
    page: Page, session: ClientSession, status: int, settings: dict[str, object], code: str | None
) -> None:
    """A light would be green for an error page, or red for a page that only sends us on."""
    page.told.append(Told(status=status, headers={"Location": "https://example.org/"} if status == 302 else {}))
    found = await partner(connection("http", page.url, settings=settings), session).check()
    assert (found.code if isinstance(found, Fault) else None) == code
    assert page.asked[0].method == settings.get("method", "GET")


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("d00r-k3y", {"auth_type": "api_key", "auth_config": {"api_key": "test:k"}}),
        (
            "d00r-k3y",
            {
                "auth_type": "api_key",
                "auth_config": {"api_key": "test:k"},
                "settings": {"api_key_header": "X-Door"},
            },
        ),
        ("Bearer d00r-k3y", {"auth_type": "bearer", "auth_config": {"token": "test:k"}}),
        (f"Basic {LOGIN}", {"auth_type": "basic", "auth_config": {"username": "test:u", "password": "test:p"}}),
    ],
)
async def test_credentials_are_shown_as_the_person_said(
    page: Page, session: ClientSession, key: str, fields: dict[str, object]
) -> None:
    """A page that wants its key in another place could not be watched."""
    page.key = key
    one = partner(
        connection("http", page.url, **fields), session, {"k": "d00r-k3y", "u": "ada", "p": "l0velace-s3cret"}
    )
    report = await one.check()
    assert isinstance(report, Report)
    assert report.accepted is True


async def test_a_login_is_masked_in_every_form(page: Page, session: ClientSession) -> None:
    """A server that quotes what it was sent would put the password into a log."""
    fields = {"auth_type": "basic", "auth_config": {"username": "test:u", "password": "test:p"}}
    one = partner(connection("http", page.url, **fields), session, {"u": "ada", "p": "l0velace-s3cret"})
    await one.check()
    told = one.credentials.redactor()(f"you sent Basic {LOGIN}, which is ada:l0velace-s3cret")
    assert LOGIN not in told
    assert "l0velace" not in told


@pytest.mark.parametrize("secret", ["a\r\nX-Evil: 1", "schlüssel", "\x00"])
async def test_a_secret_that_no_header_can_carry_is_told(page: Page, session: ClientSession, secret: str) -> None:
    """It would add headers of its own, or be quoted in an error."""
    fields = {"auth_type": "api_key", "auth_config": {"api_key": "test:k"}}
    fault = await partner(connection("http", page.url, **fields), session, {"k": secret}).check()
    assert isinstance(fault, Fault)
    assert fault.code == "auth_failed"
    assert page.asked == []


async def test_what_speaks_no_http_is_told_apart(session: ClientSession) -> None:
    """A wrong port would look like a broken line."""

    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail ready\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(chatter, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        fault = await partner(connection("http", f"http://127.0.0.1:{port}"), session).check()
    assert isinstance(fault, Fault)
    assert fault.code == "bad_answer"
