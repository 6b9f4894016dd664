"""Sending: what a message becomes on ntfy, and who is asked what."""

import json
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Setup
from bach_lib.connectors.ntfy import NtfyConnector
from bach_lib.connectors.ntfy.errors import CODES, QUOTA_WAIT, refusal
from bach_lib.connectors.ntfy.publishing import CAPTION, plan
from bach_lib.errors import InvalidEndpointError, InvalidValueError, SecretInEndpointError
from bach_lib.models import Button, Connection, Fault, File, Format, Identity
from bach_lib.outcomes import Dead, Retry, Sent, Wait
from bach_lib.testing.ntfy import NtfyServer
from bach_lib.testing.partners.base import Told
from tests.lib.connectors.ntfy.conftest import TOPIC, Connect, a_message

PNG = File(name="door.png", content=b"\x89PNG", mime_type="image/png")


async def test_a_message_with_everything(connector: NtfyConnector, server: NtfyServer) -> None:
    """A heading would be lost, marks be read out, or the night be disturbed."""
    message = a_message("**Rain**", title="Weather", form=Format.MARKDOWN, silent=True)
    outcome = await connector.send(message)
    [sent] = server.sent
    assert isinstance(outcome, Sent)
    assert outcome.remote_id == sent.fields["id"]
    assert sent.fields["title"] == "Weather"
    assert sent.fields["content_type"] == "text/markdown"
    assert sent.fields["priority"] == 2
    assert sent.text == "**Rain**"


async def test_who_has_a_token_shows_it(connect: Connect, server: NtfyServer) -> None:
    """Topics that are not open to everybody would stay shut."""
    server.key = "tk_something"
    assert isinstance(await connect(token=" tk_something ").send(a_message()), Sent)
    [asked] = server.asked
    assert asked.headers["Authorization"] == "Bearer tk_something"


async def test_a_user_name_and_its_password_do_as_well(connect: Connect, server: NtfyServer) -> None:
    """A server with users would stay shut; or its password be quoted by whoever answers in its place."""
    server.key, server.users["zoë"] = "tk_something", "pä:ss "
    connector = connect(TOPIC, username=" zoë ", password="pä:ss ")
    assert await connector.check() == Identity(
        id=f"zoë_127.0.0.1_{server.port}", name="zoë", link=f"http://127.0.0.1:{server.port}"
    )
    assert isinstance(await connector.send(a_message()), Sent)
    shown = server.asked[-1].headers["Authorization"].partition(" ")[2]
    for secret in ("pä:ss ", shown):
        body = {"code": 50001, "http": 500, "error": f"no such thing as {secret}!"}
        server.told.append(Told(status=500, body=json.dumps(body, ensure_ascii=False).encode()))
        fault = await connector.check()
        assert isinstance(fault, Fault)
        assert "no such thing as ***" in fault.text
    first, other = ({"username": name, "password": "x"} for name in ("zoë", "ada"))
    at_home = Connection(name="a", type="ntfy", endpoint=server.url)
    assert NtfyConnector.account(at_home, first) != NtfyConnector.account(at_home, other)


@pytest.mark.parametrize(
    ("secrets", "field"),
    [
        ({"token": "tk_something", "username": "ada", "password": "x"}, "token"),
        ({"token": "tk_something", "password": "x"}, "token"),
        ({"username": "ada"}, "password"),
        ({"password": "x"}, "username"),
        ({"username": "a:da", "password": "x"}, "username"),
    ],
    ids=str,
)
def test_who_we_are_is_told_in_one_way(connect: Connect, secrets: dict[str, str], field: str) -> None:
    """One of two would be shown, and nobody know which; or a name without a password be refused by the server later."""
    with pytest.raises(InvalidValueError, match=field) as caught:
        connect(TOPIC, **secrets)
    assert caught.value.placeholders["field"] == field
    assert "tk_something" not in str(caught.value)


async def test_buttons_are_words(connector: NtfyConnector, server: NtfyServer) -> None:
    """Buttons of ntfy's bring nothing back: somebody would press, and nothing happen."""
    message = replace(a_message("Close it?"), buttons=((Button(text="Yes", value="1"), Button(text="No", value="0")),))
    assert connector.capabilities.max_buttons == 0
    assert isinstance(await connector.send(message), Sent)
    assert "actions" not in server.sent[0].fields


async def test_an_answer_goes_as_a_message(connector: NtfyConnector) -> None:
    """It would be refused, or nobody hear that it answers nothing."""
    outcome = await connector.send(a_message(reply_to="hwQ2YpKdmg"))
    assert isinstance(outcome, Sent)
    assert [loss.what for loss in outcome.losses] == ["reply"]


@pytest.mark.parametrize(
    "text",
    ["word " * 3_000, "ü" * 10_000, '"\\' * 6_000, "\x01" * 9_000, "😀" * 3_000, "a" * 3_899, "line\n" * 2_000],
    ids=lambda text: repr(text[:4]),
)
@pytest.mark.parametrize("title", [None, "Weather", "W" * 400, '"' * 250, "\x01" * 250, "=?UTF-8?B?V2V0?="])
async def test_a_long_text_stays_text(
    text: str, title: str | None, connector: NtfyConnector, server: NtfyServer
) -> None:
    """Ntfy would make a file of it, which nobody reads on a phone, or refuse it."""
    assert isinstance(await connector.send(a_message(text, title=title)), Sent)
    assert all(one.content is None for one in server.sent)
    said = "".join(f"{one.fields.get('title', '')}{one.text}" for one in server.sent)
    assert "".join(said.split()) == "".join(f"{title or ''}{text}".split())


