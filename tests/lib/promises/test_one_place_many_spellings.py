"""One place, one person, many spellings: lanes, limits, rights and answers meet at one form."""

import asyncio
from collections.abc import Iterable

import pytest

from bach_lib import Bach, Connection, Place, Question, Status
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.connectors.capabilities import Rate
from bach_lib.errors import InvalidValueError, StoreFailedError
from bach_lib.events import RecipientMoved
from bach_lib.models import Fault, Operation
from bach_lib.models.incoming import Kind
from bach_lib.models.spellings import MAX_SPELLINGS, Sighting
from bach_lib.outcomes import Dead, Retry, Scope, Sent
from bach_lib.questions.unanswered import QuestionUndeliveredError
from bach_lib.storage import Store, Transaction, Value
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakeConnector, FakePlatform
from tests.lib.promises.conftest import OpenBach, record

NAMED = Sighting(id="-1", names=("@home",))
MOVED = Sighting(id="-2", was=("-1",))
DOWN = Fault(code="refused", text="Connection refused")
BUSY = Retry(fault=Fault(code="busy", text="Try again"), scope=Scope.MESSAGE)


def said(text: str, place: str = "-1", *sightings: Sighting, sender: str = "42") -> Incoming:
    """Somebody writes there; the platform says this of the place with it."""
    return Incoming(
        remote_id=f"{place}:{text}",
        recipient=place,
        recipient_title="Home",
        sender_id=sender,
        sender_name="Ada",
        kind=Kind.TEXT,
        text=text,
        sightings=sightings,
    )


async def comes_in(platform: FakePlatform, clock: FakeClock, *messages: Incoming, cursor: str = "1") -> None:
    """A poll brings this."""
    platform.incoming.put_nowait(Batch(messages=messages, cursor=cursor))
    await clock.settle()


async def inbox(bach: Bach) -> list[tuple[str, str]]:
    """Place and text of all that came in, oldest first."""
    return [(message.recipient, message.text) for message in reversed(await bach.inbox(limit=500))]


def sent(platform: FakePlatform) -> list[tuple[str, str]]:
    """Place and text of all that went out."""
    return [(message.recipient, message.text) for message in platform.sent]


