"""What comes in: every message once, together with the cursor, from allowed senders only."""

from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.errors import StoreFailedError, UnknownMessageError
from bach_lib.inbound.admission import is_allowed
from bach_lib.inbound.inbox import Accepted, Inbox
from bach_lib.inbound.pairing import Pairings
from bach_lib.models import Button, Candidate, Connection, Status
from bach_lib.models.incoming import Content, InboxStatus, IncomingMessage, Kind, Location, Media
from bach_lib.outbound.rows import draft_row
from bach_lib.redact import Redactor
from bach_lib.storage import Database, Store, Transaction, Value
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming
from tests.lib.outbound.make import draft
from tests.lib.storage.work import add

INSTANCE = "0a1b2c3d"
HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))


class Bench:
    """An inbox, and who was offered as a candidate."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.candidates: list[Candidate] = []
        self.pairings = Pairings(lambda _, candidate: self.candidates.append(candidate))
        self.inbox = Inbox(store, clock, self.pairings, INSTANCE, max_age=300)

    async def take_in(
        self,
        *messages: Incoming,
        cursor: str | None = "1",
        row: Connection = HOME,
        unreadable: tuple[Unreadable, ...] = (),
        caught_up_at: float | None = None,
        secrets: tuple[str, ...] = (),
    ) -> Accepted:
        """Take a batch in."""
        batch = Batch(messages=messages, cursor=cursor, unreadable=unreadable)
        return await self.inbox.accept(row, batch, caught_up_at=caught_up_at, redact=Redactor(secrets))

    async def accept(self, *messages: Incoming, cursor: str | None = "1", row: Connection = HOME) -> list[str]:
        """Take a batch in; return the texts of what was new."""
        return [message.text for message in (await self.take_in(*messages, cursor=cursor, row=row)).messages]

    async def page(
        self,
        *,
        connection: str | None = None,
        sender_id: str | None = None,
        recipient: str | None = None,
        status: InboxStatus | None = None,
        before: int | None = None,
        limit: int = 500,
        offset: int = 0,
    ) -> list[IncomingMessage]:
        """A page of the inbox."""
        return await self.inbox.pages.page(
            connection=connection,
            sender_id=sender_id,
            recipient=recipient,
            status=status,
            before=before,
            limit=limit,
            offset=offset,
        )

    async def texts(self) -> list[str]:
        """What is in the inbox, oldest first."""
        return [message.text for message in reversed(await self.page())]


@pytest.fixture
async def bench(store: Store, clock: FakeClock) -> Bench:
    """The inbox of a database with one connection."""
    await store.submit(add("home"))
    return Bench(store, clock)


# -- once ------------------------------------------------------------------------------------------------------------


async def test_a_message_is_stored_as_it_was_read(bench: Bench, clock: FakeClock) -> None:
    """A field would be lost on the way to the disk."""
    message = incoming(text="Grüße 🐢", sent_at=clock.now() - 3, metadata={"chat_type": "private", "reply_to": 7})
    [stored] = (await bench.take_in(message)).messages
    for name in ("remote_id", "recipient", "sender_id", "sender_name", "kind", "text", "sent_at", "metadata"):
        assert getattr(stored, name) == getattr(message, name)
    assert (stored.connection, stored.received_at) == ("home", clock.now())
    assert await bench.page(connection="home", before=None, limit=5) == [stored]


async def test_a_known_id_is_dropped_and_a_known_text_is_not(bench: Bench) -> None:
    """The door would open twice, or the second "yes" be swallowed."""
    assert await bench.accept(incoming(remote_id="1"), incoming(remote_id="2")) == ["hello", "hello"]
    assert await bench.accept(incoming(remote_id="2"), incoming(remote_id="3")) == ["hello"]
    assert await bench.accept(incoming(remote_id="9"), incoming(remote_id="9")) == ["hello"]
    assert len(await bench.texts()) == 4


async def test_connections_do_not_share_their_ids(bench: Bench, store: Store) -> None:
    """With two bots the messages of one would hide those of the other."""
    await store.submit(add("work"))
    work = Connection(name="work", type="fake", allowed=frozenset({"42"}))
    assert await bench.accept(incoming(remote_id="1")) == ["hello"]
    assert await bench.accept(incoming(remote_id="1"), row=work) == ["hello"]


async def test_after_a_purge_a_message_may_be_there_again_but_the_cursor_stays(bench: Bench, clock: FakeClock) -> None:
    """Forgetting old messages would make the connection read everything anew."""
    await bench.accept(incoming(), cursor="7")
    await clock.advance(10)
    assert await bench.inbox.purge(clock.now()) == 1
    assert await bench.texts() == []
    assert await bench.inbox.cursor("home") == "7"


# -- with its cursor -------------------------------------------------------------------------------------------------


async def test_the_cursor_is_kept(bench: Bench) -> None:
    """After a restart everything would come again."""
    assert await bench.inbox.cursor("home") is None
    await bench.accept(incoming(), cursor="7")
    assert await bench.inbox.cursor("home") == "7"
    await bench.accept(cursor="8")
    assert await bench.inbox.cursor("home") == "8", "also when nothing of a batch is for us"


@pytest.mark.parametrize("broken", ["save_cursor", "add_incoming"])
async def test_cursor_and_messages_are_one_step(bench: Bench, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """A full disk in the middle would lose what a person wrote: the cursor moved, the message did not."""
    await bench.accept(incoming(remote_id="1", text="before"), cursor="1")
    for method in ("run", "row"):
        original = getattr(Transaction, method)

        def full_disk(tx: Transaction, query: str, original: object = original, **values: Value) -> object:
            result = original(tx, query, **values) if callable(original) else None
            if query == broken:
                raise StoreFailedError(path="bach.db", reason="disk full")
            return result

        monkeypatch.setattr(Transaction, method, full_disk)
    with pytest.raises(StoreFailedError):
        await bench.accept(incoming(remote_id="2", text="lost?"), cursor="2")
    monkeypatch.undo()
    assert await bench.inbox.cursor("home") == "1"
    assert await bench.texts() == ["before"]
    assert await bench.accept(incoming(remote_id="2", text="lost?"), cursor="2") == ["lost?"]


async def test_a_poll_without_news_writes_nothing(tmp_path: Path, clock: FakeClock) -> None:
    """Every long poll, once a minute for ever, would wear the SD card."""
    store = Database(tmp_path / "bach.db")
    await store.open()
    await store.submit(add("home"))
    bench = Bench(store, clock)
    await bench.accept(incoming(), cursor="7")
    before = (tmp_path / "bach.db-wal").stat().st_size
    for _ in range(5):
        await bench.accept(cursor="7")
    assert (tmp_path / "bach.db-wal").stat().st_size == before
    await store.close()


# -- from whom -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "message", "expected"),
    [
        pytest.param(set(), incoming(), False, id="nobody by default"),
        pytest.param({"42"}, incoming(), True, id="a chat"),
        pytest.param({"42"}, incoming(recipient="-100", sender_id="42"), True, id="a person in any group"),
        pytest.param({"-100"}, incoming(recipient="-100", sender_id="666"), True, id="everybody in a group"),
        pytest.param({"-100"}, incoming(recipient="-100/7", sender_id="666"), True, id="a thread of that group"),
        pytest.param({"-100/7"}, incoming(recipient="-100/7", sender_id="666"), True, id="one thread"),
        pytest.param({"-100/7"}, incoming(recipient="-100/8", sender_id="666"), False, id="another thread"),
        pytest.param({"-100/7"}, incoming(recipient="-100", sender_id="666"), False, id="outside of the thread"),
        pytest.param({"42"}, incoming(recipient="4", sender_id="2"), False, id="parts of an id"),
        pytest.param({"-100#42"}, incoming(recipient="-100", sender_id="42"), True, id="a person in one group"),
        pytest.param({"-100#42"}, incoming(recipient="-100/7", sender_id="42"), True, id="that person in a thread"),
        pytest.param({"-100#42"}, incoming(recipient="-100", sender_id="43"), False, id="another person there"),
        pytest.param({"-100#42"}, incoming(recipient="-200", sender_id="42"), False, id="that person elsewhere"),
        pytest.param({"-100#42"}, incoming(recipient="42", sender_id="42"), False, id="that person alone"),
        pytest.param({"-100#"}, incoming(recipient="-100", sender_id=""), False, id="nobody in a group"),
        pytest.param({"Ada"}, incoming(recipient="666", sender_id="666"), False, id="names say nothing"),
        pytest.param({""}, incoming(recipient="/7", sender_id="666"), False, id="an empty entry lets nobody in"),
    ],
)
def test_who_is_let_in(allowed: set[str], message: Incoming, expected: bool) -> None:
    """Strangers could command the house, or its people could not."""
    assert is_allowed(frozenset(allowed), message) is expected


async def test_a_stranger_leaves_nothing_but_a_number(bench: Bench, store: Store) -> None:
    """Anybody who finds the bot could fill the disk."""
    strangers = [incoming(remote_id=f"666:{number}", recipient="666", sender_id="666") for number in range(3)]
    accepted = await bench.take_in(*strangers, incoming(), cursor="5")
    assert (len(accepted.messages), accepted.blocked) == (1, 3)
    row = await store.submit(lambda tx: tx.row("list_connections"))
    assert row
    assert row["blocked_count"] == 3
    assert bench.candidates == []


async def test_a_stranger_is_a_candidate_only_after_the_commit(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person would pick somebody whose message is going to be read again."""
    stranger = incoming(recipient="666", sender_id="666")
    with bench.pairings.open("home") as pairing:
        with monkeypatch.context() as broken:
            broken.setattr(Transaction, "run", raise_full_disk)
            with pytest.raises(StoreFailedError):
                await bench.accept(stranger)
        assert pairing.candidates == {}
        await bench.accept(stranger)
        assert list(pairing.candidates) == ["666"]


