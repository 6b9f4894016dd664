"""The durable queue: which changes of a message are possible, and that each is one transaction."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Unpack

import pytest

from bach_lib.errors import (
    IdempotencyKeyReusedError,
    NotCancellableError,
    NotRetryableError,
    UnknownMessageError,
)
from bach_lib.models import Delivery, Fault, File, Message, Status
from bach_lib.models.spellings import Alias, Lesson
from bach_lib.outbound.collapse import OUTDATED, REPLACED
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.rows import Request
from bach_lib.storage import Store, Transaction, Value
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import BUSY, DraftFields, draft
from tests.lib.storage.work import How, add

WAITING = [Status.PENDING, Status.FAILED]
REVIVABLE = [Status.DEAD, Status.UNCERTAIN, Status.EXPIRED, Status.CANCELLED]


@pytest.fixture
def queue(store: Store, clock: FakeClock) -> Queue:
    """An empty queue."""
    return Queue(store, clock, "0123abcd")


async def put(queue: Queue, *, leased: bool = False, fields: DraftFields | None = None) -> Message:
    """Queue a message."""
    return (await queue.put(draft(**fields or {}), leased=leased)).message


async def put_in(queue: Queue, status: Status, fields: DraftFields | None = None) -> Message:
    """Queue a message and bring it to a status by the ways there are."""
    if status is Status.EXPIRED:
        fields = {"expires_at": 1_900_000_000.0, **(fields or {})}
    one = await put(queue, leased=status is Status.SENDING, fields=fields)
    match status:
        case Status.PENDING | Status.SENDING:
            return one
        case Status.CANCELLED:
            return (await queue.cancel(one.id))[1]
        case Status.EXPIRED:
            return (await queue.expire([one.id]))[0]
    await queue.advance(None, one.id)
    error = None if status is Status.SENT else BUSY
    settled = (await queue.advance(Settlement(id=one.id, status=status, retry_count=2, error=error), None)).settled
    assert settled
    return settled


# -- putting ---------------------------------------------------------------------------------------------------------


async def test_what_was_put_is_there_as_it_was_said(queue: Queue, clock: FakeClock) -> None:
    """A field of a message would be lost on the way to the disk."""
    wanted = draft(
        recipient="bob", text="Grüße 🐢", priority=3, tag="door", delivery=Delivery.AT_MOST_ONCE, max_retries=1
    )
    stored = await queue.get((await queue.put(wanted, leased=False)).message.id)
    for name in wanted.__dataclass_fields__.keys() - {
        "began",
        "why",
        "gathering",
    }:  # by this process's clock, which no disk has; its `error`; and what is set of its recipient
        assert getattr(stored, name) == getattr(wanted, name)
    assert (stored.status, stored.retry_count, stored.attempted_at) == (Status.PENDING, 0, None)
    waits = replace(wanted, why=Fault(code="quiet_hours", text="Quiet until 07:00."), next_retry_at=2e9)
    put_so = (await queue.put(waits, leased=False)).message
    assert (await queue.get(put_so.id)).error == put_so.error == waits.why


async def test_a_message_may_be_born_on_its_way(queue: Queue) -> None:
    """A crash right after the commit would not know that an attempt may have begun."""
    leased = await put(queue, leased=True)
    assert (leased.status, leased.attempted_at) == (Status.SENDING, leased.created_at)


async def test_a_nonce_is_short_and_never_the_same(queue: Queue, store: Store, clock: FakeClock) -> None:
    """Discord would refuse the message, or take two different ones for one."""
    nonces = {(await put(queue)).nonce for _ in range(5)}
    other_house = Queue(store, clock, "ffff0000")
    nonces.add((await put(other_house)).nonce)
    assert len(nonces) == 6
    assert all(len(nonce) <= 25 for nonce in nonces)
    assert len(f"0123abcd-{2**63 - 1:x}") <= 25


async def test_an_id_is_never_used_twice(queue: Queue, store: Store) -> None:
    """After a purge an automation would get the state of another message."""
    last = await put(queue)
    await store.submit(lambda tx: tx.run("delete_messages", ids=f"[{last.id}]"))
    assert (await put(queue)).id > last.id


# -- tags ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", WAITING)
async def test_a_newer_message_replaces_the_waiting_one_of_its_tag(queue: Queue, status: Status) -> None:
    """After an outage a person would read twenty old temperatures."""
    old = await put_in(queue, status, {"tag": "t"})
    newer = await queue.put(draft(tag="t"), leased=False)
    assert [message.id for message in newer.replaced] == [old.id]
    replaced = await queue.get(old.id)
    assert replaced == newer.replaced[0]
    assert replaced.status is Status.CANCELLED
    assert replaced.error
    assert replaced.error.code == "replaced"


@pytest.mark.parametrize("status", [status for status in Status if status not in WAITING])
async def test_a_tag_replaces_nothing_that_does_not_wait(queue: Queue, status: Status) -> None:
    """What was sent, or is on its way, would be shown as cancelled."""
    old = await put_in(queue, status, {"tag": "t"})
    newer = await queue.put(draft(tag="t"), leased=False)
    assert newer.replaced == ()
    now = await queue.get(old.id)
    assert replace(now, error=old.error) == old
    assert now == old or (status, now.error and now.error.code) == (Status.SENDING, OUTDATED)


async def test_only_what_is_on_its_way_there_with_the_tag_is_marked(queue: Queue) -> None:
    """A word to somebody else, or about something else, would never arrive after a failure."""
    others = [
        await put_in(queue, Status.SENDING, {"tag": "t", "recipient": "bob"}),
        await put_in(queue, Status.SENDING, {"tag": "t", "connection": "work"}),
        await put_in(queue, Status.SENDING, {"tag": "u"}),
        await put_in(queue, Status.SENDING),
    ]
    spelled = await put_in(queue, Status.SENDING, {"tag": "t", "recipient": "@ada"})
    await queue.put(draft(tag="t"), leased=True, others=["@ada"])
    assert [await queue.get(one.id) for one in others] == others
    again = (await queue.advance(Settlement(id=spelled.id, status=Status.FAILED, next_retry_at=1.9e9), None)).settled
    assert again
    assert (again.status, again.error, again.next_retry_at) == (Status.CANCELLED, REPLACED, None)


async def test_a_tag_reaches_no_other_lane(queue: Queue) -> None:
    """Ada would never hear of the door because Bob was told."""
    fields: list[DraftFields] = [
        {"tag": "t", "recipient": "bob"},
        {"tag": "t", "connection": "work"},
        {"tag": "T"},
        {"tag": None},
    ]
    others = [await put(queue, fields=one) for one in fields]
    assert (await queue.put(draft(tag="t"), leased=False)).replaced == ()
    assert {(await queue.get(other.id)).status for other in others} == {Status.PENDING}


async def test_simultaneous_messages_of_a_tag_leave_one(queue: Queue) -> None:
    """Ten automations at once would leave ten messages of which one was wanted."""
    puts = await asyncio.gather(*(queue.put(draft(tag="t", text=str(number)), leased=False) for number in range(10)))
    statuses = [(await queue.get(one.message.id)).status for one in puts]
    assert statuses == [Status.CANCELLED] * 9 + [Status.PENDING]


# -- claiming and settling -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", Status)
async def test_only_a_waiting_message_can_be_claimed(queue: Queue, status: Status, clock: FakeClock) -> None:
    """A cancelled message would be sent, or a sent one again."""
    one = await put_in(queue, status)
    claimed = (await queue.advance(None, one.id)).claimed
    if status in WAITING:
        assert claimed
        assert (claimed.status, claimed.attempted_at) == (Status.SENDING, clock.now())
    else:
        assert claimed is None
        assert await queue.get(one.id) == one


async def test_a_message_is_claimed_once(queue: Queue) -> None:
    """Two workers would send the same message."""
    one = await put(queue)
    first, second = await asyncio.gather(queue.advance(None, one.id), queue.advance(None, one.id))
    assert first.claimed
    assert second.claimed is None


async def test_settling_and_claiming_are_one_step(queue: Queue) -> None:
    """A crash between the two would show a message as on its way that nobody sends."""
    first, second = await put(queue, leased=True), await put(queue)
    step = await queue.advance(Settlement(id=first.id, status=Status.SENT, remote_id="9"), second.id)
    assert step.settled
    assert step.claimed
    assert (step.settled.status, step.settled.remote_id) == (Status.SENT, "9")
    assert (step.claimed.id, step.claimed.status) == (second.id, Status.SENDING)


async def test_a_final_settlement_has_a_time_and_a_passing_one_has_none(queue: Queue, clock: FakeClock) -> None:
    """Nobody could say when a message was delivered."""
    one = await put(queue, leased=True)
    passing = Settlement(id=one.id, status=Status.FAILED, retry_count=1, next_retry_at=clock.now() + 30, error=BUSY)
    failed = (await queue.advance(passing, None)).settled
    assert failed
    assert (failed.finished_at, failed.next_retry_at, failed.error) == (None, clock.now() + 30, BUSY)
    await clock.advance(31)
    sent = (await queue.advance(Settlement(id=one.id, status=Status.SENT, retry_count=1), None)).settled
    assert sent
    assert (sent.finished_at, sent.next_retry_at, sent.error) == (clock.now(), None, None)


async def test_settling_a_message_that_is_gone_harms_nobody(queue: Queue) -> None:
    """Removing a connection while it sends would stop the worker of another message."""
    other = await put(queue)
    step = await queue.advance(Settlement(id=9999, status=Status.SENT, delivered=True), other.id)
    assert step.settled is None
    assert step.claimed


@pytest.mark.parametrize(("delivered", "counts"), [(True, (1, 0)), (False, (0, 1)), (None, (0, 0))])
async def test_counters_move_with_the_settlement(
    queue: Queue, store: Store, clock: FakeClock, delivered: bool | None, counts: tuple[int, int]
) -> None:
    """Statistics and messages would tell different stories after a crash."""
    await store.submit(add("home"))
    one = await put(queue, leased=True)
    await queue.advance(Settlement(id=one.id, status=Status.DEAD, error=BUSY, delivered=delivered), None)
    row = await store.submit(lambda tx: tx.row("list_connections"))
    assert row
    assert (row["success_count"], row["error_count"]) == counts
    assert row["last_used"] == (None if delivered is None else clock.now())


async def test_waiting_messages_follow_a_recipient_that_moved(queue: Queue) -> None:
    """After a group became a supergroup, everything that waits for it would be refused."""
    first, second = await put(queue, leased=True), await put_in(queue, Status.FAILED)
    dead, stranger = await put_in(queue, Status.DEAD), await put(queue, fields={"recipient": "bob"})
    other = await put(queue, fields={"connection": "work"})
    lesson = Lesson(connection="home", aliases=(Alias(spelling="ada", normal="ada2", is_move=True),))
    await queue.advance(Settlement(id=first.id, status=Status.SENT, lesson=lesson), None)
    assert (await queue.get(second.id)).recipient == "ada2", "the next claim would find the old one"
    await queue.follow("home", "ada", "ada2", is_move=True)
    recipients = [(await queue.get(one.id)).recipient for one in (second, dead, stranger, other)]
    assert recipients == ["ada2", "ada2", "bob", "ada"], "dead letters too: who sends them again means the same people"


# -- cancelling, expiring, retrying ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", Status)
async def test_only_a_waiting_message_can_be_cancelled(queue: Queue, status: Status, clock: FakeClock) -> None:
    """A message on its way would be shown as cancelled and still arrive."""
    one = await put_in(queue, status)
    if status in WAITING:
        _, cancelled = await queue.cancel(one.id)
        assert (cancelled.status, cancelled.finished_at, cancelled.error) == (Status.CANCELLED, clock.now(), one.error)
    else:
        with pytest.raises(NotCancellableError) as caught:
            await queue.cancel(one.id)
        assert caught.value.placeholders == {"id": str(one.id), "status": str(status)}
        assert await queue.get(one.id) == one


@pytest.mark.parametrize("status", Status)
async def test_only_a_message_that_ended_unsent_can_be_retried(queue: Queue, status: Status, clock: FakeClock) -> None:
    """A message that was delivered would be delivered again, or one that waits would start anew."""
    one = await put_in(queue, status, {"expires_at": clock.now() + 60})
    if status in REVIVABLE:
        revived = await queue.retry(one.id)
        assert (revived.status, revived.retry_count) == (Status.PENDING, 0)
        assert (revived.next_retry_at, revived.expires_at, revived.finished_at) == (None, None, None)
    else:
        with pytest.raises(NotRetryableError):
            await queue.retry(one.id)
        assert await queue.get(one.id) == one


@pytest.mark.parametrize("status", Status)
async def test_only_a_waiting_message_expires(queue: Queue, status: Status) -> None:
    """A message would be sent and shown as expired."""
    one = await put_in(queue, status, {"expires_at": 1_900_000_000.0})
    expired = await queue.expire([one.id, 9999])
    if status in WAITING:
        assert [(message.id, message.status) for message in expired] == [(one.id, Status.EXPIRED)]
        assert expired[0].error
        assert expired[0].error.code == "expired"
    else:
        assert expired == ([one] if status is Status.SENDING else []), "what is on its way is asked for again"
        assert await queue.get(one.id) == one


async def test_many_that_expire_leave_room_for_others(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """When thousands expire together, an alarm of another connection would wait for all of them."""
    waiting = [(await put(queue, fields={"expires_at": 1_900_000_000.0})).id for _ in range(130)]
    submitted: list[object] = []
    submit = queue._store.submit

    def counted[T](work: Callable[[Transaction], T], **how: Unpack[How]) -> asyncio.Future[T]:
        submitted.append(work)
        return submit(work, **how)

    monkeypatch.setattr(queue._store, "submit", counted)
    assert [message.id for message in await queue.expire(waiting)] == waiting
    assert len(submitted) > 1


async def test_what_was_revived_does_not_expire_any_more(queue: Queue) -> None:
    """Memory may still name it as over; a person who sent it again would see it end at once."""
    one = await put_in(queue, Status.CANCELLED, {"expires_at": 1_900_000_000.0})
    await queue.retry(one.id)
    assert await queue.expire([one.id]) == []
    assert (await queue.get(one.id)).status is Status.PENDING


async def test_what_is_over_says_that_the_disk_does_not_know_its_last_end_yet(queue: Queue) -> None:
    """Behind a full disk, a message would be forgotten by memory and wait on disk for ever."""
    one = await put_in(queue, Status.SENDING, {"expires_at": 1_900_000_000.0})
    [behind] = await queue.expire([one.id])
    assert (behind.id, behind.status, behind.nonce) == (one.id, Status.SENDING, one.nonce)
    await queue.advance(Settlement(id=one.id, status=Status.FAILED), None)
    assert await queue.expire([one.id], {one.id: "another"}) == [], "it was amended since, and has a time of its own"
    [ended] = await queue.expire([one.id], {one.id: behind.nonce})
    assert (ended.id, ended.status) == (one.id, Status.EXPIRED)
    assert await queue.expire([one.id], {one.id: behind.nonce}) == []


async def test_a_claim_says_that_the_disk_does_not_know_its_last_end_yet(queue: Queue) -> None:
    """Behind a full disk, a message would be taken for gone, and wait for ever."""
    one = await put_in(queue, Status.SENDING)
    advance = await queue.advance(None, one.id)
    assert (advance.claimed, advance.ended, advance.is_unsettled) == (None, None, True)
    ended = await put_in(queue, Status.SENT)
    assert not (await queue.advance(None, ended.id)).is_unsettled


@pytest.mark.parametrize("message_id", [0, -1, 9999, 2**63 - 1, 2**63, -(10**30), 10**30])
async def test_an_id_nobody_has_is_told_as_such(queue: Queue, message_id: int) -> None:
    """A number from outside that is too large for the disk would end in a traceback."""
    for work in (queue.get, queue.cancel, queue.retry):
        with pytest.raises(UnknownMessageError):
            await work(message_id)


# -- after a start ---------------------------------------------------------------------------------------------------


async def test_recovery_settles_what_was_in_flight_and_nothing_else(queue: Queue) -> None:
    """After a power cut messages would be shown as on their way for ever, or be forgotten."""
    in_flight = await put(queue, leased=True)
    never_twice = await put(queue, leased=True, fields={"delivery": Delivery.AT_MOST_ONCE})
    waiting = [await put_in(queue, status) for status in WAITING]
    for status in set(Status) - set(WAITING) - {Status.SENDING}:
        await put_in(queue, status)
    other = await put(queue, leased=True, fields={"connection": "work"})
    settled = await queue.recover("home", idempotent=False)
    assert [(message.id, message.status) for message in settled] == [
        (in_flight.id, Status.PENDING),
        (never_twice.id, Status.UNCERTAIN),
    ]
    assert [(await queue.get(message.id)).status for message in waiting] == [*WAITING]
    assert (await queue.get(other.id)).status is Status.SENDING
    assert await queue.recover("home", idempotent=False) == []


# -- asking twice ------------------------------------------------------------------------------------------------------


async def test_what_is_asked_for_twice_is_put_once(queue: Queue) -> None:
    """A program that repeats its request after a time-out would ring the bell twice."""
    asked = Request(key="order 7", digest="abc")
    first = await queue.put(draft(text="ding"), leased=False, request=asked)
    again = await queue.put(draft(text="ding"), leased=True, request=asked)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.message == first.message


async def test_a_key_belongs_to_one_message(queue: Queue) -> None:
    """The second of two different messages would be taken for the first, and be lost."""
    await queue.put(draft(text="ding"), leased=False, request=Request(key="order 7", digest="abc"))
    with pytest.raises(IdempotencyKeyReusedError):
        await queue.put(draft(text="dong"), leased=False, request=Request(key="order 7", digest="def"))


async def test_without_a_key_equal_messages_are_two(queue: Queue) -> None:
    """Who says the same thing twice on purpose would be heard once."""
    assert (await put(queue)).id != (await put(queue)).id


async def test_a_key_that_says_something_else_is_refused_with_what_it_stands_for(queue: Queue) -> None:
    """Whoever sends could not find out which message took the place."""
    first = await queue.put(draft(), leased=False, request=Request(key="k", digest="d"))
    with pytest.raises(IdempotencyKeyReusedError) as caught:
        await queue.put(draft(text="else"), leased=False, request=Request(key="k", digest="e"))
    assert caught.value.placeholders == {"key": "k", "id": str(first.message.id)}
    again = await queue.put(draft(), leased=False, request=Request(key="k", digest="d"))
    assert (again.is_new, again.message) == (False, first.message)


# -- files -----------------------------------------------------------------------------------------------------------

FILES = (File(name="a.png", content=b"first", mime_type="image/png", size=5), File(name="b", content=b"2nd", size=3))


async def files_on_disk(store: Store, message_id: int) -> list[object]:
    """What is kept of a message's files."""
    return [row["content"] for row in await store.submit(lambda tx: tx.rows("files_of", message_id=message_id))]


