"""What a person sets for one connection: how often it tries, when it rests, what it keeps, which way it goes."""

import socket
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector, web

from bach_lib import Bach, Category, Connection, Direction, Fault, Policy, RetryPolicy, check_connection
from bach_lib.connectors import ours
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.connectors.declaration import Known, Knows
from bach_lib.connectors.network_way import Network, plain_session
from bach_lib.errors import CannotReceiveError, InvalidValueError, QueueFullError
from bach_lib.events import InboxChanged, MessageReceived
from bach_lib.outcomes import Retry, Scope
from bach_lib.registry.own_policy import own_policy
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.inbound.make import incoming

DAY = 86_400.0
MINE = Fault(code="strange", text="It is this message.")
HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))


async def _set(bach: Bach, clock: FakeClock, **settings: object) -> None:
    await bach.registry.update("home", settings=settings)
    await clock.settle()


async def test_a_person_sets_how_often_it_tries(clock: FakeClock, platform: FakePlatform) -> None:
    """Whoever wants to know within a minute that nothing arrives would wait a quarter of an hour."""
    policies = {"home": Policy(retry=RetryPolicy(max_retries=3, jitter=0))}
    connectors = {"fake": fake_connector(platform)}
    async with Bach(":memory:", clock=clock, connectors=connectors, connections=[HOME], policies=policies) as bach:
        await _set(bach, clock, retry_delays=[7, 9], max_retries=1)
        platform.outcomes.append(Retry(fault=MINE, scope=Scope.MESSAGE))
        receipt = await bach.send("home", "ada", "Hello")
        await clock.settle()
        message = await bach.get(receipt.id)
        assert message.max_retries == 1
        assert message.next_retry_at == pytest.approx(clock.now() + 7)
        await clock.advance(8)
        assert (await bach.get(receipt.id)).status == "sent"


async def test_what_waits_follows_a_change_at_once(clock: FakeClock, platform: FakePlatform, tmp_path: Path) -> None:
    """A change of the settings would lose what waits, or count only after a restart."""
    connectors = {"fake": fake_connector(platform)}
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=connectors, connections=[HOME]) as bach:
        await clock.settle()
        platform.fault = Fault(code="refused", text="away")
        receipt = await bach.send("home", "ada", "Hello")
        await clock.settle()
        assert bach.breaker("home") == "closed"
        await _set(bach, clock, breaker_failures=1, breaker_seconds=60, max_waiting=1)
        assert bach.breaker("home") == "open"
        assert (until := bach.registry.get("home").disabled_until) is not None
        assert until == pytest.approx(clock.now() + 60, abs=5)
        with pytest.raises(QueueFullError):
            await bach.send("home", "bob", "Hello")
        platform.fault = None
        await clock.advance(61)
        assert (await bach.get(receipt.id)).status == "sent"


async def test_no_more_go_than_a_person_wants(clock: FakeClock, platform: FakePlatform) -> None:
    """A loop in an automation would send hundreds of text messages that cost money."""
    connectors = {"fake": fake_connector(platform)}
    async with Bach(":memory:", clock=clock, connectors=connectors, connections=[HOME]) as bach:
        await _set(bach, clock, per_minute=2)
        for number in range(5):
            await bach.send("home", f"p{number}", "Hello")
        await clock.settle()
        assert len(platform.sent) == 2
        await clock.advance(30.5)
        assert len(platform.sent) == 3
        await _set(bach, clock)
        assert len(platform.sent) == 5


async def test_receiving_can_be_switched_off(clock: FakeClock, platform: FakePlatform) -> None:
    """A bot that only sends would read, and store, what people write to it."""
    connectors = {"fake": fake_connector(platform, receives=True)}
    async with Bach(":memory:", clock=clock, connectors=connectors, connections=[HOME]) as bach:
        await _set(bach, clock, receiving=False)
        platform.write("hello", remote_id="42:1", cursor="1")
        await clock.settle()
        assert await bach.inbox() == []
        assert bach.health("home", Direction.RECEIVING).state == "disabled"
        with pytest.raises(CannotReceiveError):
            await bach.take("home", incoming(remote_id="2", sent_at=clock.now()))
        await bach.send("home", "ada", "Hello")
        await clock.settle()
        assert len(platform.sent) == 1
        await _set(bach, clock)
        assert len(await bach.inbox()) == 1