def raise_full_disk(tx: Transaction, query: str, **values: Value) -> int:
    """No room."""
    raise StoreFailedError(path="bach.db", reason="disk full")


# -- pages -----------------------------------------------------------------------------------------------------------


async def test_pages_are_newest_first_and_follow_each_other(bench: Bench) -> None:
    """Who scrolls back would miss messages."""
    await bench.accept(*(incoming(remote_id=str(number), text=str(number)) for number in range(10)))
    first = await bench.page(connection=None, before=None, limit=4)
    second = await bench.page(connection="home", before=first[-1].id, limit=4)
    assert [message.text for message in first + second] == ["9", "8", "7", "6", "5", "4", "3", "2"]
    assert await bench.page(connection="work", before=None, limit=4) == []


async def test_a_broken_character_does_not_stop_everything_behind_it(bench: Bench) -> None:
    """One odd message from a careless program would be read, and fail, again and again, and nothing else would come."""
    broken = incoming(remote_id="1", text="half \ud83d", sender_name="\udc00", metadata={"name": "\ud83d"})
    assert await bench.accept(broken, incoming(remote_id="2", text="fine")) == ["half ?", "fine"]


# -- what a message is about, and how old it is ----------------------------------------------------------------------


async def put_message(store: Store, attempted_at: float, connection: str = "home") -> int:
    """A message of ours that went out, with a button below it."""
    buttons = ((Button(text="Yes", value="yes"),),)
    plain = draft(connection=connection, recipient="42", text="Open the door?", created_at=attempted_at)
    row = draft_row(replace(plain, buttons=buttons), Status.SENT, attempted_at)
    return await store.submit(lambda tx: tx.insert("put_message", row))


