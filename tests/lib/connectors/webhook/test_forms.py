"""The forms that a message can take: methods, bodies, credentials, and two keys while they change."""

import json
from asyncio import StreamReader, StreamWriter, start_server
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from time import time
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError
from yarl import URL

from bach_lib.connectors.webhook.posting import Posting
from bach_lib.connectors.webhook.signature import new_secret
from bach_lib.errors import InputError
from bach_lib.models import Message
from bach_lib.outcomes import Dead, Outcome, Sent, Uncertain
from bach_lib.testing import FakeClock
from tests.lib.connectors.webhook.conftest import Address, Connect

TEXT = 'Tür "offen"\n& 100 % = ja?'


def a_message(text: str = TEXT, title: str | None = "Garage") -> Message:
    """A message from the queue."""
    return Message(id=1, nonce="0a1b2c3d-1", connection="hook", recipient="porter", text=text, title=title)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "put"])
async def test_methods(connect: Connect, address: Address, method: str) -> None:
    """Services that take nothing but PUT could not be reached."""
    assert isinstance(await connect(settings={"method": method}).send(a_message()), Sent)
    assert [asked.method for asked in address.asked] == [method.upper()]
    assert address.asked[0].headers["Content-Type"] == "application/json"


async def test_numbers_stay_numbers(connect: Connect, address: Address) -> None:
    """A service that checks the types of its fields would refuse every message."""
    body = {"text": "{text}", "priority": 5, "gain": 0.5, "loud": True, "tag": None, "ids": [1, -(2**63), 2**64 - 1]}
    await connect(settings={"body": body}).send(a_message())
    assert json.loads(address.raw[0]) == body | {"text": TEXT}


async def test_a_form(connect: Connect, address: Address) -> None:
    """Services that take forms would see JSON, which they cannot read."""
    body = {
        "content": "{title}: {text}",
        "priority": 5,
        "loud": True,
        "half": 0.5,
        "none": None,
        "to": ["{recipient}", 2],
    }
    await connect(settings={"body_type": "form", "body": body}).send(a_message())
    assert address.asked[0].headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qsl(address.raw[0].decode(), strict_parsing=True) == [
        ("content", f"Garage: {TEXT}"),
        ("priority", "5"),
        ("loud", "true"),
        ("half", "0.5"),
        ("to", "porter"),
        ("to", "2"),
    ]


async def test_a_text(connect: Connect, address: Address) -> None:
    """Services that show what they get as it is would show JSON."""
    connector = connect(settings={"body_type": "text", "method": "PUT"})
    await connector.send(a_message())
    await connector.send(a_message(title=None))
    assert [raw.decode() for raw in address.raw] == [f"Garage\n{TEXT}", TEXT]
    assert address.asked[0].headers["Content-Type"] == "text/plain; charset=utf-8"
    await connect(settings={"body_type": "text", "body": "BACH: {text}"}).send(a_message())
    assert address.raw[-1].decode() == f"BACH: {TEXT}"


async def test_get_has_it_in_the_address(connect: Connect, address: Address) -> None:
    """Devices that can only be fetched from would hear nothing; or lose what stands in their address."""
    connector = connect(
        secrets={"url": f"{address.url}/relay?turn=on&text=old", "secret": new_secret()},
        settings={"method": "GET", "body": {"text": "{text}", "volume": 7}},
    )
    assert isinstance(await connector.send(a_message()), Sent)
    assert (address.asked[0].method, address.raw) == ("GET", [b""])
    query = parse_qsl(urlsplit(address.targets[0]).query, strict_parsing=True)
    assert query == [("turn", "on"), ("text", "old"), ("text", TEXT), ("volume", "7")]
    headers = {name.lower() for name in address.asked[0].headers}
    assert headers.isdisjoint({"content-type"})
    assert "webhook-signature" in headers


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)


@given(TEXTS, TEXTS)
def test_no_text_adds_a_field(text: str, title: str) -> None:
    """Whoever writes a text could give orders to the other side."""
    body = {"a": "{title}|{text}", "b": "x"}
    form = Posting.read({"body_type": "form", "body": body}).write(URL("http://x/"), a_message(text, title))
    address = Posting.read({"method": "GET", "body": body}).write(URL("http://x/?k=v"), a_message(text, title))
    filled = [("a", f"{title}|{text}"), ("b", "x")]
    assert parse_qsl(form.raw.decode(), keep_blank_values=True) == filled
    assert parse_qsl(address.url.raw_query_string, keep_blank_values=True) == [("k", "v"), *filled]


async def test_basic_auth(connect: Connect, address: Address) -> None:
    """Services behind a log-in would answer 401 to everything."""
    await connect(secrets={"url": address.url, "username": "bäch", "password": "a:b"}).send(a_message())
    scheme, _, pair = address.asked[0].headers["Authorization"].partition(" ")
    assert (scheme, b64decode(pair).decode()) == ("Basic", "bäch:a:b")


