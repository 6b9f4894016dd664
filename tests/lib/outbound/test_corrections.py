"""What people change of messages: on disk, and what is told of it, is exactly what they asked for."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from bach_lib.errors import NotAmendableError, NotDiscardableError, UnknownMessageError
from bach_lib.models import Button, File, Format, Message, Status
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.rows import Draft
from bach_lib.storage import Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import BUSY, NOW, DraftFields, draft

LARGEST = 2**70
WAITING = [Status.PENDING, Status.FAILED]
STOPPED = [Status.DEAD, Status.UNCERTAIN]
UNCHANGED = [Status.EXPIRED, Status.CANCELLED, Status.SENT, Status.SENDING]
PICTURES = (File(name="a.png", content=b"first", size=5), File(name="b.png", content=b"2nd", size=3))


@pytest.fixture
def queue(store: Store, clock: FakeClock) -> Queue:
    """An empty queue."""
    return Queue(store, clock, "0123abcd")


@pytest.fixture
def corrections(store: Store, clock: FakeClock) -> Corrections:
    """The same messages, for people."""
    return Corrections(store, clock, "0123abcd")


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two messages are changed, and two looked up, in one transaction."""
    for bound in ("_FIRST", "_LARGEST", "_SHARE"):
        monkeypatch.setattr(f"bach_lib.storage.portions.{bound}", 2)


async def put_in(queue: Queue, status: Status, draft_: Draft | None = None) -> Message:
    """A message that has come to this status, after two retries if it was tried."""
    one = (await queue.put(draft_ or draft(), leased=status is not Status.PENDING)).message
    if status in {Status.PENDING, Status.SENDING}:
        return await queue.get(one.id)
    error = None if status is Status.SENT else BUSY
    await queue.advance(
        Settlement(
            id=one.id, status=status, retry_count=2, waited=3.0, next_retry_at=NOW + 900, error=error, remote_id="9"
        ),
        None,
    )
    return await queue.get(one.id)


async def one_of_each(queue: Queue, **fields: object) -> dict[Status, Message]:
    """A message in every status there is."""
    return {status: await put_in(queue, status, draft(**fields)) for status in Status}  # type: ignore[arg-type] # fields of a draft


async def collected(messages: AsyncIterator[Message]) -> list[Message]:
    """All of them."""
    return [message async for message in messages]


async def hold(store: Store) -> None:
    """The database was put back from a copy: what is unfinished waits for its owner's word."""
    await store.submit(lambda tx: tx.run("hold_unfinished"))


# -- looking -------------------------------------------------------------------------------------------------------


async def test_what_nobody_has_is_named_as_unknown(corrections: Corrections) -> None:
    """Who mistyped a number would read of a message None, or get a traceback."""
    for number in (99, LARGEST):
        for work in (
            corrections.history(number),
            corrections.amendable(number),
            corrections.check_discardable([number]),
        ):
            with pytest.raises(UnknownMessageError) as caught:
                await work
            assert caught.value.placeholders == {"id": str(number)}


async def test_a_message_is_shown_under_the_name_the_platform_knows(queue: Queue, corrections: Corrections) -> None:
    """An answer to it would find no message, or the platform take what was amended for what it has already."""
    one = await put_in(queue, Status.DEAD)
    assert (await corrections.history(one.id))[0].nonce == one.nonce == f"0123abcd-{one.id:x}"
    assert [message.nonce async for message in corrections.discard([one.id])] == [one.nonce]
    assert (amended := await corrections.amend(one, draft())) is not None
    assert [message.nonce for message in amended] == [one.nonce, f"{one.nonce}-1"]
    assert [message.nonce async for message in corrections.move("home", "ada", "bob")] == [f"{one.nonce}-2"]


# -- amending ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", Status)
async def test_all_but_what_is_sent_or_on_its_way_can_be_amended(
    queue: Queue, corrections: Corrections, status: Status
) -> None:
    """A message would go out twice, or one that ended could never be corrected."""
    one = await put_in(queue, status)
    if status not in {Status.SENT, Status.SENDING}:
        assert await corrections.amendable(one.id) == one
        return
    for work in (corrections.amendable(one.id), corrections.amend(one, draft(text="new"))):
        with pytest.raises(NotAmendableError) as caught:
            await work
        assert caught.value.placeholders == {"id": str(one.id), "status": str(status)}
    assert await queue.get(one.id) == one


