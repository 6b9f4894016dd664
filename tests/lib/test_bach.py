"""BACH as a whole: opening, closing, and that one broken part does not stop the others."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from socket import AF_UNSPEC, AddressFamily
from typing import override

import pytest
from aiohttp import ClientSession

from bach_lib import (
    Bach,
    BachError,
    Category,
    Connection,
    ConnectionState,
    Content,
    Direction,
    Fault,
    Identity,
    InboxStatus,
    Kind,
    Media,
    Message,
    Proxy,
    Rule,
    Status,
    StorageError,
    SystemClock,
    pool_through,
)
from bach_lib.connectors.base import Batch, Connector, Incoming, Setup, Unreadable
from bach_lib.errors import (
    CannotReceiveError,
    FileTooLargeError,
    IdempotencyKeyReusedError,
    InvalidValueError,
    NoFileError,
    NotFetchedError,
    NotOpenError,
    StoreInUseError,
    UnknownConnectionError,
    UnknownTypeError,
)
from bach_lib.events import ConnectionChanged, MessageFinished, MessageQueued, MessageReceived, SenderBlocked
from bach_lib.outcomes import Dead, Outcome
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakeConnector, FakePlatform, fake_connector

HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))
BUSY = Fault(code="busy", text="No")


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A BACH with a connection at work."""
    await bach.registry.add(HOME)
    await clock.settle()
    return bach


# -- opening and closing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda bach: bach.send("home", "ada", "text"),
        lambda bach: bach.get(1),
        lambda bach: bach.messages(),
        lambda bach: bach.inbox(),
        lambda bach: bach.queue_status(),
        lambda bach: bach.wait(1),
        lambda bach: bach.check("home"),
        lambda bach: bach.purge(0),
        lambda bach: bach.retry_all(),
    ],
    ids=["send", "get", "messages", "inbox", "queue_status", "wait", "check", "purge", "retry_all"],
)
async def test_outside_of_its_time_it_says_so(use: Callable[[Bach], AsyncIterator[object]]) -> None:
    """A call before the start or after the end would fail with something nobody understands."""
    bach = Bach(MemoryDatabase())
    with pytest.raises(NotOpenError):
        await use(bach)  # type: ignore[misc] # every one of them can be awaited
    async with bach:
        pass
    with pytest.raises(NotOpenError):
        await use(bach)  # type: ignore[misc] # every one of them can be awaited


async def test_it_can_be_closed_twice_and_opened_again(tmp_path: Path, clock: FakeClock) -> None:
    """A reload of the integration would need a restart of Home Assistant."""
    bach = Bach(tmp_path / "bach.db", clock=clock, connectors={"fake": fake_connector(FakePlatform())})
    for _ in range(2):
        await bach.open()
        await bach.close()
        await bach.close()
    async with bach:
        assert bach.registry.list() == []


async def test_its_own_session_is_closed_and_a_given_one_is_not() -> None:
    """Sockets would leak with every reload, or Home Assistant's own session be closed."""
    made: list[ClientSession] = []

    def new_session(*, proxy: Proxy | None = None, family: AddressFamily = AF_UNSPEC) -> ClientSession:
        made.append(ClientSession(connector=pool_through(proxy, family=family)))
        return made[-1]

    async with Bach(MemoryDatabase(), new_session=new_session):
        assert len(made) == 1
    assert made[0].closed
    async with ClientSession() as given:
        async with Bach(MemoryDatabase(), session=given, new_session=new_session):
            pass
        assert not given.closed
    assert len(made) == 1


