"""The inbox over time: how far was read, what was set aside or deleted, and what a disk in trouble still gives."""

from collections.abc import Callable

import pytest

from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.platform_time import UNKNOWN
from bach_lib.errors import StoreFailedError
from bach_lib.inbound.inbox import Accepted, Inbox
from bach_lib.inbound.pairing import Pairings
from bach_lib.inbound.rules import Rule, Rules
from bach_lib.models import Connection
from bach_lib.models.incoming import Content, InboxStatus, IncomingMessage, Kind
from bach_lib.redact import Redactor
from bach_lib.storage import Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming
from tests.lib.inbound.test_inbox import put_message
from tests.lib.storage.work import add

HOME = Connection(name="home", type="fake", allowed=frozenset({"42", "43", "-100"}))
WORK = Connection(name="work", type="fake", allowed=frozenset({"42"}))


@pytest.fixture
async def inbox(store: Store, clock: FakeClock) -> Inbox:
    """The inbox of a database with two connections."""
    for name in ("home", "work"):
        await store.submit(add(name))
    return Inbox(store, clock, Pairings(lambda *_: None), "0a1b2c3d", max_age=300)


async def take_in(inbox: Inbox, *messages: Incoming, row: Connection = HOME, secret: str = "") -> Accepted:
    """A poll that brings these."""
    batch = Batch(messages=messages, cursor="1")
    return await inbox.accept(row, batch, caught_up_at=None, redact=Redactor([secret]))


async def set_aside(inbox: Inbox, raw: str, reason: str, *secrets: str) -> Unreadable:
    """What is kept of something unreadable."""
    batch = Batch(messages=(), cursor="1", unreadable=(Unreadable(raw=raw, reason=reason),))
    accepted = await inbox.accept(HOME, batch, caught_up_at=None, redact=Redactor(secrets))
    assert accepted == Accepted(messages=[], blocked=0, aside=1, gone=0)
    return (await inbox.unreadable("home"))[0]


async def page_of(
    inbox: Inbox, *, sender_id: str | None = None, recipient: str | None = None, offset: int = 0
) -> list[str]:
    """The ids of a page."""
    page = await inbox.pages.page(
        connection="home", sender_id=sender_id, recipient=recipient, status=None, before=None, limit=3, offset=offset
    )
    return [message.remote_id for message in page]


# -- a disk in trouble -------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
async def test_a_disk_that_nobody_may_write_on_can_still_be_read(inbox: Inbox, store: Store) -> None:
    """A card that has turned read-only, as worn ones do, would hide what is on it."""
    rules = Rules(store)
    await rules.set(Rule(name="light", phrases=("lamp",)))
    [stored] = (await take_in(inbox, incoming())).messages
    await set_aside(inbox, "raw", "reason")
    await store.submit(read_only)
    assert (await inbox.cursor("home"), await inbox.caught_up_at("home")) == ("1", stored.received_at)
    assert await inbox.get(stored.id) == stored
    assert await inbox.unrouted("home") == [stored]
    assert await page_of(inbox) == await page_of(inbox, sender_id="42") == [stored.remote_id]
    assert await inbox.pages.count(connection=None, sender_id=None, status=None) == 1
    assert len(await inbox.unreadable("home")) == 1
    again = Rules(store)
    await again.open()
    assert again.list() == rules.list()
    with pytest.raises(StoreFailedError):
        await take_in(inbox, incoming(remote_id="2"))


def read_only(tx: Transaction) -> None:
    """From now on."""
    tx._connection.execute("PRAGMA query_only = ON")


