"""The page of states is drawn by hand and held against the code: it draws all that can happen, and nothing else."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import ClassVar, override

import pytest

from bach_lib import Bach, BreakerPolicy, BreakerState, Connection, ConnectionState, Fault, Identity, RetryPolicy
from bach_lib.connectors.base import Setup
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import BachError
from bach_lib.events import ConnectionChanged
from bach_lib.models import Delivery, Direction, Format, Message, ProofKind, Status
from bach_lib.models.health import internal_fault
from bach_lib.outbound.advancing import Step, advance_all
from bach_lib.outbound.breaker import Breaker
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.monitor import Monitor
from bach_lib.outbound.proof_rows import Told, add
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement, Witnesses, decide, late, untried
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.questions.question import Ending
from bach_lib.storage import MemoryDatabase, Store, Transaction
from bach_lib.storage.positions import InOrder
from bach_lib.testing import FakeClock, FakePlatform
from bach_lib.testing.connector import FakeConnector
from tests.lib.outbound.make import BUSY, NOW, draft, message

ROOT = Path(__file__).parents[2]
BEGINNING = "[*]"
SECRET = "a key of more than sixteen bytes"
REFUSED = Fault(code="auth_failed", text="The token is refused.")

type Arrows = set[tuple[str, str]]


def part(heading: str) -> str:
    """What stands on the page under a heading."""
    page = (ROOT / "docs" / "states.md").read_text("utf-8")
    [found] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    return str(found)


def drawn(heading: str) -> Arrows:
    """The arrows of the picture under a heading; each but those from the beginning says when it is gone."""
    lines = re.findall(r"^    (\S+) --> (\w+)(?:: (.+))?$", part(heading), re.MULTILINE)
    assert [f"{old} → {new}" for old, new, when in lines if not when and old != BEGINNING] == []
    assert len({(old, new) for old, new, _ in lines}) == len(lines), "an arrow is drawn twice"
    return {(old, new) for old, new, _ in lines}


def in_table(heading: str) -> list[str]:
    """The words in the first column of the table under a heading."""
    return re.findall(r"^\| `(\w+)` \|", part(heading), re.MULTILINE)


# -- a message -----------------------------------------------------------------------------------------------------


class Messages:
    """The messages of a database whose file itself notes each change of a status, whoever makes it."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store = store
        self.queue = Queue(store, clock, "0123abcd")
        self.corrections = Corrections(store, clock, "0123abcd")

    async def watch(self) -> None:
        """Begin to note."""

        def work(tx: Transaction) -> None:
            tx._connection.execute("CREATE TABLE seen (old TEXT, new TEXT)")
            for when, old in (("INSERT", f"'{BEGINNING}'"), ("UPDATE OF status", "old.status")):
                tx._connection.execute(
                    f"CREATE TRIGGER seen_{when[:6]} AFTER {when} ON messages WHEN {old} <> new.status"
                    f" BEGIN INSERT INTO seen VALUES ({old}, new.status); END"
                )

        await self.store.submit(work)

    async def seen(self) -> Arrows:
        """What was noted; of how a test brings a message to where it begins, nothing."""
        rows = await self.store.submit(lambda tx: tx._connection.execute("SELECT old, new FROM seen").fetchall())
        return {(str(row["old"]), str(row["new"])) for row in rows}

    async def put_in(self, status: Status) -> Message:
        """A message in a status, with a tag and a time to live, none of whose ways there was noted."""
        new = draft(tag="door", expires_at=NOW + 900)
        one = (await self.queue.put(new, leased=status is Status.SENDING)).message

        def work(tx: Transaction) -> None:
            noted = tx._connection.execute("SELECT max(rowid) AS last FROM seen").fetchall()[0]["last"]
            tx._connection.execute("UPDATE messages SET status = ? WHERE id = ?", (status, one.id))
            tx._connection.execute("DELETE FROM seen WHERE rowid > ?", (noted,))

        await self.store.submit(work)
        return await self.queue.get(one.id)

    async def write(self, sql: str) -> None:
        """Change rows by hand, in what concerns no status."""
        await self.store.submit(lambda tx: tx._connection.execute(sql))


