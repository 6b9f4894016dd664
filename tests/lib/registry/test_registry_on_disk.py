"""The registry and its disk: what it keeps, counts and removes, and what of it a disk in trouble still gives."""

import asyncio
import gc
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from bach_lib import Category, Connection
from bach_lib.bus import Bus
from bach_lib.connectors import Connectors
from bach_lib.errors import (
    ConnectionExistsError,
    InvalidNameError,
    InvalidValueError,
    SecretNotWritableError,
    StoreFailedError,
    UnknownConnectionError,
    UnknownFieldError,
    UnknownTypeError,
)
from bach_lib.registry import Registry
from bach_lib.registry.secrets import Secrets
from bach_lib.storage import Store, Transaction, Value
from bach_lib.testing import FakePlatform, fake_connector

HOME = Connection(name="home", type="fake", auth_config={"bot_token": "entry:home"}, allowed=frozenset({"42"}))
PARTNER = Connection(name="partner", type="ollama", category=Category.AI, endpoint="http://localhost:11434")
EVERYTHING = replace(
    HOME,
    endpoint="https://example.org/x?y=ä",
    is_active=False,
    auth_type="basic",
    auth_config={"username": "entry:home", "password": "entry:work"},
    allowed=frozenset({"42", "-100#43", "Küche"}),
    settings={"headers": {"X-Key": "ä"}, "times": [1, 2.5, None, True]},
)


