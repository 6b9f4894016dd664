"""Where others post: those who can prove that they may are taken, and nobody else learns anything."""

import json
import logging
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer, make_mocked_request

from bach_lib import Bach, Connection
from bach_lib.connectors.webhook.proofs import ADDRESS_HEADER
from bach_lib.connectors.webhook.signature import sign
from bach_lib.errors import StoreFailedError
from bach_lib.inbound.receiver import Receiver
from bach_lib.rest import make_application
from bach_lib.rest.hooks import MAX_POST, as_posted
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock
from tests.lib.rest.conftest import TOKEN, Client

KEY = "a key of more than sixteen bytes"
SECRETS = {"key": KEY, "token": "a-token-of-sixteen-characters", "bot": "123456:AAFakeTokenFakeTokenFakeTokenFakeTok"}
BODY = json.dumps({"text": "Smoke", "sender": "detector", "id": "7"}).encode()
REFUSED = (403, {"code": "refused", "detail": "This is not taken here."})


@pytest.fixture
async def hooked(clock: FakeClock) -> AsyncIterator[Bach]:
    """A BACH with a webhook that is signed for, one with a token that only one machine may use, one at rest, a chat."""
    bach = Bach(MemoryDatabase(), clock=clock, secrets={"test": SECRETS.get})
    await bach.open()
    allowed, signed = frozenset({"detector"}), {"incoming_secret": "test:key"}
    for connection in (
        Connection(name="alarms", type="webhook", auth_config=signed, allowed=allowed),
        Connection(
            name="near",
            type="webhook",
            auth_config={"incoming_token": "test:token"},
            settings={"incoming_addresses": ["127.0.0.1"]},
            allowed=allowed,
        ),
        Connection(
            name="far",
            type="webhook",
            auth_config={"incoming_token": "test:token"},
            settings={"incoming_addresses": ["192.0.2.0/24"]},
            allowed=allowed,
        ),
        Connection(name="asleep", type="webhook", auth_config=signed, allowed=allowed, is_active=False),
        Connection(name="chat", type="telegram", endpoint="http://127.0.0.1:9", auth_config={"bot_token": "test:bot"}),
        Connection(name="unlocked", type="webhook", endpoint="http://127.0.0.1:9/"),
    ):
        await bach.registry.add(connection)
    await clock.settle()
    yield bach
    await bach.close(grace=0)


@pytest.fixture
async def door(hooked: Bach) -> AsyncIterator[Client]:
    """The interface over it."""
    server = TestServer(make_application(hooked, token=TOKEN))
    await server.start_server()
    async with ClientSession() as session:
        yield Client(session, f"http://127.0.0.1:{server.port}")
    await server.close()


def signature(clock: FakeClock, body: bytes = BODY, id_: str = "msg-1") -> Mapping[str, str]:
    """The headers of a request that is signed now."""
    now = int(clock.now())
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(now),
        "webhook-signature": sign(KEY.encode(), id_, now, body),
    }


async def post(
    client: Client, name: str, headers: Mapping[str, str] | None = None, body: bytes = BODY
) -> tuple[int, object]:
    """Post something there, without the token of the interface."""
    url = f"{client.url}/api/v1/hooks/{name}"
    async with client._session.post(url, data=body, headers=headers) as response:
        text = await response.read()
        return response.status, json.loads(text) if text else None


async def test_what_is_signed_is_in_the_inbox_when_it_is_answered(door: Client, hooked: Bach, clock: FakeClock) -> None:
    """Alarms would be lost after they were answered with "taken", or ring twice when the answer was lost."""
    for _ in range(2):
        assert await post(door, "alarms", signature(clock)) == (204, None)
        assert [message.text for message in await hooked.inbox()] == ["Smoke"]


async def test_a_stranger_is_counted_and_learns_nothing(door: Client, hooked: Bach, clock: FakeClock) -> None:
    """Whoever has the key could find out who is allowed."""
    body = b'{"text": "x", "sender": "somebody"}'
    assert await post(door, "alarms", signature(clock, body), body) == (204, None)
    assert await hooked.inbox() == []
    assert hooked.registry.get("alarms").blocked_count == 1


async def test_the_list_of_addresses(door: Client, hooked: Bach) -> None:
    """A token that was stolen would work from anywhere."""
    shown = {"Authorization": f"Bearer {SECRETS['token']}"}
    assert await post(door, "near", shown) == (204, None)
    assert await post(door, "far", shown) == REFUSED


def test_what_is_posted_is_what_arrives() -> None:
    """A header of the client's own would count as a token in the address, or a form be read as JSON."""
    json_ = {"content-TYPE": "application/json"}
    asked = make_mocked_request("POST", "/x", headers=json_)
    assert as_posted(asked, b"") == (json_, b"")
    asked = make_mocked_request("POST", "/x?token=t&text=Hi", headers={**json_, "X-BACH-Address-Token": "mine"})
    form = {ADDRESS_HEADER: "t", "Content-Type": "application/x-www-form-urlencoded"}
    assert as_posted(asked, b"") == (form, b"text=Hi")
    asked = make_mocked_request("POST", "/x?text=Hi", headers={"X-BACH-Address-Token": "mine"})
    assert as_posted(asked, b"body") == ({}, b"body")


