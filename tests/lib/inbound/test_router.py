"""The router: what a message is about is known, and on disk, before anybody is told."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from bach_lib.bus import Bus
from bach_lib.connectors.base import Batch
from bach_lib.errors import StoreFailedError
from bach_lib.events import MessageReceived
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.pairing import Pairings
from bach_lib.inbound.router import Router
from bach_lib.inbound.rules import Rule, Rules
from bach_lib.models import Connection
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.redact import Redactor
from bach_lib.storage import Store
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming
from tests.lib.storage.work import add

HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))


class Bench:
    """A router, and what it told."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.received: list[IncomingMessage] = []
        bus = Bus()
        bus.subscribe(MessageReceived, lambda event: self.received.append(event.message))
        self.bus = bus
        self.rules = Rules(store)
        self.inbox = Inbox(store, clock, Pairings(lambda _, candidate: None), "0a1b2c3d", max_age=300)
        self.router = Router(self.inbox, self.rules, bus, clock)

    async def stored(
        self,
        *texts: str,
        kind: Kind = Kind.TEXT,
        sent_at: float | None = None,
        metadata: Mapping[str, object] = MappingProxyType({}),
    ) -> list[IncomingMessage]:
        """Messages in the inbox, not yet routed."""
        messages = tuple(
            incoming(remote_id=text[-100:], text=text, kind=kind, sent_at=sent_at, metadata=metadata) for text in texts
        )
        accepted = await self.inbox.accept(
            HOME, Batch(messages=messages, cursor="1"), caught_up_at=None, redact=Redactor()
        )
        return list(accepted.messages)


@pytest.fixture
async def bench(store: Store, clock: FakeClock) -> Bench:
    """A router with one rule."""
    await store.submit(add("home"))
    bench = Bench(store, clock)
    await bench.rules.set(Rule(name="light", phrases=("lamp",)))
    return bench


async def test_what_it_found_out_stands_in_the_metadata(bench: Bench, clock: FakeClock) -> None:
    """Automations could not ask what a message is about, where it came from, or when it was routed."""
    await bench.router.route(HOME, await bench.stored("the lamp", "hello"))
    assert [dict(message.metadata) for message in bench.received] == [
        {"source": "fake", "routed_at": clock.now(), "context_triggers": ["light"]},
        {"source": "fake", "routed_at": clock.now(), "context_triggers": []},
    ]


async def test_what_is_told_is_what_is_on_disk(bench: Bench) -> None:
    """Who looks a message up later would see something else than who was told of it."""
    await bench.router.route(HOME, await bench.stored("the lamp"))
    [told] = bench.received
    assert await bench.inbox.get(told.id) == told
    assert await bench.inbox.unrouted("home") == []


async def test_how_many_were_announced_is_said(bench: Bench) -> None:
    """Whoever asks to announce what was left would not learn whether there was anything."""
    assert await bench.router.route(HOME, []) == await bench.router.route_left_over(HOME) == 0
    assert await bench.router.route(HOME, await bench.stored("one", "two")) == 2
    await bench.stored("three")
    assert await bench.router.route_left_over(HOME) == 1
    assert [message.text for message in bench.received] == ["one", "two", "three"]


async def test_where_a_message_came_through_is_told(bench: Bench) -> None:
    """With two bots, an automation for one would run for the other."""
    events: list[MessageReceived] = []
    bench.bus.subscribe(MessageReceived, events.append)
    await bench.rules.set(Rule(name="home", phrases=("lamp",), connection="home"))
    await bench.rules.set(Rule(name="work", phrases=("lamp",), connection="work"))
    await bench.router.route(HOME, await bench.stored("the lamp", metadata={"chat_type": "group", "source": "x"}))
    assert [event.connection for event in events] == ["home"]
    metadata = {"chat_type": "group", "source": "fake", "context_triggers": ["home", "light"]}
    assert bench.received[0].metadata == {**metadata, "routed_at": bench.received[0].routed_at}