@pytest.fixture
async def messages(store: Store, clock: FakeClock) -> Messages:
    """An empty queue that is watched."""
    found = Messages(store, clock)
    await found.watch()
    return found


async def drain(changed: AsyncIterator[Message]) -> None:
    """Let all of it happen."""
    async for _ in changed:
        pass


async def amend(on: Messages, one: Message) -> None:
    """A person corrects it."""
    await on.corrections.amend(one, draft(text="other"))


async def withdraw(on: Messages, one: Message) -> None:
    """Its recipient is removed, and what is under way comes back without having arrived."""
    await drain(on.corrections.withdraw("home", "ada"))
    if one.status is Status.SENDING:
        await on.queue.advance(Settlement(id=one.id, status=Status.FAILED, error=BUSY), None)


async def claim_among_others(on: Messages, one: Message) -> None:
    """Workers claim in one commit what needs no second look."""
    await on.write("UPDATE messages SET tag = NULL")
    steps = [Step(None, one.id, "home", ()), Step(None, one.id + 1, "home", ())]
    await on.store.submit(lambda tx: advance_all(tx, steps, NOW, "0123abcd"))


async def claim_damaged(on: Messages, one: Message) -> None:
    """Its turn comes, and the row cannot be read."""
    await on.write("UPDATE messages SET priority = 'odd'")
    await on.queue.advance(None, one.id)


async def claim_replaced(on: Messages, one: Message) -> None:
    """Its turn comes, and a newer one of its tag waits."""
    newer = (await on.queue.put(draft(), leased=False)).message
    await on.write(f"UPDATE messages SET tag = 'door' WHERE id = {newer.id}")
    await on.queue.advance(None, one.id)


async def recover_damaged(on: Messages, one: Message) -> None:
    """BACH starts again, and the row cannot be read."""
    await on.write("UPDATE messages SET priority = 'odd'")
    await on.queue.recover("home", idempotent=False)
    await on.queue.set_aside([one.id])


async def recover_careful(on: Messages, one: Message) -> None:
    """BACH starts again, and it must not go twice."""
    await on.write("UPDATE messages SET delivery = 'at_most_once'")
    await on.queue.recover("home", idempotent=False)


async def replace_rest(on: Messages, one: Message) -> None:
    """A newer one of its tag is there, and takes the place of what was left."""
    await drain(on.queue.replace_rest(replace(message(id=one.id + 1), tag="door")))


async def undo(on: Messages, one: Message) -> None:
    """A person takes it out, and thinks twice."""
    if one.status in {Status.DEAD, Status.UNCERTAIN}:
        await drain(on.corrections.discard([one.id]))
    else:
        await on.queue.cancel(one.id)
    await on.corrections.put_back(one, await on.queue.get(one.id), [one.recipient])


async def prove(on: Messages, one: Message) -> None:
    """Somebody answers it, after it was tried."""
    await on.write("UPDATE messages SET attempted_at = 1")
    told = Told(kind=ProofKind.ANSWERED, person="ada", name="Ada", at=NOW)
    await on.store.submit(lambda tx: add(tx, one.id, told, now=NOW, instance="0123abcd"))


EVENTS: tuple[Callable[[Messages, Message], Awaitable[object]], ...] = (
    lambda on, one: on.queue.advance(None, one.id),
    claim_among_others,
    claim_damaged,
    claim_replaced,
    lambda on, one: on.queue.expire([one.id]),
    lambda on, one: on.queue.put(draft(tag="door"), leased=False),
    replace_rest,
    lambda on, one: on.queue.recover("home", idempotent=False),
    recover_careful,
    recover_damaged,
    lambda on, one: on.queue.cancel(one.id),
    lambda on, one: on.queue.retry(one.id),
    lambda on, one: drain(on.corrections.revive("home", None)),
    amend,
    lambda on, one: drain(on.corrections.discard([one.id])),
    undo,
    prove,
    lambda on, one: drain(on.corrections.discard_dead("home", None)),
    lambda on, one: drain(on.corrections.discard_held("home")),
    lambda on, one: drain(on.corrections.release("home")),
    withdraw,
    lambda on, one: drain(on.corrections.move("home", "ada", "bob")),
)

