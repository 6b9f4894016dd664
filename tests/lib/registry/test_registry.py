"""The registry: everything is checked before anything is written, and memory and disk never differ."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import cast

import pytest

from bach_lib import Category, Connection, InputError
from bach_lib.bus import Bus
from bach_lib.connectors import Connectors
from bach_lib.errors import (
    ConnectionExistsError,
    InvalidEndpointError,
    InvalidNameError,
    InvalidSecretReferenceError,
    InvalidValueError,
    MissingSecretError,
    SecretInEndpointError,
    SecretNotFoundError,
    StoreFailedError,
    UnknownConnectionError,
    UnknownFieldError,
    UnknownTypeError,
)
from bach_lib.events import ConnectionAdded, ConnectionRemoved, ConnectionUpdated, Event
from bach_lib.registry import Changes, Registry
from bach_lib.registry.secrets import Secrets
from bach_lib.storage import Store, Transaction, Value
from bach_lib.testing import FakePlatform, fake_connector

HOME = Connection(
    name="home",
    type="fake",
    auth_config={"bot_token": "entry:home"},
    allowed=frozenset({"42", "43"}),
    settings={"headers": {"X-Key": "ä"}, "times": [1, 2.5, None, True]},
)
VAULT = {"home": "s3cr3t", "work": "0th3r"}


class Bench:
    """A registry, and what it told of."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.events: list[Event] = []
        self.bus = Bus()
        self.bus.subscribe(Event, self.events.append)
        self.registry = self.make()

    def make(self) -> Registry:
        """Another one on the same disk, as after a restart."""
        connectors = Connectors({"fake": fake_connector(FakePlatform())})
        return Registry(self.store, self.bus, connectors, Secrets({"entry": VAULT.get}))

    async def on_disk(self) -> list[Connection]:
        """What a registry reads after a restart."""
        registry = self.make()
        await registry.open()
        return registry.list()


@pytest.fixture
async def bench(store: Store) -> Bench:
    """An empty registry."""
    bench = Bench(store)
    await bench.registry.open()
    return bench


# -- adding ----------------------------------------------------------------------------------------------------------


async def test_what_was_added_is_there_and_on_disk(bench: Bench) -> None:
    """A connection would be gone after a restart, or come back different."""
    added = await bench.registry.add(HOME)
    assert added == HOME
    assert bench.registry.get("home") == added
    assert await bench.on_disk() == [added]
    assert bench.events == [ConnectionAdded(connection="home", row=added)]


async def test_what_a_caller_says_of_counters_is_ignored(bench: Bench) -> None:
    """A copied connection would begin with another one's past, perhaps with an open breaker."""
    await bench.registry.add(replace(HOME, success_count=5, error_count=6, disabled_until=9e9, consecutive_failures=7))
    assert await bench.on_disk() == [HOME]


BAD = {
    "no name": (replace(HOME, name=""), InvalidNameError),
    "a name with a space": (replace(HOME, name="my home"), InvalidNameError),
    "a name with a slash": (replace(HOME, name="a/b"), InvalidNameError),
    "a name with a line": (replace(HOME, name="a\n"), InvalidNameError),
    "a name too long": (replace(HOME, name="a" * 101), InvalidNameError),
    "a type nobody speaks": (replace(HOME, type="fax"), UnknownTypeError),
    "a secret instead of a reference": (
        replace(HOME, auth_config={"bot_token": "123456:ABC"}),
        InvalidSecretReferenceError,
    ),
    "a reference that leads nowhere": (replace(HOME, auth_config={"bot_token": "entry:gone"}), SecretNotFoundError),
    "an endpoint without scheme": (replace(HOME, endpoint="example.org"), InvalidEndpointError),
    "settings that are no JSON": (replace(HOME, settings={"when": object()}), InvalidValueError),
    "settings that JSON cannot read again": (replace(HOME, settings={"share": float("nan")}), InvalidValueError),
    "settings with half of a character": (replace(HOME, settings={"name": "\ud83d"}), InvalidValueError),
    "settings without end": (replace(HOME, settings={"text": "x" * 65_536}), InvalidValueError),
    "too many allowed": (
        replace(HOME, allowed=frozenset(str(number) for number in range(10_001))),
        InvalidValueError,
    ),
}