@pytest.mark.parametrize(
    ("settings", "name"),
    [({}, "X-API-Key"), ({"api_key_header": "CF-Access-Client-Secret"}, "CF-Access-Client-Secret")],
)
async def test_a_secret_header_of_any_name(
    connect: Connect, address: Address, settings: Mapping[str, object], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A key would have to stand among the settings, where everybody reads it."""
    caplog.set_level("DEBUG")
    secrets = {"url": address.url, "api_key": "k3y-of-the-gate", "authorization": "Bearer other"}
    connector = connect(secrets=secrets, settings={**settings, "headers": {name.lower(): "x", "X-House": "ours"}})
    await connector.send(a_message())
    [asked] = address.asked
    assert asked.headers.getall(name) == ["k3y-of-the-gate"]  # type: ignore[attr-defined]  # of aiohttp's headers
    assert (asked.headers["Authorization"], asked.headers["X-House"]) == ("Bearer other", "ours")
    assert "k3y-of-the-gate" not in repr(connector) + caplog.text


async def test_both_keys_sign_while_they_change(connect: Connect, address: Address, clock: FakeClock) -> None:
    """Every receiver would have to change in the same moment; until then all that is sent would be refused."""
    clock.jump(time() - clock.now())
    old, new = new_secret(), new_secret()
    await connect(secrets={"url": address.url, "secret": new, "old_secret": old}).send(a_message())
    await connect(secrets={"url": address.url, "secret": new}).send(a_message())
    both, after = [dict(asked.headers) for asked in address.asked]
    assert len(both["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(address.raw[0], both)
    assert Webhook(new).verify(address.raw[1], after)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(address.raw[1], after)


@pytest.mark.parametrize(
    ("secrets", "settings"),
    [
        ({}, {"method": "DELETE"}),
        ({}, {"method": 5}),
        ({}, {"body_type": "xml"}),
        ({}, {"method": "GET", "body_type": "json"}),
        ({}, {"body_type": "form", "body": {"a": {"b": "{text}"}}}),
        ({}, {"body_type": "form", "body": ["{text}"]}),
        ({}, {"body_type": "form", "body": {"{text}": "x"}}),
        ({}, {"body_type": "text", "body": {"a": "{text}"}}),
        ({}, {"body_type": "text", "body": "words"}),
        ({}, {"body": {"text": "{text}", "n": 2**65}}),
        ({}, {"body": {"{recipient}": "{text}"}}),
        ({}, {"body": [{"a": {"to {title}": "{text}"}}]}),
        ({}, {"body_type": "form", "body": {"{recipient}": "{text}"}}),
        ({}, {"method": "GET", "body": {"a": "{text}", "{id}": None}}),
        ({"authorization": "Bearer " + "s3cr3t" * 2000}, {}),
        ({"url": "http://example.org:0/"}, {}),
        ({"username": "s3cr3t:x", "password": "y"}, {}),
        ({"password": "s3cr3t"}, {}),
        ({"username": "u", "password": "p", "authorization": "s3cr3t"}, {}),
        ({"api_key": "s3cr3t\nX: y"}, {}),
        ({"api_key": "s3cr3t"}, {"api_key_header": "Content-Length"}),
        ({"api_key": "s3cr3t"}, {"api_key_header": "webhook-signature"}),
        ({"api_key": "s3cr3t"}, {"api_key_header": "X Y"}),
        ({"api_key": "s3cr3t", "authorization": "x"}, {"api_key_header": "authorization"}),
        ({"old_secret": new_secret()}, {}),
        ({"secret": new_secret(), "old_secret": "s3cr3t"}, {}),
    ],
)
def test_what_cannot_be_right(connect: Connect, secrets: Mapping[str, str], settings: Mapping[str, object]) -> None:
    """A slip would only show when the first alarm fails; or the error tell the secret."""
    with pytest.raises(InputError) as raised:
        connect(secrets={"url": "https://example.org", **secrets}, settings=settings)
    assert "s3cr3t" not in str(raised.value)


async def test_a_token_of_some_thousand_characters(connect: Connect, address: Address) -> None:
    """Whoever has a signed token of an account could not send with it."""
    token = "Bearer " + "x" * 4000
    assert isinstance(await connect(secrets={"url": address.url, "authorization": token}).send(a_message()), Sent)
    assert address.asked[0].headers["Authorization"] == token


ENDLESS: Mapping[str, tuple[bytes, type[Outcome]]] = {
    "taken": (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", Sent),
    "taken, and long": (b"HTTP/1.1 201 Created\r\nContent-Length: 99999999999\r\n\r\n", Sent),
    "refused": (b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n", Dead),
    "broken": (b"HTTP/1.1 500 Oh\r\nContent-Type: text/html\r\n\r\n", Uncertain),
    "led elsewhere": (b"HTTP/1.1 302 Found\r\nLocation: http://\xff/\r\n\r\n", Uncertain),
    "a status nobody knows": (b"HTTP/1.1 999 What\r\n\r\n", Uncertain),
}


@pytest.mark.parametrize("case", ENDLESS)
async def test_an_answer_that_never_ends_is_not_read_to_its_end(connect: Connect, case: str) -> None:
    """One answer could take the memory of the machine, or hold the lane until a time-out."""
    head, expected = ENDLESS[case]
    written = 0
    open_ends = list[StreamWriter]()

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal written
        open_ends.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        with suppress(ConnectionError):
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
                written += 65_536

    async with await start_server(answer, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await connect(secrets={"url": f"http://127.0.0.1:{port}/"}).send(a_message())
        for end in open_ends:
            end.transport.abort()
    assert isinstance(outcome, expected)
    assert written < 20_000_000