async def test_an_opening_that_fails_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second attempt would be told that another BACH is at work."""
    path = tmp_path / "bach.db"

    async def fail(_: object) -> None:
        raise StorageError

    with monkeypatch.context() as broken:
        broken.setattr("bach_lib.registry.Registry.open", fail)
        with pytest.raises(StorageError):
            await Bach(path).open()
    async with Bach(path):
        with pytest.raises(StoreInUseError):
            await Bach(path).open()


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancelled_closing_lets_go_of_the_file(tmp_path: Path, platform: FakePlatform, turns: int) -> None:
    """A shutdown that ran out of time would keep the database locked for the next start."""
    path = tmp_path / "bach.db"
    bach = Bach(path, clock=SystemClock(), connectors={"fake": fake_connector(platform)})
    await bach.open()
    await bach.registry.add(HOME)
    await bach.check("home")
    platform.hold = asyncio.Event()
    await bach.send("home", "ada", "text")
    closing = asyncio.create_task(bach.close(grace=60))
    for _ in range(1 + turns):
        await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    platform.hold.set()
    async with Bach(path, connectors={"fake": fake_connector(platform)}) as again:
        assert len(await again.messages()) == 1


async def test_who_has_no_more_time_does_not_wait_for_what_is_under_way(
    home: Bach, platform: FakePlatform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shutdown that was cut short would hang on for all the seconds it had granted before."""
    never = asyncio.Event()
    monkeypatch.setattr(home._open_parts.housekeeping, "stop", never.wait)
    platform.hold = asyncio.Event()
    await home.send("home", "ada", "text")
    await clock.settle()
    assert platform.sent
    closing = asyncio.create_task(home.close(grace=60))
    await clock.settle()
    closing.cancel()
    await asyncio.wait([closing], timeout=60)  # a server's connection takes a while to be closed
    is_over = closing.cancelled()
    never.set()
    platform.hold.set()
    assert is_over


# -- one broken part -------------------------------------------------------------------------------------------------


class Broken(FakeConnector):
    """A connector with mistakes in it."""

    platform = FakePlatform()
    capabilities = fake_connector(platform).capabilities
    where = ""
    error: type[BaseException] = LookupError

    def __init__(self, setup: Setup) -> None:
        if self.where == "start":
            raise self.error("surprise")
        super().__init__(setup)

    @override
    async def close(self) -> None:
        if self.where == "close":
            raise self.error("surprise")