@pytest.mark.sqlite_only
async def test_what_is_amended_has_its_files_in_their_order(
    queue: Queue, corrections: Corrections, store: Store
) -> None:
    """Whether it can be sent would be judged by empty files, or by swapped ones, or by somebody else's."""
    await queue.put(replace(draft(), files=PICTURES[:1]), leased=False)
    one = await put_in(queue, Status.DEAD, replace(draft(), files=PICTURES))
    assert (await corrections.amendable(one.id)).files == PICTURES
    assert (await corrections.amendable((await put_in(queue, Status.DEAD)).id)).files == ()

    def damage(tx: Transaction) -> None:
        tx.ask("UPDATE contents SET content = 'words' WHERE content = :content", content=PICTURES[0].content)

    await store.submit(damage)
    assert (await corrections.amendable(one.id)).files == PICTURES[1:], "what is no file is not sent as one"


async def test_the_time_of_what_is_amended_goes_on_if_the_clock_is_set_in_between(
    queue: Queue, corrections: Corrections
) -> None:
    """It would be over at the next start, or live for hours more, because somebody corrected a word just then."""
    old = await put_in(queue, Status.PENDING, draft(expires_at=NOW + 60))
    await queue.follow_the_wall("home", 3600.0)
    amended = await corrections.amend(old, draft(text="new", expires_at=old.expires_at))
    assert amended is not None
    assert amended[1].expires_at == NOW + 3660
    assert (again := await corrections.amend(amended[1], draft(text="newer", expires_at=NOW + 5))) is not None
    assert again[1].expires_at == NOW + 5, "whoever says how long is heard"


async def test_every_field_of_an_amended_message_is_the_new_one(queue: Queue, corrections: Corrections) -> None:
    """A message would be half corrected: the right words to the wrong person, or without a way to answer."""
    old = await put_in(queue, Status.DEAD)
    new = replace(
        draft(connection="work", recipient="bob", text="new", expires_at=NOW + 60),
        title="Title",
        format=Format.HTML,
        reply_to="5",
        buttons=((Button(text="Open", value="o"),),),
    )
    amended = await corrections.amend(old, new)
    assert amended is not None
    before, after = amended
    assert before == old
    assert after == await queue.get(old.id)
    fields = ("connection", "recipient", "text", "title", "format", "reply_to", "buttons", "expires_at")
    assert {name: getattr(after, name) for name in fields} == {name: getattr(new, name) for name in fields}
    assert (after.id, after.status, after.retry_count, after.waited) == (old.id, Status.PENDING, 0, 0)
    assert (after.next_retry_at, after.finished_at) == (None, None)


async def test_what_changed_since_it_was_looked_at_is_not_amended(queue: Queue, corrections: Corrections) -> None:
    """What somebody cancelled meanwhile would be sent; or what just died, without anybody having seen why."""
    waiting, dead = await put_in(queue, Status.PENDING), await put_in(queue, Status.DEAD)
    await queue.cancel(waiting.id)
    await queue.retry(dead.id)
    for seen, now in ((waiting, "cancelled"), (dead, "pending")):
        with pytest.raises(NotAmendableError) as caught:
            await corrections.amend(seen, draft(text="new"))
        assert caught.value.placeholders == {"id": str(seen.id), "status": now}
        assert (await queue.get(seen.id)).text == "text"
    failed = await put_in(queue, Status.FAILED)
    amended = await corrections.amend(replace(failed, status=Status.PENDING), draft())
    assert [message.status for message in amended or ()] == [Status.FAILED, Status.PENDING]


async def test_what_is_gone_when_it_is_amended_is_told(corrections: Corrections, queue: Queue, store: Store) -> None:
    """A connection that is removed meanwhile would end in a traceback on the screen."""
    one = await put_in(queue, Status.DEAD)
    await store.submit(lambda tx: tx.run("delete_messages", ids=f"[{one.id}]"))
    with pytest.raises(UnknownMessageError) as caught:
        await corrections.amend(one, draft())
    assert caught.value.placeholders == {"id": str(one.id)}