OUTCOMES: tuple[Outcome, ...] = (
    Sent(remote_id="9"),
    Dead(fault=BUSY),
    Uncertain(fault=BUSY),
    Uncertain(fault=internal_fault(LookupError())),
    *(Wait(seconds=17, fault=BUSY, scope=scope) for scope in Scope),
    *(Retry(fault=BUSY, scope=scope, written=written) for scope in Scope for written in (True, False)),
)


def settlements(one: Message) -> list[Settlement]:
    """All that an attempt can come to."""
    found = [untried(one), late(one)]
    for outcome, witnesses, idempotent in product(OUTCOMES, Witnesses, (True, False)):
        found.append(
            decide(one, outcome, witnesses, NOW, policy=RetryPolicy(), random=lambda: 0.5, idempotent=idempotent)
        )
    return found


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of all statements that are run from now on."""
    names: set[str] = set()
    ready = Transaction._ready

    def noted(tx: Transaction, query: str) -> tuple[str, InOrder]:
        names.add(query)
        return ready(tx, query)

    monkeypatch.setattr(Transaction, "_ready", noted)
    return names


def changing_a_status() -> set[str]:
    """The names of all statements that do."""
    queries = (ROOT / "bach_lib" / "storage" / "queries.sql").read_text("utf-8")
    parts = re.findall(r"^-- (\w+): (.*?)(?=^-- \w+: |\Z)", queries, re.DOTALL | re.MULTILINE)
    return {
        name for name, rest in parts if re.search(r"UPDATE messages\s+SET[^;]*?\bstatus = (?!\w+ AND)[^;]*WHERE", rest)
    }


@pytest.mark.sqlite_only
async def test_a_message_is_drawn_as_it_is(messages: Messages, statements: set[str]) -> None:
    """Who reads the page would take what happened for impossible, or wait for what never happens."""
    for happen, status, is_held in product(EVENTS, Status, (False, True)):
        one = await messages.put_in(status)
        if is_held:
            await messages.store.submit(lambda tx: tx.run("hold_unfinished"))
        with suppress(BachError):
            await happen(messages, one)
        await messages.write("DELETE FROM messages")
    for retries, waited, delivery in product((0, 2, 5), (0.0, 1e6), Delivery):
        tried = message(retry_count=retries, waited=waited, delivery=delivery)
        for status in {settlement.status for settlement in settlements(tried)}:
            one = await messages.put_in(Status.SENDING)
            await messages.queue.advance(Settlement(id=one.id, status=status), None)
    assert await messages.seen() == drawn("A message that goes out")
    assert changing_a_status() - statements == set(), "bring these into EVENTS"


def test_every_status_is_explained() -> None:
    """Somebody would see a word on a screen that no page explains."""
    assert sorted(in_table("A message that goes out")) == sorted(Status)
    assert {word for arrow in drawn("A message that goes out") for word in arrow} == {BEGINNING, *Status}


def test_every_proof_is_explained() -> None:
    """Who reads that a message was seen would not know who says so."""
    assert in_table("What is known later") == [*ProofKind]


# -- the breaker ---------------------------------------------------------------------------------------------------


def test_the_breaker_is_drawn_as_it_is() -> None:
    """Who looks for why nothing goes out would look for the wrong reason."""
    seen: Arrows = {(BEGINNING, BreakerState.CLOSED)}
    for state, move in product(BreakerState, ("trip", "reset", "half_open", "fail", "succeed", "wait")):
        time = [1000.0]
        changes: list[tuple[BreakerState, BreakerState]] = []
        restored = None if state is BreakerState.CLOSED else 60.0
        breaker = Breaker(
            BreakerPolicy(),
            lambda time=time: time[0],  # type: ignore[misc] # mypy knows no type of a default
            lambda old, new, changes=changes: changes.append((old, new)),  # type: ignore[misc]
            open_seconds_left=restored,
        )
        seen.add((BEGINNING, breaker.state))
        if state is BreakerState.HALF_OPEN:
            breaker.half_open()
            changes.clear()
        assert breaker.state is state
        match move:
            case "trip":
                breaker.trip()
            case "reset":
                breaker.reset()
            case "half_open":
                breaker.half_open()
            case "wait":
                time[0] += 1e6
                breaker.admit()
            case _:
                result = breaker.failure if move == "fail" else breaker.success
                for _ in range(5):
                    if breaker.state is state and (permit := breaker.admit()) is not None:
                        result(permit)
        seen.update((str(old), str(new)) for old, new in changes)
    assert seen == drawn("The circuit breaker")
    assert {word for arrow in seen for word in arrow} == {BEGINNING, *BreakerState}


# -- a connection --------------------------------------------------------------------------------------------------


class SilentConnector(FakeConnector):
    """One whose checks are never answered, so that only what a test says happens."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=False, idempotent=False, formats=frozenset(Format), max_text=1000
    )

    @override
    async def check(self) -> Identity | Fault:
        await asyncio.Event().wait()
        raise AssertionError