async def test_a_newer_message_of_a_tag_replaces_at_once_what_waits_under_another_name(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """During an outage the page would show both, and the old value as one that is still to be sent."""
    async with open_bach() as bach:
        platform.outcomes.append(Sent(sightings=(NAMED,)))
        await bach.send("home", "@home", "hello")
        await clock.settle()
        platform.fault = DOWN
        old = await bach.send("home", "-1", "21 degrees", tag="heat")
        await clock.settle()
        as_before = "UPDATE messages SET recipient = '@home' WHERE id = ?1"  # what waits is written anew in small steps
        await bach._base.store.submit(lambda tx: tx.change(as_before, [(old.id,)]))
        new = await bach.send("home", "-1", "22 degrees", tag="heat")
        assert [(await bach.get(one.id)).status for one in (old, new)] == [Status.CANCELLED, Status.PENDING]


async def test_what_an_answer_says_of_a_name_counts_from_then_on_and_after_a_restart(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """Who is let in by name would be a stranger by the id under which everything comes in."""
    async with open_bach(lasting_store, receives=True, allowed=frozenset({"@home"})) as bach:
        moved = record(bach, RecipientMoved)
        platform.outcomes.append(Sent(sightings=(NAMED,)))
        await bach.send("home", "@home", "first")
        await clock.settle()
        assert [(event.old, event.new) for event in moved] == [("@home", "-1")]
        receipt = await bach.send("home", "@Home", "second")
        assert receipt.recipient == "-1"
        await comes_in(platform, clock, said("hello"))
        assert await inbox(bach) == [("-1", "hello")]
    async with open_bach(lasting_store, receives=True) as bach:
        await comes_in(platform, clock, said("again"), cursor="2")
        assert (await inbox(bach))[1:] == [("-1", "again")]
        await bach.send("home", "@home/7", "a topic")
        await clock.settle()
    assert sent(platform) == [("@home", "first"), ("-1", "second"), ("-1/7", "a topic")]


TO, FROM = said("to", "-1", MOVED), said("from", "-2", MOVED)


@pytest.mark.parametrize("news", [(TO, FROM), (FROM, TO), (TO,), (FROM,), (TO, TO, FROM, FROM)])
async def test_a_move_is_followed_whoever_tells_of_it_first(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, news: Iterable[Incoming]
) -> None:
    """Everything from the new group would be a stranger's until something is sent there."""
    async with open_bach(receives=True, allowed=frozenset({"-1"})) as bach:
        await comes_in(platform, clock, said("before"), *news, said("after", "-2"), said("late", "-1"))
        places = await inbox(bach)
        assert places[0] == ("-2", "before")
        assert places[-2:] == [("-2", "after"), ("-2", "late")], "what was written before it moved may come later"
        assert bach.registry.get("home").blocked_count == 0


async def test_a_move_that_strangers_tell_of_concerns_nobody(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """Anybody who finds the bot could fill the disk with names of places."""
    async with open_bach(lasting_store, receives=True, allowed=frozenset({"42"})) as bach:
        await comes_in(platform, clock, said("x", "-9", Sighting(id="-9", names=("@n",), was=("-8",)), sender="66"))
        assert bach.registry.get("home").blocked_count == 1
        assert await lasting_store.submit(lambda tx: tx.rows("list_spellings"), writes=False) == []


async def test_who_takes_over_a_name_gets_neither_the_rights_nor_the_messages(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A free username is there for anybody: they would command the house, and read what is meant for it."""
    async with open_bach(receives=True, allowed=frozenset({"@home"})) as bach:
        await comes_in(platform, clock, said("ours", "-1", NAMED))
        thief = Sighting(id="-6", names=("@home",))
        await comes_in(platform, clock, said("theirs", "-6", thief, sender="66"), cursor="2")
        assert await inbox(bach) == [("-1", "ours")]
        await bach.send("home", "@home", "the code is 1234")
        await clock.settle()
        assert sent(platform) == [("-1", "the code is 1234")]


async def test_the_same_for_people_inside_a_group(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A role given to a name inside a group would go to whoever takes the name."""
    async with open_bach(receives=True, allowed=frozenset({"-5#@ada"})) as bach:
        ada, thief = Sighting(id="42", names=("@ada",)), Sighting(id="66", names=("@ada",))
        await comes_in(platform, clock, said("open", "-5", ada))
        await comes_in(platform, clock, said("open too", "-5", thief, sender="66"), cursor="2")
        assert await inbox(bach) == [("-5", "open")]


@pytest.mark.parametrize("number", [3, 250])
async def test_what_waits_goes_once_and_in_order_whatever_it_was_addressed_to(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, number: int
) -> None:
    """Messages would be stranded under the old address, or overtake each other in two lanes."""
    async with open_bach(receives=True, allowed=frozenset({"-1"})) as bach:
        platform.fault = DOWN
        for count in range(number):
            await bach.send("home", ("-1", "-2", "-1/7")[count % 3], str(count))
        await comes_in(platform, clock, TO)
        await bach.send("home", "-1", "last")
        platform.fault = None
        for _ in range(60):
            await clock.advance(30 if len(platform.sent) <= number else 0)
        assert [text for place, text in sent(platform) if place == "-2"] == [
            *(str(count) for count in range(number) if count % 3 != 2),
            "last",
        ]
        assert [text for place, text in sent(platform) if place == "-2/7"] == [
            str(count) for count in range(number) if count % 3 == 2
        ]
        assert len(platform.sent) == number + 1


async def test_nothing_overtakes_what_is_under_way_when_two_lanes_become_one(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """The second message would be read before the first, which fails and comes again."""
    async with open_bach(receives=True, allowed=frozenset({"-1"})) as bach:
        platform.hold = asyncio.Event()
        platform.outcomes.append(BUSY)
        await bach.send("home", "-1", "first")
        await clock.settle()
        await comes_in(platform, clock, TO)
        await bach.send("home", "-1", "second")
        await clock.settle()
        assert [message.text for message in platform.attempts] == ["first"]
        platform.hold.set()
        await clock.advance(120)
        assert sent(platform) == [("-2", "first"), ("-2", "second")]


async def test_what_waits_finds_its_place_after_a_restart(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """What is read from the disk after a start would stand in a lane of its own."""
    async with open_bach(lasting_store, receives=True, allowed=frozenset({"-1"})) as bach:
        platform.fault = DOWN
        for text in "abc":
            await bach.send("home", "-1", text)
        await comes_in(platform, clock, TO)
        await lasting_store.submit(lambda tx: tx.run("readdress", ids="[1, 3]", old="-2", new="-1", is_move=False))
    platform.fault = None
    async with open_bach(lasting_store, receives=True) as bach:
        await bach.send("home", "-2", "d")
        await clock.advance(120)
    assert sent(platform) == [("-2", text) for text in "abcd"]


async def test_a_newer_message_with_the_same_tag_finds_the_older_under_the_old_name(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """The old value would arrive as well, and after the new one."""
    async with open_bach(receives=True, allowed=frozenset({"-1"})) as bach:
        platform.fault = DOWN
        await bach.send("home", "-1", "20 °C", tag="temperature")
        await comes_in(platform, clock, TO)
        await bach.send("home", "-1", "21 °C", tag="temperature")
        platform.fault = None
        await clock.advance(120)
        assert sent(platform) == [("-2", "21 °C")]


async def test_a_change_stays_with_the_message_that_it_changes(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """After a move, the number of the old message means another one, which would be deleted."""
    async with open_bach(receives=True, allowed=frozenset({"-1"})) as bach:
        receipt = await bach.send("home", "-1", "first")
        await clock.settle()
        platform.fault = DOWN
        await bach.edit(receipt.id, "corrected")
        await comes_in(platform, clock, TO)
        await bach.delete(receipt.id)
        platform.fault = None
        await clock.advance(120)
        assert [message.recipient for message in platform.sent] == ["-1", "-1", "-1"]


async def test_two_spellings_share_the_limits_of_one_place(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform would be asked for twice as much as it allows, and silence the bot."""
    made = "bach_lib.testing.connector.FakeConnector.rates"
    monkeypatch.setattr(made, lambda _, recipient: {f"chat:{recipient}": Rate(count=2, per=60)})
    async with open_bach(receives=True, allowed=frozenset({"-1"})) as bach:
        for text, place in (("a", "-1"), ("b", "-2"), ("c", "-1")):
            await bach.send("home", place, text)
        await clock.settle()
        await comes_in(platform, clock, TO)
        await bach.send("home", "-2", "d")
        await clock.settle()
        assert [text for _, text in sent(platform)] == ["a", "b", "c"]
        await clock.advance(59)
        assert len(platform.sent) == 3, "three in this minute are one too many already"
        await clock.advance(31)
        assert [text for _, text in sent(platform)] == ["a", "b", "c", "d"]


async def test_the_answer_to_a_question_comes_from_the_place_by_another_name(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Whoever was asked by name would answer, and the question would wait on until it is too late."""
    async with open_bach(receives=True, allowed=frozenset({"@ada"})) as bach:
        platform.outcomes.append(Sent(sightings=(Sighting(id="42", names=("@ada",)),)))
        places = (Place(connection="home", recipient="@ada"),)
        asking = asyncio.create_task(bach.ask(Question(text="Open?", places=places, timeout=60, takes_text=True)))
        await clock.settle()
        await comes_in(platform, clock, said("yes", "42"))
        assert (await asking).text == "yes"


async def test_a_lesson_is_on_disk_with_what_taught_it_or_not_at_all(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut, the cursor would be past the only message that tells where the group went."""
    async with open_bach(receives=True, allowed=frozenset({"-1"})) as bach:
        with monkeypatch.context() as broken:
            broken.setattr(Transaction, "run", full_disk_at_the_cursor)
            await comes_in(platform, clock, TO)
        await comes_in(platform, clock, said("after", "-2"))
        assert await inbox(bach) == []
        await clock.advance(60)
        await comes_in(platform, clock, TO, said("after", "-2"), cursor="2")
        assert await inbox(bach) == [("-2", "to"), ("-2", "after")]


_RUN = Transaction.run


def full_disk_at_the_cursor(tx: Transaction, query: str, **values: Value) -> int:
    """As a full disk: what was written before in this transaction is taken back."""
    if query == "save_cursor":
        raise StoreFailedError(path="bach.db", reason="database or disk is full")
    return _RUN(tx, query, **values)


async def test_a_removed_connection_leaves_no_names(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """Another account under the old name would send to places that only the first one knew."""
    async with open_bach(lasting_store, receives=True, allowed=frozenset({"@home"})) as bach:
        await comes_in(platform, clock, said("hello", "-1", NAMED))
        await bach.registry.remove("home")
        assert await lasting_store.submit(lambda tx: tx.rows("list_spellings"), writes=False) == []
        await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"@home"})))
        assert (await bach.send("home", "@home", "hello")).recipient == "@home"


async def test_a_repeated_request_is_known_by_its_key_whatever_was_learned_meanwhile(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A program that repeats its request after a break would be told that it asks for something else."""
    async with open_bach() as bach:
        platform.outcomes.append(Sent(sightings=(NAMED,)))
        first = await bach.send("home", "@home", "hello", idempotency_key="1")
        await clock.settle()
        again = await bach.send("home", "@home", "hello", idempotency_key="1")
        assert again.id == first.id
        assert len(platform.sent) == 1


async def test_dead_letters_and_withdrawals_find_a_place_by_every_name(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """What is sent again, or taken back, for a recipient would leave out what an older name stands on."""
    async with open_bach(receives=True, allowed=frozenset({"-1"})) as bach:
        platform.fault = DOWN
        waiting = await bach.send("home", "-1", "first")
        await comes_in(platform, clock, TO)
        assert await bach.withdraw("home", "-1") == 1
        assert (await bach.get(waiting.id)).status is Status.CANCELLED


async def test_what_is_learned_by_the_way_is_bounded(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """Somebody who is let in and takes a new name every minute would fill the disk."""
    async with open_bach(lasting_store, receives=True, allowed=frozenset({"42"})):
        names = [Sighting(id="42", names=(f"@ada{number}",)) for number in range(60)]
        await comes_in(platform, clock, *(said(f"{one.names}", "42", one) for one in names))
        rows = await lasting_store.submit(lambda tx: tx.rows("list_spellings"), writes=False)
        assert 0 < len(rows) <= 20 < MAX_SPELLINGS


async def test_another_account_begins_at_its_own_beginning(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """With another bot's token, its messages would be skipped by the old number, or be taken for known ones."""
    platform.account = "1"
    direct = Sighting(id="42", names=("55",), of_account=True)
    async with open_bach(lasting_store, receives=True, allowed=frozenset({"42", "@home"})) as bach:
        await comes_in(platform, clock, said("a", "42", direct), said("b", "42", NAMED), cursor="700")
        platform.fault = DOWN
        waiting = await bach.send("home", "42", "still to be sent")
    platform.account, platform.fault = "2", None
    async with open_bach(lasting_store, receives=True) as bach:
        await comes_in(platform, clock, said("a", "42"), cursor="5")
        assert await inbox(bach) == [("42", "a"), ("42", "b"), ("42", "a")], "its first message has the same number"
        assert platform.cursors[-2:] == [None, "5"]
        assert (bach.normal("home", "55"), bach.normal("home", "@home")) == ("55", "-1")
        await clock.advance(120)
        assert (await bach.get(waiting.id)).status is Status.SENT
    async with open_bach(lasting_store, receives=True):
        assert platform.cursors[-1] == "5", "the same account goes on where it was"


async def test_what_is_pushed_while_an_account_is_asked_for_its_name_is_that_ones(
    open_bach: OpenBach,
    clock: FakeClock,
    platform: FakePlatform,
    lasting_store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A smoke alarm that is pushed twice, just after the token was changed, would sound twice."""
    platform.account = "1"
    async with open_bach(lasting_store, receives=True, allowed=frozenset({"42"})):
        await comes_in(platform, clock, said("a"))
    answered = asyncio.Event()

    async def whose(connector: FakeConnector) -> str:
        await answered.wait()
        return "2"

    monkeypatch.setattr(FakeConnector, "whose", whose)
    async with open_bach(lasting_store, receives=True) as bach:
        first = asyncio.create_task(bach.take("home", said("smoke")))
        await clock.settle()
        answered.set()
        assert await first is not None
        await clock.settle()
        assert await bach.take("home", said("smoke")) is None
        assert await bach.take("home", said("a")) is not None, "the same number, of another account"


@pytest.mark.parametrize("entry", ["@HOME", " @Home ", "@Home#42", "@HOME#ADA", "42", "@home/7"])
async def test_who_is_let_in_is_known_however_that_was_written(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, entry: str
) -> None:
    """Whoever was let in as their app writes it would stay a stranger, and nothing would say why."""
    async with open_bach(receives=True, allowed=frozenset({entry})) as bach:
        sender = "ada" if entry.endswith("ADA") else "42"
        await comes_in(platform, clock, said("by name", "@home/7", sender=sender), said("no", "@work", sender="66"))
        assert await inbox(bach) == [("@home/7", "by name")]
        await comes_in(platform, clock, said("by id", "-1/7", NAMED, sender=sender), cursor="2")
        assert (await inbox(bach))[1:] == [("-1/7", "by id")]
        await bach.registry.update("home", allowed=frozenset({"@WORK"}))
        await comes_in(platform, clock, said("ours", "-1/7", sender="66"), said("work", "@work"), cursor="3")
        assert (await inbox(bach))[2:] == [("@work", "work")]


async def test_who_is_let_in_under_an_id_that_is_no_address_stays_so(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A sender whose id the platform writes in another way than any place would be shut out."""
    async with open_bach(receives=True, allowed=frozenset({"Ada Lovelace", "Bob"})) as bach:
        await comes_in(
            platform, clock, said("a", sender="Ada Lovelace"), said("b", sender="Bob"), said("c", sender="C")
        )
        assert await inbox(bach) == [("-1", "a"), ("-1", "b")]


async def texts_to(bach: Bach, recipient: str, connection: str | None = None, *, limit: int = 50) -> list[str]:
    """What was sent to somebody by this name, newest first."""
    found = await bach.messages(connection=connection, recipient=recipient, limit=limit)
    return [message.text for message in found]


async def test_a_place_is_found_by_every_name_that_it_goes_or_went_by(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Whoever looks for the messages to a group would see those since it moved, or none at all."""
    async with open_bach(receives=True, allowed=frozenset({"@home"})) as bach:
        await bach.registry.add(Connection(name="work", type="fake", is_active=False))
        await bach.send("home", "@home", "a")
        await clock.settle()
        await comes_in(platform, clock, said("x", "-1", NAMED))
        await bach.send("home", "@home", "b")
        await bach.send("work", "@home", "at work")
        await clock.settle()
        await comes_in(platform, clock, said("y", "-2", MOVED), cursor="2")
        await bach.send("home", "-1", "c")
        await bach.send("home", "-3", "elsewhere")
        for name in (" @HOME ", "@home", "-1", "-2"):
            assert await texts_to(bach, name, "home") == ["c", "b", "a"]
            assert [text for text in await texts_to(bach, name) if text != "at work"] == ["c", "b", "a"]
            assert [one.text for one in await bach.inbox(recipient=name)] == ["y", "x"]
            assert [one.text for one in await bach.inbox(connection="home", recipient=name, limit=1, offset=1)] == ["x"]
        assert await texts_to(bach, "@Home", "work") == ["at work"]
        assert await texts_to(bach, "-2", "work") == await texts_to(bach, "no address", "home") == []
        first, second = await texts_to(bach, "@Home", "home", limit=2), await bach.messages(recipient="@HOME", limit=1)
        assert (first, second[0].text) == (["c", "b"], "c")
        assert await bach.messages(recipient="@home", connection="nowhere") == []


async def test_a_person_is_found_by_every_name_that_they_go_or_went_by(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """What somebody wrote before they began to hide their number would be nobody's."""
    async with open_bach(receives=True, allowed=frozenset({"-1"})) as bach:
        known = Sighting(id="42", names=("+49",))
        await comes_in(platform, clock, *(said(text, sender="+49") for text in "abc"))
        await comes_in(platform, clock, *(said(text, "-1", known, sender="42") for text in "de"), cursor="2")
        await bach.registry.update("home", allowed=frozenset({"-1", "+49"}))
        await comes_in(platform, clock, said("f", "-1", known, sender="42"), said("g", sender="66"), cursor="3")
        for name in ("home:42", "home:+49", "home: 42 "):
            assert "".join(one.text for one in await bach.inbox(sender=name)) == "fedcba"
            assert "".join(one.text for one in await bach.inbox(sender=name, limit=2, offset=2)) == "dc"
            assert await bach.count_inbox(sender=name) == 6
        assert await bach.count_inbox(sender="home:66") == 1
        assert await bach.inbox(sender="home:43") == []


@pytest.mark.parametrize("name", ["@HOME", "-1", "-2"])
async def test_dead_letters_of_a_place_are_found_by_every_name(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, name: str
) -> None:
    """Somebody sends again, or gives up, what a place did not get: what stands under its old name would stay."""
    dead = Dead(fault=Fault(code="gone", text="Chat not found"))
    async with open_bach(receives=True, allowed=frozenset({"@home"})) as bach:
        await bach.registry.add(Connection(name="work", type="fake", is_active=False))
        for number, (place, news) in enumerate((("@home", NAMED), ("-1", MOVED), ("-2", None), ("-3", None))):
            platform.outcomes.append(dead)
            await bach.send("home", place, place)
            await clock.settle()
            if news:
                await comes_in(platform, clock, said(place, news.id, news), cursor=str(number))
        platform.outcomes += [dead] * 3
        assert await bach.retry_all(recipient=name) == 3
        await clock.settle()
        assert await bach.discard_all("home", recipient=f" {name}") == 3
        [left] = await bach.messages(status=[Status.DEAD])
        assert left.recipient == "-3"
        assert await bach.retry_all("home", recipient="no address") == 0


async def test_what_another_account_sent_is_not_changed_by_this_one(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """With another bot's token, the old number means another message, which would be deleted in its place."""
    platform.account = "1"
    async with open_bach(lasting_store, receives=True, allowed=frozenset({"42"})) as bach:
        await comes_in(platform, clock, said("a", "42"))
        old = await bach.send("home", "42", "of the first bot")
        await clock.settle()
        await bach.edit(old.id, "corrected")
        await clock.advance(1)
    platform.account = "2"
    async with open_bach(lasting_store, receives=True) as bach:
        await comes_in(platform, clock, said("b", "42"), cursor="5")
        before = len(platform.sent)
        with pytest.raises(InvalidValueError, match="present account"):
            await bach.edit(old.id, "x")
        with pytest.raises(InvalidValueError, match="present account"):
            await bach.delete(old.id)
        with pytest.raises(InvalidValueError, match="present account"):
            await bach.react(old.id, "👍")
        await clock.advance(60)
        assert len(platform.sent) == before
        new = await bach.send("home", "42", "of the second")
        await clock.settle()
        await bach.delete(new.id)
        await clock.advance(60)
        assert len(platform.sent) == before + 2


async def test_a_change_that_waits_is_not_made_by_another_account(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """It would be made of whatever message has that number for the new bot; and words would answer it."""
    platform.account = "1"
    async with open_bach(lasting_store, receives=True, allowed=frozenset({"42"})) as bach:
        await comes_in(platform, clock, said("a", "42"))
        old = await bach.send("home", "42", "of the first bot")
        await clock.settle()
        platform.fault = DOWN
        edit = await bach.edit(old.id, "corrected")
        answer = await bach.send("home", "43", "an answer", reply_to=(await bach.get(old.id)).remote_id)
        await clock.settle()
    platform.account, platform.fault = "2", None
    before = len(platform.sent)
    async with open_bach(lasting_store, receives=True) as bach:
        await clock.advance(600)
        ended = await bach.get(edit.id)
        assert ended.status is Status.DEAD
        assert ended.error is not None
        assert "another account" in ended.error.text
        [sent_now] = platform.sent[before:]
        assert (sent_now.text, sent_now.reply_to) == ("an answer", None)
        told = await bach.get(answer.id)
        assert [loss.what for loss in told.lost] == ["reply"]
        assert (await bach.retry(edit.id)).status is Status.PENDING
        await clock.advance(60)
        assert (await bach.get(edit.id)).status is Status.DEAD
        assert len(platform.sent) == before + 1


async def test_whose_account_it_is_does_not_depend_on_the_clock(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """The clock is set, and old answers would pass for new ones, or nothing that is new could be changed."""
    platform.account, platform.fault = "1", DOWN
    async with open_bach(lasting_store, receives=True) as bach:
        await clock.settle()
        answer = await bach.send("home", "43", "an answer", reply_to="7", time_to_live=86_400)
        await clock.settle()
    platform.account = "2"
    async with open_bach(lasting_store, receives=True) as bach:
        await clock.advance(60)
        clock.jump(7200)
        platform.fault = None
        await clock.advance(600)
        [sent] = platform.sent
        assert (sent.text, sent.reply_to) == ("an answer", None)
        assert (await bach.get(answer.id)).created_at > clock.now() - 7200, "it followed the clock"
        clock.jump(-365 * 86_400)
        new = await bach.send("home", "42", "of the second")
        await clock.settle()
        await bach.edit(new.id, "corrected")
        await clock.advance(60)
        assert [message.text for message in platform.sent] == ["an answer", "of the second", "corrected"]


async def test_a_change_waits_until_it_is_known_whose_account_it_is(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform, lasting_store: Store
) -> None:
    """While nobody says so, the change of an old message could be made of somebody else's."""
    platform.account = "1"
    async with open_bach(lasting_store, receives=True) as bach:
        await clock.settle()
        old = await bach.send("home", "42", "of the first bot")
        await clock.settle()
        platform.fault = DOWN
        edit = await bach.edit(old.id, "corrected")
    before, platform.fault, platform.whose_fault = len(platform.sent), None, DOWN
    async with open_bach(lasting_store, receives=True) as bach:
        await clock.advance(20)
        assert len(platform.sent) == before
        platform.whose_fault = None
        await clock.advance(600)
        assert [message.operation for message in platform.sent[before:]] == [Operation.EDIT]
        assert (await bach.get(edit.id)).status is Status.SENT


async def test_a_question_ends_with_the_account_that_asked_it(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """The answer goes to the bot that asked; whoever waits would wait for nothing until time is up."""
    platform.account = "1"
    async with open_bach(receives=True, allowed=frozenset({"42"})) as bach:
        await clock.settle()
        places = (Place(connection="home", recipient="42"),)
        question = Question(text="Open?", places=places, timeout=600, takes_text=True)
        asking = asyncio.create_task(bach.ask(question))
        await clock.settle()
        platform.account = "2"
        await bach.registry.update("home", settings={"x": "y"})
        await clock.settle()
        with pytest.raises(QuestionUndeliveredError, match="Another account"):
            await asking