# -- how far was read --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told_at", "is_complete", "expected"),
    [
        (None, True, lambda clock: clock.now()),
        (5000.0, True, lambda _: 5000.0),
        (UNKNOWN, True, lambda _: None),
        (5000.0, False, lambda _: None),
        (UNKNOWN, False, lambda _: None),
    ],
)
async def test_until_when_all_was_read_is_by_the_clock_that_tells(
    inbox: Inbox,
    clock: FakeClock,
    told_at: float | None,
    is_complete: bool,
    expected: Callable[[FakeClock], float | None],
) -> None:
    """After a restart, a press would be held against the wrong clock, or against a moment when much still waited."""
    batch = Batch(messages=(), cursor="7", told_at=told_at, is_complete=is_complete)
    await inbox.accept(HOME, batch, caught_up_at=None, redact=Redactor())
    assert await inbox.caught_up_at("home") == expected(clock)
    assert await inbox.caught_up_at("work") is None


async def test_of_a_connection_that_is_gone_nothing_was_read(inbox: Inbox) -> None:
    """The last poll of a connection that is being removed would end in an error nobody understands."""
    await inbox.save_caught_up_at("gone", 5.0)
    assert (await inbox.cursor("gone"), await inbox.caught_up_at("gone")) == (None, None)


async def test_ages_count_from_the_clock_that_told(inbox: Inbox, clock: FakeClock) -> None:
    """How old a message was when it came would be seen in no list, or be the difference of two clocks."""
    for number, (told_at, sent_at) in enumerate([(5000.0, 4990.0), (None, clock.now() - 7), (None, None)]):
        batch = Batch(messages=(incoming(remote_id=str(number), sent_at=sent_at),), cursor=None, told_at=told_at)
        await inbox.accept(HOME, batch, caught_up_at=None, redact=Redactor())
    left = await inbox.unrouted("home")
    assert [message.age for message in left] == [10, 7, None]


async def test_whose_press_it_is_stands_in_its_nonce_alone(inbox: Inbox) -> None:
    """A nonce of another program that begins or ends as ours do would be taken for one."""
    for number, origin in enumerate(["0a1b2c3d", "x0a1b2c3d-1", "0a1b2c3d-1-1", "0a1b2c3dx1"]):
        message = incoming(remote_id=str(number), kind=Kind.BUTTON, origin=origin)
        assert [one.message_id for one in (await take_in(inbox, message)).messages] == [None]


async def test_a_press_names_also_a_later_message(inbox: Inbox, store: Store, clock: FakeClock) -> None:
    """From the tenth message on, answers would go to other questions or to none."""
    ids = [await put_message(store, clock.now(), "home") for _ in range(20)]
    yes = Content(value="yes")
    presses = [
        incoming(remote_id=f"p{number}", kind=Kind.BUTTON, content=yes, origin=f"0a1b2c3d-{number:x}") for number in ids
    ]
    assert [one.message_id for one in (await take_in(inbox, *presses)).messages] == ids


async def test_what_is_known_is_neither_new_nor_set_aside(inbox: Inbox) -> None:
    """Every repeated poll would fill the list of what could not be read."""
    await take_in(inbox, incoming())
    assert await take_in(inbox, incoming()) == Accepted(messages=[], blocked=0, aside=0)


# -- set aside ---------------------------------------------------------------------------------------------------------


async def test_what_is_set_aside_stays_readable_and_short(inbox: Inbox) -> None:
    """Whoever mends a connector would have to guess, or a library that tells much would fill the disk."""
    kept = await set_aside(inbox, "Grüße \ud83d" + "x" * 20_000, "Grund \udc00 " + "y" * 1000)
    assert kept.raw.removeprefix("Grüße \\ud83d").rstrip("…") == "x" * (len(kept.raw.encode()) - 14)
    assert 16_380 <= len(kept.raw.encode()) <= 16_386
    assert kept.reason == "Grund \\udc00 " + "y" * (300 - 14) + "…"


@pytest.mark.parametrize("secret", ["pässwörd-2026", "a-t0ken-of-this-bot"])
@pytest.mark.parametrize("before", [0, 16_380])
async def test_no_secret_is_set_aside(inbox: Inbox, secret: str, before: int) -> None:
    """A password with an umlaut, or the half of one that fits, would lie in the database in plain sight."""
    kept = await set_aside(inbox, "x" * before + secret, f"about {secret}", secret)
    assert kept == Unreadable(raw="x" * before + "***", reason="about ***")