@pytest.fixture(params=[LookupError, asyncio.CancelledError, GeneratorExit])
def broken(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Callable[[str], type[Connector]]:
    """A connector that fails somewhere, with an error of its own or with one that passes many a border."""

    def make(where: str) -> type[Connector]:
        monkeypatch.setattr(Broken, "where", where)
        monkeypatch.setattr(Broken, "error", request.param)
        return Broken

    return make


async def test_a_connector_that_cannot_start_does_not_stop_the_others(
    broken: Callable[[str], type[Connector]], platform: FakePlatform, tmp_path: Path
) -> None:
    """One account with a surprise in it, and no message of any other would go."""
    connectors = {"fake": fake_connector(platform), "broken": broken("start")}
    for _ in range(2):  # when it is added, and when it is found on disk
        async with Bach(tmp_path / "bach.db", connectors=connectors) as bach:
            if not bach.registry.list():
                await bach.registry.add(Connection(name="bad", type="broken"))
                await bach.registry.add(HOME)
            assert isinstance(await bach.check("home"), Identity)
            assert isinstance(await bach.check("bad"), Fault)
            receipt = await bach.send("home", "ada", "text")
            assert (await bach.wait(receipt.id, 60)).status is Status.SENT
            await bach.send("bad", "ada", "waits")
            health = bach.health("bad", Direction.SENDING)
            assert health.fault
            assert health.fault.code == "internal"
            assert "surprise" not in health.fault.text


async def test_a_connector_that_cannot_be_closed_does_not_keep_the_rest_open(
    broken: Callable[[str], type[Connector]], tmp_path: Path
) -> None:
    """After a reload the database would be locked by nobody one could find."""
    for _ in range(2):
        async with Bach(tmp_path / "bach.db", connectors={"broken": broken("close")}) as bach:
            if not bach.registry.list():
                await bach.registry.add(Connection(name="bad", type="broken"))
            await bach.check("bad")


async def test_a_secret_that_has_gone_stops_its_own_connection_only(
    tmp_path: Path, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One deleted file, and no message of any account would go."""
    connectors = {"fake": fake_connector(platform)}
    monkeypatch.setenv("BACH_TEST_TOKEN", "s3cr3t-t0k3n")
    bad = Connection(name="bad", type="fake", auth_config={"token": "env:BACH_TEST_TOKEN"})
    async with Bach(tmp_path / "bach.db", connectors=connectors) as bach:
        await bach.registry.add(HOME)
        await bach.registry.add(bad)
    monkeypatch.delenv("BACH_TEST_TOKEN")
    async with Bach(tmp_path / "bach.db", connectors=connectors) as bach:
        assert isinstance(await bach.check("home"), Identity)
        assert bach.health("bad", Direction.SENDING).state is ConnectionState.AUTH_FAILED
        receipt = await bach.send("bad", "ada", "waits for the secret")
        monkeypatch.setenv("BACH_TEST_TOKEN", "n3w-t0k3n")
        await bach.start("bad")
        assert (await bach.wait(receipt.id, 60)).status is Status.SENT


async def test_a_type_that_is_no_longer_there_stops_its_own_connection_only(
    tmp_path: Path, platform: FakePlatform
) -> None:
    """An add-on that was removed would keep BACH from starting."""
    fake = fake_connector(platform)
    async with Bach(tmp_path / "bach.db", connectors={"fake": fake, "gone": fake}) as bach:
        await bach.registry.add(HOME)
        await bach.registry.add(Connection(name="old", type="gone"))
    async with Bach(tmp_path / "bach.db", connectors={"fake": fake}) as bach:
        assert isinstance(await bach.check("home"), Identity)
        with pytest.raises(UnknownTypeError):
            await bach.send("old", "ada", "text")


async def test_adding_and_removing_at_once_leaves_nothing_at_work(
    bach: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A dialog that is closed at once would leave a connection that nobody can stop, or an error nobody caused."""
    await bach.registry.add(HOME)
    await bach.registry.remove("home")
    await clock.advance(600)
    checks, polls = platform.checks, len(platform.cursors)
    await clock.advance(600)
    assert (platform.checks, len(platform.cursors)) == (checks, polls)
    with pytest.raises(UnknownConnectionError):
        bach.health("home", Direction.SENDING)


async def test_a_connection_removed_while_it_restarts_is_not_called_broken(
    home: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Home Assistant would ask for a new token for an account that has just been deleted."""
    platform.hold = asyncio.Event()
    await home.send("home", "ada", "text")
    await home.registry.update("home", auth_type="other")
    await clock.settle()
    await home.registry.remove("home")
    told: list[ConnectionChanged] = []
    home.subscribe(ConnectionChanged, told.append)
    platform.hold.set()
    await clock.advance(5)
    assert {event.health.state for event in told} <= {ConnectionState.DISABLED}


async def test_two_changes_at_once_are_one_interruption(home: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """What begins after the first of two changes would be broken off by the second: an alarm would be uncertain."""
    platform.hold = asyncio.Event()
    alarm = await home.send("home", "ada", "Water!")
    for number in range(3):
        await home.registry.update("home", settings={"number": number})
    await clock.advance(5)  # what is under way has a second
    platform.hold.set()
    await clock.advance(60)
    _, attempts = await home.history(alarm.id)
    assert [attempt.outcome for attempt in attempts] == ["uncertain", "sent"]


async def test_what_is_no_connector_is_only_kept(bach: Bach) -> None:
    """An AI partner would be treated like a chat platform."""
    await bach.registry.add(Connection(name="partner", type="ollama", category=Category.AI))
    assert await bach.queue_status() == {}
    with pytest.raises(UnknownTypeError):
        await bach.send("partner", "ada", "text")


# -- asking and acting -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_a_page_has_a_size(bach: Bach, limit: int) -> None:
    """One request could read the whole database into memory."""
    with pytest.raises(InvalidValueError):
        await bach.messages(limit=limit)
    with pytest.raises(InvalidValueError):
        await bach.inbox(limit=limit)


async def test_only_what_has_ended_can_be_purged(home: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """A person who tidies up would throw away messages that still wait."""
    await home.send("home", "ada", "text")
    await clock.advance(10)
    for status in (Status.PENDING, Status.SENDING, Status.FAILED):
        with pytest.raises(InvalidValueError):
            await home.purge(0, statuses=[Status.SENT, status])
    assert await home.purge(11) == 0
    assert await home.purge(9) == 1
    assert await home.messages() == []


async def test_dead_letters_are_retried_where_one_says(home: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """Those of another account would be sent again, too."""
    await home.registry.add(Connection(name="work", type="fake"))
    await clock.settle()
    platform.outcomes.extend([Dead(fault=BUSY)] * 3)
    for name in ("home", "home", "work"):
        await home.send(name, "ada", "text")
        await clock.settle()
    assert await home.retry_all("home") == 2
    await clock.settle()
    status = await home.queue_status()
    assert (status["home"].dead, status["work"].dead) == (0, 1)
    assert len(platform.sent) == 2
    with pytest.raises(UnknownConnectionError):
        await home.retry_all("nowhere")
    assert await home.retry_all() == 1


@pytest.mark.parametrize("action", ["retry", "retry_all", "cancel"])
async def test_an_action_whose_caller_goes_away_is_finished(
    home: Bach, clock: FakeClock, platform: FakePlatform, action: str
) -> None:
    """A message sent again by hand would wait on disk, and nobody would send it until the next start."""
    if action == "cancel":
        platform.fault = BUSY
    else:
        platform.outcomes.append(Dead(fault=BUSY))
    receipt = await home.send("home", "ada", "text")
    await clock.settle()
    finished: list[MessageFinished] = []
    home.subscribe(MessageFinished, finished.append)
    steps = {"retry": home.retry(receipt.id), "retry_all": home.retry_all(), "cancel": home.cancel(receipt.id)}
    acting = asyncio.ensure_future(steps.pop(action))
    for other in steps.values():
        other.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    acting.cancel()
    await clock.advance(60)
    expected = Status.CANCELLED if action == "cancel" else Status.SENT
    assert (await home.get(receipt.id)).status is expected
    assert [event.message.status for event in finished] == [expected], "and everybody was told"


async def test_a_mistake_in_a_connector_stops_one_message_only(
    clock: FakeClock, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One odd message would be tried for ever, and stop all others of its connection each time."""
    deliver = platform.deliver

    async def fail_for_odd_ones(message: Message, *, idempotent: bool) -> Outcome:
        if message.text == "odd":
            raise LookupError("surprise")
        return await deliver(message, idempotent=idempotent)

    monkeypatch.setattr(platform, "deliver", fail_for_odd_ones)
    connectors = {"fake": fake_connector(platform, idempotent=True)}
    async with Bach(MemoryDatabase(), clock=clock, connectors=connectors) as bach:
        await bach.registry.add(HOME)
        await clock.settle()
        odd = await bach.send("home", "ada", "odd")
        for minute in range(20):
            await bach.send("home", "bob", str(minute))
            await clock.advance(60)
        assert len(platform.sent) == 20
        assert (await bach.get(odd.id)).status is Status.DEAD
        assert bach.registry.get("home").consecutive_failures == 0


async def test_a_resting_connection_queues_and_does_not_send(
    home: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A disabled account would go on sending, or lose what is sent to it meanwhile."""
    await home.stop("home")
    receipt = await home.send("home", "ada", "text")
    await clock.advance(600)
    assert platform.sent == []
    assert home.registry.get("home").is_active
    assert home.health("home", Direction.SENDING).state is ConnectionState.DISABLED
    assert home.health("home", Direction.RECEIVING).state is ConnectionState.DISABLED
    await home.start("home")
    await clock.settle()
    assert (await home.get(receipt.id)).status is Status.SENT


async def test_without_autostart_everything_rests_until_it_is_started(clock: FakeClock, platform: FakePlatform) -> None:
    """Accounts that are disabled in Home Assistant would send at every start."""
    connectors = {"fake": fake_connector(platform, receives=True)}
    async with Bach(MemoryDatabase(), clock=clock, connectors=connectors, autostart=False) as bach:
        await bach.registry.add(HOME)
        await clock.advance(60)
        assert (platform.checks, platform.cursors) == (0, [])
        await bach.start("home")
        await clock.settle()
        assert (platform.checks, len(platform.cursors)) == (1, 1)
        await bach.registry.update("home", is_active=False)
        await bach.start("home")
        await clock.settle()
        assert bach.health("home", Direction.SENDING).state is ConnectionState.DISABLED


async def test_who_writes_while_somebody_looks_is_offered(home: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """A person would have to find out the number of a chat."""
    offered: list[SenderBlocked] = []
    home.subscribe(SenderBlocked, offered.append)
    platform.write("early", sender="665", remote_id="665:1", cursor="1")
    await clock.settle()
    with home.pairing("home") as pairing:
        platform.write("/start", sender="666", remote_id="666:1", cursor="2")
        await clock.settle()
        assert list(pairing.candidates) == ["666"]
    assert [event.candidate.recipient for event in offered] == ["666"]
    assert await home.inbox() == []


async def test_nobody_can_be_found_through_a_connection_that_does_not_receive(home: Bach) -> None:
    """A person would wait for ever for somebody to appear."""
    await home.stop("home")
    with pytest.raises(CannotReceiveError):
        home.pairing("home")
    with pytest.raises(UnknownConnectionError):
        home.pairing("nowhere")


async def test_what_is_told_is_true_already(home: Bach, clock: FakeClock) -> None:
    """A subscriber that looks the message up would not find it."""
    found: list[asyncio.Task[object]] = []
    home.subscribe(MessageQueued, lambda event: found.append(asyncio.ensure_future(home.get(event.message.id))))
    await home.send("home", "ada", "text")
    await clock.settle()
    assert [task.exception() for task in found] == [None]


# -- what came in ----------------------------------------------------------------------------------------------------


def bring(platform: FakePlatform, media: Media | None = None, *, remote_id: str = "42:1", sender: str = "42") -> None:
    """Somebody sends something, perhaps with a file."""
    message = Incoming(
        remote_id=remote_id,
        recipient=sender,
        recipient_title="Ada",
        sender_id=sender,
        sender_name="Ada",
        kind=Kind.MEDIA if media else Kind.TEXT,
        text="look",
        content=Content(media=media),
    )
    platform.incoming.put_nowait(Batch(messages=(message,), cursor=remote_id))


@pytest.fixture
async def receiving(bach: Bach, clock: FakeClock, platform: FakePlatform) -> Bach:
    """A BACH that receives, with one text in its inbox."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42", "7"})))
    bring(platform)
    await clock.settle()
    return bach