def press(number: int, *, instance: str = INSTANCE, remote_id: str = "p1") -> Incoming:
    """A button of message `number` is pressed; presses carry no date."""
    return incoming(
        remote_id=remote_id, kind=Kind.BUTTON, text="", content=Content(value="yes"), origin=f"{instance}-{number:x}"
    )


async def kind_of(bench: Bench, message: Incoming, *, caught_up_at: float | None = None) -> Kind:
    """What a message is stored as."""
    [stored] = (await bench.take_in(message, caught_up_at=caught_up_at)).messages
    return stored.kind


async def test_a_press_names_the_message_it_belongs_to(bench: Bench, store: Store, clock: FakeClock) -> None:
    """A question would never learn of its answer, or another question would take it."""
    first, second = [await put_message(store, clock.now()) for _ in range(2)]
    accepted = await bench.take_in(press(first), press(second, remote_id="p2"))
    assert [message.message_id for message in accepted.messages] == [first, second]
    assert [message.message_id for message in reversed(await bench.page())] == [first, second]


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("{other}-1", id="another database"),
        pytest.param("{ours}-ffff", id="a message that is gone"),
        pytest.param("{ours}-2", id="a message of another connection"),
        pytest.param("{ours}-", id="no number"),
        pytest.param("{ours}-x", id="not a number"),
        pytest.param("{ours}-" + "f" * 40, id="a number no disk takes"),
        pytest.param("{ours}--1", id="below zero"),
        pytest.param("-1", id="no instance"),
        pytest.param("", id="nothing"),
    ],
)
async def test_no_other_press_is_taken_for_one_of_ours(
    bench: Bench, store: Store, clock: FakeClock, origin: str
) -> None:
    """After a reinstallation an old button would answer a new question."""
    await store.submit(add("work"))
    await put_message(store, clock.now())
    await put_message(store, clock.now(), connection="work")
    filled = origin.format(ours=INSTANCE, other="ffffffff")
    message = incoming(kind=Kind.BUTTON, origin=filled, sent_at=clock.now())
    [stored] = (await bench.take_in(message)).messages
    assert (stored.kind, stored.message_id) == (Kind.BUTTON, None)


