"""The door of a connection: what is in a request, who is told why it was refused, and what is kept of it."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import override

import pytest

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Incoming
from bach_lib.errors import CannotReceiveError, PushRefusedError
from bach_lib.inbound.pushed import Refusal, Refusals
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakeConnector, FakePlatform, fake_connector
from tests.lib.inbound.make import incoming

GOOD = incoming(sender_id="42", recipient="42", sender_name="Ada")
SECRET = "a-token-that-is-long-enough"
type Found = Incoming | list[Incoming] | Exception


class Door(FakeConnector):
    """Finds in a request what the test says."""

    found: Found = GOOD
    seen: tuple[Mapping[str, str], bytes, str | None] | None = None

    @property
    @override
    def is_open(self) -> bool:
        return True

    @override
    def pushed(self, headers: Mapping[str, str], body: bytes, address: str | None = None) -> Incoming:
        type(self).seen = (headers, body, address)
        if isinstance(self.found, Exception):
            raise self.found
        return self.found  # type: ignore[return-value] # a list is as good


@pytest.fixture
def door() -> type[Door]:
    """A connector that takes requests, and has a secret."""
    made = fake_connector(FakePlatform())
    capabilities = replace(made.capabilities, takes_pushes=True)
    return type("Made", (Door,), {"platform": made.platform, "capabilities": capabilities})


@pytest.fixture
async def home(door: type[Door], clock: FakeClock) -> AsyncIterator[Bach]:
    """A BACH with it."""
    async with Bach(
        MemoryDatabase(), connectors={"fake": door}, secrets={"test": {"token": SECRET}.get}, clock=clock
    ) as bach:
        auth = {"token": "test:token"}
        await bach.registry.add(Connection(name="home", type="fake", auth_config=auth, allowed=frozenset({"42"})))
        yield bach


async def push(home: Bach, body: bytes = b"body") -> str:
    """The reason why a request was refused."""
    with pytest.raises(PushRefusedError) as caught:
        await home.push("home", {}, body)
    assert caught.value.placeholders["name"] == "home"
    return str(caught.value.placeholders["reason"])


async def test_the_connector_sees_the_request_as_it_came(home: Bach, door: type[Door]) -> None:
    """No signature would fit, and no address could be held against those that may."""
    message = await home.push("home", {"X-Proof": "1"}, b"body", address="192.0.2.1")
    assert message
    assert message.text == "hello"
    assert door.seen == ({"X-Proof": "1"}, b"body", "192.0.2.1")


async def test_a_request_may_hold_several(home: Bach, door: type[Door]) -> None:
    """Of a group of alarms only the first would come in, or one that cannot be read would cost the others."""
    second = replace(GOOD, remote_id="2", text="second")
    half = replace(GOOD, remote_id="half")
    object.__setattr__(half, "text", 5)
    door.found = [GOOD, half, second]
    assert await home.push("home", {}, b"body")
    assert [message.text for message in await home.inbox()] == ["second", "hello"]
    [kept] = await home.unreadable("home")
    assert "remote_id='half'" in kept.raw
    assert kept.reason == "a message whose text is of a wrong type"


async def test_nothing_in_it_is_said(home: Bach, door: type[Door]) -> None:
    """Whoever set the sender up would believe that it works."""
    door.found = []
    assert await push(home, b"empty") == "there is no message in it"
    [kept] = await home.unreadable("home")
    assert (kept.raw, kept.reason) == ("empty", "there is no message in it")


async def test_why_it_cannot_be_read_is_said_without_the_secret(home: Bach, door: type[Door]) -> None:
    """The secret of a connection would stand in an answer to anybody."""
    door.found = ValueError(f"no number: {SECRET}")
    reason = await push(home, f"y {SECRET}".encode())
    assert "no number: " in reason
    kept = await home.unreadable("home")
    for shown in (reason, *(one.raw for one in kept), *(one.reason for one in kept)):
        assert SECRET not in shown
    assert kept


async def test_what_somebody_who_may_says_wrongly_is_kept_with_the_reason(home: Bach, door: type[Door]) -> None:
    """Whoever sets a sender up could not see what it posts."""
    error = PushRefusedError(name="home", reason="there is no text in it")
    error.is_proven = True
    door.found = error
    assert await push(home, b"{}") == "there is no text in it"
    [kept] = await home.unreadable("home")
    assert (kept.raw, kept.reason) == ("{}", "there is no text in it")


async def test_who_is_no_recipient_yet_is_named(home: Bach, door: type[Door], clock: FakeClock) -> None:
    """The first post after a set-up would vanish without a word."""
    assert home.refused("home") is None
    strangers = [
        replace(GOOD, remote_id=str(n), sender_id=f"s{n}", recipient=f"s{n}", sender_name=f"S{n}") for n in range(5)
    ]
    door.found = [GOOD, *strangers]
    assert await home.push("home", {}, b"body")
    assert home.refused("home") == Refusal(at=clock.now(), reason='nobody has let in "S2" yet: it is no recipient')
    door.found = replace(GOOD, remote_id="9")
    await clock.advance(60)
    await home.push("home", {}, b"body")
    assert home.refused("home") != Refusal(at=clock.now(), reason='nobody has let in "Ada" yet: it is no recipient')


async def test_a_stranger_who_knows_a_secret_is_named_without_it(home: Bach, door: type[Door]) -> None:
    """A program that posts under the token as its name would have it shown."""
    door.found = replace(GOOD, sender_id="x", recipient="x", sender_name=SECRET)
    assert await home.push("home", {}, b"body") is None
    refusal = home.refused("home")
    assert refusal
    assert SECRET not in refusal.reason


async def test_a_connection_without_a_door_has_none(clock: FakeClock) -> None:
    """A sender at the wrong address would be told that all is well."""
    async with Bach(MemoryDatabase(), connectors={"fake": fake_connector(FakePlatform())}, clock=clock) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        with pytest.raises(CannotReceiveError) as caught:
            await bach.push("home", {}, b"")
        assert caught.value.placeholders["name"] == "home"


def test_each_reason_is_in_the_log_once_an_hour(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever finds the address could fill the log, or the second mistake would hide behind the first."""
    caplog.set_level(logging.DEBUG)
    refusals = Refusals("home", clock)
    for _ in range(3):
        refusals.add("no token")
        refusals.add("no text")
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [f"1 requests to home were refused, because {reason}" for reason in ("no token", "no text")]


def test_reasons_without_end_take_no_memory(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever posts another nonsense each time would fill the memory; the newest are remembered."""
    refusals = Refusals("home", clock)
    for number in range(25):
        refusals.add(f"reason {number}")
    assert refusals.last == Refusal(at=clock.now(), reason="reason 24")
    caplog.clear()
    refusals.add("reason 24")
    refusals.add("reason 5")
    assert caplog.records == [], "these were said just now"
    refusals.add("reason 4")
    assert len(caplog.records) == 1, "this one was forgotten"
    refusals.add("reason 6")
    assert len(caplog.records) == 1, "and only as many as were too many"
