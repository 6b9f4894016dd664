"""The ledger: nobody hears of what the disk does not know, and what the disk refuses is written when it can be."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bach_lib.errors import StoreFailedError, StoreLostError
from bach_lib.events import (
    Event,
    MessageCancelled,
    MessageDead,
    MessageEvent,
    MessageExpired,
    MessageRetrying,
    MessageSent,
    MessageUncertain,
    RecipientMoved,
)
from bach_lib.models import Fault, Message, Operation, Status
from bach_lib.models.spellings import Alias, Lesson
from bach_lib.outbound.advancing import Advance
from bach_lib.outbound.putting import Put
from bach_lib.outbound.retry import Settlement, untried
from bach_lib.outbound.settlement import settled_event
from bach_lib.storage import Store
from bach_lib.testing import FakeClock
from tests.lib.outbound.disk import Bench
from tests.lib.outbound.make import BUSY, draft, message

SETTLEMENT = Settlement(id=7, status=Status.SENT, delivered=True)
SETTLED = message(id=7, status=Status.SENT, connection="home")
NEXT = message(id=8, status=Status.SENDING, connection="home")
LOST = StoreLostError(path="bach.db", what="was removed", advice="Stop it.")
FULL = StoreFailedError(path="bach.db", reason="the disk is full")


@pytest.fixture
def bench(store: Store, clock: FakeClock) -> Bench:
    """A ledger whose disk works."""
    return Bench(store, clock)


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (Status.SENT, MessageSent),
        (Status.DEAD, MessageDead),
        (Status.UNCERTAIN, MessageUncertain),
        (Status.EXPIRED, MessageExpired),
        (Status.CANCELLED, MessageCancelled),
        (Status.FAILED, MessageRetrying),
        (Status.PENDING, MessageRetrying),
    ],
)
def test_each_status_has_its_event(status: Status, event: type[Event]) -> None:
    """An automation would hear that a message is dead which is still being tried, or hear nothing of one that is."""
    settled = message(status=status, connection="home")
    told = settled_event(settled)
    assert type(told) is event
    assert (told.connection, told.message) == ("home", settled)


async def test_what_was_settled_is_counted_and_told_and_the_next_is_claimed(bench: Bench) -> None:
    """The panel would show a message on its way that has arrived, or the worker would send nothing more."""
    bench.disk.answers.append(Advance(settled=SETTLED, claimed=NEXT))
    assert await bench.ledger.advance(SETTLEMENT, 8) == NEXT
    assert bench.disk.asked == [(SETTLEMENT, 8)]
    assert bench.disk.asked_by == {"home"}
    assert (bench.spawned, bench.settled) == ([], [])
    assert bench.counted == [("home", True)]
    assert [(type(event), event.connection) for event in bench.told] == [(MessageSent, "home")]


async def test_only_what_was_an_attempt_is_measured(bench: Bench) -> None:
    """Whoever collects metrics would see other numbers of attempts, or other times, than there were."""
    bench.disk.answers.extend([Advance(settled=SETTLED)] * 3)
    await bench.ledger.advance(SETTLEMENT, None)
    await bench.ledger.advance(replace(SETTLEMENT, outcome="sent", seconds=0.25), None)
    await bench.ledger.advance(replace(SETTLEMENT, outcome="wait"), None)
    assert bench.attempted == [("home", "sent", 0.25), ("home", "wait", 0.0)]


async def test_what_an_attempt_has_taught_is_told(bench: Bench) -> None:
    """The entity of a group that has moved would keep its old address."""
    lesson = Lesson(connection="home", aliases=(Alias(spelling="7", normal="-107", is_move=True),))
    bench.directory.learn(lesson)
    bench.disk.answers.append(Advance(settled=SETTLED))
    await bench.ledger.advance(replace(SETTLEMENT, lesson=lesson), None)
    moved = [event for event in bench.told if isinstance(event, RecipientMoved)]
    assert [(event.connection, event.old, event.new) for event in moved] == [("home", "7", "-107")]


async def test_what_is_claimed_is_claimed_under_every_form_of_its_recipient(bench: Bench) -> None:
    """An older message of its tag would go after it, as it was put before the chat got another id."""
    bench.directory.learn(Lesson(connection="home", aliases=(Alias(spelling="@ada", normal="ada"),)))
    bench.disk.answers.extend([FULL, Advance(is_unsettled=True), Advance(claimed=NEXT)])
    advancing = asyncio.create_task(bench.ledger.advance(None, 8, "ada"))
    await bench.clock.advance(5)
    assert await advancing == NEXT
    await bench.ledger.advance(SETTLEMENT, None)
    assert bench.disk.forms == [["ada", "@ada"]] * 3 + [[]]


async def test_what_a_claim_replaced_is_told_and_does_not_wait_any_more(bench: Bench) -> None:
    """The old temperature would be tried after the new one, or hang as waiting on every dashboard."""
    older = message(id=6, status=Status.CANCELLED, connection="home")
    bench.disk.answers.append(Advance(claimed=NEXT, replaced=(older,)))
    assert await bench.ledger.advance(None, 8) == NEXT
    assert [(type(event), event.message) for event in bench.told if isinstance(event, MessageEvent)] == [
        (MessageCancelled, older)
    ]
    assert bench.settled == [older]


@pytest.mark.parametrize("has_more", [False, True])
async def test_all_that_a_new_message_replaced_is_forgotten(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, has_more: bool
) -> None:
    """What many dead letters of a sensor left waiting would go out before the newest temperature."""
    asked: list[Message] = []

    async def rest(newer: Message) -> AsyncIterator[Message]:
        asked.append(newer)
        yield message(id=3)
        raise FULL  # they end when they are to be sent

    monkeypatch.setattr(bench.disk, "replace_rest", rest)
    forgotten: list[int] = []
    put = Put(message=NEXT, replaced=(message(id=1), message(id=2)), has_more=has_more)
    bench.ledger.replaced(put, lambda one: forgotten.append(one.id))
    assert forgotten == [1, 2]
    for coroutine in bench.spawned:
        await coroutine
    assert (asked, forgotten) == (([NEXT], [1, 2, 3]) if has_more else ([], [1, 2]))


@pytest.mark.parametrize(("delivered", "counted"), [(None, []), (False, [("home", False)])])
async def test_what_proves_nothing_is_not_counted(
    bench: Bench, delivered: bool | None, counted: list[tuple[str, bool]]
) -> None:
    """A wish to wait would stand among the failures of a connection, or a failure among nothing."""
    bench.disk.answers.append(Advance(settled=SETTLED))
    await bench.ledger.advance(replace(SETTLEMENT, delivered=delivered), None)
    assert bench.counted == counted


async def test_nobody_hears_of_a_message_whose_connection_was_removed(bench: Bench) -> None:
    """An entity that is gone would come back with the last attempt that was under way."""
    await bench.ledger.advance(SETTLEMENT, None)
    assert (bench.told, bench.counted) == ([], [])


async def test_what_a_claim_ended_is_told_and_is_no_attempt(bench: Bench) -> None:
    """A message that was too late would hang as waiting for ever on every dashboard."""
    late = message(id=8, status=Status.EXPIRED, connection="home")
    bench.disk.answers.append(Advance(ended=late))
    assert await bench.ledger.advance(None, 8) is None
    assert [type(event) for event in bench.told] == [MessageExpired]
    assert bench.counted == []


async def test_a_write_that_fails_is_repeated_until_it_does_not(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """What was sent while the disk was full would be sent once more, or never be known as sent."""
    bench.disk.answers.extend([FULL, FULL, FULL, Advance(settled=SETTLED, claimed=NEXT)])
    with caplog.at_level(logging.ERROR):
        advancing = asyncio.create_task(bench.ledger.advance(SETTLEMENT, 8))
        await bench.clock.advance(4.9)
        assert len(bench.disk.asked) == 2, "once more at once, and then no sooner than it may help"
        assert bench.ledger.unsettled.keys() == {SETTLEMENT.id}
        await bench.clock.advance(0.1)
        assert len(bench.disk.asked) == 3
        assert bench.told == []
        await bench.clock.advance(5)
    assert (await advancing, bench.ledger.unsettled) == (NEXT, {})
    assert bench.disk.asked == [(SETTLEMENT, 8)] * 4
    assert bench.disk.asked_by == {"home"}, "what went to another connection meanwhile is not this one's"
    assert [type(event) for event in bench.told] == [MessageSent]
    assert caplog.messages == [f"The queue of home stands still: {FULL}"] * 2
    assert [record.__dict__["connection"] for record in caplog.records] == ["home"] * 2


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_an_attempt_begins_when_what_came_of_the_last_one_was_told(bench: Bench, is_cancelled: bool) -> None:
    """Behind a full disk both are written at once: an automation would hear of the second attempt first."""
    bench.ledger.unsettled[NEXT.id] = told = asyncio.Event()
    bench.disk.answers.append(Advance(claimed=NEXT))
    advancing = asyncio.create_task(bench.ledger.advance(None, NEXT.id))
    await bench.clock.settle()
    assert not advancing.done()
    if is_cancelled:
        advancing.cancel()
        await bench.clock.settle()
        assert bench.disk.asked[1:] == [(untried(NEXT), None)], "it waits as before"
    else:
        told.set()
        assert await advancing == NEXT


async def test_what_was_sent_is_kept_by_a_database_that_lost_its_name_and_nothing_new_is_claimed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """What has arrived would be sent once more from the saved file, or something new from one that nobody finds."""
    bench.disk.answers.extend([LOST, Advance(settled=SETTLED), LOST, Advance(claimed=NEXT)])
    advancing = asyncio.create_task(bench.ledger.advance(SETTLEMENT, 8))
    await bench.clock.advance(4.9)
    assert bench.disk.asked == [(SETTLEMENT, 8), (SETTLEMENT, None), (None, 8)]
    assert [type(event) for event in bench.told] == [MessageSent]
    await bench.clock.advance(0.1)
    assert await advancing == NEXT
    assert len(bench.told) == 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == [], "the storage has said it"


async def test_what_the_disk_takes_for_being_sent_is_claimed_when_it_has_learnt_better(bench: Bench) -> None:
    """The message whose last attempt ended while the disk was full would never be tried again."""
    late = message(id=9, status=Status.EXPIRED, connection="home")
    behind = Advance(settled=SETTLED, is_unsettled=True)
    bench.disk.answers.extend([behind, FULL, Advance(is_unsettled=True), Advance(claimed=NEXT, ended=late)])
    advancing = asyncio.create_task(bench.ledger.advance(SETTLEMENT, 8))
    await bench.clock.advance(4.9)
    assert len(bench.disk.asked) == 1
    await bench.clock.advance(10.1)
    assert await advancing == NEXT
    assert bench.disk.asked == [(SETTLEMENT, 8), (None, 8), (None, 8), (None, 8)]
    assert bench.disk.asked_by == {"home"}
    assert [type(event) for event in bench.told] == [MessageSent, MessageExpired], "each is told once"
    assert bench.counted == [("home", True)]


async def test_a_stopped_worker_leaves_a_settlement_behind(bench: Bench) -> None:
    """What was known of an attempt would be lost because its connection was being stopped."""
    bench.disk.answers.append(Advance(settled=SETTLED))
    bench.ledger.leave(SETTLEMENT)
    await bench.clock.settle()
    assert bench.disk.asked == [(SETTLEMENT, None)]
    assert [type(event) for event in bench.told] == [MessageSent]
    assert bench.counted == [("home", True)]


@pytest.mark.parametrize("was_full", [False, True])
async def test_a_worker_cancelled_while_it_is_written_tells_of_it_and_gives_back_what_it_claimed(
    bench: Bench, was_full: bool
) -> None:
    """Switched off in that moment, a connection would have sent what no page hears of, or leave the next in doubt."""
    written: asyncio.Future[Advance] = asyncio.get_running_loop().create_future()
    left: asyncio.Future[Advance] = asyncio.get_running_loop().create_future()
    bench.disk.answers.extend([FULL, written, left] if was_full else [written, left])
    advancing = asyncio.create_task(bench.ledger.advance(SETTLEMENT, 8))
    await bench.clock.advance(5.0)
    advancing.cancel()
    await bench.clock.settle()
    assert (bench.told, advancing.done()) == ([], False), "nobody knows yet what the disk makes of it"
    written.set_result(Advance(settled=SETTLED, claimed=NEXT))
    with pytest.raises(asyncio.CancelledError):
        await advancing
    assert bench.ledger.leaving == {left}, "whoever stops the connection waits for it"
    left.set_result(Advance(settled=replace(NEXT, status=Status.PENDING)))
    await bench.clock.settle()
    assert bench.disk.asked[-1] == (untried(NEXT), None)
    assert [type(event) for event in bench.told] == [MessageSent, MessageRetrying]
    assert bench.counted == [("home", True)]
    assert not bench.ledger.leaving


async def test_what_is_written_next_is_told_of_next(bench: Bench) -> None:
    """Somebody who sends a dead letter again in that moment would see it waiting, and then dead."""
    order: list[str] = []
    first: asyncio.Future[Advance] = asyncio.get_running_loop().create_future()
    second: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    bench.disk.answers.append(first)
    advancing = asyncio.create_task(bench.ledger.advance(SETTLEMENT, None))
    await bench.clock.settle()
    second.add_done_callback(lambda _: order.extend([*map(str, map(type, bench.told)), "the next"]))
    first.set_result(Advance(settled=SETTLED))
    second.set_result(None)
    await advancing
    assert order == [str(MessageSent), "the next"]


async def test_who_is_cancelled_while_the_disk_is_full_leaves_what_is_known(bench: Bench) -> None:
    """With room again a second later, what had arrived would be sent once more, as the connection was changed."""
    bench.disk.answers.extend([FULL, FULL, Advance(settled=SETTLED)])
    advancing = asyncio.create_task(bench.ledger.advance(SETTLEMENT, 8))
    await bench.clock.advance(4.0)
    advancing.cancel()
    await asyncio.wait([advancing])
    await bench.clock.settle()
    assert bench.disk.asked == [(SETTLEMENT, 8), (SETTLEMENT, 8), (SETTLEMENT, None)]
    assert [type(event) for event in bench.told] == [MessageSent]


@pytest.mark.parametrize("answer", [FULL, asyncio.CancelledError()], ids=["full", "cancelled"])
async def test_a_settlement_that_is_left_and_cannot_be_written_harms_nobody(
    bench: Bench, answer: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """Stopping a connection while the disk is full would end in an error that nobody can do anything about."""
    bench.disk.answers.append(answer)
    bench.ledger.leave(SETTLEMENT)
    await bench.clock.settle()
    assert (bench.told, bench.counted) == ([], [])
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (Fault(code="interrupted", text="BACH stopped"), [("home", False)]),
        (BUSY, []),
        (None, []),
    ],
)
async def test_what_a_start_finds_is_told_and_only_an_interrupted_attempt_is_counted(
    bench: Bench, error: Fault | None, counted: list[tuple[str, bool]]
) -> None:
    """A row that cannot be read would count as a failure of the platform, or a crash in the middle as nothing."""
    bench.ledger.recovered(message(status=Status.DEAD, connection="home", error=error))
    assert bench.counted == counted
    assert [(type(event), event.connection) for event in bench.told] == [(MessageDead, "home")]


async def test_what_is_over_is_ended_some_at_a_time_and_all_are_told(bench: Bench) -> None:
    """After a night off, the first full disk in between would leave some of the expired untold for ever."""
    ids = list(range(1, 121))
    bench.disk.answers.extend([Advance(), FULL])
    expiring = asyncio.create_task(bench.ledger.expire(ids))
    await bench.clock.settle()
    assert [len(some) for some in bench.disk.expiries] == [50, 50]
    assert len(bench.told) == 50
    await bench.clock.advance(5)
    await expiring
    assert [len(some) for some in bench.disk.expiries] == [50, 50, 50, 20]
    told = [event.message.id for event in bench.told if isinstance(event, MessageExpired)]
    assert told == ids
    assert {event.connection for event in bench.told} == {"home"}


async def test_what_comes_to_its_end_meanwhile_waits_its_turn(bench: Bench) -> None:
    """After a night off, thousands of transactions would stand in line at once, and an alarm behind them."""
    bench.disk.answers.append(FULL)
    expiring = asyncio.create_task(bench.ledger.expire([1]))
    await bench.clock.settle()
    await bench.ledger.expire([2])
    assert bench.disk.expiries == [[1]]
    await bench.clock.advance(5)
    await expiring
    await bench.ledger.expire([3])
    assert bench.disk.expiries == [[1], [1], [2], [3]]
    assert [event.message.id for event in bench.told if isinstance(event, MessageExpired)] == [1, 2, 3]


async def test_what_the_disk_takes_for_being_sent_ends_when_it_has_learnt_better(bench: Bench) -> None:
    """What came to its end while the disk was full would hang for ever, and be counted among what waits."""
    bench.disk.behind = {1}
    await bench.ledger.expire([1, 2])
    assert [event.message.id for event in bench.told if isinstance(event, MessageExpired)] == [2]
    for _ in range(2):
        again = asyncio.create_task(bench.spawned.pop())
        await bench.clock.advance(4.9)
        await bench.ledger.expire([3])
        assert bench.disk.expiries.pop() == [3], "nobody else waits for it"
        await bench.clock.advance(0.1)
        await again
        bench.disk.behind.clear()
    assert bench.disk.expiries == [[1, 2], [1], [1]]
    asked = [None, None, {1: message(id=1).nonce}, None, {1: message(id=1).nonce}]
    assert bench.disk.nonces == asked, "what is amended meanwhile has a time of its own"
    assert bench.spawned == []
    assert [event.message.id for event in bench.told if isinstance(event, MessageExpired)] == [2, 3, 3, 1]


async def test_what_was_not_sent_is_told_as_the_disk_has_it(bench: Bench) -> None:
    """What a person withdrew while it was on its way would be tried again, and what they moved at the old address."""
    sent, gone, waits = (
        message(id=7, status=status, connection="home") for status in (Status.SENT, Status.CANCELLED, Status.FAILED)
    )
    bench.disk.answers.extend(Advance(settled=one) for one in (sent, gone, waits))
    for _ in range(3):
        await bench.ledger.advance(SETTLEMENT, None)
    assert bench.settled == [gone, waits]


async def test_all_that_waits_follows_who_moved(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a group became a supergroup, its dead letters would go to an address that is no more."""
    drafts = [draft(), draft(recipient="bob"), draft(connection="work")]
    drafts += [replace(draft(recipient=one), operation=Operation.EDIT, target="9") for one in ("ada", "bob")]
    puts = [(await bench.disk.put(one, leased=False)).message for one in drafts]
    await bench.ledger.follow("ada", "ada2", is_move=True)
    found = [(await bench.disk.get(one.id)).recipient for one in puts]
    assert found == ["ada2", "bob", "ada", "ada", "bob"], "what changes a message stays where that is"
    await bench.ledger.follow("bob", "bob2", is_move=False)
    assert [(await bench.disk.get(puts[at].id)).recipient for at in (1, 4)] == ["bob2"] * 2

    async def refuse(connection: str, old: str, new: str, *, is_move: bool) -> None:
        raise FULL

    monkeypatch.setattr(bench.disk, "follow", refuse)
    await bench.ledger.follow(
        "ada2", "ada3", is_move=True
    )  # what stays behind is told the new address when it is tried


async def test_how_far_a_message_has_come_is_kept_if_the_disk_takes_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After a crash all of a long text would come again; or a full disk would stop it in the middle."""
    one, other = [(await bench.disk.put(draft(), leased=True)).message for _ in range(2)]
    await bench.ledger.keep(one.id, "2 of 3")
    assert [(await bench.disk.get(each.id)).progress for each in (one, other)] == ["2 of 3", None]

    async def refuse(message_id: int, progress: str) -> None:
        raise FULL

    monkeypatch.setattr(bench.disk, "keep_progress", refuse)
    await bench.ledger.keep(one.id, "3 of 3")
    [record] = caplog.records
    assert record.getMessage() == f"How far message {one.id} has come is not kept: {FULL}"
    assert (record.__dict__["connection"], record.__dict__["message_id"]) == ("home", one.id)