@pytest.mark.parametrize(
    ("kind", "age", "expected"),
    [
        (Kind.COMMAND, 300, Kind.COMMAND),
        (Kind.COMMAND, 301, Kind.EXPIRED),
        (Kind.BUTTON, 301, Kind.EXPIRED),
        (Kind.TEXT, 90_000, Kind.TEXT),
        (Kind.MEDIA, 90_000, Kind.MEDIA),
        (Kind.COMMAND, -5, Kind.COMMAND),
    ],
)
async def test_what_is_too_old_is_not_acted_upon(
    bench: Bench, clock: FakeClock, kind: Kind, age: float, expected: Kind
) -> None:
    """After a night without internet the door would open at six in the morning."""
    assert await kind_of(bench, incoming(kind=kind, sent_at=clock.now() - age)) is expected


async def test_an_expired_command_still_says_what_it_was(bench: Bench, clock: FakeClock) -> None:
    """Nobody could tell the person which of their commands came too late."""
    content = Content(command="open", args="door")
    [stored] = (
        await bench.take_in(incoming(kind=Kind.COMMAND, text="/open door", content=content, sent_at=1.0))
    ).messages
    assert (stored.kind, stored.text, stored.content) == (Kind.EXPIRED, "/open door", content)


async def test_a_press_is_no_older_than_the_last_look(bench: Bench, store: Store, clock: FakeClock) -> None:
    """Presses carry no date: every one would be too old, or none, even after a night without internet."""
    number = await put_message(store, clock.now() - 5000)
    assert await kind_of(bench, press(number), caught_up_at=clock.now() - 60) is Kind.BUTTON
    assert await kind_of(bench, press(number, remote_id="p2"), caught_up_at=clock.now() - 400) is Kind.EXPIRED
    assert await kind_of(bench, press(number, remote_id="p3"), caught_up_at=None) is Kind.EXPIRED


async def test_a_press_is_no_older_than_its_message(bench: Bench, store: Store, clock: FakeClock) -> None:
    """Right after an outage nobody could answer the question that came with the first message."""
    number = await put_message(store, clock.now() - 5)
    assert await kind_of(bench, press(number), caught_up_at=clock.now() - 5000) is Kind.BUTTON


async def test_until_when_everything_was_read_outlives_a_restart(bench: Bench, clock: FakeClock) -> None:
    """After a restart of a minute the press of that minute would count as old, or that of the last night as new."""
    assert await bench.inbox.caught_up_at("home") is None
    await bench.take_in(incoming(), cursor="7")
    stored_at = clock.now()
    assert await bench.inbox.caught_up_at("home") == stored_at
    await clock.advance(50)
    await bench.take_in(cursor="7")
    assert await bench.inbox.caught_up_at("home") == stored_at, "an empty poll writes nothing"
    await bench.inbox.save_caught_up_at("home", clock.now())
    assert await bench.inbox.caught_up_at("home") == clock.now()


# -- poison ----------------------------------------------------------------------------------------------------------


async def test_a_message_no_disk_takes_is_set_aside_and_the_others_stay(bench: Bench) -> None:
    """One poisonous message would be read, and fail, again and again, and nothing else would ever come."""
    poison = incoming(remote_id="2", text="bad", metadata={"circle": object()})
    accepted = await bench.take_in(incoming(remote_id="1"), poison, incoming(remote_id="3"), cursor="4")
    assert ([message.remote_id for message in accepted.messages], accepted.aside) == (["1", "3"], 1)
    assert await bench.inbox.cursor("home") == "4"
    [kept] = await bench.inbox.unreadable("home")
    assert "bad" in kept.raw
    assert "TypeError" in kept.reason


