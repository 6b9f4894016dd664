"""One attempt and the question whose fault it was: what is asked, what is remembered, and what must not get lost."""

import asyncio
from collections.abc import AsyncIterator, Coroutine

import pytest

from bach_lib import Connection, Fault, Status
from bach_lib.bus import Bus
from bach_lib.connectors.base import Setup
from bach_lib.models import Delivery, Identity, Message
from bach_lib.outbound import attempt as module
from bach_lib.outbound.attempt import Trials, Verdict
from bach_lib.outbound.entry import entry_of
from bach_lib.outbound.gate import Gate
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.monitor import STOPPED
from bach_lib.outbound.retry import is_ambiguous
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain
from bach_lib.storage import Store
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.bordered import bordered
from tests.lib.outbound.disk import Disk, tools
from tests.lib.outbound.make import message

DOWN = Fault(code="unreachable", text="No route to host")
NO_WAY = Retry(fault=DOWN, scope=Scope.CONNECTION)
UNKNOWN = Uncertain(fault=DOWN)


class Bench:
    """The attempts of a connection whose platform does as it is told."""

    def __init__(self, store: Store, clock: FakeClock, platform: FakePlatform, setup: Setup) -> None:
        self.clock, self.platform = clock, platform
        self.disk = Disk(store, clock)
        bus = Bus()
        shared = tools(self.disk, bus, clock, lambda name, delivered: None)
        self.gate = Gate(
            Connection(name="home", type="fake"),
            bus=bus,
            clock=clock,
            policy=shared.policy.breaker,
            random=shared.random,
            save_breaker=shared.save_breaker,
            on_better=lambda: None,
        )
        self.trials = Trials(self.gate, Ledger("home", shared, Coroutine.close, lambda _: None), shared)
        self.connector = fake_connector(platform, idempotent=False)(setup)
        self.is_at_work = True

    async def hold(self, outcome: Outcome, sent: Message | None = None) -> Verdict:
        """One attempt that ends like this, of which the gate learns."""
        permit = self.gate.admit()
        assert permit
        if not self.platform.fault:  # else it fails with that
            self.platform.outcomes.append(outcome)
        sent, attempts = sent or message(), len(self.platform.attempts)

        def is_at_work() -> bool:  # until it has been tried: else it would not be tried at all
            return self.is_at_work or len(self.platform.attempts) == attempts

        entry = entry_of(sent, self.clock)
        verdict = await self.trials.hold(bordered(self.connector, "s3cr3t"), sent, entry, is_at_work)
        self.gate.learn(permit, sent.recipient, verdict.outcome, verdict.fault, began=verdict.began)
        self.gate.release(permit)
        return verdict


@pytest.fixture
async def bench(store: Store, clock: FakeClock, platform: FakePlatform, setup: Setup) -> AsyncIterator[Bench]:
    """A connection whose first check went well, an hour ago."""
    bench = Bench(store, clock, platform, setup)
    bench.gate.start(bench.connector)
    await clock.advance(3600)
    yield bench
    await bench.gate.stop()


@pytest.mark.parametrize(
    ("outcome", "status", "word"),
    [
        (Sent(remote_id="9"), Status.SENT, "sent"),
        (Dead(fault=DOWN), Status.DEAD, "dead"),
        (Retry(fault=DOWN, scope=Scope.MESSAGE), Status.FAILED, "retry"),
        (UNKNOWN, Status.FAILED, "uncertain"),
    ],
)
async def test_a_verdict_says_what_was_seen_and_what_follows(
    bench: Bench, outcome: Outcome, status: Status, word: str
) -> None:
    """The history of a message would tell of another attempt than the one that was made."""
    bench.platform.hold = asyncio.Event()
    began = bench.clock.monotonic()
    holding = asyncio.create_task(bench.hold(outcome))
    await bench.clock.advance(7)
    bench.platform.hold.set()
    verdict = await holding
    assert verdict.outcome == outcome
    assert (verdict.settlement.status, verdict.settlement.outcome) == (status, word)
    assert (verdict.began, verdict.settlement.seconds) == (began, 7)
    assert verdict.fault is None


async def test_the_wait_of_a_retry_counts_from_the_end_of_the_attempt(bench: Bench) -> None:
    """After an attempt that took long, the next one would come at once."""
    verdict = await bench.hold(Retry(fault=DOWN, scope=Scope.MESSAGE))
    assert verdict.settlement.next_retry_at == bench.clock.now() + 30


async def test_an_outage_is_told_with_the_words_of_the_check(bench: Bench) -> None:
    """The panel would show what the attempt saw, and not why nothing works."""
    bench.platform.fault = DOWN
    verdict = await bench.hold(NO_WAY)
    assert verdict.settlement.status is Status.PENDING
    assert verdict.fault == DOWN


async def test_a_secret_in_the_platforms_words_is_hidden(bench: Bench) -> None:
    """A token would stand in the database, in the log and on the dashboard."""
    verdict = await bench.hold(Dead(fault=Fault(code="refused", text="GET /bot-s3cr3t failed")))
    assert verdict.settlement.error == Fault(code="refused", text="GET /bot-*** failed")


@pytest.mark.parametrize(
    ("repeatable", "idempotent", "status"),
    [
        (False, False, Status.UNCERTAIN),
        (True, False, Status.PENDING),
        (False, True, Status.PENDING),
    ],
)
async def test_only_what_cannot_arrive_twice_is_repeated(
    bench: Bench, setup: Setup, repeatable: bool, idempotent: bool, status: Status
) -> None:
    """A message that must not arrive twice would, or one that may be repeated would be given up."""
    bench.connector = fake_connector(bench.platform, idempotent=idempotent)(setup)
    sent = message(delivery=Delivery.AT_MOST_ONCE)
    verdict = await bench.hold(Uncertain(fault=DOWN, repeatable=repeatable), sent)
    assert verdict.settlement.status is status


