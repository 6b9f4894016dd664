"""Whatever a connector does, what comes out of an attempt is an outcome without secrets."""

import asyncio
import logging
import math
from typing import cast, override

import pytest

from bach_lib.connectors.base import Capabilities, Connector, Setup
from bach_lib.models import Fault, Format, Loss, Message
from bach_lib.outbound.attempt import attempt
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.redact import Redactor
from bach_lib.testing import FakePlatform, fake_connector
from tests.lib.outbound.make import BUSY, message

SECRET = "s3cr3t-t0k3n"
LEAK = Fault(code="unreachable", text=f"GET https://example.org/bot{SECRET}/send failed")


class Platform(FakePlatform):
    """A platform that raises what it is told to."""

    error: BaseException | None = None

    @override
    async def deliver(self, message: Message, *, idempotent: bool) -> Outcome:
        """Raise, or do as usual."""
        if self.error:
            raise self.error
        return await super().deliver(message, idempotent=idempotent)


@pytest.fixture
def platform() -> Platform:
    """The other side."""
    return Platform()


@pytest.fixture
def connector(platform: Platform, setup: Setup) -> Connector:
    """The way there."""
    return fake_connector(platform)(setup)


async def outcome_of(connector: Connector) -> Outcome:
    """Attempt once."""
    return await attempt(connector, message(), Redactor([SECRET]))


@pytest.mark.parametrize(
    "outcome",
    [
        Retry(fault=LEAK, scope=Scope.CONNECTION),
        Wait(seconds=3, fault=LEAK, scope=Scope.RECIPIENT),
        Dead(fault=LEAK),
        Uncertain(fault=LEAK),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
async def test_every_outcome_passes_without_its_secret(
    connector: Connector, platform: Platform, outcome: Outcome
) -> None:
    """A library that quotes the address would put the token on disk, into events and on the dashboard."""
    platform.outcomes.append(outcome)
    passed = await outcome_of(connector)
    assert type(passed) is type(outcome)
    assert SECRET not in repr(passed)
    assert not isinstance(passed, Sent)
    assert passed.fault.text == "GET https://example.org/bot***/send failed"


async def test_a_success_passes_as_it_is(connector: Connector, platform: Platform) -> None:
    """The platform's message id would be lost."""
    platform.outcomes.append(Sent(remote_id="9", degraded=True))
    assert await outcome_of(connector) == Sent(remote_id="9", degraded=True)


async def test_what_a_message_went_without_is_told_without_its_secret(connector: Connector, platform: Platform) -> None:
    """A refused picture would be left out silently, or the token in the platform's words about it be shown."""
    losses = (Loss(what="file", reason=f"bot{SECRET}/photo is too large"), Loss(what="markup", reason="no such tag"))
    platform.outcomes.append(Sent(remote_id="9", degraded=True, losses=losses))
    outcome = await outcome_of(connector)
    assert isinstance(outcome, Sent)
    assert outcome.losses == (Loss(what="file", reason="bot***/photo is too large"), losses[1])
    assert (outcome.remote_id, outcome.degraded) == ("9", True)


@pytest.mark.parametrize(
    ("asked", "granted"), [(3, 3), (0.001, 1), (0, 1), (-5, 1), (1e9, 86_400), (math.inf, 86_400), (math.nan, 1)]
)
async def test_a_wish_to_wait_has_limits(
    connector: Connector, platform: Platform, asked: float, granted: float
) -> None:
    """A server with a mistake in it would silence a connection for years, or break the timer."""
    platform.outcomes.append(Wait(seconds=asked, fault=BUSY, scope=Scope.CONNECTION))
    outcome = await outcome_of(connector)
    assert isinstance(outcome, Wait)
    assert outcome.seconds == granted


async def test_a_mistake_in_a_connector_stops_one_message_only(
    connector: Connector, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    """One odd message would end the worker, and the queue with it; or its error would tell the token."""
    platform.error = LookupError(f"no key {SECRET}")
    with caplog.at_level(logging.DEBUG):
        outcome = await outcome_of(connector)
    assert outcome == Uncertain(fault=Fault(code="internal", text="An error inside BACH: LookupError"))
    assert caplog.messages == ["Sending message 7 failed unexpectedly: LookupError('no key ***')"]


@pytest.mark.parametrize(("answer", "name"), [(None, "NoneType"), (True, "bool")])
async def test_a_connector_that_forgets_its_outcome_stops_one_message_only(
    connector: Connector, platform: Platform, caplog: pytest.LogCaptureFixture, answer: object, name: str
) -> None:
    """A connector of somebody's own without a `return` would stop its lane for ever, without a word."""
    platform.outcomes.append(cast("Outcome", answer))
    outcome = await outcome_of(connector)
    assert outcome == Uncertain(fault=Fault(code="internal", text="An error inside BACH: TypeError"))
    assert caplog.messages == [f"Sending message 7 brought no outcome but {name}"]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), GeneratorExit(), BaseException("odd")])
async def test_what_nobody_cancelled_is_a_mistake_like_others(
    connector: Connector, platform: Platform, error: BaseException
) -> None:
    """A library that reads a cancelled future would end the worker, and its lane would wait until the next start."""
    platform.error = error
    outcome = await outcome_of(connector)
    assert isinstance(outcome, Uncertain)
    assert outcome.fault.code == "internal"


async def test_an_attempt_that_hangs_is_given_up(
    connector: Connector, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that swallows answers would hold its lane for ever."""
    quick = Capabilities(
        receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=10, send_timeout=0.01
    )
    monkeypatch.setattr(type(connector), "capabilities", quick)
    platform.hold = asyncio.Event()
    outcome = await outcome_of(connector)
    assert isinstance(outcome, Uncertain)
    text = "The platform did not answer in time; the message may have arrived."
    assert outcome.fault == Fault(code="timeout", text=text)


async def test_cancelling_is_passed_on(connector: Connector, platform: Platform) -> None:
    """A shutdown would wait for an attempt that no longer listens."""
    platform.hold = asyncio.Event()
    task = asyncio.create_task(outcome_of(connector))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