async def test_a_body_counts_more_than_what_stands_in_the_address(door: Client, hooked: Bach) -> None:
    """A program that adds something to every address, as monitors do, would lose all that it has to say."""
    headers = {"Authorization": f"Bearer {SECRETS['token']}", "Content-Type": "application/json"}
    assert (await post(door, "near?text=Water&sender=detector", headers))[0] == 204
    assert [message.text for message in await hooked.inbox()] == ["Smoke"]


@pytest.mark.parametrize("name", ["alarms", "far", "asleep", "chat", "unlocked", "nobody", "%00", "a%2Fb", "é"])
async def test_all_refusals_are_one(door: Client, hooked: Bach, clock: FakeClock, name: str) -> None:
    """Strangers could find out which connections there are, and what would let them in."""
    old = {**signature(clock), "webhook-timestamp": "1"}
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}, {"Authorization": "Bearer wrong"}, old):
        assert await post(door, name, headers) == REFUSED
        assert await post(door, name, headers, b"no JSON") == REFUSED
    assert await hooked.inbox() == []


async def test_what_holds_no_message_is_refused_like_that(door: Client, clock: FakeClock) -> None:
    """The answers would tell which half of the proof was right."""
    assert await post(door, "alarms", signature(clock, b"{}"), b"{}") == REFUSED


@pytest.mark.parametrize("name", ["alarms", "nobody"])
async def test_too_large_is_too_large_for_everybody(door: Client, name: str) -> None:
    """Anybody could fill the memory."""
    status, answer = await post(door, name, body=b"x" * (MAX_POST + 1))
    assert status == 413
    assert isinstance(answer, dict)
    assert answer["code"] == "content_too_large"


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
async def test_nothing_but_what_brings_something(door: Client, method: str) -> None:
    """Whatever else is asked there could get past the token."""
    assert (await door.call(method, "/api/v1/hooks/alarms", token=None)).status == 401
    assert (await door.call(method, "/api/v1/hooks/alarms")).status == 405


async def test_a_device_that_knows_only_an_address_gets_in(door: Client, hooked: Bach) -> None:
    """A switch on the wall fetches an address and can do nothing else; where nobody chose that, it proves nothing."""
    secret = SECRETS["token"]
    for name, settings in (("shelly", {"incoming_from": "shelly"}), ("plain", {})):
        await hooked.registry.add(
            Connection(
                name=name,
                type="webhook",
                auth_config={"incoming_token": "test:token"},
                settings=settings,
                allowed=frozenset({"detector"}),
            )
        )
    query = "text=Hall+switch&sender=detector"
    for name, token, status in (("shelly", secret, 204), ("shelly", "wrong", 403), ("plain", secret, 403)):
        async with door._session.get(f"{door.url}/api/v1/hooks/{name}?{query}&token={token}") as answer:
            assert answer.status == status
    assert [one.text for one in await hooked.inbox()] == ["Hall switch"]


@pytest.mark.parametrize("path", ["/api/v1/hooks/../messages/inbox", "/api/v1/hooks/x/../../messages/inbox"])
async def test_no_way_around_the_token(door: Client, path: str) -> None:
    """The inbox could be read through the door that needs no token."""
    assert (await door.call("GET", path, token=None)).status == 401


async def test_a_full_disk_asks_to_come_again(door: Client, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that was not stored would be answered for good."""

    async def full(*_: object, **__: object) -> None:
        raise StoreFailedError(path="bach.db", reason="no space left")

    monkeypatch.setattr(Receiver, "take", full)
    status, _ = await post(door, "alarms", signature(clock))
    assert status == 503


async def test_refusals_are_logged_once_an_hour(
    door: Client, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever knocks could fill the disk with lines, or nobody would see that somebody knocks."""
    for _ in range(3):
        await post(door, "alarms", {"Authorization": "Bearer wrong"})
    await clock.advance(3601)
    await post(door, "alarms")
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert lines == [
        "1 requests to alarms were refused, because it is not signed",
        "3 requests to alarms were refused, because it is not signed",
    ]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
@pytest.mark.parametrize("path", ["/api/v1/hooks/alarms", "/api/v1/messages/send"])
async def test_a_body_that_is_not_packed_as_it_says_is_bad(
    door: Client, caplog: pytest.LogCaptureFixture, encoding: str, path: str
) -> None:
    """Any stranger could fill the log with tracebacks, at the speed of the network."""
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    async with door._session.post(f"{door.url}{path}", data=b"no such thing", headers=headers) as answer:
        assert answer.status in ({400} if encoding in {"gzip", "deflate"} else {400, 403, 415})
    unforeseen = [record for record in caplog.records if record.exc_info and record.name != "aiohttp.server"]
    assert not unforeseen, "what aiohttp itself cannot read it tells its own log, which the daemon leaves out"