@pytest.mark.parametrize("outcome", [NO_WAY, UNKNOWN, Retry(fault=DOWN, scope=Scope.MESSAGE), Sent()])
async def test_the_check_of_a_connection_that_was_replaced_meanwhile_blames_nobody(
    bench: Bench, outcome: Outcome
) -> None:
    """The old token's refusal would count as the message's own fault."""
    bench.is_at_work = False
    verdict = await bench.hold(outcome)
    if is_ambiguous(outcome):
        assert verdict.settlement.retry_count == 0
        assert verdict.fault == STOPPED
    else:
        assert verdict.fault is None
        assert verdict.settlement.status is (Status.SENT if isinstance(outcome, Sent) else Status.FAILED)


async def test_what_the_check_said_stays_when_the_connection_was_stopped(bench: Bench) -> None:
    """A connection that lost its network would be shown as switched off."""
    bench.is_at_work = False
    bench.platform.fault = DOWN
    assert (await bench.hold(NO_WAY)).fault == DOWN


async def test_who_takes_the_connection_down_each_time_is_to_blame_when_others_got_through_between(
    bench: Bench,
) -> None:
    """A message that kills the connection with every attempt would be tried for ever."""
    poison = message(id=1, retry_count=5, max_retries=5)
    bench.platform.fault = DOWN
    assert (await bench.hold(NO_WAY, poison)).settlement.status is Status.FAILED
    bench.platform.fault = None
    await bench.clock.advance(5)
    await bench.hold(Sent(), message(id=2))
    await bench.clock.advance(100)
    bench.platform.fault = DOWN
    assert (await bench.hold(NO_WAY, message(id=3))).settlement.status is Status.PENDING, "its first failure"
    await bench.clock.advance(5)
    assert (await bench.hold(NO_WAY, poison)).settlement.status is Status.DEAD


@pytest.mark.parametrize("forget", ["clear", "end"])
async def test_what_ended_or_was_read_anew_has_never_failed(bench: Bench, forget: str) -> None:
    """A message that somebody sends again by hand would be dead after its first attempt in an outage."""
    bench.platform.fault = DOWN
    poison = message(id=1, retry_count=5, max_retries=5)
    await bench.hold(NO_WAY, poison)
    bench.platform.fault = None
    await bench.clock.advance(5)
    await bench.hold(Sent(), message(id=2))
    if forget == "clear":
        bench.trials.clear()
    else:
        await bench.hold(Dead(fault=DOWN), poison)
    await bench.clock.advance(100)
    bench.platform.fault = DOWN
    assert (await bench.hold(NO_WAY, poison)).settlement.status is Status.FAILED


@pytest.mark.parametrize(("idempotent", "status"), [(False, Status.UNCERTAIN), (True, Status.PENDING)])
async def test_what_is_known_of_an_attempt_is_written_when_its_question_is_cancelled(
    bench: Bench, setup: Setup, monkeypatch: pytest.MonkeyPatch, idempotent: bool, status: Status
) -> None:
    """A restart during a health check would send once more what may have arrived."""

    async def hang() -> Identity | Fault:
        return await asyncio.Event().wait() and DOWN

    bench.connector = fake_connector(bench.platform, idempotent=idempotent)(setup)
    bench.gate.start(bench.connector)
    await bench.clock.settle()
    monkeypatch.setattr(bench.connector, "check", hang)
    sent = message(delivery=Delivery.AT_MOST_ONCE)
    holding = asyncio.create_task(bench.hold(UNKNOWN, sent))
    await bench.clock.settle()
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    [(settlement, claim)] = bench.disk.asked
    assert settlement
    assert claim is None
    assert (settlement.id, settlement.status, settlement.outcome) == (7, status, "uncertain")
    assert (settlement.error, settlement.seconds, settlement.retry_count) == (DOWN, 0, 0)


@pytest.mark.parametrize(
    ("question", "status", "attempts"), [("belonging", Status.PENDING, 0), ("note_whose", Status.SENT, 1)]
)
async def test_whose_account_it_is_costs_no_knowledge_when_it_is_cancelled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, question: str, status: Status, attempts: int
) -> None:
    """What was never written would be called uncertain after a restart, or what has arrived be sent again."""

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(module, question, hang)
    holding = asyncio.create_task(bench.hold(Sent(remote_id="9"), message(delivery=Delivery.AT_MOST_ONCE)))
    await bench.clock.settle()
    assert len(bench.platform.attempts) == attempts
    holding.cancel()
    await asyncio.wait([holding])
    assert [(settlement and settlement.status, claim) for settlement, claim in bench.disk.asked] == [(status, None)]


async def test_a_cancelled_question_blames_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five restarts in an evening would give up a message that nothing is wrong with."""

    async def hang() -> Identity | Fault:
        return await asyncio.Event().wait() and DOWN

    monkeypatch.setattr(bench.connector, "check", hang)
    holding = asyncio.create_task(bench.hold(NO_WAY, message(retry_count=5, max_retries=5)))
    await bench.clock.advance(3)
    holding.cancel()
    await asyncio.wait([holding])
    [(settlement, _)] = bench.disk.asked
    assert settlement
    assert (settlement.status, settlement.retry_count, settlement.next_retry_at) == (Status.FAILED, 5, None)
    assert settlement.seconds == 0