@pytest.mark.parametrize(("connection", "error"), BAD.values(), ids=BAD.keys())
async def test_what_is_wrong_is_refused_before_anything_is_written(
    bench: Bench, connection: Connection, error: type[InputError]
) -> None:
    """Half a connection would be on disk, and fail at every start."""
    with pytest.raises(error):
        await bench.registry.add(connection)
    assert await bench.on_disk() == bench.registry.list() == []
    assert bench.events == []


async def test_a_name_is_taken_once(bench: Bench) -> None:
    """A second connection of a name would replace the first, with its queue."""
    await bench.registry.add(HOME)
    with pytest.raises(ConnectionExistsError):
        await bench.registry.add(replace(HOME, allowed=frozenset()))
    assert await bench.on_disk() == [HOME]


async def test_a_name_is_taken_once_also_at_the_same_moment(bench: Bench) -> None:
    """Two dialogs at once would end in an error about the disk."""
    results = await asyncio.gather(bench.registry.add(HOME), bench.registry.add(HOME), return_exceptions=True)
    assert [type(result) for result in results] == [Connection, ConnectionExistsError]
    assert len(bench.events) == 1


@pytest.mark.parametrize("name", ["a", "Küche", "телеграм", "a.b-c_d", "1", "a" * 100])
async def test_names_of_all_languages_are_good(bench: Bench, name: str) -> None:
    """Half of the world could not name its rooms."""
    assert (await bench.registry.add(replace(HOME, name=name))).name == name


@pytest.mark.parametrize(
    "endpoint",
    ["http://a", "https://example.org", "https://example.org:8443/path?x=1", "http://[::1]:8080", "http://192.0.2.1/x"],
)
async def test_an_address_is_a_good_endpoint(bench: Bench, endpoint: str) -> None:
    """A local server could not be used."""
    assert (await bench.registry.add(replace(HOME, endpoint=endpoint))).endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "example.org",
        "//example.org",
        "ftp://example.org",
        "file:///etc/passwd",
        "https://",
        "https://:443",
        "https://example.org:0",
        "https://example.org:99999",
        "https://example.org:port",
        "https://exa mple.org",
        "https://example.org/a\nb",
        "https://[::1",
        "javascript:alert(1)",
        "https://example.org/" + "a" * 2000,
        "http://127.1/",
        "http://2130706433",
        "http://256.1.1.1:8080",
        "http://127.0.0.1./",
        "http://\N{FULLWIDTH DIGIT ONE}.1",
    ],
)
async def test_everything_else_is_none(bench: Bench, endpoint: str) -> None:
    """The first attempt would fail with something nobody understands, or read a file."""
    with pytest.raises(InvalidEndpointError):
        await bench.registry.add(replace(HOME, endpoint=endpoint))


@pytest.mark.parametrize("endpoint", ["https://user:s3cr3t@example.org", "https://s3cr3t@example.org", "user:s3cr3t@x"])
async def test_a_password_in_an_address_is_refused_and_not_repeated(bench: Bench, endpoint: str) -> None:
    """The password would lie in the database in plain sight, or stand in the log."""
    with pytest.raises(InvalidEndpointError) as caught:
        await bench.registry.add(replace(HOME, endpoint=endpoint))
    assert isinstance(caught.value, SecretInEndpointError) == endpoint.startswith("https")
    assert "s3cr3t" not in repr(caught.value)
    assert "s3cr3t" not in str(caught.value.placeholders)


TOKEN = "123456789:AAF" + "x" * 32


@pytest.mark.parametrize(
    "behind",
    [
        f"/bot{TOKEN}",
        f"/bot{TOKEN}/getMe",
        f"/file/bot{TOKEN.replace(':', '%3A')}/",
        f"/b%6ft{TOKEN.replace(':', '%3a')}",
        f"/api/webhooks/1134639164554481746/{'a' * 68}",
        "/services/T0123456789/B0123456789/" + "x" * 24,
        "/hook?token=s3cr3t",
        "/hook?a=1&API_KEY=s3cr3t",
        "/hook?access-token=s3cr3t&b=2",
        "/hook?sig=s3cr3t",
        "/hook#password=" + TOKEN,
    ],
)
async def test_a_token_in_an_address_is_refused_and_not_repeated(bench: Bench, behind: str) -> None:
    """People paste whole addresses; the token would lie in the database, in backups and in what they show others."""
    await bench.registry.add(HOME)
    with pytest.raises(SecretInEndpointError) as caught:
        await bench.registry.add(replace(HOME, name="other", endpoint=f"https://example.org{behind}"))
    with pytest.raises(SecretInEndpointError):
        await bench.registry.update(HOME.name, endpoint=f"https://example.org{behind}")
    assert not any(secret in repr(caught.value) for secret in ("s3cr3t", TOKEN, "a" * 20))


