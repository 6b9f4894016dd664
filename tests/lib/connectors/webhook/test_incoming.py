"""What comes in: who is let in, what is read, and that it is stored once, before anybody is told so."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib import Bach
from bach_lib.connectors.base import Incoming, Setup
from bach_lib.connectors.webhook import WebhookConnector
from bach_lib.connectors.webhook.codec import MAX_BODY, PostDecoder
from bach_lib.connectors.webhook.field_paths import Field
from bach_lib.connectors.webhook.proofs import REPLAY_SECONDS, Proofs
from bach_lib.connectors.webhook.signature import sign
from bach_lib.errors import (
    CannotReceiveError,
    InputError,
    InvalidValueError,
    PushRefusedError,
    SecretNotFoundError,
    StoreFailedError,
)
from bach_lib.events import MessageReceived
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.router import Router
from bach_lib.models import Connection, ConnectionState, Direction, Health, Identity, Message
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.outcomes import Dead
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock
from tests.lib.connectors.webhook.posted import messages

KEY = b"a key of more than sixteen bytes"
TOKEN = "a-token-of-sixteen-characters"
NOW = 1_800_000_000.0
BODY = b'{"text": "Smoke in the cellar", "sender": "detector"}'


def a_door(
    *, token: str | None = None, key: bytes | None = None, paths: Mapping[str, str] | None = None
) -> PostDecoder:
    """A door with the usual paths, or others."""
    usual = {"text": "text", "sender": "sender", "id": "id", "recipient": "recipient"}
    fields = {name: Field.read(path) for name, path in (usual | dict(paths or {})).items()}
    return PostDecoder(name="hook", proofs=Proofs(token=token, keys=(key,) if key else ()), fields=fields)


def signed(body: bytes, *, key: bytes = KEY, when: float = NOW, id_: str = "msg-1") -> dict[str, str]:
    """The headers of a signed request."""
    return {
        "Webhook-Id": id_,
        "Webhook-Timestamp": str(int(when)),
        "Webhook-Signature": f"v1,b2xk {sign(key, id_, int(when), body)}",
    }


def by_token(body: object, **paths: str) -> Incoming:
    """What a request with this JSON comes in as."""
    door = a_door(token=TOKEN, paths=paths)
    [message] = messages(door.admit({"authorization": f"Bearer {TOKEN}"}, json.dumps(body).encode(), NOW))
    return message


def test_a_signed_message_comes_in() -> None:
    """Nothing would come in, or under another name."""
    [message] = messages(a_door(key=KEY).admit(signed(BODY), BODY, NOW))
    assert (message.kind, message.text, message.sender_id, message.recipient, message.remote_id) == (
        Kind.TEXT,
        "Smoke in the cellar",
        "detector",
        "detector",
        "detector/msg-1",
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {TOKEN}"},
        signed(BODY, key=b"another key of that length"),
        signed(BODY + b" "),
        signed(BODY, when=NOW - REPLAY_SECONDS - 1),
        signed(BODY, when=NOW + REPLAY_SECONDS + 1),
        signed(BODY) | {"Webhook-Id": "msg-2"},
        signed(BODY) | {"Webhook-Timestamp": str(int(NOW) + 1)},
        signed(BODY) | {"Webhook-Timestamp": "²"},
        signed(BODY) | {"Webhook-Timestamp": "1e9"},
        signed(BODY) | {"Webhook-Signature": ""},
        signed(BODY) | {"Webhook-Signature": "v1,\ud800é"},
        signed(BODY, id_=""),
    ],
)
def test_who_cannot_sign_stays_outside(headers: Mapping[str, str]) -> None:
    """A stranger could open the door, or a neighbour repeat last week's request."""
    with pytest.raises(PushRefusedError):
        a_door(key=KEY, token=TOKEN).admit(headers, BODY, NOW)


@pytest.mark.parametrize("shown", ["", "Bearer ", TOKEN[:-1], f"Bearer {TOKEN}x", "Bearer é\ud800", "Basic x"])
def test_who_has_not_the_token_stays_outside(shown: str) -> None:
    """Whoever finds the address could write."""
    with pytest.raises(PushRefusedError) as raised:
        a_door(token=TOKEN).admit({"Authorization": shown}, BODY, NOW)
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}])
def test_a_door_without_a_lock_is_shut(headers: Mapping[str, str]) -> None:
    """A forgotten secret would let everybody in."""
    assert not a_door().is_there
    with pytest.raises(PushRefusedError):
        a_door().admit(headers, BODY, NOW)


def test_paths() -> None:
    """Services that give their JSON another form could not be heard."""
    body = {"alerts": [{"summary": "Hot", "n": 7}], "from": {"who": "probe"}, "room": "cellar"}
    message = by_token(body, text="alerts.0.summary", sender="from.who", id="alerts.0.n", recipient="room")
    assert (message.text, message.sender_id, message.remote_id, message.recipient) == (
        "Hot",
        "probe",
        "probe/7",
        "cellar",
    )


