"""What comes in: every message once, together with the cursor, from allowed senders only."""

from pathlib import Path

import pytest

from bach_lib.connectors.base import Batch, Incoming
from bach_lib.errors import StoreFailedError
from bach_lib.inbound.inbox import Inbox, is_allowed
from bach_lib.inbound.pairing import Pairings
from bach_lib.models import Candidate, Connection
from bach_lib.storage import Database, Store, Transaction, Value
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming
from tests.lib.storage.work import add

HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))


class Bench:
    """An inbox, and who was offered as a candidate."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.candidates: list[Candidate] = []
        self.pairings = Pairings(lambda _, candidate: self.candidates.append(candidate))
        self.inbox = Inbox(store, clock, self.pairings)

    async def accept(self, *messages: Incoming, cursor: str | None = "1", row: Connection = HOME) -> list[str]:
        """Take a batch in; return the texts of what was new."""
        stored, _ = await self.inbox.accept(row, Batch(messages=messages, cursor=cursor))
        return [message.text for message in stored]

    async def texts(self) -> list[str]:
        """What is in the inbox, oldest first."""
        page = await self.inbox.page(connection=None, before=None, limit=500)
        return [message.text for message in reversed(page)]


@pytest.fixture
async def bench(store: Store, clock: FakeClock) -> Bench:
    """The inbox of a database with one connection."""
    await store.submit(add("home"))
    return Bench(store, clock)


# -- once ------------------------------------------------------------------------------------------------------------


async def test_a_message_is_stored_as_it_was_read(bench: Bench, clock: FakeClock) -> None:
    """A field would be lost on the way to the disk."""
    message = incoming(text="Grüße 🐢", sent_at=clock.now() - 3, metadata={"chat_type": "private", "reply_to": 7})
    [stored], _ = await bench.inbox.accept(HOME, Batch(messages=(message,), cursor="1"))
    for name in ("remote_id", "recipient", "sender_id", "sender_name", "kind", "text", "sent_at", "metadata"):
        assert getattr(stored, name) == getattr(message, name)
    assert (stored.connection, stored.received_at) == ("home", clock.now())
    assert await bench.inbox.page(connection="home", before=None, limit=5) == [stored]


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
        pytest.param({"Ada"}, incoming(recipient="666", sender_id="666"), False, id="names say nothing"),
        pytest.param({""}, incoming(recipient="/7", sender_id="666"), False, id="an empty entry lets nobody in"),
    ],
)
def test_who_is_let_in(allowed: set[str], message: Incoming, expected: bool) -> None:
    """Strangers could command the house, or its people could not."""
    assert is_allowed(Connection(name="home", type="fake", allowed=frozenset(allowed)), message) is expected


async def test_a_stranger_leaves_nothing_but_a_number(bench: Bench, store: Store) -> None:
    """Anybody who finds the bot could fill the disk."""
    strangers = [incoming(remote_id=f"666:{number}", recipient="666", sender_id="666") for number in range(3)]
    stored, blocked = await bench.inbox.accept(HOME, Batch(messages=(*strangers, incoming()), cursor="5"))
    assert (len(stored), blocked) == (1, 3)
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
    first = await bench.inbox.page(connection=None, before=None, limit=4)
    second = await bench.inbox.page(connection="home", before=first[-1].id, limit=4)
    assert [message.text for message in first + second] == ["9", "8", "7", "6", "5", "4", "3", "2"]
    assert await bench.inbox.page(connection="work", before=None, limit=4) == []


async def test_a_broken_character_does_not_stop_everything_behind_it(bench: Bench) -> None:
    """One odd message from a careless program would be read, and fail, again and again, and nothing else would come."""
    broken = incoming(remote_id="1", text="half \ud83d", sender_name="\udc00", metadata={"name": "\ud83d"})
    assert await bench.accept(broken, incoming(remote_id="2", text="fine")) == ["half ?", "fine"]