async def test_a_file_carries_its_words(connector: NtfyConnector, server: NtfyServer) -> None:
    """The picture of the door would come without what it is about, or under a broken name."""
    message = a_message("Wer ist da?\nJemand.", title="Tür", silent=True, files=(replace(PNG, name="Tür 1.png"),))
    assert isinstance(await connector.send(message), Sent)
    [sent] = server.sent
    assert (sent.text, sent.name, sent.content) == ("Wer ist da?\nJemand.", "Tür 1.png", PNG.content)
    assert (sent.fields["title"], sent.fields["priority"]) == ("Tür", 2)


@pytest.mark.parametrize("text", ["x" * (CAPTION + 1), r"C:\new", "😀" * 900], ids=lambda text: repr(text[:4]))
async def test_words_that_cannot_stand_below_a_file_go_apart(
    text: str, connector: NtfyConnector, server: NtfyServer
) -> None:
    """They would be cut off by a proxy, or the server make a new line of a path."""
    assert isinstance(await connector.send(a_message(text, files=(PNG, PNG))), Sent)
    assert [(one.text, one.content) for one in server.sent][:1] == [(text, None)]
    assert [one.content for one in server.sent[1:]] == [PNG.content] * 2


async def test_what_is_silent_is_so_behind_anything(connector: NtfyConnector, server: NtfyServer) -> None:
    """Proxies set HTTP's own "Priority" (RFC 9218); the night would be disturbed."""
    assert isinstance(await connector.send(a_message(silent=True, files=(PNG,))), Sent)
    headers = server.asked[-1].headers
    assert (headers.get("X-Priority"), headers.get("Priority")) == ("2", None)


async def test_a_server_without_files(connector: NtfyConnector, server: NtfyServer) -> None:
    """An alarm would die of its picture where somebody set up no place for files."""
    server.takes_files = False
    outcome = await connector.send(a_message(files=(PNG,)))
    assert isinstance(outcome, Sent)
    assert [one.text for one in server.sent] == ["The garage door is open"]
    assert [(loss.what, "attachments not allowed" in loss.reason) for loss in outcome.losses] == [("file", True)]


def test_a_heading_alone_is_a_message() -> None:
    """The server would say "triggered" instead."""
    assert [(one.title, one.text) for one in plan(a_message("", title="Rain"))] == [(None, "Rain")]


async def test_a_topic_that_is_shut(connector: NtfyConnector, server: NtfyServer) -> None:
    """It would be taken for the account's fault, and stop every other topic."""
    server.forbidden.add(TOPIC)
    outcome = await connector.send(a_message())
    assert isinstance(outcome, Dead)
    assert outcome.fault.code == "forbidden"


async def test_the_messages_of_a_day_are_used_up(connector: NtfyConnector, server: NtfyServer) -> None:
    """The server would be asked twice a minute until midnight."""
    server.refuse(42908)
    outcome = await connector.send(a_message())
    assert isinstance(outcome, Wait)
    assert outcome.seconds == QUOTA_WAIT


def test_a_number_that_is_not_of_its_status_means_nothing() -> None:
    """Something on the way could make a refusal for good of its own trouble."""
    for number in CODES:
        assert refusal(502, {"code": number, "http": 502, "error": "x"}, "h") != refusal(
            number // 100, {"code": number, "http": number // 100, "error": "x"}, "h"
        )
        assert refusal(502, {"code": number, "http": number // 100, "error": "x"}, "h") is None


async def test_who_it_is(connect: Connect, server: NtfyServer) -> None:
    """Nobody could tell two connections apart."""
    identity = await connect().check()
    assert isinstance(identity, Identity)
    assert identity.name == f"127.0.0.1:{server.port}"
    server.key = "tk_something"
    identity = await connect(token="tk_something").check()
    assert isinstance(identity, Identity)
    assert (identity.name, identity.id) == ("home", f"home_127.0.0.1_{server.port}")
    refused = await connect(token="tk_other").check()
    assert isinstance(refused, Fault)
    assert refused.code == "auth_failed"


@pytest.mark.parametrize("endpoint", ["ntfy.sh", "ftp://ntfy.sh", "https://", "https://me:secret@ntfy.sh"])
async def test_an_address_that_is_none(endpoint: str, connect: Connect) -> None:
    """It would only show when the first message fails, or a password stand in a log."""
    with pytest.raises((InvalidEndpointError, SecretInEndpointError)):
        connect(endpoint=endpoint)


async def test_without_an_address_it_is_the_public_server() -> None:
    """Who has no server of their own would have to know the address."""
    async with ClientSession() as session:
        setup = Setup(
            connection=Connection(name="home", type="ntfy"),
            secrets={},
            session=session,
            new_session=ClientSession,
            clock=SystemClock(),
        )
        assert await NtfyConnector(setup).whose() == "https://ntfy.sh"
    account = NtfyConnector.account(Connection(name="a", type="ntfy"), {})
    assert account == NtfyConnector.account(Connection(name="b", type="ntfy", endpoint="https://NTFY.sh/"), {})
    assert account != NtfyConnector.account(Connection(name="b", type="ntfy"), {"token": "tk_something"})


async def test_a_page_that_no_ntfy_has(connector: NtfyConnector, server: NtfyServer) -> None:
    """A wrong path in the address would kill messages instead of showing at the connection."""
    server.refuse(40401)
    assert isinstance(await connector.send(a_message()), Retry)
