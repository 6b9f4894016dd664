"""The receiving loop: it recovers, says how it stands, and is thrown away when it hangs."""

import asyncio
from itertools import pairwise

import pytest

from bach_lib import Connection, ConnectionState, Fault
from bach_lib.connectors import checked as border
from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.capabilities import Capabilities
from bach_lib.errors import StoreFailedError
from bach_lib.inbound.inbox import Accepted
from bach_lib.inbound.quiet_start import Judge
from bach_lib.models import Format
from bach_lib.models.incoming import Content, Kind
from bach_lib.redact import Redactor
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming
from tests.lib.inbound.receiving import DOWN, HOME, Bench, Platform, hang

# -- the ordinary day ------------------------------------------------------------------------------------------------


async def test_what_comes_is_stored_and_then_told(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """A person would command the house and nothing would happen."""
    await bench.start()
    platform.write("lights on", remote_id="42:1", cursor="1")
    await clock.settle()
    assert bench.texts == ["lights on"]
    assert bench.states == [ConnectionState.STARTING, ConnectionState.CONNECTED]
    assert bench.receiver.health.last_success == clock.now()
    assert platform.cursors == [None, "1"]


async def test_strangers_are_counted(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """Nobody would notice that a stranger is trying."""
    await bench.start()
    platform.write("open", sender="666", remote_id="666:1", cursor="1")
    await clock.settle()
    assert bench.blocked == 1
    assert bench.texts == []


async def test_who_is_allowed_is_looked_up_for_every_message(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """A person just allowed would have to wait for a restart; one just shut out would still be let in."""
    await bench.start()
    bench.row = Connection(name="home", type="fake", allowed=frozenset({"666"}))
    platform.write("hello", sender="666", remote_id="666:1", cursor="1")
    platform.write("hello", sender="42", remote_id="42:1", cursor="2")
    await clock.settle()
    assert [message.sender_id for message in bench.received] == ["666"]


async def test_what_was_removed_meanwhile_is_no_fault(
    bench: Bench, platform: Platform, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever removes a connection would read in the log that it does not work."""
    await bench.start()
    bench.is_removed = True
    platform.write("hello", remote_id="42:1", cursor="1")
    await clock.settle()
    assert bench.states == [ConnectionState.STARTING]
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


async def test_what_works_less_well_is_told_and_stays_told(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """Everything would look fine while a platform keeps something back that a person could release."""
    await bench.start()
    notice = Fault(code="intent_refused", text="Texts are kept back.")
    for _ in range(2):
        platform.incoming.put_nowait(Batch(messages=(), cursor="1", notice=notice))
        await clock.settle()
    platform.incoming.put_nowait(Batch(messages=(), cursor="2"))
    await clock.settle()
    found = [(health.state, health.fault) for health in bench.healths[1:]]
    assert found == [(ConnectionState.CONNECTED, notice), (ConnectionState.CONNECTED, None)]


# -- bad days --------------------------------------------------------------------------------------------------------


async def test_failed_polls_keep_a_growing_distance(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """An outage would be met with thousands of polls a second."""
    times: list[float] = []

    async def fail(cursor: str | None) -> Fault:
        times.append(clock.monotonic())
        return DOWN

    platform.receive = fail
    await bench.start()
    await clock.advance(18)
    assert [later - earlier for earlier, later in pairwise(times)] == [1, 2, 5, 5, 5]
    assert bench.states == [ConnectionState.STARTING, ConnectionState.DISCONNECTED], "told once, not each time"


async def test_one_good_poll_starts_the_distance_afresh(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """A connection with hiccups would get slower and slower."""
    await bench.start()
    for fault in (DOWN, DOWN, DOWN):
        platform.incoming.put_nowait(fault)
    await clock.advance(8)
    platform.write("hello", remote_id="42:1", cursor="1")
    platform.incoming.put_nowait(DOWN)
    await clock.settle()
    assert bench.receiver.health.state is ConnectionState.DISCONNECTED
    polls = len(platform.cursors)
    await clock.advance(1)
    assert len(platform.cursors) == polls + 1


async def test_the_platforms_wish_to_wait_is_obeyed(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """A bot that polls against the platform's word is banned."""
    platform.incoming.put_nowait(Fault(code="rate_limited", text="Too many", retry_after=60))
    await bench.start()
    await clock.advance(59)
    assert len(platform.cursors) == 1
    await clock.advance(1)
    assert len(platform.cursors) == 2


async def test_the_watchdog_knows_of_the_platforms_wish(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """It would take the wait for a fault and poll before the time."""
    platform.incoming.put_nowait(Fault(code="rate_limited", text="Too many", retry_after=600))
    await bench.start()
    await clock.advance(599)
    assert (len(platform.cursors), platform.resets) == (1, 0)
    platform.receive = hang
    await clock.advance(1 + 120)
    assert (len(platform.cursors), platform.resets) == (3, 1)


@pytest.mark.parametrize("seconds", [float("inf"), 1e12])
async def test_a_wish_to_wait_has_limits(bench: Bench, platform: Platform, clock: FakeClock, seconds: float) -> None:
    """A server with a mistake in it would silence receiving for years."""
    platform.incoming.put_nowait(Fault(code="rate_limited", text="Too many", retry_after=seconds))
    await bench.start()
    await clock.advance(86_400)
    assert len(platform.cursors) > 1


async def test_refused_credentials_have_a_state_of_their_own(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """Home Assistant would not ask for a new token."""
    platform.incoming.put_nowait(Fault(code="auth_failed", text="Unauthorized"))
    await bench.start()
    assert bench.states[-1] is ConnectionState.AUTH_FAILED


async def test_the_secret_is_not_repeated(bench: Bench, platform: Platform) -> None:
    """A platform that quotes the token would put it on the dashboard."""
    platform.incoming.put_nowait(Fault(code="unreachable", text="GET /s3cr3t-t0k3n/getUpdates failed"))
    await bench.start("s3cr3t-t0k3n")
    fault = bench.receiver.health.fault
    assert fault
    assert fault.text == "GET /***/getUpdates failed"


async def test_a_full_disk_repeats_the_poll(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person wrote would be lost, or receiving would end."""
    with monkeypatch.context() as broken:
        broken.setattr(bench.inbox, "accept", raise_full_disk)
        await bench.start()
        platform.write("hello", remote_id="42:1", cursor="1")
        await clock.settle()
        fault = bench.receiver.health.fault
        assert fault
        assert fault.code == "store_failed"
    platform.write("hello", remote_id="42:1", cursor="1")
    await clock.advance(1)
    assert bench.texts == ["hello"]
    assert platform.cursors == [None, None, "1"]


async def raise_full_disk(*args: object, **options: object) -> None:
    """No room."""
    raise StoreFailedError(path="bach.db", reason="disk full")


@pytest.mark.parametrize("where", ["receive", "accept"])
async def test_a_mistake_in_our_own_code_does_not_end_receiving(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """One odd message, and nothing would ever come in again, while everything looks connected."""
    with monkeypatch.context() as broken:
        broken.setattr(*{"receive": (platform, "receive"), "accept": (bench.inbox, "accept")}[where], raise_surprise)
        await bench.start()
        platform.write("odd", remote_id="42:1", cursor="1")
        await clock.settle()
        fault = bench.receiver.health.fault
        assert fault
        assert (fault.code, "LookupError" in fault.text) == ("internal", True)
    platform.write("hello", remote_id="42:2", cursor="2")
    await clock.advance(1)
    assert bench.texts[-1] == "hello"


async def raise_surprise(*args: object, **options: object) -> Batch:
    """A mistake."""
    raise LookupError("surprise")


# -- hanging ---------------------------------------------------------------------------------------------------------


async def test_a_loop_that_hangs_is_thrown_away(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """A dead connection the network never told of: commands would be ignored until somebody restarts the house."""
    platform.receive = hang
    await bench.start()
    await clock.advance(119)
    assert platform.resets == 0
    platform.receive = None
    await clock.advance(1)
    assert platform.resets == 1
    platform.write("hello", remote_id="42:1", cursor="1")
    await clock.settle()
    assert bench.texts == ["hello"]


async def test_a_poll_that_swallows_its_cancellation_holds_up_nobody(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """A library that catches too much would make the watchdog wait for the very thing that hangs."""
    go_on = asyncio.Event()

    async def stubborn(cursor: str | None) -> Fault:
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                continue
        return DOWN

    platform.receive = stubborn
    await bench.start()
    platform.receive = None
    await clock.advance(120)
    platform.write("hello", remote_id="42:1", cursor="1")
    await clock.settle()
    assert bench.texts == ["hello"]
    go_on.set()
    await clock.settle()
    assert bench.states[-1] is ConnectionState.CONNECTED, "what the old loop still says counts no more"
    polls = len(platform.cursors)
    await clock.advance(30)
    assert len(platform.cursors) == polls, "the old loop must not poll beside the new one"


async def test_a_busy_loop_is_left_alone(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """A healthy connection would be torn down every two minutes."""
    await bench.start()
    for number in range(10):
        await clock.advance(60)
        platform.incoming.put_nowait(Batch(messages=(), cursor=str(number)))
        await clock.settle()
    assert platform.resets == 0


async def test_while_nothing_works_everything_is_rebuilt_again_and_again(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """The first rebuild would be the last."""
    platform.receive = hang
    await bench.start()
    await clock.advance(600)
    assert platform.resets == 5


async def test_a_reset_that_fails_does_not_stop_the_rebuild(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cure would end like the illness."""
    monkeypatch.setattr(type(bench.connector), "reset", raise_surprise)
    platform.receive = hang
    await bench.start()
    platform.receive = None
    await clock.advance(120)
    platform.write("hello", remote_id="42:1", cursor="1")
    await clock.settle()
    assert bench.texts == ["hello"]


async def test_a_reset_that_hangs_does_not_stop_the_rebuild(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One session that cannot be closed, and the house is deaf for good."""

    async def hang_too(_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(type(bench.connector), "reset", hang_too)
    monkeypatch.setitem(border._SECONDS, "reset", 0.01)
    platform.receive = hang
    await bench.start()
    platform.receive = None
    await clock.advance(120)
    platform.write("hello", remote_id="42:1", cursor="1")
    async with asyncio.timeout(60):
        while not bench.received:  # noqa: ASYNC110 - real time passes, inside of asyncio.timeout
            await asyncio.sleep(0)
    assert bench.texts == ["hello"]


async def test_a_poll_has_a_time_limit(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each hanging poll would cost two minutes."""
    quick = Capabilities(
        receives=True, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=10, poll_timeout=0.01
    )
    monkeypatch.setattr(type(bench.connector), "capabilities", quick)
    platform.receive = hang
    await bench.start()
    async with asyncio.timeout(60):
        while bench.receiver.health.fault is None:  # noqa: ASYNC110 - real time passes, inside of asyncio.timeout
            await asyncio.sleep(0)
    assert bench.receiver.health.fault.code == "timeout"


# -- stopping --------------------------------------------------------------------------------------------------------


async def test_it_stops_and_starts_again(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """Reloading an integration would leave it deaf, or polling twice."""
    await bench.start()
    await bench.receiver.stop()
    assert not bench.receiver.is_running
    assert bench.states[-1] is ConnectionState.DISABLED
    polls = len(platform.cursors)
    await clock.advance(600)
    assert len(platform.cursors) == polls
    assert platform.resets == 0
    await bench.start()
    platform.write("hello", remote_id="42:1", cursor="1")
    await clock.settle()
    assert bench.texts == ["hello"]


async def test_what_is_being_stored_when_it_stops_is_also_told(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command would lie in the inbox, never carried out, and never come again."""
    go_on, accept = asyncio.Event(), bench.inbox.accept

    async def slow(
        row: Connection, batch: Batch, *, caught_up_at: float | None, redact: Redactor, is_quiet: Judge
    ) -> Accepted:
        await go_on.wait()
        return await accept(row, batch, caught_up_at=caught_up_at, redact=redact, is_quiet=is_quiet)

    monkeypatch.setattr(bench.inbox, "accept", slow)
    await bench.start()
    platform.write("lights on", remote_id="42:1", cursor="1")
    await clock.settle()
    stopping = asyncio.create_task(bench.receiver.stop())
    await clock.settle()
    go_on.set()
    await stopping
    assert bench.texts == ["lights on"]
    assert await bench.inbox.cursor("home") == "1"


# -- presses ---------------------------------------------------------------------------------------------------------


def press(remote_id: str = "p1", sender: str = "42") -> Incoming:
    """Somebody presses a button."""
    return incoming(
        remote_id=remote_id, sender_id=sender, recipient=sender, kind=Kind.BUTTON, text="", content=Content(value="yes")
    )


def bring(platform: Platform, *messages: Incoming, cursor: str, is_complete: bool = True) -> None:
    """The next poll brings these."""
    platform.incoming.put_nowait(Batch(messages=messages, cursor=cursor, is_complete=is_complete))


async def test_a_press_is_acknowledged_before_it_is_stored(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The button would turn while the disk is busy, and the person press again."""
    stuck = asyncio.Event()

    async def never(*args: object, **options: object) -> Accepted:
        await stuck.wait()
        raise AssertionError

    monkeypatch.setattr(bench.inbox, "accept", never)
    await bench.start()
    bring(platform, press(), cursor="1")
    await clock.settle()
    assert [message.remote_id for message in platform.acknowledged] == ["p1"]
    stuck.set()


async def test_the_press_of_a_stranger_is_not_answered(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """A stranger would learn that somebody is at home."""
    await bench.start()
    bring(platform, press(sender="666"), cursor="1")
    await clock.settle()
    assert platform.acknowledged == []
    assert bench.blocked == 1


async def test_an_acknowledgement_that_fails_or_hangs_costs_nothing_else(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One press with a stale handle would end receiving."""

    async def broken(message: Incoming) -> None:
        if message.remote_id == "p1":
            raise RuntimeError("query is too old")
        await asyncio.Event().wait()

    monkeypatch.setattr(bench.connector, "acknowledge", broken)
    await bench.inbox.save_caught_up_at("home", clock.now())
    await bench.start()
    bring(platform, press("p1"), press("p2"), cursor="1")
    platform.write("and on", remote_id="42:3", cursor="2")
    await clock.settle()
    assert [message.kind for message in bench.received] == [Kind.BUTTON, Kind.BUTTON, Kind.TEXT]
    await bench.receiver.stop()
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "bach-acknowledge"] == []


async def test_a_press_counts_as_old_until_everything_has_been_read(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """After a night without internet, the first hundred updates out of two hundred would count as all."""
    await bench.start()
    bring(platform, press("p1"), cursor="1", is_complete=False)
    bring(platform, press("p2"), cursor="2")
    bring(platform, press("p3"), cursor="3")
    await clock.settle()
    assert [message.kind for message in bench.received] == [Kind.EXPIRED, Kind.EXPIRED, Kind.BUTTON]


async def test_a_press_after_an_outage_is_old_and_the_next_one_is_not(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """The press of last night would open the door this morning."""
    await bench.start()
    bring(platform, cursor="1")
    await clock.settle()
    platform.incoming.put_nowait(DOWN)
    await clock.advance(400)
    bring(platform, press("p1"), cursor="2")
    await clock.settle()
    bring(platform, press("p2"), cursor="3")
    await clock.settle()
    assert [message.kind for message in bench.received] == [Kind.EXPIRED, Kind.BUTTON]


async def test_a_short_restart_does_not_make_presses_old(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """Whoever answers while Home Assistant restarts would have to answer twice."""
    await bench.start()
    bring(platform, cursor="1")
    await clock.settle()
    await clock.advance(100)
    bring(platform, cursor="1")
    await clock.settle()
    await bench.receiver.stop()
    assert await bench.inbox.caught_up_at("home") == clock.now()


async def test_a_piece_of_what_there_is_was_not_all_of_it(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """After a crash between two pieces of a night's backlog, the presses in the rest of it would open the door."""
    await bench.start()
    for cursor, is_complete, read_at in (("1", False, None), ("2", False, None), ("3", True, clock.now())):
        bring(platform, cursor=cursor, is_complete=is_complete)
        await clock.settle()
        assert await bench.inbox.cursor("home") == cursor
        assert await bench.inbox.caught_up_at("home") == read_at


# -- announced once --------------------------------------------------------------------------------------------------


async def test_what_a_crash_left_is_announced_at_the_next_start(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """A message stored just before the crash would never reach anybody: the platform does not send it again."""
    batch = Batch(messages=(incoming(text="water!"),), cursor="1")
    await bench.inbox.accept(HOME, batch, caught_up_at=None, redact=Redactor())
    await bench.start()
    assert bench.texts == ["water!"]
    await bench.receiver.stop()
    await bench.start()
    assert bench.texts == ["water!"], "and never twice"


async def test_a_command_that_a_crash_left_for_long_is_expired(bench: Bench, clock: FakeClock) -> None:
    """The door would open when the machine is repaired, three days later."""
    batch = Batch(messages=(incoming(kind=Kind.COMMAND, sent_at=clock.now()),), cursor="1")
    await bench.inbox.accept(HOME, batch, caught_up_at=None, redact=Redactor())
    await clock.advance(301)
    await bench.start()
    assert [message.kind for message in bench.received] == [Kind.EXPIRED]


async def test_what_the_disk_did_not_let_us_announce_comes_with_the_next_poll(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that was full for a second would swallow a command for good."""
    with monkeypatch.context() as broken:

        async def full_disk(messages: object) -> None:
            raise StoreFailedError(path="bach.db", reason="disk full")

        broken.setattr(bench.inbox, "save_routed", full_disk)
        await bench.start()
        platform.write("lights on", remote_id="42:1", cursor="1")
        await clock.settle()
        assert bench.texts == []
        assert bench.healths[-1].fault == Fault(
            code="store_failed", text=str(StoreFailedError(path="bach.db", reason="disk full"))
        )
    await clock.advance(2)
    assert bench.texts == ["lights on"]
    assert bench.states[-1] is not ConnectionState.DISABLED


# -- strangers and nonsense in the log -------------------------------------------------------------------------------


async def test_strangers_cost_one_line_an_hour(
    bench: Bench, platform: Platform, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever finds the bot could fill the log; or nobody would ever see that somebody tries."""
    await bench.start()
    for number in range(10):
        platform.write("open", sender="666", remote_id=f"666:{number}", cursor=str(number))
    await clock.settle()
    assert strangers(caplog) == ["1 messages of senders that nobody allowed came through home"]
    await clock.advance(3601)
    platform.write("open", sender="666", remote_id="666:99", cursor="99")
    await clock.settle()
    assert strangers(caplog)[1:] == ["10 messages of senders that nobody allowed came through home"]
    assert "666" not in caplog.text


def strangers(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says about strangers."""
    return [record.getMessage() for record in caplog.records if "nobody allowed" in record.getMessage()]


async def test_nonsense_is_set_aside_and_told_of_once(
    bench: Bench, platform: Platform, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A platform that has changed would make receiving stop, or nobody would learn why messages are missing."""
    await bench.start("hush-hush")
    for number in range(3):
        nonsense = Unreadable(raw=f'{{"n": {number}, "key": "hush-hush"}}', reason="what is this")
        platform.incoming.put_nowait(Batch(messages=(), cursor=str(number), unreadable=(nonsense,)))
    platform.write("fine", remote_id="42:1", cursor="9")
    await clock.settle()
    assert bench.texts == ["fine"]
    assert len(await bench.inbox.unreadable("home")) == 3
    told = [record.getMessage() for record in caplog.records if "set aside" in record.getMessage()]
    assert told == ["1 messages that came through home could not be read; set aside"]
    assert "hush" not in caplog.text + str(await bench.inbox.unreadable("home"))


def test_the_example_is_from_ada() -> None:
    """The tests above would prove nothing if the sender were not allowed."""
    assert incoming().sender_id in HOME.allowed


async def test_routing_on_demand_announces_what_was_left_and_nothing_twice(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """A call to route would announce what is being announced at that moment: a door would open twice."""
    batch = Batch(messages=(incoming(text="left"),), cursor="1")
    await bench.inbox.accept(HOME, batch, caught_up_at=None, redact=Redactor())
    routed = await asyncio.gather(bench.receiver.route_left_over(), bench.receiver.route_left_over())
    assert (sum(routed), bench.texts) == (1, ["left"])
