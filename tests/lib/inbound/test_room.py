"""Room in the inbox, damaged rows in it, and foreign code that throws whatever it likes."""

import asyncio
from dataclasses import replace

import pytest

from bach_lib.connectors.base import Batch
from bach_lib.foreign import ForeignError, guarded
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.pairing import Pairings
from bach_lib.incoming import InboxStatus, Kind
from bach_lib.models import Connection
from bach_lib.policy import ReceivePolicy
from bach_lib.redact import Redactor
from bach_lib.storage import Store
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
    left = await inbox.count(connection="home", sender_id="42", status=None)
    assert (gone > 0, left <= 250) == (True, True)
    page = await inbox.page(
        connection="home", sender_id="42", recipient=None, status=None, before=None, limit=1, offset=0
    )
    assert page[0].remote_id == "42:499"


async def test_what_was_archived_or_read_goes_first(store: Store, clock: FakeClock) -> None:
    """What nobody has seen yet would go before what everybody has seen."""
    inbox = an_inbox(store, clock, ReceivePolicy(sender_rows=150))
    await fill(inbox)
    await inbox.mark([91], InboxStatus.ARCHIVED)
    await inbox.mark([90], InboxStatus.READ)
    assert await fill(inbox, begin=100, count=100) == 65
    assert await inbox.count(connection="home", sender_id="42", status=InboxStatus.ARCHIVED) == 0
    assert await inbox.count(connection="home", sender_id="42", status=InboxStatus.READ) == 0


@pytest.mark.parametrize(
    "damage", ["content = '{'", "metadata = '[1]'", "kind = 'tfxt'", "sent_at = 'abc'", "age = 'x'"]
)
async def test_a_damaged_row_costs_only_itself(store: Store, clock: FakeClock, damage: str) -> None:
    """One bit that flipped on a worn card would hide the whole inbox, and stop receiving at every start."""
    inbox = an_inbox(store, clock, ReceivePolicy())
    messages = (incoming(remote_id="1", text="one"), incoming(remote_id="2", text="two"))
    await inbox.accept(HOME, Batch(messages=messages, cursor="1"), caught_up_at=None, redact=Redactor())
    await store.submit(lambda tx: tx._connection.execute(f"UPDATE inbox SET {damage} WHERE remote_id = '1'"))
    left = await inbox.unrouted("home")
    page = await inbox.page(
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
