"""Room in the inbox, damaged rows in it, and foreign code that throws whatever it likes."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from bach_lib.connectors.base import Batch, Unreadable
from bach_lib.foreign import ForeignError, guarded
from bach_lib.inbound import quota as room_module
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.pairing import Pairings
from bach_lib.inbound.quota import Quota
from bach_lib.models import Connection
from bach_lib.models.incoming import InboxStatus, Kind
from bach_lib.policy import ReceivePolicy
from bach_lib.redact import Redactor
from bach_lib.storage import Store
from bach_lib.storage.values import integer
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming

HOME = Connection(name="home", type="fake", allowed=frozenset({"42", "43"}))


async def fill(inbox: Inbox, *, sender: str = "42", begin: int = 0, count: int = 100, text: str = "x") -> int:
    """Let somebody write so many messages, in one poll; how many others had to go."""
    messages = tuple(
        incoming(remote_id=f"{sender}:{number}", sender_id=sender, recipient=sender, text=text)
        for number in range(begin, begin + count)
    )
    accepted = await inbox.accept(HOME, Batch(messages=messages, cursor="1"), caught_up_at=None, redact=Redactor())
    await inbox.save_routed(replace(message, routed_at=1.0) for message in accepted.messages)
    return accepted.gone


def an_inbox(store: Store, clock: FakeClock, policy: ReceivePolicy) -> Inbox:
    """An inbox with these bounds."""
    return Inbox(store, clock, Pairings(lambda *_: None), "0123abcd", 300, policy=policy)


@pytest.mark.parametrize(
    "policy",
    [
        ReceivePolicy(sender_rows=150),
        ReceivePolicy(sender_bytes=150 * 220),
        ReceivePolicy(connection_rows=250, connection_bytes=1 << 40),
    ],
)
async def test_the_oldest_make_room_and_the_new_get_in(store: Store, clock: FakeClock, policy: ReceivePolicy) -> None:
    """A webhook in a loop would fill the disk, or keep the next alarm out."""
    inbox = an_inbox(store, clock, policy)
    await fill(inbox, sender="43", count=50)
    gone = sum([await fill(inbox, begin=begin) for begin in range(0, 500, 100)])
    left = await inbox.pages.count(connection="home", sender_id="42", status=None)
    assert (gone > 0, left <= 250) == (True, True)
    page = await inbox.pages.page(
        connection="home", sender_id="42", recipient=None, status=None, before=None, limit=1, offset=0
    )
    assert page[0].remote_id == "42:499"


async def left(inbox: Inbox) -> dict[str, list[int]]:
    """The numbers of the messages that are still there, by sender."""
    page = await inbox.pages.page(
        connection="home", sender_id=None, recipient=None, status=None, before=None, limit=10_000, offset=0
    )
    numbers: dict[str, list[int]] = {"42": [], "43": []}
    for message in reversed(page):
        numbers[message.sender_id].append(int(message.remote_id.partition(":")[2]))
    return numbers


SIZE = 222
"""Bytes of a message below: its columns and what a row costs."""


@pytest.mark.parametrize(
    ("policy", "kept_of_ada", "kept_of_bob"),
    [
        pytest.param(ReceivePolicy(sender_rows=100), range(100, 200), range(100, 200), id="as many as there may be"),
        pytest.param(ReceivePolicy(sender_rows=99), range(111, 200), range(111, 200), id="one too many each"),
        pytest.param(
            ReceivePolicy(sender_bytes=SIZE * 100), range(100, 200), range(100, 200), id="as long as they may be"
        ),
        pytest.param(
            ReceivePolicy(sender_bytes=SIZE * 100 - 1), range(111, 200), range(111, 200), id="a byte too long"
        ),
        pytest.param(ReceivePolicy(connection_rows=200), range(100, 200), range(100, 200), id="together as many"),
        pytest.param(ReceivePolicy(connection_rows=199), range(121, 200), range(100, 200), id="together one too many"),
        pytest.param(
            ReceivePolicy(connection_bytes=SIZE * 200), range(100, 200), range(100, 200), id="together as long"
        ),
        pytest.param(
            ReceivePolicy(connection_bytes=SIZE * 200 - 1), range(121, 200), range(100, 200), id="together too long"
        ),
        pytest.param(
            ReceivePolicy(sender_rows=50, connection_rows=90),
            range(155, 200),
            range(155, 200),
            id="first each, then all",
        ),
        pytest.param(
            ReceivePolicy(sender_rows=50, connection_rows=89), range(165, 200), range(155, 200), id="one less for all"
        ),
        pytest.param(
            ReceivePolicy(sender_rows=50, connection_bytes=SIZE * 89),
            range(165, 200),
            range(155, 200),
            id="what is left",
        ),
    ],
)
async def test_a_tenth_more_than_necessary_goes_and_no_other(
    store: Store, clock: FakeClock, policy: ReceivePolicy, kept_of_ada: range, kept_of_bob: range
) -> None:
    """A bound would be another than the one that is written down, or cost those who wrote little."""
    roomy = an_inbox(store, clock, ReceivePolicy())
    for sender in ("42", "43"):
        await fill(roomy, sender=sender, begin=100, count=100)
    sizes = await store.submit(
        lambda tx: [row["size"] for row in tx._connection.execute("SELECT size FROM inbox").fetchall()]
    )
    assert set(sizes) == {SIZE}
    gone = await store.submit(lambda tx: Quota(lambda _: policy).make(tx, "home", 1))
    assert await left(roomy) == {"42": [*kept_of_ada], "43": [*kept_of_bob]}
    assert gone == 200 - len(kept_of_ada) - len(kept_of_bob)


async def test_it_looks_at_the_start_and_once_in_a_hundred_messages(store: Store, clock: FakeClock) -> None:
    """Every message would cost a count of all of them; or a process that restarts often would never look."""
    roomy, room = an_inbox(store, clock, ReceivePolicy()), Quota(lambda _: ReceivePolicy(sender_rows=10))
    gone = []
    for begin, came in enumerate((1, 99, 0, 1, 98, 1, 1, 100, 5)):
        await fill(roomy, begin=20 * begin, count=20)
        gone.append(await store.submit(partial(room.make, connection="home", came=came)))
    assert gone == [11, 0, 0, 60, 0, 0, 60, 20, 0]


async def test_more_than_a_page_makes_room_and_what_waits_to_be_announced_stays(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood would never be cleared away, or a command be thrown away before anybody was told of it."""
    monkeypatch.setattr(room_module, "_PAGE", 7)
    inbox = an_inbox(store, clock, ReceivePolicy(sender_rows=10))
    messages = tuple(incoming(remote_id=f"42:{number}") for number in range(30))
    accepted = await an_inbox(store, clock, ReceivePolicy()).accept(
        HOME, Batch(messages=messages, cursor="1"), caught_up_at=None, redact=Redactor()
    )
    await inbox.save_routed(replace(message, routed_at=1.0) for message in accepted.messages[:20])
    room = Quota(lambda _: ReceivePolicy(sender_rows=15))  # a page beside each message, until it is enough
    assert [await store.submit(partial(room.make, connection="home", came=1)) for _ in range(4)] == [7, 7, 3, 0]
    assert (await left(inbox))["42"] == [*range(17, 30)]
    assert await store.submit(lambda tx: Quota(lambda _: ReceivePolicy(sender_rows=10)).make(tx, "home", 1)) == 3
    assert (await left(inbox))["42"] == [*range(20, 30)]