# -- discarding ----------------------------------------------------------------------------------------------------


async def test_only_dead_letters_can_be_discarded(queue: Queue, corrections: Corrections) -> None:
    """What is still to be delivered would be taken away by a mistyped number."""
    each = await one_of_each(queue)
    for status, one in each.items():
        if status in STOPPED:
            await corrections.check_discardable([one.id])
            continue
        with pytest.raises(NotDiscardableError) as caught:
            await corrections.check_discardable([each[Status.DEAD].id, one.id])
        assert caught.value.placeholders == {"id": str(one.id), "status": str(status)}


async def test_what_is_discarded_keeps_its_reason_and_has_an_end(
    queue: Queue, corrections: Corrections, clock: FakeClock
) -> None:
    """Nobody could read later why a message was not delivered, or when somebody gave it up; or others would go, too."""
    each = await one_of_each(queue)
    await clock.advance(60)
    gone = await collected(corrections.discard([one.id for one in reversed(each.values())]))
    assert [one.id for one in gone] == sorted(each[status].id for status in STOPPED)
    for one in gone:
        assert one == await queue.get(one.id)
        assert (one.status, one.finished_at, one.error) == (Status.CANCELLED, clock.now(), BUSY)
    left = [each[status] for status in Status if status not in STOPPED]
    assert [await queue.get(one.id) for one in left] == left


def everything(corrections: Corrections) -> dict[str, Callable[[str, str | None], AsyncIterator[Message]]]:
    """What is done to many messages of a connection, or of a recipient there."""
    return {
        "revive": corrections.revive,
        "discard_dead": corrections.discard_dead,
        "move": lambda connection, recipient: corrections.move(connection, recipient or "ada", "eve"),
        "withdraw": lambda connection, recipient: corrections.withdraw(connection, recipient or "ada"),
    }


CONCERNED = {
    "revive": [Status.DEAD],
    "discard_dead": [Status.DEAD],
    "move": [Status.PENDING, Status.SENDING, Status.FAILED, Status.DEAD, Status.UNCERTAIN],
    "withdraw": [Status.PENDING, Status.FAILED],
}


@pytest.mark.parametrize("name", CONCERNED)
async def test_what_is_done_to_many_concerns_all_of_theirs_and_nobody_else(
    queue: Queue, corrections: Corrections, clock: FakeClock, portions: None, name: str
) -> None:
    """Messages of another person or connection would be sent, moved or thrown away; or some of theirs forgotten."""
    theirs = [await one_of_each(queue) for _ in range(3)]
    others: list[DraftFields] = [{"recipient": "bob"}, {"connection": "work"}]
    apart = [one for fields in others for one in (await one_of_each(queue, **fields)).values()]
    await clock.advance(60)
    changed = await collected(everything(corrections)[name]("home", "ada"))
    assert [one.id for one in changed] == sorted(each[status].id for each in theirs for status in CONCERNED[name])
    assert [await queue.get(one.id) for one in changed] == changed
    assert [await queue.get(one.id) for one in apart] == apart
    expected = {
        "revive": (Status.PENDING, "ada", None, 0),
        "discard_dead": (Status.CANCELLED, "ada", clock.now(), 2),
        "withdraw": (Status.CANCELLED, "ada", clock.now(), None),
    }
    if name == "move":
        assert {(one.recipient, one.error) for one in changed} == {("eve", BUSY), ("eve", None)}
        assert {one.status for one in changed} == set(CONCERNED[name])
        return
    status, recipient, finished_at, retries = expected[name]
    for one in changed:
        assert (one.status, one.recipient, one.finished_at) == (status, recipient, finished_at)
        assert one.next_retry_at is None
        assert retries in {None, one.retry_count}


