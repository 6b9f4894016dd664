"""Steps of workers that share a commit: each brings what it would have brought alone."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bach_lib.models import Fault, File, Message, Status
from bach_lib.outbound.advancing import Advance, Step, advance_all
from bach_lib.outbound.collapse import REPLACED
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.storage import Database, Store, Transaction, Value
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import BUSY, NOW, draft

FILE = File(name="a.txt", mime_type="text/plain", size=3, content=b"abc")
CLAIMS = [6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 99, None]
CLAIMED = [6, None, 8, 9, None, None, None, None, 14, None, None, None]


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    """A database behind its thread, where what is asked for in one turn shares a transaction."""
    store = Database(path)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def fill(queue: Queue, disk: Store) -> list[Message]:
    """Messages 1 to 5 are under way, and returned; those from 6 on are to be claimed, each of them another case."""
    under_way = [
        await queue.put(replace(draft(text=f"{number}"), files=(FILE,) if number == 2 else ()), leased=True)
        for number in range(1, 6)
    ]
    for one in (
        draft(text="6"),
        draft(text="7 is replaced by 15", tag="door"),
        draft(text="8 is the newest of its tag", tag="door", recipient="bob"),
        replace(draft(text="9 has a file"), files=(FILE,)),
        draft(text="10 is cancelled"),
        draft(text="11 is another connection's", connection="work"),
        draft(text="12 is under way"),
        draft(text="13 cannot be read"),
        replace(draft(text="14 is wanted twice"), title="", context="Ünder\nway", reply_to="4", target="9"),
        draft(text="15"),
    ):
        await queue.put(one, leased=False)
    await queue.cancel(10)
    await queue.advance(None, 12, "home")

    def spoil(tx: Transaction) -> None:
        tx._connection.execute("UPDATE messages SET priority = 'odd' WHERE id = 13")
        tx._connection.execute("UPDATE messages SET tag = 'door' WHERE id = 15")
        tx._connection.execute("DELETE FROM messages WHERE id = 4")

    await disk.submit(spoil)
    return [put.message for put in under_way]


def settlements(under_way: Sequence[Message]) -> list[Settlement | None]:
    """What became of those, one of which was removed meanwhile; the other workers had nothing to do before."""
    made: list[Settlement | None] = [None] * len(CLAIMS)
    ends = (Status.SENT, Status.SENT, Status.FAILED, Status.SENT, Status.DEAD)
    for at, (message, status) in enumerate(zip(under_way, ends, strict=True)):
        one = Settlement(id=message.id, status=status, remote_id=f"{at}", waited=2.0, tried=message)
        error, is_sent = None if status is Status.SENT else BUSY, status is Status.SENT
        made[at] = replace(one, outcome=status.value, seconds=0.5, delivered=is_sent, error=error)
    return made


def everything(tx: Transaction) -> list[list[tuple[object, ...]]]:
    """All rows that a step may touch."""
    queries = [f"SELECT * FROM {table}" for table in ("messages", "attempts", "files")]
    return [[tuple(row) for row in tx._connection.execute(query).fetchall()] for query in queries]


async def test_steps_of_one_commit_bring_what_each_would_bring_alone(tmp_path: Path, clock: FakeClock) -> None:
    """With many workers a message would be sent that was cancelled, or twice, or another one would be called sent."""
    found = []
    for name in ("together", "alone"):
        async with opened(tmp_path / f"{name}.db") as disk:
            queue = Queue(disk, clock, "0123abcd")
            todo = []
            for settlement, claim in zip(settlements(await fill(queue, disk)), CLAIMS, strict=True):
                todo.append(queue.advance(settlement, claim, "home"))
                if name == "alone":
                    await todo[-1]
            found.append((await asyncio.gather(*todo), await disk.submit(everything)))
    [(together, left), (alone, left_alone)] = found
    assert together == alone
    assert left == left_alone
    assert [advance.claimed.id if advance.claimed else None for advance in together] == CLAIMED
    assert [advance.settled.id if advance.settled else None for advance in together[:5]] == [1, 2, 3, None, 5]
    assert [number for number, advance in enumerate(together) if advance.is_unsettled] == [6, 9]
    assert [advance.ended.id for advance in together if advance.ended] == [7, 13]


async def test_a_step_that_fails_takes_nothing_of_the_others_with_it(tmp_path: Path, clock: FakeClock) -> None:
    """One settlement that the disk refuses would let all others be sent again after a restart."""
    async with opened(tmp_path / "bach.db") as disk:
        queue = Queue(disk, clock, "0123abcd")
        made = settlements(await fill(queue, disk))
        assert made[1]
        made[1] = replace(made[1], retry_count=2**63)
        todo = [queue.advance(settlement, claim, "home") for settlement, claim in zip(made, CLAIMS, strict=True)]
        answers = await asyncio.gather(*todo, return_exceptions=True)
        assert [number for number, answer in enumerate(answers) if isinstance(answer, Exception)] == [1]
        rows = await disk.submit(lambda tx: tx.all_values("attempts_of", message_id=3))
        assert len(rows) == 1


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Value]]:
    """The statements that claimed something or looked for what could be, and for which messages."""
    claims: list[tuple[str, Value]] = []
    run, later, all_values = Transaction.run, Transaction.run_later, Transaction.all_values

    def noted(self: Transaction, query: str, **values: Value) -> int:
        if query.startswith("claim"):
            claims.append((query, values.get("id", values.get("ids"))))
        return run(self, query, **values)

    def noted_later(self: Transaction, query: str, rows: Sequence[Mapping[str, Value]]) -> None:
        if query.startswith("claim"):
            claims.extend((query, values["ids"]) for values in rows)
        later(self, query, rows)

    def looked(self: Transaction, query: str, **values: Value) -> list[tuple[Value, ...]]:
        if query == "claimable_messages":
            claims.append((query, values["ids"]))
        return all_values(self, query, **values)

    monkeypatch.setattr(Transaction, "run", noted)
    monkeypatch.setattr(Transaction, "run_later", noted_later)
    monkeypatch.setattr(Transaction, "all_values", looked)
    return claims


async def advanced(store: Store, *steps: tuple[int | None, str | None]) -> list[Advance]:
    """What steps bring that only claim: which message, and of which connection it has to be."""
    wanted = [Step(None, number, connection, ("ada",)) for number, connection in steps]
    return await store.submit(lambda tx: advance_all(tx, wanted, NOW, "0123abcd"))


async def test_what_needs_no_second_look_is_claimed_by_one_statement_for_all(
    store: Store, clock: FakeClock, claims: list[tuple[str, Value]]
) -> None:
    """A hundred workers would run some hundreds of statements where two do, and the house wait for them."""
    queue = Queue(store, clock, "0123abcd")
    plain = [(await queue.put(draft(text=f"{number}"), leased=False)).message for number in range(1, 4)]
    await queue.put(replace(draft(text="4 has a file"), files=(FILE,)), leased=False)
    await queue.put(draft(text="5 is another connection's", connection="work"), leased=False)
    steps = ((1, "home"), (2, None), (None, "home"), (4, "home"), (5, "home"), (3, "home"), (1, "home"), (99, None))
    found = await advanced(store, *steps)
    assert claims == [
        ("claimable_messages", "[1, 2, 4, 5, 3, 1, 99]"),
        ("claim_messages", "[1, 2, 3]"),
        *(("claim_message", number) for number in (4, 5, 1, 99)),
    ]
    got = [advance.claimed for advance in found]
    assert [one.id if one else None for one in got] == [1, 2, None, 4, None, 3, None, None]
    for message in (got[0], got[1], got[5]):
        assert message
        assert message == replace(plain[message.id - 1], status=Status.SENDING, attempted_at=NOW)
        assert await queue.get(message.id) == message
    assert [advance.is_unsettled for advance in found] == [False] * 6 + [True, False]
    assert [advance.ended or advance.settled for advance in found] == [None] * 8


async def test_a_step_alone_and_steps_of_which_none_is_plain_cost_no_statement_more(
    store: Store, clock: FakeClock, claims: list[tuple[str, Value]]
) -> None:
    """A lone worker would ask twice for each message."""
    queue = Queue(store, clock, "0123abcd")
    for number in range(1, 4):
        await queue.put(replace(draft(text=f"{number}"), files=(FILE,)), leased=False)
    assert [advance.claimed and advance.claimed.id for advance in await advanced(store, (1, "home"))] == [1]
    assert claims == [("claim_message", 1)]
    claims.clear()
    await advanced(store, (None, "home"), (2, "home"), (3, None))
    assert claims == [("claimable_messages", "[2, 3]"), ("claim_message", 2), ("claim_message", 3)]


@pytest.mark.parametrize("together", [False, True])
async def test_what_is_lent_is_claimed_only_where_it_still_is(
    store: Store, clock: FakeClock, claims: list[tuple[str, Value]], together: bool
) -> None:
    """Another process would send to the address that a person has just corrected, or a new state before an old one."""
    queue = Queue(store, clock, "0123abcd")
    for one in (
        draft(text="1", recipient="@ada"),
        draft(text="2 was to go to ada", recipient="bob"),
        draft(text="3 was to go through home", connection="work"),
        draft(text="4 is older than 5, and waits", tag="door"),
        draft(text="5", tag="door", recipient="@ada"),
        draft(text="6 is the only one of its tag", tag="bell"),
    ):
        await queue.put(one, leased=False)
    lent = [Step(None, number, "home", ("ada", "@ada"), is_lent=True) for number in (1, 2, 3, 5, 6, 99)]
    portions = [lent] if together else [[step] for step in lent]
    found = [
        one for some in portions for one in await store.submit(partial(advance_all, steps=some, now=NOW, instance=""))
    ]
    assert [advance.claimed and advance.claimed.text[0] for advance in found] == ["1", None, None, None, "6", None]
    assert [advance.ended or advance.replaced for advance in found] == [()] * 6
    assert [name for name, _ in claims].count("claim_message") == (1 if together else 2)
    assert (await queue.get(5)).status is Status.PENDING
    [again] = await store.submit(lambda tx: advance_all(tx, [lent[0]], NOW, ""))
    assert again == Advance(), "its owner knows what came of it"


@pytest.mark.sqlite_only
async def test_what_a_step_ends_says_why_and_when(store: Store, clock: FakeClock) -> None:
    """Who looks for a message that never went would find neither a reason nor a time, or another message's number."""
    queue = Queue(store, clock, "0123abcd")
    for recipient in ("ada", "@ada"):
        await queue.put(draft(recipient=recipient, tag="door"), leased=False)
    await queue.put(draft(text="3 cannot be read"), leased=False)
    await store.submit(lambda tx: tx._connection.execute("UPDATE messages SET priority = 'odd' WHERE id = 3"))
    steps = [Step(None, number, "home", ("ada", "@ada")) for number in (1, 2, 3)]
    found = await store.submit(lambda tx: advance_all(tx, steps, NOW, "0123abcd"))
    assert [advance.claimed and advance.claimed.id for advance in found] == [None, 2, None]
    ended = [found[0].ended, found[2].ended]
    faults = [REPLACED, Fault(code="unreadable", text="The database is damaged here; this cannot be read: priority.")]
    for message, number, status, fault in zip(ended, (1, 3), (Status.CANCELLED, Status.DEAD), faults, strict=True):
        assert message
        assert (message.id, message.nonce) == (number, f"0123abcd-{number}")
        assert (message.status, message.finished_at, message.error) == (status, NOW, fault)
