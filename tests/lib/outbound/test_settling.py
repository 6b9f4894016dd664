"""What the queue tells of a message is what the disk says of it, and nothing is told of another one's."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Unpack

import pytest

from bach_lib.errors import NotRetryableError, UnknownMessageError
from bach_lib.models import Connection, Delivery, Fault, Loss, Message, Status
from bach_lib.models.spellings import Alias, Lesson
from bach_lib.outbound import queue as module
from bach_lib.outbound.attempts import attempts_of
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.settlement import settle, settle_all
from bach_lib.registry.rows import connection_values
from bach_lib.storage import Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import BUSY, NOW, draft
from tests.lib.storage.work import How

SMALL = Loss(what="file", reason="too large")
PLAIN = Loss(what="markup", reason="unknown tag")


@pytest.fixture
def queue(store: Store, clock: FakeClock) -> Queue:
    """An empty queue."""
    return Queue(store, clock, "0123abcd")


async def write(store: Store, message_id: int, column: str, value: object) -> None:
    """Write what only another program, or damage, can."""

    def work(tx: Transaction) -> None:
        tx._connection.execute(f"UPDATE messages SET {column} = ? WHERE id = ?", (value, message_id))  # type: ignore[arg-type] # a column's

    await store.submit(work)


async def claimed(queue: Queue, message_id: int, connection: str | None = "home") -> Message:
    """What a worker is given."""
    message = (await queue.advance(None, message_id, connection)).claimed
    assert message
    return message


async def tired(queue: Queue, store: Store) -> Message:
    """A message on its way for the second time, of which everything is known that can be, and whose owner was asked."""
    one = (await queue.put(replace(draft(), lost=(PLAIN,)), leased=True)).message
    settlement = Settlement(
        id=one.id, status=Status.FAILED, retry_count=1, next_retry_at=NOW, error=BUSY, remote_id="5", degraded=True
    )
    await queue.advance(settlement, None)
    await write(store, one.id, "progress", "1 of 3")
    await store.submit(lambda tx: tx.run("hold_unfinished"))
    message = await claimed(queue, one.id)
    assert (message.held, message.progress, message.remote_id, message.error) == (True, "1 of 3", "5", BUSY)
    return message


# -- settling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"remote_id": "77", "degraded": True, "lost": (PLAIN, SMALL), "error": Fault(code="without_file", text="No.")},
        {"retry_count": 4, "waited": 7.5},
    ],
    ids=["nothing", "losses", "numbers"],
)
@pytest.mark.sqlite_only
async def test_what_is_told_of_a_sent_message_is_what_the_disk_has(
    queue: Queue, store: Store, fields: dict[str, object]
) -> None:
    """An automation would hear that a message still waits, or is still half sent, or went whole, and the panel not."""
    tried = await tired(queue, store)
    settlement = Settlement(id=tried.id, status=Status.SENT, tried=tried, **fields)  # type: ignore[arg-type] # of a settlement
    told = (await queue.advance(settlement, None)).settled
    assert told is not None
    assert told == await queue.get(tried.id)
    assert (told.held, told.progress, told.next_retry_at) == (False, None, None)
    assert told.lost == (fields.get("lost") or (PLAIN,))
    assert told.error == fields.get("error")
    assert told.remote_id == fields.get("remote_id", "5")


async def test_what_a_message_goes_without_is_on_disk(queue: Queue) -> None:
    """Nobody could read later that the picture was left out."""
    one = (await queue.put(draft(), leased=True)).message
    await queue.advance(Settlement(id=one.id, status=Status.SENT, degraded=True, lost=(SMALL, PLAIN)), None)
    assert (await queue.get(one.id)).lost == (SMALL, PLAIN)


async def test_how_far_a_message_has_come_is_kept(queue: Queue) -> None:
    """After a crash in the middle of a long text all of it would come again, or another message lack its beginning."""
    one, other = [(await queue.put(draft(), leased=True)).message for _ in range(2)]
    await queue.keep_progress(one.id, "2 of 3")
    assert [(await queue.get(message.id)).progress for message in (one, other)] == ["2 of 3", None]


async def test_a_put_without_a_tag_replaces_nothing(queue: Queue) -> None:
    """Who puts a message would have to ask whether there is a list at all, and a worker end over it."""
    assert (await queue.put(draft(), leased=False)).replaced == ()


# -- claiming ------------------------------------------------------------------------------------------------------


async def test_a_message_that_went_to_another_connection_is_not_claimed_by_its_old_one(queue: Queue) -> None:
    """A message that was moved by hand would go out through both, or end as too late."""
    one = (await queue.put(draft(connection="work"), leased=False)).message
    step = await queue.advance(None, one.id, "home")
    assert (step.claimed, step.ended, step.is_unsettled) == (None, None, False)
    assert (await queue.get(one.id)).status is Status.PENDING
    message = await claimed(queue, one.id, "work")
    assert message.nonce == one.nonce == f"0123abcd-{one.id:x}"


async def test_a_database_that_lost_its_name_knows_what_only_writes_down_what_has_happened(
    queue: Queue, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent while the file was taken away would be sent again; or something new begin in it."""
    told: list[bool] = []
    submit = store.submit

    def noted[T](work: Callable[[Transaction], T], **how: Unpack[How]) -> asyncio.Future[T]:
        told.append(how.get("ends", False))
        return submit(work, **how)

    monkeypatch.setattr(store, "submit", noted)
    one = (await queue.put(draft(), leased=True)).message
    await queue.advance(Settlement(id=one.id, status=Status.PENDING), None)
    await queue.advance(Settlement(id=one.id, status=Status.PENDING), one.id)
    await queue.advance(None, one.id)
    assert told == [False, True, False, False]