type Move = Callable[[Monitor], Awaitable[None] | None]


def fail(monitor: Monitor) -> None:
    """Something proved that sending does not work."""
    monitor.failed(BUSY)


def refuse(monitor: Monitor) -> None:
    """The platform refused the credentials."""
    monitor.failed(REFUSED)


async def test_the_state_of_sending_is_drawn_as_it_is(setup: Setup, clock: FakeClock) -> None:
    """A light on a dashboard would change in a way that the page calls impossible."""
    SilentConnector.platform = FakePlatform()
    connector = SilentConnector(setup)

    def start(monitor: Monitor) -> None:
        monitor.start(connector)

    at_work: tuple[Move, ...] = (fail, refuse, Monitor.succeeded, lambda monitor: monitor.doubt(BUSY), Monitor.stop)
    ways: list[tuple[tuple[Move, ...], tuple[Move, ...]]] = [
        ((), (start, fail, refuse)),  # a secret or the disk may stand in the way of the start
        ((fail,), (start,)),  # and the disk is there again
        ((refuse,), (Monitor.stop,)),  # other credentials: it begins anew
        *(((start, *before), at_work) for before in ((), (fail,), (refuse,), (Monitor.succeeded,))),
    ]
    seen: Arrows = set()
    for before, moves in ways:
        for move in moves:
            monitor = Monitor(
                "home",
                clock=clock,
                policy=BreakerPolicy(),
                random=lambda: 0.5,
                on_change=lambda _: None,
                on_good_check=lambda _: None,
            )
            seen.add((BEGINNING, monitor.health.state))
            for one in (*before, move):
                old = monitor.health.state
                if (done := one(monitor)) is not None:
                    await done
                seen |= {(old, monitor.health.state)} if old is not monitor.health.state else set()
            await monitor.stop()
    assert seen | await opened(clock) == drawn("A connection")
    assert {word for arrow in seen for word in arrow} == {BEGINNING, *ConnectionState}
    assert sorted(in_table("A connection")) == sorted(ConnectionState)


async def opened(clock: FakeClock) -> Arrows:
    """How receiving stands where nothing is polled, from the beginning on."""
    states = [ConnectionState.DISABLED]

    def changed(event: ConnectionChanged) -> None:
        if event.direction is Direction.RECEIVING:
            states.append(event.health.state)

    async with Bach(MemoryDatabase(), clock=clock, secrets={"test": {"key": SECRET}.get}) as bach:
        bach.subscribe(ConnectionChanged, changed)
        hook = Connection(name="hook", type="webhook", auth_config={"incoming_secret": "test:key"})
        await bach.registry.add(hook)
        await clock.settle()
    return set(pairwise(states))


# -- a question ----------------------------------------------------------------------------------------------------


def test_every_ending_of_a_question_is_explained() -> None:
    """An automation would meet an ending that no page names."""
    assert sorted(in_table("A question")) == sorted(Ending)
