"""Whose post it is: proved by a secret of one's own, or only said in the body."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

import pytest

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Setup
from bach_lib.connectors.webhook.codec import PostDecoder
from bach_lib.connectors.webhook.signature import sign
from bach_lib.errors import InvalidValueError, PushRefusedError, UnknownNameError
from bach_lib.models.incoming import CLAIMED, IncomingMessage, Kind
from bach_lib.storage import MemoryDatabase
from tests.lib.connectors.webhook.posted import messages
from tests.lib.connectors.webhook.test_incoming import NOW, TOKEN

NAS, PHONE = "the-token-of-the-nas-alone", "the-token-of-the-phone-alone"


type Make = Callable[..., PostDecoder]


@pytest.fixture
def a_door(setup: Setup) -> Make:
    """Makes a door with the token of all, and secrets of single senders."""

    def make(**secrets: str) -> PostDecoder:
        given = {"incoming_token": TOKEN, "sender:nas": NAS, "sender:phone": PHONE, **secrets}
        return PostDecoder.read(replace(setup, connection=Connection(name="hook", type="webhook"), secrets=given))

    return make


def shows(token: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


def body(**fields: object) -> bytes:
    """What is posted."""
    return json.dumps({"text": "/unlock the door", **fields}).encode()


def test_a_secret_that_is_made_to_sign_with_is_never_shown(a_door: Make) -> None:
    """Whoever reads along would have it after one post, where each is signed lest anybody can."""
    key = b"of-the-nas-alone, to sign with"
    secret = f"whsec_{b64encode(key).decode()}"
    door = a_door(**{"sender:nas": secret})
    now, said = int(NOW), body()
    signed = {"webhook-id": "7", "webhook-timestamp": str(now), "webhook-signature": sign(key, "7", now, said)}
    assert [message.sender_id for message in messages(door.admit(signed, said, NOW))] == ["nas"]
    with pytest.raises(PushRefusedError):
        door.admit(shows(secret), said, NOW)


@pytest.mark.parametrize(
    "claimed", [{}, {"sender": "phone"}, {"recipient": "phone"}, {"sender": "x", "recipient": "y"}]
)
def test_who_shows_a_secret_is_its_owner_whatever_the_body_says(a_door: Make, claimed: dict[str, str]) -> None:
    """The NAS would act as the owner's phone by writing its name."""
    [message] = messages(a_door().admit(shows(NAS), body(**claimed), NOW))
    assert (message.sender_id, message.recipient) == ("nas", "nas")
    assert CLAIMED not in message.metadata


@pytest.mark.parametrize(
    "claimed",
    [
        {"sender": "phone"},
        {"recipient": "phone"},
        {"sender": " phone "},
        {"recipient": "phone/hall"},
        {"sender": "phone/hall"},
        {"sender": "guest", "recipient": "phone"},
    ],
)
def test_nobody_else_claims_the_name_of_one_who_has_a_secret(a_door: Make, claimed: dict[str, str]) -> None:
    """What rings under that name would be believed, and be anybody's."""
    with pytest.raises(PushRefusedError) as caught:
        a_door().admit(shows(TOKEN), body(**claimed), NOW)
    assert caught.value.placeholders["reason"] == (
        'it says that it is "phone", and does not show the secret of that sender'
    )


def test_a_name_without_a_secret_is_a_claim(a_door: Make) -> None:
    """A doorbell would not be heard, or be taken for somebody."""
    [message] = messages(a_door().admit(shows(TOKEN), body(sender="bell"), NOW))
    assert (message.sender_id, message.metadata[CLAIMED]) == ("bell", True)


def test_a_signature_with_the_own_key_proves_as_well(a_door: Make) -> None:
    """Who signs could not be anybody."""
    door, raw = a_door(incoming_secret="the secret that all sign with"), body(sender="phone")
    signed = {
        "Webhook-Id": "1",
        "Webhook-Timestamp": str(int(NOW)),
        "Webhook-Signature": sign(NAS.encode(), "1", int(NOW), raw),
    }
    [message] = messages(door.admit(signed, raw, NOW))
    assert message.sender_id == "nas"
    with pytest.raises(PushRefusedError):
        door.admit(shows(NAS), raw, NOW)  # where all sign, a token that can be overheard is no proof


@pytest.mark.parametrize("secret", ["short", TOKEN, PHONE])
def test_a_secret_that_is_weak_or_not_ones_own_is_refused(a_door: Make, secret: str) -> None:
    """Two senders would be one, or somebody would guess who to be."""
    with pytest.raises(InvalidValueError) as caught:
        a_door(**{"sender:nas": secret})
    assert secret not in str(caught.value)


def test_no_secret_stands_in_a_repr(a_door: Make) -> None:
    """A log would hand it out."""
    assert not [secret for secret in (NAS, PHONE, TOKEN) if secret in repr(a_door()) or secret in repr(a_door().claims)]


async def test_a_claim_is_no_command_and_a_proof_makes_it_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the token of all would run commands in everybody's name."""
    monkeypatch.setenv("ALL", TOKEN)
    monkeypatch.setenv("NAS", NAS)
    auth = {"incoming_token": "env:ALL", "sender:nas": "env:NAS"}
    async with Bach(MemoryDatabase()) as bach:
        row = Connection(name="hook", type="webhook", auth_config=auth, allowed=frozenset({"nas", "bell"}))
        await bach.registry.add(row)
        claimed = await bach.push("hook", shows(TOKEN), body(sender="bell"))
        proved = await bach.push("hook", shows(NAS), body(sender="bell"))
        assert isinstance(claimed, IncomingMessage)
        assert isinstance(proved, IncomingMessage)
        assert (claimed.kind, claimed.text, claimed.is_own) == (Kind.TEXT, "/unlock the door", False)
        assert (proved.kind, proved.content.command, proved.is_own) == (Kind.COMMAND, "unlock", True)
        with pytest.raises(UnknownNameError):
            await bach.registry.update("hook", auth_config={**auth, "sender:": "env:NAS"})
