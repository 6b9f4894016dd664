"""Another account behind a connection: what came in for the one before says nothing of what comes for this one."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from bach_lib.bus import Bus
from bach_lib.connectors.base import Setup
from bach_lib.errors import StoreFailedError
from bach_lib.events import AccountChanged
from bach_lib.inbound.handover import Handover
from bach_lib.models import Fault
from bach_lib.models.spellings import Alias, Lesson
from bach_lib.registry.directory import Directory, write_lesson
from bach_lib.storage import Store, Transaction
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from bach_lib.testing.connector import FakeConnector
from tests.lib.storage.work import How, add

AWAY = Fault(code="unreachable", text="No route to host")
NAMES = (Alias(spelling="55", normal="42", of_account=True), Alias(spelling="@home", normal="-1"))
OLD = "UPDATE connections SET account = '1', receive_cursor = '700', polled_at = 5 WHERE name = 'home'"
THERE = (
    OLD,
    "INSERT INTO thrown_away (connection, remote_id, thrown_at) VALUES ('home', '9', 1), ('work', '9', 1)",
    "INSERT INTO early_proofs VALUES ('home', '8', 'seen', '42', 'Ada', '[]', 1, 1)",
    "INSERT INTO early_proofs VALUES ('work', '8', 'seen', '42', 'Ada', '[]', 1, 1)",
)


def _change(sql: str, tx: Transaction) -> None:
    tx.change(sql, [()])


class Bench:
    """Two connections, of which one has read something; and who asks whose they are."""

    def __init__(self, store: Store, clock: FakeClock, setup: Setup) -> None:
        self.store, self.clock, self.setup = store, clock, setup
        self.changed: list[str] = []
        bus = Bus()
        bus.subscribe(AccountChanged, lambda event: self.changed.append(event.connection))
        self.directory = Directory(store, bus, lambda _: frozenset())
        self.handover = Handover(store, self.directory, clock)

    async def fill(self) -> None:
        """Account 1 has read up to here."""
        lesson = Lesson(connection="home", aliases=NAMES)
        for name in ("home", "work"):
            await self.store.submit(add(name))
        for sql in THERE:
            await self.store.submit(partial(_change, sql))
        await self.store.submit(lambda tx: write_lesson(tx, lesson, 1.0))
        self.directory.learn(lesson)

    def speaks(self, account: str | Fault | None, *, own_ids: bool = False) -> FakeConnector:
        """A connector that knows whose it is."""
        platform = FakePlatform()
        platform.account = None if isinstance(account, Fault) else account
        platform.whose_fault = account if isinstance(account, Fault) else None
        kind = fake_connector(platform)
        kind.capabilities = replace(kind.capabilities, own_ids=own_ids)
        return kind(self.setup)

    async def look(self, sql: str) -> list[tuple[object, ...]]:
        """What is on disk."""
        return await self.store.submit(lambda tx: [tuple(row) for row in tx._connection.execute(sql).fetchall()])

    async def row(self, name: str = "home") -> tuple[object, ...]:
        """How far was read, and whose it is."""
        [found] = await self.look(f"SELECT account, receive_cursor, polled_at FROM connections WHERE name = '{name}'")
        return found


@pytest.fixture
async def bench(store: Store, clock: FakeClock, setup: Setup) -> Bench:
    """Account 1 has read something."""
    bench = Bench(store, clock, setup)
    await bench.fill()
    return bench


async def test_the_same_account_goes_on_where_it_was(bench: Bench) -> None:
    """After a restart everything of the last day would come in once more."""
    assert await bench.handover.to("home", bench.speaks("1", own_ids=True)) is False
    assert await bench.row() == ("1", "700", 5.0)
    assert bench.changed == []
    assert await bench.look("SELECT key FROM meta WHERE key LIKE 'handed%'") == []


async def test_another_account_begins_at_its_own_beginning(bench: Bench) -> None:
    """Its messages would be skipped by the old cursor, and names that only the old one had lead to strangers."""
    assert await bench.handover.to("home", bench.speaks("2")) is True
    assert await bench.row() == ("2", None, None)
    assert await bench.look("SELECT spelling FROM spellings") == [("@home",)]
    assert (bench.directory.normal("home", "55"), bench.directory.normal("home", "@home")) == ("55", "-1")
    assert await bench.look("SELECT connection FROM early_proofs") == [("work",)]
    assert bench.changed == ["home"]
    assert await bench.look("SELECT remote_id FROM thrown_away") == [("9",), ("9",)], "its ids mean the same"
    assert await bench.look("SELECT key FROM meta WHERE key LIKE 'handed%'") == []


async def test_where_ids_mean_something_else_the_old_ones_are_marked_and_the_moment_is_noted(bench: Bench) -> None:
    """The new account's first message would pass for one that is known, or yesterday's be changed as another's."""
    assert await bench.handover.to("home", bench.speaks("2", own_ids=True)) is True
    thrown = "SELECT connection, remote_id FROM thrown_away ORDER BY connection"
    assert await bench.look(thrown) == [("home", "9@1"), ("work", "9")]
    assert await bench.look("SELECT key, value FROM meta WHERE key LIKE 'handed%'") == [
        ("handed over at home", f"{bench.clock.now()!r} 0")
    ]