@pytest.mark.parametrize(
    ("body", "sender", "recipient"),
    [
        ({"text": "x"}, "webhook", "default"),
        ({"text": "x", "sender": "probe"}, "probe", "probe"),
        ({"text": "x", "recipient": "cellar"}, "webhook", "cellar"),
        ({"text": "x", "sender": "probe", "recipient": "cellar"}, "probe", "cellar"),
    ],
)
def test_who_and_where(body: object, sender: str, recipient: str) -> None:
    """An answer would go to nobody, or everybody would be let in where one sender is."""
    message = by_token(body)
    assert (message.sender_id, message.recipient) == (sender, recipient)


def test_a_command() -> None:
    """Automations would have to know each platform's way to write one."""
    message = by_token({"text": "/Open the door"})
    assert (message.kind, message.content.command, message.content.args) == (Kind.COMMAND, "open", "the door")


def test_two_requests_without_an_id_are_two() -> None:
    """The second alarm with the same words would be taken for the first."""
    assert by_token({"text": "x"}).remote_id != by_token({"text": "x"}).remote_id


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        {"text": ""},
        {"text": " "},
        {"text": True},
        {"text": {"a": "b"}},
        {"text": "x", "sender": "s" * 201},
        {"text": "x", "recipient": "a\nb"},
    ],
)
def test_what_holds_no_message(body: object) -> None:
    """Empty messages would come in, or ids that no table can hold."""
    with pytest.raises(PushRefusedError):
        by_token(body)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5000, b'"' + b"x" * MAX_BODY + b'"'])
def test_what_is_too_much_or_no_json(body: bytes) -> None:
    """One request could take the memory of a small machine."""
    with pytest.raises(PushRefusedError):
        a_door(key=KEY).admit(signed(body), body, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc0"), inner, max_size=3),
)


@given(JSON, st.text("abc012.", min_size=1, max_size=9))
def test_any_json_at_any_path(body: object, path: str) -> None:
    """A request could end in an error nobody expects."""
    try:
        assert by_token(body, text=path).text.strip()
    except (PushRefusedError, InvalidValueError):
        return


@pytest.mark.parametrize(
    ("secrets", "settings"),
    [
        ({"incoming_token": "s3cr3t"}, {}),
        ({"incoming_secret": "s3cr3t"}, {}),
        ({"incoming_token": TOKEN}, {"incoming": []}),
        ({"incoming_token": TOKEN}, {"incoming": {"texts": "a"}}),
        ({"incoming_token": TOKEN}, {"incoming": {"text": ""}}),
        ({"incoming_token": TOKEN}, {"incoming": {"text": "a..b"}}),
        ({"incoming_token": TOKEN}, {"incoming": {"text": 5}}),
    ],
)
def test_what_cannot_be_right(setup: Setup, secrets: Mapping[str, str], settings: Mapping[str, object]) -> None:
    """A slip would only show when the first alarm is refused."""
    connection = Connection(name="hook", type="webhook", settings=settings)
    with pytest.raises(InputError) as raised:
        WebhookConnector(
            Setup(
                connection=connection,
                secrets=secrets,
                session=setup.session,
                new_session=setup.new_session,
                clock=setup.clock,
            )
        )
    assert not isinstance(raised.value, SecretNotFoundError)
    assert "s3cr3t" not in str(raised.value)


async def test_without_an_address_nothing_is_sent(setup: Setup) -> None:
    """What goes to a connection that only listens would wait there for ever."""
    connector = WebhookConnector(
        Setup(
            connection=Connection(name="hook", type="webhook"),
            secrets={"incoming_token": TOKEN},
            session=setup.session,
            new_session=setup.new_session,
            clock=setup.clock,
        )
    )
    assert isinstance(await connector.check(), Identity)
    outcome = await connector.send(Message(id=1, nonce="n", connection="hook", recipient="default", text="x"))
    assert isinstance(outcome, Dead)


# -- through BACH ------------------------------------------------------------------------------------------------------


async def open_bach(clock: FakeClock) -> Bach:
    """A BACH with a webhook that takes requests of the detector."""
    secret = f"whsec_{b64encode(KEY).decode()}"
    bach = Bach(MemoryDatabase(), clock=clock, secrets={"entry": lambda _: secret})
    await bach.open()
    connection = Connection(
        name="hook", type="webhook", auth_config={"incoming_secret": "entry:x"}, allowed=frozenset({"detector"})
    )
    await bach.registry.add(connection)
    return bach


async def test_it_is_in_the_inbox_once_and_announced_once(clock: FakeClock) -> None:
    """An alarm would be lost after it was answered with "taken", or ring twice when the answer was lost."""
    bach = await open_bach(clock)
    heard: list[str] = []
    bach.subscribe(MessageReceived, lambda event: heard.append(event.message.text))
    headers = signed(BODY, when=clock.now())
    taken, *again = [await bach.push("hook", headers, BODY) for _ in range(3)]
    assert taken is not None
    assert again == [None, None]
    assert [(one.id, one.text, one.sender) for one in await bach.inbox()] == [
        (taken.id, "Smoke in the cellar", "hook:detector")
    ]
    assert heard == ["Smoke in the cellar"]
    await bach.close()


