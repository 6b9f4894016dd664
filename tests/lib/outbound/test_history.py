"""Looking messages up: pages, filters, counts, and forgetting the old ones without losing any."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Unpack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bach_lib.errors import InvalidValueError
from bach_lib.models import Connection, Message, QueueStatus, Status
from bach_lib.outbound.history import History
from bach_lib.outbound.rows import draft_row
from bach_lib.registry.rows import connection_values
from bach_lib.storage import MemoryDatabase, Store, Transaction, portions
from tests.lib.outbound.make import NOW, DraftFields, draft

FINISHED = {Status.SENT, Status.EXPIRED, Status.CANCELLED}
HOME = Connection(name="home", type="fake")


@pytest.fixture
async def history(store: Store) -> History:
    """The empty history of two connections."""
    for name in ("home", "work"):
        row = connection_values(replace(HOME, name=name))
        await store.submit(lambda tx, row=row: tx.run("add_connection", **row))  # type: ignore[misc] # mypy knows no lambda with a default
    return History(store, "0123abcd")


async def fill(store: Store, rows: Iterable[tuple[Status, DraftFields]]) -> list[int]:
    """Write messages in these statuses; return their ids."""

    def work(tx: Transaction) -> list[int]:
        return [tx.insert("put_message", draft_row(draft(**fields), status)) for status, fields in rows]

    return await store.submit(work)


async def add(store: Store, status: Status = Status.PENDING, **fields: Unpack[DraftFields]) -> int:
    """Write one message; return its id."""
    return (await fill(store, [(status, fields)]))[0]


async def page(
    history: History,
    *,
    connection: str | None = None,
    recipient: str | None = None,
    statuses: Iterable[Status] | None = None,
    before: int | None = None,
    limit: int = 500,
) -> list[int]:
    """The ids of a page."""
    found: list[Message] = await history.messages(
        connection=connection, recipient=recipient, statuses=statuses, before=before, limit=limit
    )
    return [message.id for message in found]


# -- pages -----------------------------------------------------------------------------------------------------------


async def test_pages_follow_each_other_without_gap_or_repetition(history: History, store: Store) -> None:
    """A person who scrolls back would miss messages or see them twice."""
    ids = await fill(store, [(Status.SENT, {})] * 25)
    seen: list[int] = []
    before = None
    while found := await page(history, before=before, limit=10):
        assert len(found) <= 10
        seen += found
        before = found[-1]
    assert seen == ids[::-1]


async def test_a_page_does_not_move_while_new_messages_come(history: History, store: Store) -> None:
    """The next page would repeat the end of the last one."""
    ids = await fill(store, [(Status.SENT, {})] * 10)
    first = await page(history, limit=5)
    await fill(store, [(Status.SENT, {})] * 5)
    assert first + await page(history, before=first[-1], limit=5) == ids[::-1]


async def test_filters_meet(history: History, store: Store) -> None:
    """Who looks for the dead letters of one chat would get others."""
    wanted = await add(store, Status.DEAD, recipient="ada")
    await add(store, Status.DEAD, recipient="bob")
    await add(store, Status.SENT, recipient="ada")
    await add(store, Status.DEAD, recipient="ada", connection="work")
    assert await page(history, connection="home", recipient="ada", statuses=[Status.DEAD]) == [wanted]
    assert len(await page(history, statuses={Status.DEAD, Status.SENT})) == 4
    assert len(await page(history, connection="home")) == 3
    assert await page(history, connection="nobody") == []
    assert await page(history, statuses=[]) == [], "no status is not every status"


@pytest.mark.parametrize("recipient", [None, "ada"])
@pytest.mark.parametrize("connection", [None, "home"])
@pytest.mark.parametrize(
    "statuses",
    [
        None,
        *([status] for status in Status),
        [Status.PENDING, Status.SENDING, Status.FAILED],
        [Status.DEAD, Status.UNCERTAIN, Status.EXPIRED, Status.CANCELLED],
        [Status.PENDING, Status.DEAD],
        list(Status),
    ],
)
async def test_every_filter_finds_what_it_says_newest_first(
    history: History, store: Store, statuses: list[Status] | None, connection: str | None, recipient: str | None
) -> None:
    """Whatever way there is to what was looked for, somebody would miss a message, or find one too many."""
    kinds = [(status, home, chat) for status in Status for home in ("home", "work") for chat in ("ada", "bob")]
    ids = await fill(store, [(status, {"connection": home, "recipient": chat}) for status, home, chat in kinds])
    wanted = [
        number
        for number, (status, home, chat) in zip(ids, kinds, strict=True)
        if (statuses is None or status in statuses) and connection in {None, home} and recipient in {None, chat}
    ][::-1]
    assert await page(history, statuses=statuses, connection=connection, recipient=recipient) == wanted
    rest = await page(history, statuses=statuses, connection=connection, recipient=recipient, before=wanted[0], limit=1)
    assert rest == wanted[1:2]


async def test_a_message_that_is_looked_up_has_the_name_by_which_platforms_know_it(
    history: History, store: Store
) -> None:
    """A press on a button would not be found again from the list."""
    await add(store)
    [message] = await history.messages(connection=None, recipient=None, statuses=None, before=None, limit=1)
    assert message.nonce == "0123abcd-1"


@pytest.mark.parametrize(("before", "number"), [(None, 1), (10**30, 1), (2**63, 1), (0, 0), (-1, 0), (-(10**30), 0)])
async def test_any_number_is_a_place_to_read_from(
    history: History, store: Store, before: int | None, number: int
) -> None:
    """A number from outside that is too large for the disk would end in a traceback."""
    await add(store)
    assert len(await page(history, before=before)) == number


# -- how the queue stands --------------------------------------------------------------------------------------------


async def test_every_status_is_counted_in_its_place(history: History, store: Store) -> None:
    """A dashboard would show dead letters as waiting, or nothing at all."""
    for number, status in enumerate(Status, start=1):
        await fill(store, [(status, {})] * number)
        await add(store, status, connection="work")
    counts = {status: number for number, status in enumerate(Status, start=1)}
    [queue] = (await history.status([replace(HOME, success_count=1000)])).values()
    assert queue == QueueStatus(
        connection="home",
        pending=counts[Status.PENDING],
        sending=counts[Status.SENDING],
        failed=counts[Status.FAILED],
        sent=1000,
        dead=counts[Status.DEAD],
        uncertain=counts[Status.UNCERTAIN],
        oldest=NOW,
    )
    assert queue.waiting == queue.pending + queue.sending + queue.failed


async def test_what_waits_for_its_owners_word_does_not_count_as_waiting(history: History, store: Store) -> None:
    """After a backup was put back, the alarm for a queue that stands still would ring in the night."""
    both = [Status.PENDING, Status.PENDING, Status.FAILED]
    await fill(store, [(status, {"connection": name}) for status in both for name in ("home", "work")])
    await store.submit(lambda tx: tx.run("hold_unfinished"))
    await fill(store, [(Status.PENDING, {}), (Status.FAILED, {}), (Status.FAILED, {})])
    queues = await history.status([HOME, replace(HOME, name="work")])
    assert [(queue.pending, queue.failed, queue.held) for queue in queues.values()] == [(1, 2, 3), (0, 0, 3)]


async def test_it_is_known_when_anything_happened_last(history: History, store: Store) -> None:
    """After a restart nobody could say since when nothing has come or gone."""
    assert await history.last_before(NOW) is None
    await add(store, created_at=NOW - 50)
    await add(store, created_at=NOW - 20)
    await add(store, created_at=NOW + 20)
    assert await history.last_before(NOW) == NOW - 20
    assert await history.last_before(NOW - 30) == NOW - 50


async def test_an_empty_queue_has_a_status_too(history: History) -> None:
    """A connection that never sent would be missing from the dashboard."""
    assert await history.status([HOME]) == {"home": QueueStatus(connection="home")}


@pytest.mark.parametrize("status", [Status.PENDING, Status.SENDING, Status.FAILED])
async def test_the_oldest_is_the_oldest_that_waits(history: History, store: Store, status: Status) -> None:
    """An alarm about a queue that stands still would look at the wrong message."""
    await add(store, Status.SENT, created_at=NOW - 1000)
    await add(store, Status.DEAD, created_at=NOW - 900)
    await add(store, status, created_at=NOW - 50)
    for other in (Status.PENDING, Status.SENDING, Status.FAILED):
        await add(store, other, created_at=NOW - 10)
    await add(store, status, connection="work", created_at=NOW - 500)
    assert (await history.status([HOME]))["home"].oldest == NOW - 50


# -- forgetting ------------------------------------------------------------------------------------------------------


async def test_a_purge_keeps_what_is_young_and_what_was_not_asked_for(history: History, store: Store) -> None:
    """Dead letters and waiting messages would be thrown away because they are old."""
    old = {status: await add(store, status, created_at=NOW - 100) for status in Status}
    young = await fill(store, [(status, {"created_at": NOW}) for status in Status])
    assert await history.purge(NOW - 50, FINISHED) == 3
    kept = {message_id for status, message_id in old.items() if status not in FINISHED}
    assert set(await page(history)) == kept | set(young)


async def test_what_has_not_ended_is_never_purged(history: History, store: Store) -> None:
    """Tidying up would throw away what still waits to be sent."""
    await fill(store, [(status, {"created_at": NOW - 100}) for status in Status])
    with pytest.raises(InvalidValueError) as caught:
        await history.purge(NOW, [Status.SENT, Status.PENDING, Status.FAILED])
    expected = {"field": "statuses", "value": Status.FAILED, "expected": "statuses of ended messages"}
    assert caught.value.placeholders == expected
    assert len(await page(history)) == len(Status)


async def test_a_message_of_exactly_the_age_stays(history: History, store: Store) -> None:
    """A purge of "older than now" would race with what was just delivered."""
    await add(store, Status.SENT)
    assert await history.purge(NOW, FINISHED) == 0


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from(Status), st.integers(0, 3)), max_size=40),
    page_size=st.integers(1, 5),
)
async def test_a_purge_walks_through_all_pages(rows: list[tuple[Status, int]], page_size: int) -> None:
    """Where a page holds nothing to remove, everything after it would stay for ever."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        portions_of(monkeypatch, page_size)
        store = MemoryDatabase()
        await store.open()
        ages = sorted((age for _, age in rows), reverse=True)
        ids = await fill(
            store, [(status, {"created_at": NOW - age}) for (status, _), age in zip(rows, ages, strict=True)]
        )
        gone = {
            message_id
            for message_id, (status, _), age in zip(ids, rows, ages, strict=True)
            if status in FINISHED and age > 1
        }
        history = History(store, "0123abcd")
        assert await history.purge(NOW - 1, FINISHED) == len(gone)
        assert set(await page(history)) == set(ids) - gone
        await store.close()


def portions_of(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Let every transaction take so many rows."""
    for name in ("_SMALLEST", "_FIRST", "_LARGEST"):
        monkeypatch.setattr(portions, name, size)


async def test_one_message_from_the_future_does_not_stop_the_purge(
    history: History, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock was once wrong would never forget anything again."""
    portions_of(monkeypatch, 3)
    future = await add(store, Status.SENT, created_at=NOW + 1e9)
    await fill(store, [(Status.SENT, {"created_at": NOW - 100})] * 10)
    assert await history.purge(NOW, FINISHED) == 10
    assert await page(history) == [future]
