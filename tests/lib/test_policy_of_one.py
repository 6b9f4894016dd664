"""A policy of its own for one connection, as long as the process runs that gave it."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, BreakerPolicy, Category, Connection, Fault, Policy, ProbePolicy, ReceivePolicy, RetryPolicy
from bach_lib.errors import QueueFullError
from bach_lib.models.incoming import Kind
from bach_lib.outcomes import Retry, Scope
from bach_lib.testing import FakeClock, FakePlatform, OllamaServer, fake_connector

ROWS = [Connection(name=name, type="fake", allowed=frozenset({"42"})) for name in ("home", "sms")]
SMS = Policy(
    retry=RetryPolicy(delays=(5,), max_retries=1, jitter=0),
    breaker=BreakerPolicy(failures=1),
    receive=ReceivePolicy(max_age=10),
    max_waiting=1,
)
FEW = Policy(retry=RetryPolicy(max_retries=1))
MINE = Fault(code="strange", text="It is this message.")


async def test_only_the_one_follows_it(clock: FakeClock, platform: FakePlatform) -> None:
    """A dear platform could not be spared, or all others would be treated like it."""
    connectors = {"fake": fake_connector(platform)}
    async with Bach(":memory:", clock=clock, connectors=connectors, connections=ROWS, policies={"sms": SMS}) as bach:
        platform.outcomes.extend([Retry(fault=MINE, scope=Scope.MESSAGE)] * 2)
        dear, cheap = [await bach.send(row.name, "ada", "Hello") for row in reversed(ROWS)]
        await clock.settle()
        assert (await bach.get(dear.id)).max_retries == 1
        assert (await bach.get(cheap.id)).max_retries == 5
        assert (await bach.get(dear.id)).next_retry_at == pytest.approx(clock.now() + 5)
        await bach.stop("sms")
        with pytest.raises(QueueFullError):
            await bach.send("sms", "bob", "Hello")
        await bach.send("home", "bob", "Hello")
        await bach.start("sms")
        await clock.advance(6)
        assert (await bach.get(dear.id)).status == "sent"
        platform.fault = Fault(code="refused", text="away")
        for row in ROWS:
            await bach.send(row.name, "eve", "Hello")
        await clock.settle()
        assert [bach.breaker(row.name) for row in ROWS] == ["closed", "open"]


async def test_how_old_a_command_may_be_is_its_own(clock: FakeClock, platform: FakePlatform) -> None:
    """A command by a slow way would be acted upon when nobody expects it any more."""
    other = FakePlatform()
    connectors = {"fake": fake_connector(platform, receives=True), "other": fake_connector(other, receives=True)}
    rows = [ROWS[0], replace(ROWS[1], type="other")]
    async with Bach(":memory:", clock=clock, connectors=connectors, connections=rows, policies={"sms": SMS}) as bach:
        for one in (platform, other):
            one.says("/light on", sent_at=clock.now() - 60)
        await clock.settle()
        kinds = {message.connection: message.kind for message in await bach.inbox()}
        assert kinds == {"home": Kind.COMMAND, "sms": Kind.EXPIRED}


async def test_a_partner_is_asked_as_often_as_its_own_policy_says(clock: FakeClock) -> None:
    """A paid service would be asked every five minutes."""
    async with OllamaServer(models=["gemma3"], answer="Yes.") as server:
        row = Connection(name="ai", type="ollama", category=Category.AI, endpoint=server.url)
        policies = {"ai": Policy(probe=ProbePolicy(seconds=9000, jitter=0))}
        async with Bach(":memory:", clock=clock, connections=[row], policies=policies) as bach:
            await bach.check("ai")
            before = bach.checked("ai")
            await clock.advance(8000)
            assert bach.checked("ai") == before


async def test_it_is_of_the_process(tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """Numbers that nobody can see would outlive the program that said them; a misspelt name would say nothing."""
    path, connectors = tmp_path / "bach.db", {"fake": fake_connector(FakePlatform())}
    async with Bach(path, clock=clock, connectors=connectors, connections=ROWS, policies={"smss": FEW}) as bach:
        assert (await bach.get((await bach.send("sms", "ada", "Hello")).id)).max_retries == 5
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "There is a policy for what is no connection now: smss"
    ]
    async with Bach(path, clock=clock, connectors=connectors, policies={"sms": FEW}) as bach:
        assert (await bach.get((await bach.send("sms", "ada", "Hello")).id)).max_retries == 1
    async with Bach(path, clock=clock, connectors=connectors) as bach:
        assert (await bach.get((await bach.send("sms", "ada", "Hello")).id)).max_retries == 5