async def test_a_stranger_is_only_counted(clock: FakeClock) -> None:
    """Whoever has the key could speak for everybody."""
    bach = await open_bach(clock)
    body = b'{"text": "x", "sender": "somebody"}'
    assert await bach.push("hook", signed(body, when=clock.now()), body) is None
    assert await bach.inbox() == []
    await bach.close()


async def test_a_caller_that_gives_up_takes_nothing_back(clock: FakeClock) -> None:
    """A message would be stored and never announced, because a connection was cut at the wrong moment."""
    bach = await open_bach(clock)
    heard: list[str] = []
    bach.subscribe(MessageReceived, lambda event: heard.append(event.message.text))
    await bach.push("hook", signed(BODY, when=clock.now(), id_="first"), BODY)
    pushing = asyncio.create_task(bach.push("hook", signed(BODY, when=clock.now()), BODY))
    await asyncio.sleep(0)
    pushing.cancel()
    await asyncio.gather(pushing, return_exceptions=True)
    await bach.close()
    assert heard == ["Smoke in the cellar"] * 2


async def test_other_connections_take_nothing(bach: Bach) -> None:
    """A request to a chat's connection would end in an error nobody expects."""
    await bach.registry.add(Connection(name="chat", type="fake"))
    with pytest.raises(CannotReceiveError):
        await bach.push("chat", {}, b"{}")


async def test_receiving_shows_that_it_is_at_work(clock: FakeClock) -> None:
    """A home would see "switched off" where alarms come in, or "connected" where nobody can bring any."""
    bach = await open_bach(clock)
    await bach.registry.add(Connection(name="out", type="webhook", endpoint="http://127.0.0.1:9/"))
    await clock.settle()
    assert bach.health("out", Direction.RECEIVING).state is ConnectionState.DISABLED
    assert bach.health("hook", Direction.RECEIVING) == Health(state=ConnectionState.CONNECTED)
    await bach.push("hook", signed(BODY, when=clock.now()), BODY)
    assert bach.health("hook", Direction.RECEIVING).last_success == clock.now()
    await bach.stop("hook")
    assert bach.health("hook", Direction.RECEIVING).state is ConnectionState.DISABLED
    await bach.close()


async def test_what_a_crash_left_is_announced(clock: FakeClock, tmp_path: Path) -> None:
    """An alarm that was answered with "taken" would lie in the inbox, and nothing would ring."""
    secret = f"whsec_{b64encode(KEY).decode()}"
    options: dict[str, Any] = {"clock": clock, "secrets": {"entry": lambda _: secret}}
    bach = Bach(tmp_path / "bach.db", **options)
    await bach.open()
    connection = Connection(
        name="hook", type="webhook", auth_config={"incoming_secret": "entry:x"}, allowed=frozenset({"detector"})
    )
    await bach.registry.add(connection)

    async def cut(_: Router, __: Connection, messages: Sequence[IncomingMessage]) -> list[IncomingMessage]:
        if messages:
            raise RuntimeError("the power is cut")
        return []

    with patch.object(Router, "announce", cut), pytest.raises(RuntimeError):
        await bach.push("hook", signed(BODY, when=clock.now()), BODY)
    await bach.close()
    again = Bach(tmp_path / "bach.db", **options)
    heard: list[str] = []
    again.subscribe(MessageReceived, lambda event: heard.append(event.message.text))
    await again.open()
    await again.close()  # which lets it come to its end
    assert heard == ["Smoke in the cellar"]


async def test_what_the_disk_kept_back_is_announced_with_the_next(clock: FakeClock) -> None:
    """An alarm whose announcing failed would stay silent until the next start."""
    bach = await open_bach(clock)
    heard: list[str] = []
    bach.subscribe(MessageReceived, lambda event: heard.append(event.message.text))
    await clock.settle()
    full = patch.object(Inbox, "save_routed", side_effect=StoreFailedError(path="bach.db", reason="no space left"))
    with full, pytest.raises(StoreFailedError):
        await bach.push("hook", signed(BODY, when=clock.now()), BODY)
    assert heard == []
    later = b'{"text": "It is hot", "sender": "detector"}'
    await bach.push("hook", signed(later, when=clock.now(), id_="msg-2"), later)
    assert heard == ["Smoke in the cellar", "It is hot"]
    await bach.close()


async def test_a_stranger_can_be_picked(clock: FakeClock) -> None:
    """Whom to allow would have to be typed letter by letter."""
    bach = await open_bach(clock)
    await clock.settle()
    body = b'{"text": "x", "recipient": "cellar"}'
    with bach.pairing("hook") as pairing:
        await bach.push("hook", signed(body, when=clock.now()), body)
    assert list(pairing.candidates) == ["cellar"]
    await bach.close()