async def test_what_the_connector_could_not_read_is_kept_without_secrets(bench: Bench) -> None:
    """Whoever mends it would have nothing to look at; or would read the bot's token in it."""
    raw = Unreadable(raw='{"update_id": "\ud83d", "token": "hush-hush"}', reason="no number: hush-hush")
    await bench.take_in(unreadable=(raw,), secrets=("hush-hush",))
    [kept] = await bench.inbox.unreadable("home")
    assert kept.raw.startswith('{"update_id": "\\ud83d"')
    assert "hush" not in kept.raw + kept.reason


async def test_only_so_much_is_set_aside(bench: Bench, clock: FakeClock) -> None:
    """Whoever sends nonsense could fill the disk."""
    for number in range(130):
        await bench.take_in(unreadable=(Unreadable(raw=f"{number} " + "x" * 50_000, reason="big"),))
    kept = await bench.inbox.unreadable("home")
    assert len(kept) == 100
    assert kept[0].raw.startswith("129 ")
    assert max(len(one.raw) for one in kept) == 16_384
    await clock.advance(1)
    await bench.inbox.purge(clock.now())
    assert await bench.inbox.unreadable("home") == []


# -- looking things up -----------------------------------------------------------------------------------------------


async def test_what_a_message_holds_comes_back_as_it_was(bench: Bench) -> None:
    """A photo, a place or a reaction would be lost on the way to the disk."""
    contents = [
        Content(command="open", args="the door"),
        Content(value="yes"),
        Content(reactions=("👍", "🔥")),
        Content(media=Media(type="voice", reference="f1", name="a.ogg", size=3, mime_type="audio/ogg", duration=1.5)),
        Content(location=Location(latitude=52.5, longitude=13.4)),
        Content(),
    ]
    messages = [incoming(remote_id=str(number), content=content) for number, content in enumerate(contents)]
    assert [message.content for message in (await bench.take_in(*messages)).messages] == contents
    assert [message.content for message in reversed(await bench.page())] == contents


async def test_statuses_are_set_and_filtered(bench: Bench) -> None:
    """What somebody has read would stay unread, or a whole inbox be marked by one mistake."""
    await bench.accept(*(incoming(remote_id=str(number), text=str(number)) for number in range(4)))
    ids = [message.id for message in reversed(await bench.page())]
    assert await bench.inbox.mark(ids[:2], InboxStatus.READ) == 2
    assert await bench.inbox.mark(ids[:3], InboxStatus.READ) == 1, "only what had another status"
    assert await bench.inbox.mark([-1, 10**30], InboxStatus.ARCHIVED) == 0
    assert [message.text for message in await bench.page(status=InboxStatus.UNREAD)] == ["3"]
    assert [message.text for message in await bench.page(status=InboxStatus.READ)] == ["2", "1", "0"]
    assert (await bench.inbox.get(ids[0])).status is InboxStatus.READ


async def test_pages_by_sender_and_offset(bench: Bench) -> None:
    """Who looks for one person's messages would find those of others."""
    group = Connection(name="home", type="fake", allowed=frozenset({"-100"}))
    messages = [
        incoming(remote_id=str(number), recipient="-100", sender_id="4" + "2" * (number % 2), text=str(number))
        for number in range(6)
    ]
    await bench.accept(*messages, row=group)
    assert [message.text for message in await bench.page(sender_id="42", limit=2, offset=1)] == ["3", "1"]
    assert [message.text for message in await bench.page(offset=4)] == ["1", "0"]
    assert await bench.page(offset=10**30) == []


async def test_a_message_that_is_not_there(bench: Bench) -> None:
    """A mistyped number would end in an error nobody understands."""
    for number in (99, -1, 10**30):
        with pytest.raises(UnknownMessageError, match=str(number)):
            await bench.inbox.get(number)


async def test_a_code_is_neither_stored_nor_counted_and_is_spent_after_the_commit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An automation would see the code as a command, or a full disk would cost somebody their place in the list."""
    with bench.pairings.open("home") as pairing:
        known = incoming(recipient="42", sender_id="42", text=pairing.code)
        with monkeypatch.context() as broken:
            broken.setattr(Transaction, "run", raise_full_disk)
            with pytest.raises(StoreFailedError):
                await bench.accept(known)
        assert await bench.take_in(known) == Accepted(messages=[], blocked=0, aside=0)
        assert [one.has_code for one in pairing.candidates.values()] == [True]