@pytest.mark.parametrize("name", ["revive", "discard_dead"])
async def test_without_a_recipient_it_concerns_all_of_the_connection(
    queue: Queue, corrections: Corrections, name: str
) -> None:
    """The button for all dead letters would leave some behind, or take those of another connection."""
    fields: list[DraftFields] = [{"recipient": "ada"}, {"recipient": "bob"}, {"connection": "work"}]
    ada, bob, work = [await put_in(queue, Status.DEAD, draft(**one)) for one in fields]
    changed = await collected(everything(corrections)[name]("home", None))
    assert [one.id for one in changed] == [ada.id, bob.id]
    assert await queue.get(work.id) == work


# -- what was put back from a copy ---------------------------------------------------------------------------------


async def test_what_waits_for_its_owners_word_is_shown_oldest_first(
    queue: Queue, corrections: Corrections, store: Store
) -> None:
    """Who has to decide would see the messages of another connection, or more than the page takes."""
    held = [await put_in(queue, status) for status in (*WAITING, *WAITING)]
    await put_in(queue, Status.DEAD)
    await queue.put(draft(connection="work"), leased=False)
    await hold(store)
    found = await corrections.held_messages("home", 100)
    assert [(one.id, one.status, one.held) for one in found] == [(one.id, one.status, True) for one in held]
    assert [one.id for one in await corrections.held_messages("home", 3)] == [one.id for one in held[:3]]
    assert await corrections.held_messages("home", 0) == []
    assert await corrections.held_messages("home", -1) == [], "SQLite takes that for no bound at all"
    assert len(await corrections.held_messages("home", 1)) == 1


async def test_what_is_released_waits_as_before(
    queue: Queue, corrections: Corrections, store: Store, portions: None
) -> None:
    """After a backup was put back, what its owner lets go would be lost, or that of another connection be sent."""
    held = [await put_in(queue, status) for status in (*WAITING, *WAITING)]
    other = await put_in(queue, Status.PENDING, draft(connection="work"))
    await hold(store)
    assert await collected(corrections.release("home")) == held
    assert [await queue.get(one.id) for one in held] == held
    assert (await queue.get(other.id)).held


async def test_what_its_owner_does_not_want_any_more_ends(
    queue: Queue, corrections: Corrections, store: Store, clock: FakeClock, portions: None
) -> None:
    """What was sent long ago, before the backup was put back, would be asked about for ever, or be sent again."""
    held = [await put_in(queue, status) for status in (*WAITING, *WAITING)]
    other = await put_in(queue, Status.PENDING, draft(connection="work"))
    await hold(store)
    await clock.advance(60)
    gone = await collected(corrections.discard_held("home"))
    assert [one.id for one in gone] == [one.id for one in held]
    for one in gone:
        assert (one.status, one.held, one.finished_at) == (Status.CANCELLED, False, clock.now())
        assert one == await queue.get(one.id)
    assert (await queue.get(other.id)).held


# -- a recipient that is removed -----------------------------------------------------------------------------------


async def test_what_is_withdrawn_says_why(queue: Queue, corrections: Corrections) -> None:
    """Who looks for the alarm that Ada did not get would read of a failure of the platform."""
    waiting, under_way = await put_in(queue, Status.FAILED), await put_in(queue, Status.SENDING)
    [gone] = await collected(corrections.withdraw("home", "ada"))
    assert gone.id == waiting.id
    assert gone.error
    assert (gone.error.code, gone.error.text) == (
        "recipient_removed",
        "Its recipient was removed before it could be sent.",
    )
    settlement = Settlement(id=under_way.id, status=Status.FAILED, next_retry_at=NOW + 30, error=BUSY)
    ended = (await queue.advance(settlement, None)).settled
    assert ended
    assert (ended.status, ended.error, ended.next_retry_at) == (Status.CANCELLED, gone.error, None)


async def test_many_are_changed_some_a_transaction(queue: Queue, corrections: Corrections, portions: None) -> None:
    """While a thousand dead letters are sent again, an alarm would wait for all of them."""
    dead = [await put_in(queue, Status.DEAD) for _ in range(7)]
    seen: list[int] = []
    async for message in corrections.revive("home", None):
        seen.append(message.id)
        if len(seen) == 2:
            assert {(await queue.get(one.id)).status for one in dead[2:]} == {Status.DEAD}
    assert seen == [one.id for one in dead]
