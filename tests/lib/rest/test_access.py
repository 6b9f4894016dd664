"""Who gets in, and what those see who do not."""

import asyncio
import logging

import pytest

from bach_lib import Bach
from bach_lib.errors import StoreAwayError, StoreLostError
from bach_lib.rest import health_addresses
from bach_lib.rest.requests import MAX_BODY
from tests.lib.rest.conftest import TOKEN, Client

ENDPOINTS = [
    ("POST", "/api/v1/messages/send"),
    ("GET", "/api/v1/messages/queue"),
    ("GET", "/api/v1/messages/inbox"),
    ("POST", "/api/v1/messages/route"),
    ("GET", "/anything/else"),
]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize(
    "header", [None, "", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", "Bearer \xff"]
)
async def test_without_the_token_nothing_is_told(client: Client, method: str, path: str, header: str | None) -> None:
    """Every account of the machine could read and send."""
    headers = {} if header is None else {"Authorization": header}
    answer = await client.call(method, path, token=None, headers=headers)
    assert (answer.status, answer.body["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_health_says_that_it_lives_and_no_more(client: Client) -> None:
    """A watchdog would need the token, or a stranger would learn something."""
    answer = await client.call("GET", "/health", token=None)
    assert (answer.status, answer.body) == (200, {"status": "ok"})
    assert (answer.headers["Server"], answer.headers["Cache-Control"]) == ("BACH", "no-store")


async def test_health_says_that_nothing_can_be_written(client: Client, bach: Bach) -> None:
    """A watchdog would be told that all is well while every message is refused, or a stranger be told the path."""
    bach._storage_changed(StoreLostError(path="/home/ada/bach.db", what="was deleted", advice="."))
    answer = await client.call("GET", "/health", token=None)
    assert (answer.status, answer.body["code"]) == (503, "storage_fault")
    assert "ada" not in str(answer.body)
    bach._storage_changed(None)
    assert (await client.call("GET", "/health", token=None)).status == 200


async def test_a_server_that_is_away_is_no_reason_to_start_anew(client: Client, bach: Bach) -> None:
    """Whoever watches `/health` would kill every daemon while the database restarts, and what waits in it."""
    bach._storage_changed(StoreAwayError(path="postgresql://ada@db/bach", reason="it is gone"))
    assert (await client.call("GET", "/health", token=None)).status == 200
    answer = await client.call("GET", "/ready", token=None)
    assert (answer.status, answer.body["code"], answer.headers["Retry-After"]) == (503, "not_ready", "5")
    assert "ada" not in str(answer.body)
    bach._storage_changed(None)
    answer = await client.call("GET", "/ready", token=None)
    assert (answer.status, answer.body) == (200, {"status": "ready"})


async def test_whoever_does_not_get_an_answer_from_the_database_is_not_ready(
    client: Client, bach: Bach, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load balancer would wait with us, and everybody with it; or all it asks would wait for a thread."""
    asked = list[None]()

    async def look() -> None:
        asked.append(None)
        await asyncio.Event().wait()

    monkeypatch.setattr(health_addresses, "_PATIENCE", 0.1)
    monkeypatch.setattr(bach._open_parts.history, "look", look)
    answers = await asyncio.gather(*(client.call("GET", "/ready", token=None) for _ in range(5)))
    assert {answer.status for answer in answers} == {503}
    assert len(asked) == 1
    await bach.close()
    assert (await client.call("GET", "/ready", token=None)).status == 503


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8001", "127.0.0.1.evil.example", "", "[::2]:8001"])
@pytest.mark.parametrize("path", ["/health", "/api/v1/messages/inbox"])
async def test_a_foreign_host_name_is_refused(client: Client, path: str, host: str) -> None:
    """A page in somebody's browser could make its own name lead here, and talk to BACH as if it were local."""
    answer = await client.call("GET", path, headers={"Host": host})
    assert (answer.status, answer.body["code"]) == (421, "unknown_host")


@pytest.mark.parametrize("host", ["localhost:8001", "LOCALHOST", "127.0.0.1", "[::1]:8001", "bach.example:80"])
async def test_our_own_names_are_served(client: Client, host: str) -> None:
    """Programs on the same machine would be refused."""
    assert (await client.call("GET", "/api/v1/messages/inbox", headers={"Host": host})).status == 200


async def test_a_large_body_is_refused(client: Client, bach: Bach) -> None:
    """Anybody with the token could fill the memory."""
    answer = await client.send("x" * MAX_BODY)
    assert (answer.status, answer.body["code"]) == (413, "content_too_large")
    assert await bach.messages() == []


async def test_what_is_no_json_is_refused(client: Client) -> None:
    """A form in a web page could send messages."""
    form = await client.call("POST", "/api/v1/messages/send", data=b"connector=home")
    assert (form.status, form.body["code"]) == (415, "unsupported_media_type")
    headers = {"Content-Type": "application/json"}
    broken = await client.call("POST", "/api/v1/messages/send", data=b"{", headers=headers)
    assert (broken.status, broken.body["code"]) == (400, "invalid_json")
    array = await client.call("POST", "/api/v1/messages/send", data=b"[]", headers=headers)
    assert (array.status, array.body["code"]) == (422, "invalid_value")


async def test_what_there_is_not_is_said_in_json(client: Client) -> None:
    """A program would choke on a page for people."""
    nothing = await client.call("GET", "/anything/else")
    assert (nothing.status, nothing.body["code"]) == (404, "not_found")
    wrong = await client.call("GET", "/api/v1/messages/send")
    assert (wrong.status, wrong.body["code"], wrong.headers["Allow"]) == (405, "method_not_allowed", "POST")


async def test_a_mistake_of_ours_shows_nothing_of_the_inside(
    client: Client, bach: Bach, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error's text may hold secrets."""

    async def broken() -> int:
        raise ValueError("secret inside")

    monkeypatch.setattr(bach, "route", broken)
    with caplog.at_level(logging.ERROR):
        answer = await client.call("POST", "/api/v1/messages/route")
    assert (answer.status, answer.body["code"]) == (500, "internal")
    assert "secret" not in str(answer.body)
    assert "could not be answered" in caplog.text


async def test_a_client_that_goes_away_stops_nothing(client: Client) -> None:
    """One impatient program would stop the interface for all."""
    _, writer = await asyncio.open_connection("127.0.0.1", int(client.url.rpartition(":")[2]))
    writer.write(b"POST /api/v1/messages/send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    assert (await client.send()).status == 201
