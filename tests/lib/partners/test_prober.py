"""AI partners, MCP servers and APIs inside of BACH: checked now and then, talked to, and no burden for the disk."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import override

import pytest
from aiohttp import ClientSession

from bach_lib import (
    Bach,
    ConnectionState,
    Direction,
    Fault,
    Policy,
    ProbePolicy,
    Reply,
    Report,
)
from bach_lib.bus import Bus
from bach_lib.connectors import Connectors
from bach_lib.errors import CannotDoError, InvalidValueError, UnknownConnectionError
from bach_lib.events import ConnectionChanged, ConnectionChecked
from bach_lib.models import BreakerState
from bach_lib.partners.prober import Prober, ProbeServices
from bach_lib.registry import Registry
from bach_lib.registry.secrets import Secrets
from bach_lib.storage import MemoryDatabase, Transaction
from bach_lib.testing import FakeClock, FakePlatform, McpServer, OpenAIServer, Told, fake_connector
from bach_lib.testing.waiting import Waiting
from tests.lib.partners.make import KEY, connection, said


class CountingDatabase(MemoryDatabase):
    """A storage that counts who writes."""

    writes = 0

    @override
    def submit[Result](
        self, work: Callable[[Transaction], Result], *, writes: bool = True, ends: bool = False, as_owner: bool = False
    ) -> asyncio.Future[Result]:
        """As always, and counted."""
        self.writes += writes
        return super().submit(work, writes=writes, ends=ends, as_owner=as_owner)


@dataclass
class Bench:
    """An open BACH with one AI partner, and what it told."""

    bach: Bach
    server: OpenAIServer
    store: CountingDatabase
    clock: FakeClock
    vault: dict[str, str]
    session: ClientSession
    checked: list[ConnectionChecked] = field(default_factory=list)
    changed: list[ConnectionChanged] = field(default_factory=list)

    waiting: Waiting = field(default_factory=Waiting)

    def note(self, event: ConnectionChecked) -> None:
        """One more check."""
        self.checked.append(event)
        self.waiting.changed()

    async def until_checked(self, number: int) -> None:
        """Wait for so many checks in all; the network needs real time."""
        await self.waiting.until(lambda: len(self.checked) >= number, timeout=60)
        await self.clock.settle()

    def services(self) -> ProbeServices:
        """What a prober of its own is made from."""
        return ProbeServices(
            registry=self.bach.registry,
            bus=Bus(),
            clock=self.clock,
            secrets=Secrets({"test": self.vault.get}),
            session=self.session,
            policy=ProbePolicy(),
            random=lambda: 0.5,
            autostart=True,
        )

    def state(self) -> ConnectionState:
        """How it stands."""
        return self.bach.health("partner").state


@pytest.fixture
async def bench(clock: FakeClock, session: ClientSession) -> AsyncIterator[Bench]:
    """Checked once, and well."""
    store, vault = CountingDatabase(), {"k": KEY}
    policy = Policy(probe=ProbePolicy(seconds=300, retry_seconds=60, jitter=0))
    bach = Bach(
        store,
        clock=clock,
        policy=policy,
        secrets={"test": vault.get},
        connectors={"fake": fake_connector(FakePlatform())},
    )
    async with OpenAIServer(key=KEY) as server, bach:
        bench = Bench(bach, server, store, clock, vault, session)
        bach.subscribe(ConnectionChecked, bench.note)
        bach.subscribe(ConnectionChanged, bench.changed.append)
        fields = {"auth_config": {"token": "test:k"}, "settings": {"model": "small"}}
        await bach.registry.add(connection("openai-compatible", server.url, **fields))
        await bench.until_checked(1)
        yield bench


# -- the schedule ----------------------------------------------------------------------------------------------------


async def test_a_new_connection_is_checked_at_once(bench: Bench) -> None:
    """A person would wait five minutes for a light to turn green."""
    [event] = bench.checked
    assert isinstance(event.result, Report)
    assert (event.connection, event.checked_at) == ("partner", bench.clock.now())
    assert bench.bach.checked("partner") == event
    assert [change.health.state for change in bench.changed] == [ConnectionState.STARTING, ConnectionState.CONNECTED]
    assert bench.bach.health("partner").last_success == bench.clock.now()
    assert bench.bach.health("partner", Direction.RECEIVING).state is ConnectionState.DISABLED
    assert bench.bach.breaker("partner") is BreakerState.CLOSED


async def test_checks_come_again_and_cost_no_write(bench: Bench) -> None:
    """A memory card would be written to death by lights that stay green."""
    before = bench.store.writes
    for number in range(2, 8):
        await bench.clock.advance(300)
        await bench.until_checked(number)
    assert bench.store.writes == before
    assert len(bench.changed) == 2
    assert bench.bach.registry.get("partner").success_count == 7


async def test_what_was_counted_is_on_disk_after_the_end(bench: Bench) -> None:
    """Counters would begin anew with every start, or be lost for months by a crash."""
    for number in range(2, 17):
        await bench.clock.advance(300)
        await bench.until_checked(number)
    rows = await bench.store.submit(lambda tx: tx.rows("list_connections"), writes=False)
    assert rows[0]["success_count"] == 13
    await bench.bach.stop("partner")
    rows = await bench.store.submit(lambda tx: tx.rows("list_connections"), writes=False)
    assert rows[0]["success_count"] == 16
    assert rows[0]["last_used"] == bench.clock.now()


async def test_a_failing_one_is_asked_sooner_and_told_once(bench: Bench) -> None:
    """It would be back for minutes before anybody noticed, or fill the log until then."""
    await bench.server.pause()
    await bench.clock.advance(300)
    await bench.until_checked(2)
    assert bench.state() is ConnectionState.DISCONNECTED
    for number in range(3, 6):
        await bench.clock.advance(60)
        await bench.until_checked(number)
    assert bench.bach.registry.get("partner").consecutive_failures == 4
    assert len(bench.changed) == 3
    await bench.server.resume()
    await bench.clock.advance(60)
    await bench.until_checked(6)
    assert bench.state() is ConnectionState.CONNECTED
    assert bench.bach.registry.get("partner").consecutive_failures == 0
    assert bench.bach.registry.get("partner").error_count == 4


async def test_a_refused_key_waits_for_a_person(bench: Bench) -> None:
    """The partner would be asked with a wrong key every minute, and perhaps lock us out."""
    bench.vault["k"] = "wr0ng"
    await bench.clock.advance(300)
    await bench.until_checked(2)
    assert bench.state() is ConnectionState.AUTH_FAILED
    await bench.clock.advance(299)
    assert len(bench.server.asked) == 2
    bench.vault["k"] = KEY
    await bench.clock.advance(1)
    await bench.until_checked(3)
    assert bench.state() is ConnectionState.CONNECTED


async def test_a_secret_that_has_gone_is_told(bench: Bench) -> None:
    """A deleted file would end the checks with an exception."""
    bench.vault.clear()
    fault = await bench.bach.check("partner")
    assert isinstance(fault, Fault)
    assert fault.code == "auth_failed"


async def test_being_told_to_wait_changes_nothing_but_the_schedule(bench: Bench) -> None:
    """A busy partner would count as broken, or be asked before its time."""
    bench.server.told.append(Told(status=429, headers={"Retry-After": "1000"}))
    await bench.clock.advance(300)
    await bench.until_checked(2)
    assert bench.state() is ConnectionState.CONNECTED
    assert bench.bach.registry.get("partner").error_count == 0
    await bench.clock.advance(999)
    assert len(bench.server.asked) == 2
    await bench.clock.advance(1)
    await bench.until_checked(3)


async def test_many_who_ask_at_once_share_one_check(bench: Bench) -> None:
    """A screen with ten cards would ask ten times."""
    found = await asyncio.gather(*(bench.bach.check("partner") for _ in range(10)))
    assert len({id(one) for one in found}) == 1
    assert len(bench.server.asked) == 2


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 270), (1.0, 330)])
async def test_checks_are_spread(bench: Bench, chance: float, seconds: float) -> None:
    """Twenty connections would ask at the same instant, for ever."""
    await bench.bach.stop("partner")
    prober = Prober("partner", replace(bench.services(), random=lambda: chance))
    await prober.start()
    await prober.check()
    await bench.clock.advance(seconds - 1)
    assert len(bench.server.asked) == 2
    await bench.clock.advance(1)
    await bench.server.wait_until_asked(3)
    await prober.stop()


# -- following the registry ------------------------------------------------------------------------------------------


async def test_what_is_switched_off_is_not_asked(bench: Bench) -> None:
    """A person could not make it stop."""
    await bench.bach.registry.update("partner", is_active=False)
    fault = await bench.bach.check("partner")
    assert isinstance(fault, Fault)
    assert (fault.code, bench.state()) == ("disabled", ConnectionState.DISABLED)
    await bench.clock.advance(10_000)
    assert len(bench.server.asked) == 1
    assert await bench.bach.chat("partner", said("hello")) == fault


async def test_new_settings_are_followed_at_once(bench: Bench) -> None:
    """A person who corrects the address would see the old fault for minutes."""
    async with OpenAIServer(models=["other"]) as other:
        await bench.bach.registry.update("partner", endpoint=other.url)
        report = await bench.bach.check("partner")
        assert isinstance(report, Report)
        assert report.offers == ("other",)


async def test_a_row_that_cannot_work_says_why(clock: FakeClock, bench: Bench) -> None:
    """A row that another program wrote would end the start, or be silent for ever."""
    row = (await bench.store.submit(lambda tx: tx.rows("list_connections"), writes=False))[0]
    fields = ("endpoint", "is_active", "auth_type", "auth_config", "allowed", "settings")
    values = {field: row[field] for field in fields} | {"name": "old", "type": "gpt", "category": "ai"}
    store = MemoryDatabase()
    await store.open()
    await store.submit(lambda tx: tx.run("add_connection", **values))
    parts = Registry(store, Bus(), Connectors(), Secrets())
    await parts.open()
    prober = Prober("old", replace(bench.services(), registry=parts))
    await prober.start()
    fault = await prober.check()
    assert isinstance(fault, Fault)
    assert fault.code == "unknown_type"
    assert prober.health(Direction.SENDING).state is ConnectionState.DISCONNECTED
    await parts.update("old", is_active=False)
    await prober.restart()
    assert prober.health(Direction.SENDING).state is ConnectionState.DISABLED
    await store.close()


async def test_a_rest_and_a_start(bench: Bench) -> None:
    """An application could not choose when a connection works."""
    await bench.bach.stop("partner")
    assert bench.state() is ConnectionState.DISABLED
    await bench.bach.start("partner")
    assert isinstance(await bench.bach.check("partner"), Report)


async def test_what_is_removed_is_not_asked_any_more(bench: Bench) -> None:
    """A deleted partner would still get our key."""
    await bench.bach.registry.remove("partner")
    await bench.clock.advance(10_000)
    assert len(bench.server.asked) == 1
    with pytest.raises(UnknownConnectionError):
        await bench.bach.check("partner")


async def test_a_check_under_way_is_given_up_at_the_end(bench: Bench) -> None:
    """Closing would wait for a partner that does not answer."""
    bench.server.hold.clear()
    asking = asyncio.create_task(bench.bach.check("partner"))
    await bench.server.wait_until_asked(2)
    await bench.bach.stop("partner")
    fault = await asking
    assert isinstance(fault, Fault)
    assert fault.code == "disabled"


async def test_what_was_there_before_is_checked_at_the_next_start(clock: FakeClock, tmp_path: object) -> None:
    """After a restart nothing would be checked until somebody changes it."""
    path, waiting, asked = f"{tmp_path}/bach.db", Waiting(), []
    async with McpServer() as server:
        for number in (1, 2):
            async with Bach(path, clock=clock) as bach:
                bach.subscribe(ConnectionChecked, lambda _event: waiting.changed())
                if number == 1:
                    await bach.registry.add(connection("mcp", server.url))
                await waiting.until(lambda: bach.checked("partner") is not None, timeout=60)
                assert bach.registry.get("partner").success_count == number
            asked.append(len(server.asked))
        assert asked[1] == 2 * asked[0]
        assert server.sessions == set()


# -- conversations ---------------------------------------------------------------------------------------------------


async def test_a_conversation_through_bach(bench: Bench) -> None:
    """Nobody could talk to a partner."""
    assert await bench.bach.chat("partner", said("hello")) == Reply(text="olleh", model="small")
    assert await bench.bach.chat("partner", said("a"), model="large") == Reply(text="a", model="large")
    assert bench.bach.registry.get("partner").success_count == 3
    with pytest.raises(InvalidValueError):
        await bench.bach.chat("partner", said("hello"), timeout=0)


async def test_only_ai_partners_can_be_asked(bench: Bench) -> None:
    """An MCP server would be sent a question it cannot understand."""
    await bench.bach.registry.add(connection("http", bench.server.url, name="page"))
    with pytest.raises(CannotDoError):
        await bench.bach.chat("page", said("hello"))


async def test_a_key_that_is_refused_in_a_conversation_is_told(bench: Bench) -> None:
    """A person would learn of it five minutes later."""
    bench.vault["k"] = "wr0ng"
    fault = await bench.bach.chat("partner", said("hello"))
    assert isinstance(fault, Fault)
    assert (fault.code, bench.state()) == ("auth_failed", ConnectionState.AUTH_FAILED)


async def test_a_conversation_without_a_line_asks_how_it_stands(bench: Bench) -> None:
    """The light would stay green while nobody answers."""
    await bench.server.pause()
    fault = await bench.bach.chat("partner", said("hello"))
    assert isinstance(fault, Fault)
    await bench.until_checked(2)
    assert bench.state() is ConnectionState.DISCONNECTED


async def test_a_slow_model_is_no_broken_line(bench: Bench) -> None:
    """A long answer would turn the light red."""
    bench.server.hold.clear()
    fault = await bench.bach.chat("partner", said("hello"), timeout=0.1)
    bench.server.hold.set()
    assert isinstance(fault, Fault)
    assert fault.code == "timeout"
    await bench.until_checked(2)
    assert bench.state() is ConnectionState.CONNECTED