async def test_files_are_on_disk_until_they_were_sent(queue: Queue, store: Store) -> None:
    """A picture would be missing after a restart, or swapped with another; or fill the disk for ever."""
    one = (await queue.put(replace(draft(), files=FILES), leased=False)).message
    other = (await queue.put(replace(draft(), files=FILES[:1]), leased=False)).message
    assert [file.content for file in one.files] == [b"", b""], "memory does not hold what waits"
    claimed = (await queue.advance(None, one.id)).claimed
    assert claimed
    assert [file.content for file in claimed.files] == [b"", b""], "nor what is claimed, before it is its turn"
    loaded = await queue.files.load(claimed)
    assert (loaded.message.files, loaded.lost) == (FILES, ())
    loaded.release()
    await queue.advance(Settlement(id=one.id, status=Status.FAILED, retry_count=1), None)
    assert await files_on_disk(store, one.id) == [b"first", b"2nd"]
    await queue.advance(None, one.id)
    await queue.advance(Settlement(id=one.id, status=Status.SENT), None)
    assert await files_on_disk(store, one.id) == []
    assert await files_on_disk(store, other.id) == [b"first"], "those of others stay"


async def test_who_was_born_on_its_way_has_its_files(queue: Queue) -> None:
    """The first attempt would send the words without the picture."""
    one = (await queue.put(replace(draft(), files=FILES), leased=True)).message
    assert one.files == FILES