async def test_a_photo_without_words_is_about_nothing(bench: Bench) -> None:
    """A pattern that takes anything would match where nobody said anything."""
    await bench.rules.set(Rule(name="any", patterns=(".*",)))
    await bench.router.route(HOME, await bench.stored(""))
    assert bench.received[0].metadata["context_triggers"] == []


async def test_nobody_is_told_before_it_is_written(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a crash a command would be carried out a second time."""
    messages = await bench.stored("open the door")

    async def full_disk(routed: object) -> None:
        raise StoreFailedError(path="bach.db", reason="disk full")

    with monkeypatch.context() as broken:
        broken.setattr(bench.inbox, "save_routed", full_disk)
        with pytest.raises(StoreFailedError):
            await bench.router.route(HOME, messages)
    assert bench.received == []
    await bench.router.route_left_over(HOME)
    await bench.router.route_left_over(HOME)
    assert [message.text for message in bench.received] == ["open the door"]


async def test_a_mistake_with_the_rules_holds_no_message_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One odd rule, and a person at the door could not be let in any more."""

    async def mistake(connection: str, text: str) -> None:
        raise LookupError("surprise")

    monkeypatch.setattr(bench.rules, "match", mistake)
    await bench.router.route(HOME, await bench.stored("the lamp"))
    [told] = bench.received
    assert told.metadata["routing_error"] == "The rules could not be tried; the log says why."
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage() == f"Message {told.id} could not be held against the rules"
    assert record.exc_info


async def test_a_slow_pattern_is_named_in_the_message(bench: Bench) -> None:
    """An automation would take "not tried to the end" for "does not match"."""
    await bench.rules.set(Rule(name="endless", patterns=(r"(a|aa|aaa)+$",)))
    await bench.router.route(HOME, await bench.stored("a" * 60 + "!"))
    assert bench.received[0].metadata["cut_off"] == ["endless"]


@pytest.mark.parametrize(
    ("kind", "wait", "expected"),
    [
        (Kind.COMMAND, 300, Kind.COMMAND),
        (Kind.COMMAND, 301, Kind.EXPIRED),
        (Kind.BUTTON, 301, Kind.EXPIRED),
        (Kind.TEXT, 9000, Kind.TEXT),
    ],
)
async def test_what_was_left_for_long_is_not_acted_upon(
    bench: Bench, clock: FakeClock, kind: Kind, wait: float, expected: Kind
) -> None:
    """When the machine is repaired after three days, the door would open."""
    await bench.stored("open", kind=kind, sent_at=clock.now())
    await clock.advance(wait)
    await bench.router.route_left_over(HOME)
    assert [message.kind for message in bench.received] == [expected]


@pytest.mark.parametrize(("seconds", "expected"), [(-5, Kind.COMMAND), (-6, Kind.EXPIRED), (-9000, Kind.EXPIRED)])
async def test_a_clock_that_was_set_back_proves_nothing(
    bench: Bench, clock: FakeClock, seconds: float, expected: Kind
) -> None:
    """After a power cut of hours the clock is behind: the command of before would look as if it came just now."""
    await bench.stored("open", kind=Kind.COMMAND, sent_at=clock.now())
    clock.jump(seconds)
    await bench.router.route_left_over(HOME)
    assert [message.kind for message in bench.received] == [expected]


@pytest.mark.parametrize("text", ["🐢" * 4096, "\u202e\u0000\u200d" * 1000, "ﷺ" * 4096, "a\u0301" * 4096, "İ" * 4096])
async def test_odd_texts_are_routed_like_others(bench: Bench, text: str) -> None:
    """Whoever writes something odd would stop the house from listening."""
    await bench.router.route(HOME, await bench.stored(text, f"{text} lamp"))
    assert [message.metadata["context_triggers"] for message in bench.received] == [[], ["light"]]