async def test_what_lay_there_at_a_quiet_start_is_told_to_nobody(clock: FakeClock, platform: FakePlatform) -> None:
    """After an hour of updates the door would open for whoever asked an hour ago, and the night be read aloud."""
    connectors = {"fake": fake_connector(platform, receives=True)}
    quiet = replace(HOME, settings={"quiet_start": True})
    heard: list[str] = []
    changed: list[InboxChanged] = []
    _lies_there(platform, incoming(remote_id="1", sent_at=clock.now() - 20), is_complete=False)
    _lies_there(platform, incoming(remote_id="2", sent_at=None), is_complete=False)
    async with Bach(":memory:", clock=clock, connectors=connectors, connections=[quiet]) as bach:
        bach.subscribe(MessageReceived, lambda event: heard.append(event.message.remote_id))
        bach.subscribe(InboxChanged, changed.append)
        await clock.settle()
        assert (heard, [one.remote_id for one in await bach.inbox()], len(changed)) == ([], ["2", "1"], 2)
        await clock.advance(30)
        _lies_there(
            platform,
            incoming(remote_id="3", sent_at=clock.now() - 31),
            incoming(remote_id="4", sent_at=clock.now() - 29),
            incoming(remote_id="5", sent_at=None),
        )
        await clock.settle()
        assert heard == ["4", "5"], "they were written after the beginning"
        _lies_there(platform, incoming(remote_id="6", sent_at=clock.now() - 3600))
        await clock.settle()
        assert heard == ["4", "5", "6"], "all that lay there had been read"


async def test_what_was_kept_quiet_is_not_heard_after_the_next_start(
    clock: FakeClock, platform: FakePlatform, tmp_path: Path
) -> None:
    """Last week's command would pass for one that a crash kept from being heard."""
    connectors = {"fake": fake_connector(platform, receives=True)}
    _lies_there(platform, incoming(remote_id="1", sent_at=clock.now() - 20))
    heard: list[MessageReceived] = []
    for settings in ({"quiet_start": True}, {}):
        home = replace(HOME, settings=settings)
        async with Bach(tmp_path / "bach.db", clock=clock, connectors=connectors, connections=[home]) as bach:
            bach.subscribe(MessageReceived, heard.append)
            await clock.settle()
            assert ([one.remote_id for one in await bach.inbox()], heard) == (["1"], [])


def _lies_there(platform: FakePlatform, *messages: Incoming, is_complete: bool = True) -> None:
    cursor = messages[-1].remote_id
    platform.incoming.put_nowait(Batch(messages=messages, cursor=cursor, is_complete=is_complete))


@pytest.mark.parametrize(("days", "left"), [(2, 0), (None, 1), (90, 1)])
async def test_each_keeps_for_as_long_as_a_person_wants(
    clock: FakeClock, platform: FakePlatform, days: int | None, left: int
) -> None:
    """What is private would lie about for a month, or what somebody wants to look up would be gone."""
    rows = [HOME, Connection(name="other", type="fake")]
    connectors = {"fake": fake_connector(platform, receives=True)}
    async with Bach(":memory:", clock=clock, connectors=connectors, connections=rows) as bach:
        platform.write("hello", remote_id="42:1", cursor="1")
        for row in rows:
            await bach.send(row.name, "ada", "Hello")
        await clock.settle()
        for row in rows:
            await bach.registry.update(row.name, is_active=False)
        await bach.registry.update("home", settings={} if days is None else {"keep_days": days})
        await clock.settle()
        await clock.advance(3 * DAY)
        assert len(await bach.messages(connection="home")) == left
        assert len(await bach.inbox()) == left
        assert len(await bach.messages(connection="other")) == 1
        await clock.advance(30 * DAY)
        assert len(await bach.messages(connection="home")) == (days == 90)
        assert await bach.messages(connection="other") == []


def test_the_inbox_of_one_has_a_budget() -> None:
    """A connection over which pictures come would take the disk of the house."""
    policy = own_policy(Policy(), {"inbox_megabytes": 20}).receive
    assert (policy.connection_bytes, policy.sender_bytes) == (20_000_000, 20_000_000)
    assert own_policy(Policy(), {"inbox_megabytes": 200}).receive.sender_bytes == Policy().receive.sender_bytes


