"""Promise 9: tokens never reach a log, an exception text, a repr, an event or the disk; strangers cause nothing."""

import asyncio
import logging
from pathlib import Path
from typing import override

import pytest

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Setup
from bach_lib.errors import InvalidSecretReferenceError
from bach_lib.events import Event
from bach_lib.models import Fault, Message
from bach_lib.outcomes import Outcome, Retry, Scope
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform, fake_connector
from tests.lib.promises.conftest import record

TOKEN = "123456789:AAFakeTokenFakeTokenFakeTokenFakeTok"
SECRETS = {"a token by its looks": TOKEN, "a short password": "owl7", "a long one": "two owls and a lighthouse, " * 20}
"""Patterns know the first by its looks; the others are masked only because they are known."""


class Careless(FakePlatform):
    """A library that puts the whole address, with the token, into everything it says."""

    mode = "fault"
    said = ""

    @override
    async def deliver(self, message: Message, *, idempotent: bool) -> Outcome:
        """Fail in the way the test asked for."""
        if self.mode == "raise":
            raise ConnectionError(self.said)
        return Retry(fault=Fault(code="unreachable", text=self.said), scope=Scope.CONNECTION)


@pytest.mark.parametrize("mode", ["fault", "raise"])
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
async def test_a_careless_library_leaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, secret: str, mode: str
) -> None:
    """Somebody who posts a log or a diagnostics file would give the bot away."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HOME_TOKEN", secret)
    platform = Careless()
    platform.mode, platform.said = mode, f"cannot connect to https://api.example/bot{secret}/sendMessage"
    platform.fault = Fault(code="unreachable", text=f"check of https://api.example/bot{secret}/getMe failed")
    database = tmp_path / "bach.db"
    async with Bach(database, connectors={"fake": fake_connector(platform)}) as bach:
        events = record(bach, Event)
        row = await bach.registry.add(Connection(name="home", type="fake", auth_config={"bot_token": "env:HOME_TOKEN"}))
        receipt = await bach.send("home", "42", "text")
        fault = await bach.check("home")
        async with asyncio.timeout(60):
            while (message := await bach.get(receipt.id)).error is None:
                pass  # getting it takes turns of the loop
        seen = [repr(events), repr(row), repr(message), repr(fault), repr(bach.registry.get("home")), caplog.text]
    seen.extend(file.read_bytes().decode("latin-1") for file in tmp_path.iterdir())
    assert "cannot connect" in repr(events) or "ConnectionError" in repr(events), "the fault itself must be visible"
    assert not [text for text in seen if secret.strip() in text or TOKEN.partition(":")[2] in text]


async def test_a_secret_is_refused_where_a_reference_belongs(tmp_path: Path) -> None:
    """A token pasted into the registry would lie on disk in plain sight, and the error would repeat it."""
    async with Bach(tmp_path / "bach.db", connectors={"fake": fake_connector(FakePlatform())}) as bach:
        with pytest.raises(InvalidSecretReferenceError) as caught:
            await bach.registry.add(Connection(name="home", type="fake", auth_config={"bot_token": TOKEN}))
        assert bach.registry.list() == []
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(caught.value)


async def test_what_connectors_are_made_from_does_not_show_the_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connector that logs its set-up would log the token."""
    monkeypatch.setenv("HOME_TOKEN", TOKEN)
    setups: list[Setup] = []
    base = fake_connector(FakePlatform())

    class Curious(base):  # type: ignore[misc,valid-type]
        def __init__(self, setup: Setup) -> None:
            setups.append(setup)
            super().__init__(setup)

    async with Bach(tmp_path / "bach.db", connectors={"fake": Curious}) as bach:
        await bach.registry.add(Connection(name="home", type="fake", auth_config={"bot_token": "env:HOME_TOKEN"}))
        await bach.check("home")
    assert setups[0].secrets == {"bot_token": TOKEN}
    assert TOKEN not in repr(setups[0])


async def test_the_code_of_a_pairing_leaks_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    """Who reads the log, the bus or the database could bring the code in somebody else's place."""
    caplog.set_level(logging.DEBUG)
    platform = FakePlatform()
    async with Bach(
        tmp_path / "bach.db", connectors={"fake": fake_connector(platform, receives=True)}, clock=clock
    ) as bach:
        events = record(bach, Event)
        await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
        await clock.settle()
        with bach.pairing("home") as pairing:
            platform.write(pairing.code, sender="42", remote_id="42:1", cursor="1")
            platform.write(pairing.code, sender="666", remote_id="666:1", cursor="2")
            await clock.settle()
            assert [one.has_code for one in pairing.candidates.values()] == [True, False]
            invitation = bach.invitation("home", pairing.code)
        assert await bach.inbox() == []
        seen = [repr(events), repr(pairing), repr(invitation), caplog.text]
    seen.extend(file.read_bytes().decode("latin-1") for file in tmp_path.iterdir())
    assert len(events) > 1
    assert not [text for text in seen if pairing.code in text]
    assert "WARNING" not in caplog.text, "nobody is warned of who is awaited"