class Bench:
    """A registry and its disk."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.vault = {"home": "s3cr3t", "work": "0th3r"}
        self.registry = self.make()

    def make(self) -> Registry:
        """Another one on the same disk, as after a restart."""
        connectors = Connectors({"fake": fake_connector(FakePlatform())})
        return Registry(self.store, Bus(), connectors, Secrets({"entry": self.vault.get}))

    async def restart(self) -> Registry:
        """What a new process knows."""
        self.registry = self.make()
        await self.registry.open()
        return self.registry


@pytest.fixture
def bench(store: Store) -> Bench:
    """A registry that has read nothing yet."""
    return Bench(store)


# -- what comes back ---------------------------------------------------------------------------------------------------


async def test_everything_there_is_to_know_comes_back_from_the_disk(bench: Bench) -> None:
    """After a restart a switched-off connection would be at work, or statistics and an open breaker be forgotten."""
    for row in (EVERYTHING, replace(PARTNER, settings={"model": "llama"})):
        await bench.registry.add(row)
    bench.registry.count_use("home", succeeded=True, now=6.0)
    for now in (7.0, 8.0):
        bench.registry.count_use("home", succeeded=False, now=now)
    await bench.registry.save_use("home")
    bench.registry.save_breaker("home", 3, 9e9)
    bench.registry.count_blocked("home", 4)
    await bench.store.submit(
        lambda tx: tx.run("save_cursor", name="home", cursor=None, blocked=4, polled_at=None)
    )  # as the inbox counts
    known = bench.registry.list()
    assert known[0] == replace(
        EVERYTHING,
        success_count=1,
        error_count=2,
        blocked_count=4,
        last_used=8.0,
        consecutive_failures=3,
        disabled_until=9e9,
    )
    assert (await bench.restart()).list() == known


async def test_a_change_of_everything_is_kept(bench: Bench) -> None:
    """A change would be seen until the next restart, and be gone then."""
    await bench.registry.add(HOME)
    row = await bench.registry.update(
        "home",
        endpoint=EVERYTHING.endpoint,
        is_active=EVERYTHING.is_active,
        auth_type=EVERYTHING.auth_type,
        auth_config=EVERYTHING.auth_config,
        allowed=EVERYTHING.allowed,
        settings=EVERYTHING.settings,
    )
    assert row == EVERYTHING
    assert (await bench.restart()).list() == [EVERYTHING]


@pytest.mark.sqlite_only
async def test_a_disk_that_nobody_may_write_on_can_still_be_read(bench: Bench) -> None:
    """A card that has turned read-only, as worn ones do, would keep BACH from even showing what there is."""
    await bench.registry.add(HOME)
    await bench.store.submit(read_only)
    assert (await bench.restart()).list() == [HOME]
    with pytest.raises(StoreFailedError):
        await bench.registry.update("home", is_active=False)


def read_only(tx: Transaction) -> None:
    """From now on."""
    tx._connection.execute("PRAGMA query_only = ON")


async def test_what_an_older_version_let_in_can_be_switched_off(bench: Bench) -> None:
    """A connection that is wrong by newer rules would fail for ever, and nobody could stop it."""
    for row in (replace(HOME, endpoint="example.org"), replace(PARTNER, endpoint="nowhere", settings={"model": 5})):
        await bench.store.submit(partial(add_as_it_is, row=row))
    await bench.restart()
    for name in ("home", "partner"):
        assert not (await bench.registry.update(name, is_active=False)).is_active
    with pytest.raises(InvalidValueError, match="for model"):
        await bench.registry.update("partner", endpoint="http://localhost:11434")


def add_as_it_is(tx: Transaction, row: Connection) -> None:
    """Without a check."""
    values: dict[str, Value] = {"auth_config": "{}", "allowed": "[]", "settings": '{"model": 5}'}
    names: dict[str, Value] = {"name": row.name, "type": row.type, "category": row.category, "endpoint": row.endpoint}
    tx.run("add_connection", is_active=True, auth_type="token", **names, **values)


# -- looking first -----------------------------------------------------------------------------------------------------


async def test_examining_says_what_would_be_added_and_writes_nothing(bench: Bench) -> None:
    """A dialog could not check an input before its last page; or every look at it would make a connection."""
    assert await bench.registry.examine(replace(EVERYTHING, success_count=5, disabled_until=9e9)) == EVERYTHING
    with pytest.raises(UnknownTypeError):
        await bench.registry.examine(replace(HOME, type="fax"))
    assert (await bench.restart()).list() == []


@pytest.mark.parametrize("name", ["my home", "", 5, None])
async def test_a_name_that_cannot_be_is_refused_and_repeated(bench: Bench, name: str) -> None:
    """Whoever calls without a type checker would get an error about something else, or not learn which name it was."""
    with pytest.raises(InvalidNameError) as caught:
        bench.registry.check_vacant(name)
    assert caught.value.placeholders == {"name": str(name)}


async def test_a_taken_name_is_named(bench: Bench) -> None:
    """Whoever adds many at once would not learn which of them is there already."""
    await bench.registry.add(HOME)
    bench.registry.check_vacant("work")
    with pytest.raises(ConnectionExistsError, match='named "home" exists'):
        bench.registry.check_vacant("home")


async def test_before_anything_was_read_there_is_nothing(bench: Bench) -> None:
    """An automation that is early would end in an error nobody understands."""
    assert bench.registry.list() == []
    with pytest.raises(UnknownConnectionError) as caught:
        bench.registry.get("home")
    assert caught.value.placeholders == {"name": "home", "known": "none"}


async def test_the_wrong_word_is_told_with_the_right_ones(bench: Bench) -> None:
    """A person who mistypes would have to look into the source."""
    for name in ("home", "work"):
        await bench.registry.add(replace(HOME, name=name))
    with pytest.raises(UnknownConnectionError) as unknown:
        await bench.registry.update("hom", is_active=False)
    assert unknown.value.placeholders == {"name": "hom", "known": "home, work"}
    with pytest.raises(UnknownFieldError) as field:
        await bench.registry.update("home", zone="x", color="red")  # type: ignore[call-arg] # as YAML may
    fields = "endpoint, is_active, auth_type, auth_config, allowed, settings"
    assert field.value.placeholders == {"field": "color", "known": fields}


async def test_as_many_may_be_allowed_as_is_said(bench: Bench) -> None:
    """The error would name a bound that is another one."""
    people = [str(number) for number in range(10_001)]
    await bench.registry.add(replace(HOME, allowed=frozenset(people[1:])))
    with pytest.raises(InvalidValueError) as caught:
        await bench.registry.update("home", allowed=frozenset(people))
    assert caught.value.placeholders == {
        "field": "allowed",
        "value": "10001",
        "expected": "at most 10000 recipients",
    }


async def test_lists_go_by_category_and_type_together(bench: Bench) -> None:
    """A screen of one kind would show what belongs to another."""
    for row in (HOME, PARTNER):
        await bench.registry.add(row)
    assert bench.registry.list(type="ollama") == bench.registry.list(category=Category.AI) == [PARTNER]
    assert bench.registry.list(category=Category.CONNECTOR, type="ollama") == []
    assert bench.registry.list(category=Category.CONNECTOR, type="fake") == [HOME]


async def test_a_refresh_token_must_stand_where_it_can_be_written(bench: Bench) -> None:
    """The first new token would be lost, and with it the account."""
    partner = replace(
        PARTNER,
        auth_type="oauth",
        auth_config={"client_id": "entry:home", "refresh_token": "entry:work"},
        settings={"token_endpoint": "https://example.org/token"},
    )
    with pytest.raises(SecretNotWritableError):
        await bench.registry.add(partner)
    await bench.registry.add(replace(PARTNER, settings=partner.settings))
    with pytest.raises(SecretNotWritableError):
        await bench.registry.update("partner", auth_type="oauth", auth_config=partner.auth_config)


async def test_lost_secrets_are_all_named(bench: Bench) -> None:
    """Whoever moved to another machine would mend one reference after the other, or the wrong one."""
    await bench.registry.add(EVERYTHING)
    assert await bench.registry.lost_secrets("home") == ()
    del bench.vault["work"]
    assert await bench.registry.lost_secrets("home") == ("password",)
    bench.vault.clear()
    assert await bench.registry.lost_secrets("home") == ("username", "password")
    with pytest.raises(UnknownConnectionError):
        await bench.registry.lost_secrets("work")


# -- counting ----------------------------------------------------------------------------------------------------------


async def test_use_is_counted_in_memory_until_it_is_saved(bench: Bench) -> None:
    """Every question to an AI partner would be a write; or its statistics would never reach the disk."""
    await bench.registry.add(PARTNER)
    for succeeded in (True, False, False):
        bench.registry.count_use("partner", succeeded=succeeded, now=5.0)
    used = replace(PARTNER, success_count=1, error_count=2, last_used=5.0, consecutive_failures=2)
    assert bench.registry.list() == [used]
    await bench.registry.save_use("partner")
    bench.registry.count_use("partner", succeeded=True, now=6.0)
    recovered = replace(used, success_count=2, last_used=6.0, consecutive_failures=0)
    assert bench.registry.list() == [recovered]
    assert (await bench.restart()).list() == [used]


async def test_use_of_what_is_gone_is_counted_for_nobody(bench: Bench) -> None:
    """An answer that comes after a removal would end in an error, or bring the connection back."""
    await bench.registry.add(HOME)
    bench.registry.count_use("partner", succeeded=True, now=5.0)
    await bench.registry.save_use("partner")
    assert bench.registry.list() == (await bench.restart()).list() == [HOME]


@pytest.mark.parametrize(
    "save", [lambda registry: registry.save_breaker("home", 1, None), lambda registry: registry.save_use("home")]
)
async def test_a_disk_that_is_full_makes_no_noise_in_the_background(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, save: Callable[[Registry], object]
) -> None:
    """Each failed attempt would leave an error of a task that nobody looked at, and hide the one that matters."""
    noise: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    await bench.registry.add(HOME)
    monkeypatch.setattr(Transaction, "run", raise_full_disk)
    save(bench.registry)
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    assert noise == []


def raise_full_disk(tx: Transaction, query: str, **values: Value) -> int:
    """No room."""
    raise StoreFailedError(path="bach.db", reason="disk full")


# -- removing ----------------------------------------------------------------------------------------------------------


async def test_removing_takes_everything_along(bench: Bench) -> None:
    """A new account of the same name would show the old one's nonsense, or never take in what was once deleted."""
    for name in ("home", "work"):
        await bench.registry.add(replace(HOME, name=name))
        await bench.store.submit(partial(leave_traces, connection=name))
    await bench.registry.remove("home")
    assert await bench.store.submit(traces) == ["work"] * 3


TABLES = ("inbox", "unreadable", "thrown_away")


def leave_traces(tx: Transaction, connection: str) -> None:
    """Something that came in, something that nobody could read, something that was deleted."""
    sender: dict[str, Value] = {"remote_id": "1", "recipient": "42", "sender_id": "42", "sender_name": "Ada"}
    content: dict[str, Value] = {"kind": "text", "text": "text", "sent_at": None, "received_at": 1.0, "metadata": "{}"}
    rest: dict[str, Value] = {"content": "{}", "reply_to": None, "message_id": None, "age": None, "size": 10}
    tx.run("add_incoming", connection=connection, **sender, **content, **rest)
    tx.run("throw_away", ids="[1, 2]", now=1.0)
    tx.run("add_unreadable", connection=connection, raw="?", reason="what is this", received_at=1.0)


def traces(tx: Transaction) -> list[str]:
    """Whose there are."""
    found = [tx._connection.execute(f"SELECT connection FROM {table}").fetchall() for table in TABLES]
    return [str(row["connection"]) for rows in found for row in rows]