def test_what_another_version_wrote_is_passed_over() -> None:
    """A connection would not start because of a number that this version does not take."""
    strange: Mapping[str, object] = {"max_retries": "many", "per_minute": -1, "retry_delays": [], "keep_days": True}
    assert own_policy(Policy(), strange) == Policy()


WRONG = [
    {"max_retries": 101},
    {"max_retries": "3"},
    {"breaker_failures": 0},
    {"breaker_seconds": 1e9},
    {"per_minute": 0},
    {"max_waiting": 0},
    {"keep_days": 0},
    {"inbox_megabytes": 0},
    {"retry_delays": []},
    {"retry_delays": [0]},
    {"retry_delays": ["30"]},
    {"retry_delays": [30] * 21},
    {"receiving": "no"},
    {"ip_family": "ipv5"},
    {"proxy": "socks6://proxy:1080"},
    {"ip_family": "ipv4", "proxy": "socks5://proxy:1080"},
    {"proxy": "http://ada:hunter2@proxy:3128"},
    {"proxy": "proxy"},
    {"proxy": "http://proxy/?a=b"},
    {"proxy": "http://[proxy"},
]


@pytest.mark.parametrize("settings", WRONG, ids=str)
async def test_what_cannot_be_is_refused(bach: Bach, settings: Mapping[str, object]) -> None:
    """Messages would wait for ever, or the old value would be lost for one that nobody follows."""
    await bach.registry.add(HOME)
    with pytest.raises(InvalidValueError) as caught:
        await bach.registry.update("home", settings=settings)
    name = min(settings)
    assert caught.value.placeholders["field"] == f"settings.{name}"
    assert "hunter2" not in str(caught.value)
    assert bach.registry.get("home").settings == {}


def test_a_name_of_ours_is_nobody_elses() -> None:
    """A setting would mean one thing to BACH and another to a connector, and do both."""
    knows = ours.with_ours(Knows(settings=(Known(name="proxy", about="something else", takes=(dict,)),)))
    assert [one for one in knows.settings if one.name == "proxy"] == [ours.PROXY]


@pytest.fixture
async def proxy() -> AsyncGenerator[tuple[str, list[str]]]:
    """An HTTP proxy on this machine, which answers itself, and what it was asked for."""
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(str(request.url))
        return web.Response(text="{}")

    server = web.Server(answer)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}", asked
    await runner.cleanup()


@pytest.mark.parametrize("category", [Category.CONNECTOR, Category.API])
async def test_all_of_it_goes_through_the_proxy(proxy: tuple[str, list[str]], category: Category) -> None:
    """In a network without a direct way nothing would be sent; or half of it would go past the proxy."""
    address, asked = proxy
    type_ = "ntfy" if category is Category.CONNECTOR else "http"
    row = Connection(
        name="out", type=type_, category=category, endpoint="http://out.invalid", settings={"proxy": address}
    )
    async with ClientSession() as session:
        await check_connection(row, session=session)
    assert asked
    assert all(url.startswith("http://out.invalid") for url in asked)


async def test_a_connection_at_work_goes_through_it_too(proxy: tuple[str, list[str]]) -> None:
    """The dialog would say that it works, and then every message would go the direct way."""
    address, asked = proxy
    row = Connection(
        name="out",
        type="http",
        category=Category.API,
        endpoint="http://out.invalid",
        settings={"proxy": address},
    )
    async with Bach(":memory:") as bach:
        await bach.registry.add(row)
        await bach.check("out")
        assert asked
        asked.clear()
        ntfy = Connection(name="bell", type="ntfy", endpoint="http://bell.invalid", settings={"proxy": address})
        await bach.registry.add(ntfy)
        await bach.check("bell")
        assert asked
        assert all(url.startswith("http://bell.invalid") for url in asked)


async def test_one_family_only() -> None:
    """In a network whose IPv6 leads nowhere every request would wait for its end."""
    async with ClientSession() as session:
        for family, wanted in (("ipv4", socket.AF_INET), ("ipv6", socket.AF_INET6)):
            network = Network({"ip_family": family}, {}, session)
            assert network.session is not session
            assert isinstance(network.session.connector, TCPConnector)
            assert network.session.connector.family == wanted
            own = network.session
            await network.close()
            assert own.closed
        network = Network({}, {}, session, plain_session)
        assert network.session is session
        await network.close()
        assert not session.closed