@pytest.mark.parametrize(
    "behind",
    ["/bot", "/telegram/bot/", "/v1?api-version=2024-05-01", "/?token=", "/keys/monkey?turnkey=1", "/services/T"],
)
async def test_what_only_sounds_like_a_secret_is_none(bench: Bench, behind: str) -> None:
    """Servers whose paths happen to hold such words could not be used."""
    assert (await bench.registry.add(replace(HOME, endpoint=f"https://example.org{behind}"))).endpoint


async def test_other_categories_need_no_connector(bench: Bench) -> None:
    """An AI partner could not be registered."""
    partner = Connection(name="partner", type="ollama", category=Category.AI, endpoint="http://localhost:11434")
    assert await bench.registry.add(partner) == partner


async def test_other_categories_have_types_of_their_own(bench: Bench) -> None:
    """A spelling mistake would be kept, and never work."""
    partner = Connection(name="partner", type="ollama", category=Category.AI)
    with pytest.raises(UnknownTypeError, match="Known types: claude, gemini, ollama, openai-compatible"):
        await bench.registry.add(replace(partner, type="olama"))
    await bench.registry.add(partner)
    with pytest.raises(MissingSecretError):
        await bench.registry.update("partner", auth_type="api_key")
    assert await bench.on_disk() == [partner]


# -- finding ---------------------------------------------------------------------------------------------------------


async def test_lists_are_sorted_and_filtered(bench: Bench) -> None:
    """Screens would jump, or mix what does not belong together."""
    for name in "ba":
        await bench.registry.add(replace(HOME, name=name))
    await bench.registry.add(Connection(name="c", type="mcp", category=Category.MCP, endpoint="http://localhost/mcp"))
    assert [row.name for row in bench.registry.list()] == ["a", "b", "c"]
    assert [row.name for row in bench.registry.list(category=Category.CONNECTOR)] == ["a", "b"]
    assert bench.registry.list(type="fax") == []


async def test_an_unknown_name_is_answered_with_those_there_are(bench: Bench) -> None:
    """Somebody with a typing error would have to guess."""
    with pytest.raises(UnknownConnectionError, match="none"):
        bench.registry.get("home")
    await bench.registry.add(HOME)
    with pytest.raises(UnknownConnectionError, match="Known connections: home"):
        bench.registry.get("hom")


# -- changing --------------------------------------------------------------------------------------------------------


async def test_a_change_is_written_and_told_with_what_differs(bench: Bench) -> None:
    """A connection would be restarted for nothing, or not at all."""
    await bench.registry.add(HOME)
    row = await bench.registry.update("home", is_active=False, allowed=frozenset({"42", "43"}))
    assert row == replace(HOME, is_active=False)
    assert await bench.on_disk() == [row]
    assert bench.events[1:] == [ConnectionUpdated(connection="home", row=row, changed=frozenset({"is_active"}))]


async def test_no_change_is_no_event(bench: Bench) -> None:
    """Every start of Home Assistant would restart every connection."""
    await bench.registry.add(HOME)
    assert await bench.registry.update("home", is_active=True, auth_config={"bot_token": "entry:home"}) == HOME
    assert len(bench.events) == 1


@pytest.mark.parametrize(
    "change",
    [{"auth_config": {"bot_token": "entry:work"}}, {"endpoint": "http://x"}, {"auth_type": "basic"}, {"settings": {}}],
)
async def test_new_credentials_forget_the_failures(bench: Bench, change: Changes) -> None:
    """After a reauthentication five minutes would pass before the first message goes."""
    await bench.registry.add(HOME)
    bench.registry.save_breaker("home", 5, 9e9)
    row = await bench.registry.update("home", **change)
    assert (row.consecutive_failures, row.disabled_until) == (0, None)
    assert await bench.on_disk() == [row]