async def test_a_poisonous_message_is_set_aside_without_secrets(inbox: Inbox) -> None:
    """Nobody would see why a message is missing; or everybody what it held."""
    poison = incoming(remote_id="9", text="hush-hush", metadata={"circle": {1, 2}})
    assert await take_in(inbox, poison, secret="hush-hush") == Accepted(messages=[], blocked=0, aside=1)
    [kept] = await inbox.unreadable("home")
    assert "remote_id='9'" in kept.raw
    assert "'***'" in kept.raw
    assert kept.reason.startswith("TypeError(")


# -- deleted -----------------------------------------------------------------------------------------------------------


async def test_what_was_deleted_does_not_come_again(inbox: Inbox, clock: FakeClock) -> None:
    """What a person threw away would be back with the next repeated poll, and a command in it run again."""
    stored = (await take_in(inbox, incoming(remote_id="1"), incoming(remote_id="2"))).messages
    thrown_at = clock.now()
    assert await inbox.delete([stored[0].id, 99, -1, 10**30]) == 1
    assert (await take_in(inbox, incoming(remote_id="1"))).messages == []
    assert await page_of(inbox) == ["2"]
    await inbox.purge(thrown_at)
    assert (await take_in(inbox, incoming(remote_id="1"))).messages == []
    await clock.advance(1)
    assert await inbox.purge(clock.now()) == 1
    assert len((await take_in(inbox, incoming(remote_id="1"))).messages) == 1, "nobody remembers it for ever"


async def test_only_what_is_old_is_purged(inbox: Inbox, clock: FakeClock) -> None:
    """The whole inbox would go with its oldest message, and what was set aside with it."""
    await take_in(inbox, incoming(remote_id="1"))
    await set_aside(inbox, "old", "reason")
    await clock.advance(10)
    await take_in(inbox, incoming(remote_id="2"))
    await set_aside(inbox, "new", "reason")
    assert await inbox.purge(clock.now()) == 1
    assert await page_of(inbox) == ["2"]
    assert [one.raw for one in await inbox.unreadable("home")] == ["new"]


# -- found again -------------------------------------------------------------------------------------------------------


async def some(inbox: Inbox) -> list[IncomingMessage]:
    """Two of Ada, one of Bob, one in a group, one at work."""
    messages = [
        incoming(remote_id="1"),
        incoming(remote_id="2"),
        incoming(remote_id="3", sender_id="43", recipient="43"),
        incoming(remote_id="4", sender_id="44", recipient="-100"),
    ]
    stored = list((await take_in(inbox, *messages)).messages)
    return stored + list((await take_in(inbox, incoming(remote_id="5"), row=WORK)).messages)


async def test_pages_are_of_those_who_are_asked_for(inbox: Inbox) -> None:
    """Who looks for one person's or one group's messages would find those of others."""
    await some(inbox)
    assert await page_of(inbox) == ["4", "3", "2"]
    assert await page_of(inbox, offset=3) == ["1"]
    assert await page_of(inbox, recipient="-100") == ["4"]
    assert await page_of(inbox, sender_id="42", recipient="-100") == []
    assert await page_of(inbox, sender_id="42", recipient="42") == ["2", "1"]


@pytest.mark.parametrize(
    ("connection", "sender_id", "status", "expected"),
    [
        (None, None, None, 5),
        ("home", None, None, 4),
        ("gone", None, None, 0),
        (None, "42", None, 3),
        ("home", "42", None, 2),
        (None, None, InboxStatus.READ, 1),
        ("home", "42", InboxStatus.UNREAD, 1),
    ],
)
async def test_counts_are_of_those_who_are_asked_for(
    inbox: Inbox, connection: str | None, sender_id: str | None, status: InboxStatus | None, expected: int
) -> None:
    """A badge would show another number than the list behind it has."""
    stored = await some(inbox)
    await inbox.mark([stored[0].id], InboxStatus.READ)
    assert await inbox.pages.count(connection=connection, sender_id=sender_id, status=status) == expected