async def test_the_inbox_is_filtered_by_sender(receiving: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """Who looks for one person's messages would find those of others, or of another bot."""
    bring(platform, remote_id="7:1", sender="7")
    await clock.settle()
    assert [message.sender for message in await receiving.inbox(sender="home:42")] == ["home:42"]
    assert await receiving.inbox(sender="work:42") == []
    assert await receiving.inbox(sender="home:42", connection="work") == []
    for wrong in ("42", "home:", ":42", ""):
        with pytest.raises(InvalidValueError, match="connection:sender_id"):
            await receiving.inbox(sender=wrong)


async def test_the_inbox_is_filtered_by_recipient(receiving: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """Who looks at what came in from one place would find what came from others."""
    bring(platform, remote_id="7:1", sender="7")
    await clock.settle()
    assert [message.recipient for message in await receiving.inbox(recipient="7")] == ["7"]
    assert await receiving.inbox(recipient="8") == []
    assert await receiving.inbox(recipient="7", sender="home:42") == []


async def test_messages_are_marked(receiving: Bach) -> None:
    """What somebody has dealt with would look new for ever."""
    [message] = await receiving.inbox(status=InboxStatus.UNREAD)
    assert await receiving.mark([message.id], InboxStatus.ARCHIVED) == 1
    assert (await receiving.incoming(message.id)).status is InboxStatus.ARCHIVED
    assert await receiving.inbox(status=InboxStatus.UNREAD) == []


async def test_a_file_is_fetched_when_somebody_wants_it(
    receiving: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A voice message could not be heard."""
    platform.files["v1"] = b"sound"
    bring(platform, Media(type="voice", reference="v1", size=5), remote_id="42:2")
    await clock.settle()
    [message] = await receiving.inbox(limit=1)
    assert await receiving.fetch(message.id) == b"sound"


@pytest.mark.parametrize(
    ("media", "error"),
    [
        pytest.param(None, NoFileError, id="a text"),
        pytest.param(Media(type="voice", reference="v1", size=6), FileTooLargeError, id="more than wanted"),
        pytest.param(Media(type="video", reference="v1", size=1 << 40), FileTooLargeError, id="a whole film"),
        pytest.param(Media(type="voice", reference="v1"), NotFetchedError, id="larger than it said"),
        pytest.param(Media(type="voice", reference="gone", size=1), NotFetchedError, id="gone"),
    ],
)
async def test_what_cannot_be_fetched_is_said_in_a_sentence(
    receiving: Bach, clock: FakeClock, platform: FakePlatform, media: Media | None, error: type[BachError]
) -> None:
    """A film would fill the memory, or an automation fail without a reason."""
    platform.files["v1"] = b"sounds"
    bring(platform, media, remote_id="42:2")
    await clock.settle()
    [message] = await receiving.inbox(limit=1)
    with pytest.raises(error, match=str(message.id)):
        await receiving.fetch(message.id, 5)


async def test_nothing_is_fetched_through_a_connection_at_rest(
    receiving: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A switched-off connection would still go out to the platform."""
    bring(platform, Media(type="voice", reference="v1", size=1), remote_id="42:2")
    await clock.settle()
    [message] = await receiving.inbox(limit=1)
    await receiving.registry.update("home", is_active=False)
    await clock.settle()
    with pytest.raises(NotFetchedError, match="not at work"):
        await receiving.fetch(message.id)


async def test_rules_reach_the_router(receiving: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """A rule would be kept and never tried."""
    await receiving.rules.set(Rule(name="eyes", phrases=("look",)))
    bring(platform, remote_id="42:2")
    await clock.settle()
    [message] = await receiving.inbox(limit=1)
    assert message.metadata["context_triggers"] == ["eyes"]


async def test_what_was_set_aside_can_be_looked_at(receiving: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """Nobody could mend what they cannot see."""
    nonsense = Unreadable(raw="{}", reason="no number")
    platform.incoming.put_nowait(Batch(messages=(), cursor="2", unreadable=(nonsense,)))
    await clock.settle()
    assert await receiving.unreadable("home") == [nonsense]
    await receiving.registry.remove("home")
    await clock.settle()
    assert await receiving.unreadable("home") == []


# -- asking twice, counting, discarding, routing ----------------------------------------------------------------------


async def test_a_message_asked_for_twice_is_sent_once(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """A program that repeats a request whose answer it never got would ring the bell twice."""
    first = await home.send("home", "ada", "ding", idempotency_key="7")
    again = await home.send("home", "Ada", "ding", idempotency_key="7")
    await clock.settle()
    assert (again.id, [message.text for message in platform.sent]) == (first.id, ["ding"])
    receipt = await home.send("home", "ada", "next")  # the lane and the worker are free
    await clock.settle()
    assert (await home.get(receipt.id)).status is Status.SENT


async def test_a_key_given_to_another_message_is_refused(home: Bach) -> None:
    """The second message would be taken for the first, and be lost."""
    await home.send("home", "ada", "ding", idempotency_key="7", time_to_live=60)
    await home.send("home", "ada", "ding", idempotency_key="7", time_to_live=60)
    with pytest.raises(IdempotencyKeyReusedError):
        await home.send("home", "bob", "ding", idempotency_key="7", time_to_live=60)
    with pytest.raises(IdempotencyKeyReusedError):
        await home.send("home", "ada", "ding", idempotency_key="7", time_to_live=90)


async def test_the_inbox_is_counted_as_it_is_paged(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """The number above a list would not be the number of its lines."""
    for number in range(3):
        platform.write(f"text {number}", remote_id=str(number), cursor=str(number))
    await clock.settle()
    [newest, *_] = await home.inbox()
    await home.mark([newest.id], InboxStatus.READ)
    assert await home.count_inbox() == 3
    assert await home.count_inbox(connection="home", status=InboxStatus.UNREAD) == 2
    assert await home.count_inbox(sender="home:42") == 3
    assert await home.count_inbox(sender="home:43") == 0
    assert await home.count_inbox(sender="home:42", connection="other") == 0
    with pytest.raises(InvalidValueError):
        await home.count_inbox(sender="42")


async def test_a_discarded_message_is_gone_and_does_not_come_again(
    home: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """What somebody deletes would stay, others would go with it, or a repetition open the door a second time."""
    for number in range(2):
        platform.write(f"text {number}", remote_id=str(number), cursor=str(number))
    await clock.settle()
    [newest, older] = await home.inbox()
    assert await home.discard([newest.id, 99]) == 1
    platform.write("text 1", remote_id="1", cursor="2")
    await clock.settle()
    assert [message.id for message in await home.inbox()] == [older.id]


async def test_what_was_announced_is_not_routed_again(home: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Asking for a routing would open the door a second time."""
    platform.write("open", remote_id="1", cursor="1")
    await clock.settle()
    received: list[MessageReceived] = []
    home.subscribe(MessageReceived, received.append)
    assert (await home.route(), received) == (0, [])


async def test_a_platform_that_tells_nobody_offers_nobody(receiving: Bach, clock: FakeClock) -> None:
    """The dialog for recipients would break where there is nothing to pick from."""
    assert await receiving.find("home", " ada ") == []
    await receiving.registry.update("home", is_active=False)
    await clock.settle()
    assert await receiving.find("home") == Fault(code="not_working", text="The connection is not at work.")


async def test_a_chat_is_let_in_by_its_number(bach: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """It would be refused, or let nobody in."""
    allowed: frozenset[str] = frozenset({42})  # type: ignore[arg-type] # as people without a type checker say it
    added = await bach.registry.add(Connection(name="numbers", type="fake", allowed=allowed))
    assert added.allowed == {"42"}
    await clock.settle()
    receipt = await bach.send("numbers", 42, "hello")
    await clock.settle()
    assert (await bach.get(receipt.id)).recipient == "42"