async def test_what_was_archived_or_read_goes_first(store: Store, clock: FakeClock) -> None:
    """What nobody has seen yet would go before what everybody has seen."""
    inbox = an_inbox(store, clock, ReceivePolicy(sender_rows=150))
    await fill(inbox)
    await inbox.mark([91], InboxStatus.ARCHIVED)
    await inbox.mark([90], InboxStatus.READ)
    assert await fill(inbox, begin=100, count=100) == 65
    assert await inbox.pages.count(connection="home", sender_id="42", status=InboxStatus.ARCHIVED) == 0
    assert await inbox.pages.count(connection="home", sender_id="42", status=InboxStatus.READ) == 0


async def test_room_is_made_in_small_steps(store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """With bounds that were lowered, the next message would wait until a year of others is deleted."""
    monkeypatch.setattr("bach_lib.inbound.quota._PAGE", 20)
    await fill(an_inbox(store, clock, ReceivePolicy()), count=200)
    inbox = an_inbox(store, clock, ReceivePolicy(sender_rows=100))
    assert [await fill(inbox, begin=begin, count=1) for begin in range(200, 203)] == [20, 20, 20]
    for begin in range(203, 213):
        await fill(inbox, begin=begin, count=1)
    assert await inbox.pages.count(connection="home", sender_id="42", status=None) <= 100


async def test_what_was_thrown_away_is_not_remembered_without_end(
    store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An automation that throws away all that comes would fill the disk with its numbers."""
    monkeypatch.setattr("bach_lib.inbound.inbox._MAX_THROWN_AWAY", 100)
    inbox = an_inbox(store, clock, ReceivePolicy())
    for begin in range(0, 300, 50):
        await clock.advance(1)
        await fill(inbox, begin=begin, count=50)
        await inbox.delete(range(begin + 1, begin + 51))
    rows = await store.submit(lambda tx: tx.rows("count_thrown_away"), writes=False)
    assert [90 <= integer(row["number"]) <= 100 for row in rows] == [True], "by how much, the size of portions says"
    assert await fill(inbox, begin=290, count=10) == 0
    assert await inbox.pages.count(connection="home", sender_id="42", status=None) == 0, "the newest are known"
    monkeypatch.setattr("bach_lib.inbound.inbox._MAX_THROWN_AWAY_BYTES", 5000)
    await inbox.delete([])
    rows = await store.submit(lambda tx: tx.rows("count_thrown_away"), writes=False)
    assert [row["number"] for row in rows] == [42]


async def test_what_cannot_be_read_takes_so_many_bytes_at_most(store: Store, clock: FakeClock) -> None:
    """A platform that sends rubbish of megabytes would fill the disk."""
    inbox = an_inbox(store, clock, ReceivePolicy())
    rubbish = tuple(Unreadable(raw="\u20ac" * 30_000, reason="\u20ac" * 30_000) for _ in range(110))
    batch = Batch(messages=(), cursor="1", unreadable=rubbish)
    await inbox.accept(HOME, batch, caught_up_at=None, redact=Redactor())
    kept = await inbox.unreadable("home")
    assert len(kept) == 100
    assert sum(len(one.raw.encode()) + len(one.reason.encode()) for one in kept) < 2_000_000


@pytest.mark.parametrize(
    "damage", ["content = '{'", "metadata = '[1]'", "kind = 'tfxt'", "sent_at = 'abc'", "age = 'x'"]
)
@pytest.mark.sqlite_only
async def test_a_damaged_row_costs_only_itself(store: Store, clock: FakeClock, damage: str) -> None:
    """One bit that flipped on a worn card would hide the whole inbox, and stop receiving at every start."""
    inbox = an_inbox(store, clock, ReceivePolicy())
    messages = (incoming(remote_id="1", text="one"), incoming(remote_id="2", text="two"))
    await inbox.accept(HOME, Batch(messages=messages, cursor="1"), caught_up_at=None, redact=Redactor())
    await store.submit(lambda tx: tx._connection.execute(f"UPDATE inbox SET {damage} WHERE remote_id = '1'"))
    left = await inbox.unrouted("home")
    page = await inbox.pages.page(
        connection=None, sender_id=None, recipient=None, status=None, before=None, limit=9, offset=0
    )
    assert [message.text for message in left] == ["one", "two"]
    assert [message.text for message in page] == ["two", "one"]
    assert (left[0].kind, "damaged" in str(left[0].metadata["unreadable"])) == (Kind.OTHER, True)


class RudeError(BaseException):
    """What no border expects."""


async def test_foreign_code_throws_what_it_likes() -> None:
    """A connector that reads the result of a cancelled future would end receiving for good."""

    async def cancelled() -> None:
        raise asyncio.CancelledError

    async def rude() -> None:
        raise RudeError

    for work in (cancelled, rude):
        with pytest.raises(ForeignError):
            await guarded(work())


async def test_a_caller_can_still_be_cancelled() -> None:
    """Stopping would wait for ever."""
    caller = asyncio.create_task(guarded(asyncio.Event().wait()))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