async def test_who_receives_hears_once_of_it_whoever_has_asked(bench: Bench) -> None:
    """What sends may ask first; the receiver would go on with the old cursor, or begin anew again and again."""
    connector = bench.speaks("2")
    assert await bench.handover.ensure("home", connector) is None
    assert [await bench.handover.to("home", connector) for _ in range(2)] == [True, False]
    assert await bench.handover.to("work", bench.speaks("9")) is False, "nobody knew so far whose it is"
    assert await bench.row("work") == ("9", None, None)
    assert bench.changed == ["home"]


async def test_it_is_asked_once_for_each_connector(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message would cost a request more; or after other credentials nobody ask again."""
    asked = list[object]()
    for account in ("1", "1", None):
        connector = bench.speaks(account)
        whose = connector.whose

        async def noted(whose: object = whose) -> object:
            asked.append(whose)
            await asyncio.sleep(0)
            return await whose()  # type: ignore[operator] # as it was

        monkeypatch.setattr(connector, "whose", noted)
        assert await asyncio.gather(*(bench.handover.ensure("home", connector) for _ in range(3))) == [None] * 3
    assert len(asked) == 3
    assert await bench.row() == ("1", "700", 5.0), "who does not say is taken for the same"


async def test_who_does_not_say_is_asked_again(bench: Bench) -> None:
    """After one time-out another account would go on with the cursor of the old one."""
    connector = bench.speaks(AWAY)
    assert await bench.handover.ensure("home", connector) == AWAY
    assert await bench.handover.to("home", connector) == AWAY
    connector.platform.whose_fault, connector.platform.account = None, "2"
    assert await bench.handover.to("home", connector) is True


async def test_what_the_disk_did_not_take_is_asked_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a full disk the new account would go on with the cursor of the old one, and who owns nothing write."""
    connector, how = bench.speaks("2"), list[How]()
    submit = bench.store.submit

    def full(*_: object, **told: object) -> object:
        how.append(told)  # type: ignore[arg-type] # as it came
        raise StoreFailedError(path="bach.db", reason="full")

    monkeypatch.setattr(bench.store, "submit", full)
    with pytest.raises(StoreFailedError):
        await bench.handover.to("home", connector)
    monkeypatch.setattr(bench.store, "submit", submit)
    assert how == [{"as_owner": True}]
    assert bench.changed == []
    assert await bench.handover.to("home", connector) is True


async def test_of_a_connection_that_is_gone_nothing_is_written(bench: Bench) -> None:
    """One that is removed while it is asked would leave news of a change that never was."""
    assert await bench.handover.to("gone", bench.speaks("2")) is False
    assert bench.changed == []