async def test_another_change_keeps_the_failures(bench: Bench) -> None:
    """Allowing a person would let everybody run into the wall again."""
    await bench.registry.add(HOME)
    bench.registry.save_breaker("home", 5, 9e9)
    row = await bench.registry.update("home", allowed=frozenset())
    assert (row.consecutive_failures, row.disabled_until) == (5, 9e9)
    assert await bench.on_disk() == [row]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"endpoint": "example.org"}, InvalidEndpointError),
        ({"auth_config": {"bot_token": "123456:ABC"}}, InvalidSecretReferenceError),
        ({"auth_config": {"bot_token": "entry:gone"}}, SecretNotFoundError),
        ({"success_count": 5}, UnknownFieldError),
        ({"name": "other"}, UnknownFieldError),
        ({"type": "other"}, UnknownFieldError),
    ],
)
async def test_a_wrong_change_changes_nothing(bench: Bench, change: dict[str, object], error: type[InputError]) -> None:
    """A working connection would be broken by a typing error."""
    await bench.registry.add(HOME)
    with pytest.raises(error):
        await bench.registry.update("home", **cast("Changes", change))
    assert await bench.on_disk() == bench.registry.list() == [HOME]
    assert len(bench.events) == 1


async def test_changes_at_the_same_moment_do_not_undo_each_other(bench: Bench) -> None:
    """Allowing a person while somebody else switches the connection off would switch it on again."""
    await bench.registry.add(HOME)
    await asyncio.gather(
        bench.registry.update("home", is_active=False),
        bench.registry.update("home", allowed=frozenset()),
    )
    assert await bench.on_disk() == bench.registry.list() == [replace(HOME, is_active=False, allowed=frozenset())]


async def test_what_happens_during_a_change_is_not_forgotten(bench: Bench) -> None:
    """Statistics would go backwards, and an opening breaker would be closed by somebody renaming a room."""
    await bench.registry.add(HOME)
    changing = asyncio.create_task(bench.registry.update("home", allowed=frozenset()))
    while not changing.done():
        bench.registry.count("home", delivered=True, now=5.0)
        bench.registry.save_breaker("home", 3, 9e9)
        counted = bench.registry.get("home").success_count
        await asyncio.sleep(0)
        assert bench.registry.get("home").success_count >= counted
    row = bench.registry.get("home")
    assert (row.allowed, row.consecutive_failures, row.disabled_until) == (frozenset(), 3, 9e9)
    [on_disk] = await bench.on_disk()
    assert (on_disk.allowed, on_disk.consecutive_failures, on_disk.disabled_until) == (frozenset(), 3, 9e9)


async def test_only_what_differs_is_checked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection whose secret has gone could not even be switched off."""
    await bench.registry.add(HOME)
    monkeypatch.delitem(VAULT, "home")
    assert not (await bench.registry.update("home", is_active=False)).is_active


async def test_a_cancelled_change_is_made_all_the_same(bench: Bench) -> None:
    """It would be on disk and not in memory: a connection that works after the next start, or is gone then."""
    await bench.registry.add(HOME)
    changes = (
        bench.registry.add(replace(HOME, name="work")),
        bench.registry.update("home", is_active=False),
        bench.registry.add(replace(HOME, name="old")),
        bench.registry.remove("old"),
    )
    for change in changes:
        task = asyncio.create_task(change)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bench.on_disk()
    assert bench.registry.list() == await bench.on_disk()
    assert [(row.name, row.is_active) for row in bench.registry.list()] == [("home", False), ("work", True)]


async def test_what_a_caller_does_with_its_own_dictionary_later_changes_nothing(bench: Bench) -> None:
    """A change could neither be seen nor written: the registry would believe it had it already."""
    config = {"bot_token": "entry:home"}
    await bench.registry.add(replace(HOME, auth_config=config))
    config["bot_token"] = "entry:work"
    assert bench.registry.get("home").auth_config == {"bot_token": "entry:home"}
    await bench.registry.update("home", auth_config=config)
    config["bot_token"] = "entry:home"
    assert (
        (await bench.on_disk())[0].auth_config == bench.registry.get("home").auth_config == {"bot_token": "entry:work"}
    )


async def test_a_disk_that_refuses_a_change_leaves_memory_as_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The house would work with settings that are gone after the next start."""
    await bench.registry.add(HOME)
    monkeypatch.setattr(Transaction, "run", raise_full_disk)
    for change in (
        bench.registry.add(replace(HOME, name="work")),
        bench.registry.update("home", is_active=False),
        bench.registry.remove("home"),
    ):
        with pytest.raises(StoreFailedError):
            await change
    monkeypatch.undo()
    assert await bench.on_disk() == bench.registry.list() == [HOME]
    assert len(bench.events) == 1


def raise_full_disk(tx: Transaction, query: str, **values: Value) -> int:
    """No room."""
    raise StoreFailedError(path="bach.db", reason="disk full")


# -- counting --------------------------------------------------------------------------------------------------------