async def test_a_settled_message_tells_of_its_names_and_its_attempt(queue: Queue, clock: FakeClock) -> None:
    """A press on a button would not be found again, and the history of a message be empty."""
    one = await put(queue, leased=True)
    await clock.advance(5)
    settlement = Settlement(
        id=one.id, status=Status.FAILED, retry_count=1, waited=3, next_retry_at=clock.now() + 30, error=BUSY
    )
    step = await queue.advance(settlement, None)
    assert step.settled
    assert step.settled.nonce == one.nonce == "0123abcd-1"
    assert (step.settled.retry_count, step.settled.waited, step.settled.error) == (1, 3, BUSY)
    assert step.settled.next_retry_at == clock.now() + 30
    clean = (await queue.advance(Settlement(id=one.id, status=Status.PENDING, degraded=True), None)).settled
    assert clean
    assert (clean.error, clean.degraded, clean.finished_at) == (None, True, None)


# -- what cannot be read ---------------------------------------------------------------------------------------------


async def damage(store: Store, message_id: int, column: str, value: Value) -> None:
    """Write what BACH has never written."""

    def work(tx: Transaction) -> None:
        tx._connection.execute(f"UPDATE messages SET {column} = ? WHERE id = ?", (value, message_id))

    await store.submit(work)


@pytest.mark.sqlite_only
async def test_a_message_that_cannot_be_read_is_set_aside_when_it_is_claimed(queue: Queue, store: Store) -> None:
    """One damaged byte would stop its lane for ever, or be sent as something that nobody wrote."""
    one = await put(queue)
    await damage(store, one.id, "priority", "odd")
    step = await queue.advance(None, one.id)
    assert step.claimed is None
    assert step.ended
    assert (step.ended.id, step.ended.status) == (one.id, Status.DEAD)
    assert step.ended.error
    assert step.ended.error.code == "unreadable"
    assert "priority" in step.ended.error.text