# -- after a start -------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
async def test_a_status_that_nobody_knows_is_set_aside_at_the_start(
    queue: Queue, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One damaged byte would let a message hang without an end, or hide that of all the others with one."""
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    strange = [(await queue.put(draft(), leased=False)).message for _ in range(5)]
    other = (await queue.put(draft(connection="work"), leased=False)).message
    for message in (*strange, other):
        await write(store, message.id, "status", "odd")
    in_flight = (await queue.put(draft(), leased=True)).message
    found = await queue.recover("home", idempotent=False)
    assert [message.id for message in found] == [*(message.id for message in strange), in_flight.id]
    for message in found[:5]:
        assert message.status is Status.DEAD
        assert message.error == Fault(
            code="unreadable", text="The database is damaged here; this cannot be read: status."
        )
    assert await store.submit(lambda tx: tx.row("get_message", id=other.id)["status"]) == "odd"  # type: ignore[index] # it is there


@pytest.mark.parametrize(
    ("delivery", "idempotent", "status"),
    [
        (Delivery.AT_MOST_ONCE, True, Status.PENDING),
        (Delivery.AT_MOST_ONCE, False, Status.UNCERTAIN),
        (Delivery.AT_LEAST_ONCE, False, Status.PENDING),
    ],
)
async def test_what_was_in_flight_goes_again_where_that_harms_nobody(
    queue: Queue, delivery: Delivery, idempotent: bool, status: Status
) -> None:
    """A platform that drops repetitions would get nothing after a crash, and a person have to look after each one."""
    one = (await queue.put(draft(delivery=delivery), leased=True)).message
    [found] = await queue.recover("home", idempotent=idempotent)
    assert (found.id, found.nonce, found.status) == (one.id, one.nonce, status)


@pytest.mark.sqlite_only
async def test_what_was_in_flight_and_cannot_be_read_says_what(queue: Queue, store: Store) -> None:
    """Who looks at the dead letter would not know that the disk is damaged."""
    one, waits = [(await queue.put(draft(), leased=leased)).message for leased in (True, False)]
    for message in (one, waits):
        await write(store, message.id, "priority", "odd")
    found = await queue.recover("home", idempotent=False) + await queue.set_aside([waits.id])
    assert [message.id for message in found] == [one.id, waits.id]
    for message in found:
        assert message.error == Fault(
            code="unreadable", text="The database is damaged here; this cannot be read: priority."
        )


@pytest.mark.sqlite_only
async def test_a_tried_message_is_interrupted_where_it_was(queue: Queue, store: Store) -> None:
    """After a crash a message would be known under another name, and the platform take it for a new one."""
    tried = await tired(queue, store)
    [found] = await queue.recover("home", idempotent=False)
    assert (found.nonce, found.progress, found.retry_count) == (tried.nonce, "1 of 3", 1)


# -- what is said --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("message_id", [99, 2**70])
async def test_what_nobody_has_is_named_as_unknown(queue: Queue, message_id: int) -> None:
    """Who mistyped a number would read of a message None."""
    for work in (queue.get, queue.cancel, queue.retry):
        with pytest.raises(UnknownMessageError) as caught:
            await work(message_id)
        assert caught.value.placeholders == {"id": str(message_id)}


async def test_what_cannot_be_retried_is_named(queue: Queue) -> None:
    """Who presses the button would not learn why nothing happens, nor with which message."""
    one = (await queue.put(draft(), leased=True)).message
    with pytest.raises(NotRetryableError) as caught:
        await queue.retry(one.id)
    assert caught.value.placeholders == {"id": str(one.id), "status": "sending"}


async def test_others_may_look_at_what_is_committed(queue: Queue) -> None:
    """A start would not learn what waits."""
    one = (await queue.put(draft(), leased=False)).message
    rows = await queue.look_up(lambda tx: tx.rows("get_message", id=one.id))
    assert [row["id"] for row in rows] == [one.id]


async def test_what_is_gone_takes_nothing_from_those_that_are_settled_with_it(
    queue: Queue, store: Store, clock: FakeClock
) -> None:
    """A connection that is removed while it sends would cost the others the news of what they sent."""
    gone, other = [(await queue.put(draft(), leased=True)).message for _ in range(2)]
    await store.submit(lambda tx: tx.run("delete_messages", ids=f"[{gone.id}]"))
    settled = [Settlement(id=one.id, status=Status.SENT, tried=one, outcome="sent") for one in (gone, other)]
    first, second = await store.submit(lambda tx: settle_all(tx, settled, clock.now(), "0123abcd"))
    assert first is None
    assert second == await queue.get(other.id)
    assert second.status is Status.SENT
    assert [len(await store.read(partial(attempts_of, message_id=one.id))) for one in (gone, other)] == [0, 1]


async def test_what_an_attempt_teaches_of_a_place_is_written_with_it_and_when(
    queue: Queue, store: Store, clock: FakeClock
) -> None:
    """The oldest name of a place would be forgotten as the newest, or what was learned be gone with the next start."""
    row = connection_values(Connection(name="home", type="fake"))
    await store.submit(lambda tx: tx.run("add_connection", **row))
    one = (await queue.put(draft(), leased=True)).message
    await clock.advance(60)
    lesson = Lesson(connection="home", aliases=(Alias(spelling="@ada", normal="ada"),))
    settlement = Settlement(id=one.id, status=Status.SENT, lesson=lesson)
    settled = await store.submit(lambda tx: settle(tx, settlement, clock.now(), "0123abcd"))
    assert settled
    assert settled.finished_at == clock.now()
    rows = await store.read(lambda tx: tx.rows("list_spellings"))
    assert [(row["spelling"], row["normal"], row["learned_at"]) for row in rows] == [("@ada", "ada", clock.now())]