async def test_counters_follow_in_memory(bench: Bench) -> None:
    """Statistics would stand still until a restart."""
    await bench.registry.add(HOME)
    bench.registry.count("home", delivered=True, now=5.0)
    bench.registry.count("home", delivered=False, now=6.0)
    bench.registry.count_blocked("home", 2)
    bench.registry.count_blocked("home", 0)
    row = bench.registry.get("home")
    assert (row.success_count, row.error_count, row.blocked_count, row.last_used) == (1, 1, 2, 6.0)


async def test_counting_for_a_connection_that_is_gone_harms_nobody(bench: Bench) -> None:
    """The last attempts of a removed connection would end in errors, or bring it back."""
    bench.registry.count("home", delivered=True, now=5.0)
    bench.registry.count_blocked("home", 2)
    bench.registry.save_breaker("home", 1, None)
    assert await bench.on_disk() == bench.registry.list() == []


async def test_a_full_disk_does_not_make_noise_for_the_breaker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every failed attempt would leave an error of a task that nobody looked at."""
    await bench.registry.add(HOME)
    with monkeypatch.context() as broken:
        broken.setattr(Transaction, "run", raise_full_disk)
        bench.registry.save_breaker("home", 1, None)
        await bench.on_disk()
    assert bench.registry.get("home").consecutive_failures == 1


# -- removing --------------------------------------------------------------------------------------------------------


async def test_removing_takes_queue_and_inbox_along(bench: Bench, store: Store) -> None:
    """Messages of a removed account would stay for ever, or be sent through a new one of the same name."""
    for name in ("home", "work"):
        await bench.registry.add(replace(HOME, name=name))
        await store.submit(partial(fill, connection=name))
    await bench.registry.remove("home")
    assert [row.name for row in bench.registry.list()] == [row.name for row in await bench.on_disk()] == ["work"]
    assert await store.submit(connections_with_rows) == ["work", "work"]
    assert bench.events[-1] == ConnectionRemoved(connection="home")
    with pytest.raises(UnknownConnectionError):
        await bench.registry.remove("home")


async def test_a_removed_connection_does_not_come_back_through_a_change(bench: Bench) -> None:
    """It would be in memory, at work, and on no disk."""
    await bench.registry.add(HOME)
    results = await asyncio.gather(
        bench.registry.remove("home"), bench.registry.update("home", is_active=False), return_exceptions=True
    )
    assert isinstance(results[1], UnknownConnectionError)
    assert await bench.on_disk() == bench.registry.list() == []


async def test_nothing_is_queued_for_a_connection_that_is_being_removed(bench: Bench) -> None:
    """A message queued in that moment would wait on disk for nobody."""
    await bench.registry.add(HOME)
    removing = asyncio.create_task(bench.registry.remove("home"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not removing.done()
    with pytest.raises(UnknownConnectionError):
        bench.registry.get("home")
    await removing


def fill(tx: Transaction, connection: str) -> None:
    """A message in each direction."""
    short: dict[str, Value] = dict.fromkeys(
        (
            "title",
            "reply_to",
            "tag",
            "context",
            "target",
            "buttons",
            "files",
            "expires_at",
            "attempted_at",
            "next_retry_at",
        )
    )
    message: dict[str, Value] = {
        "operation": "send",
        "recipient": "42",
        "text": "text",
        "format": "plain",
        "delivery": "at_least_once",
    }
    numbers: dict[str, Value] = {"silent": 0, "priority": 0, "created_at": 1.0, "max_retries": 5}
    tx.run("put_message", connection=connection, status="pending", lost=None, **message, **numbers, **short)
    sender: dict[str, Value] = {"remote_id": "1", "recipient": "42", "sender_id": "42", "sender_name": "Ada"}
    content: dict[str, Value] = {"kind": "text", "text": "text", "sent_at": None, "received_at": 1.0, "metadata": "{}"}
    rest: dict[str, Value] = {"content": "{}", "reply_to": None, "message_id": None, "age": None, "size": 10}
    tx.run("add_incoming", connection=connection, **sender, **content, **rest)


def connections_with_rows(tx: Transaction) -> list[str]:
    """The connection of every message in queue and inbox."""
    everything: dict[str, Value] = {"before": 10, "connection": None, "recipient": None, "statuses": None, "limit": 10}
    rows = [
        *tx.rows("list_messages", **everything),
        *tx.rows("list_incoming", **everything, others="[]", sender_id=None, status=None, offset=0),
    ]
    return [str(row["connection"]) for row in rows]