@pytest.mark.sqlite_only
async def test_a_start_sets_aside_what_cannot_be_read_and_goes_on_with_the_rest(queue: Queue, store: Store) -> None:
    """One damaged row would keep a whole connection from starting."""
    in_flight, waits, good = await put(queue, leased=True), await put(queue), await put(queue)
    await damage(store, in_flight.id, "max_retries", "odd")
    await damage(store, waits.id, "buttons", "{")
    settled = await queue.recover("home", idempotent=False)
    settled += await queue.set_aside([waits.id, good.id])
    assert {(message.id, message.status) for message in settled} == {
        (in_flight.id, Status.DEAD),
        (waits.id, Status.DEAD),
    }
    assert {message.error.code for message in settled if message.error} == {"unreadable"}
    assert (await queue.get(good.id)).status is Status.PENDING


async def test_what_waits_follows_a_clock_that_was_set(queue: Queue, clock: FakeClock) -> None:
    """After the next start it would be over hours too early, or go out years too late."""
    end = clock.now() + 60
    one, timeless = await put(queue, fields={"expires_at": end}), await put(queue, fields={"expires_at": None})
    under_way = await put(queue, fields={"expires_at": end}, leased=True)
    gone = await put_in(queue, Status.CANCELLED, {"expires_at": end})
    await queue.follow_the_wall("home", 7200.0)
    await queue.follow_the_wall("other", 1e6)
    found = [await queue.get(message.id) for message in (one, timeless, under_way, gone)]
    assert [message.expires_at for message in found] == [end + 7200, None, end + 7200, end]
    began = [
        after.created_at - before.created_at
        for after, before in zip(found, (one, timeless, under_way, gone), strict=True)
    ]
    assert began == [7200, 0, 7200, 0], "it is not longer than it was, if the clock is set back while BACH is stopped"
