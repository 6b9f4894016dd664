"""Several processes share a database on a real server: here several open `Bach`, each as its own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

import pytest

from bach_lib import Bach, Connection, Place, Question, Rule, Status
from bach_lib.errors import OwnedElsewhereError, SessionEndedError
from bach_lib.models import ConnectionState
from bach_lib.owners import cluster, membership
from bach_lib.owners.share import Wishes
from bach_lib.runtime import sharing
from bach_lib.storage import ServerDatabase, Transaction
from bach_lib.testing import FakePlatform, fake_connector

NAMES = ("a", "b", "c", "d")


@dataclass
class House:
    """A database, and the processes that were opened on it; all of them reach the same platform."""

    address: str
    stack: AsyncExitStack
    platform: FakePlatform = field(default_factory=FakePlatform)

    async def open(self, name: str) -> Bach:
        """One more process."""
        connectors = {"fake": fake_connector(self.platform, receives=True)}
        return await self.stack.enter_async_context(Bach(self.address, process=name, connectors=connectors, grace=0.0))

    @property
    def texts(self) -> list[str]:
        """What has arrived."""
        return [message.text for message in self.platform.sent]


@pytest.fixture
async def house(database_address: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """An empty database, with leases that run out sooner than in life."""
    monkeypatch.setattr(membership, "LEASE", 1.0)
    monkeypatch.setattr(cluster, "LEASE", 1.0)
    monkeypatch.setattr(cluster, "BEAT", 0.1)
    monkeypatch.setattr(sharing, "BEAT", 0.1)
    async with AsyncExitStack() as stack:
        yield House(database_address, stack)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask the server again and again; the test is red if that never comes."""
    async with asyncio.timeout(60):
        while not await holds():
            pass  # each question goes to the server and back, so others have their turn


async def owners(bach: Bach) -> dict[str, list[str]]:
    """Who works on what, of those that live."""
    return {one.name: list(one.connections) for one in await bach.processes() if one.ended_at is None}


async def fill(bach: Bach) -> None:
    """Four connections."""
    for name in NAMES:
        await bach.registry.add(Connection(name=name, type="fake"))


async def test_two_share_what_there_is_and_anybody_may_send(house: House) -> None:
    """One process would do all the work, or what is sent elsewhere would wait for ever."""
    one = await house.open("one")
    await fill(one)
    assert await owners(one) == {"one": list(NAMES)}
    two = await house.open("two")

    async def is_fair() -> bool:
        return sorted(map(len, (await owners(one)).values())) == [2, 2]

    await until(is_fair)
    for bach in (one, two):
        for name in NAMES:
            receipt = await bach.send(name, "ada", f"{name} by {bach is one}")
            assert (await bach.wait(receipt.id, 10)).status is Status.SENT
    assert sorted(house.texts) == sorted(f"{name} by {who}" for name in NAMES for who in (True, False))


async def test_who_leaves_hands_over_at_once(house: House) -> None:
    """After each update of one machine, its connections would rest until a lease runs out."""
    one = await house.open("one")
    await fill(one)
    two = await house.open("two")

    async def has_some() -> bool:
        return bool((await owners(one)).get("two"))

    await until(has_some)
    await two.close()
    assert "two" not in await owners(one)

    async def has_all() -> bool:
        return await owners(one) == {"one": list(NAMES)}

    await until(has_all)


async def test_who_is_silent_is_followed_and_begins_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has died would keep its connections; or one that was asleep would work beside its successor."""
    one = await house.open("one")
    await fill(one)
    two = await house.open("two")

    async def is_fair() -> bool:
        return sorted(map(len, (await owners(one)).values())) == [2, 2]

    await until(is_fair)
    sharing = two._open_parts.sharing
    assert sharing
    session = max(process.session for process in await one.processes())
    awake = asyncio.Event()
    turn = sharing._membership.turn

    async def asleep(session: int, wishes: Wishes, may_bury: Callable[[], bool]) -> object:
        await awake.wait()
        return await turn(session, wishes, may_bury)

    async def has_all() -> bool:
        return await owners(one) == {"one": list(NAMES)}

    with monkeypatch.context() as sleeping:
        sleeping.setattr(sharing._membership, "turn", asleep)
        await until(has_all)
    awake.set()

    async def is_back() -> bool:
        last = [process for process in await one.processes() if process.name == "two"][-1]
        return bool(last.connections) and last.session > session

    await until(is_back)


async def test_a_session_that_was_ended_writes_nothing_and_costs_nobody_else(database_address: str) -> None:
    """Whoever was asleep would settle a message that its successor is sending."""
    late, other = ServerDatabase(database_address), ServerDatabase(database_address)
    await late.open()
    await other.open()
    try:
        session = await membership.Membership(late, "late").join()
        put = [late.submit(note("one"), as_owner=True), late.submit(note("two"))]
        assert [await one for one in put] == [1, 1]
        await membership.Membership(other, "other").leave(session)
        refused, taken = late.submit(note("three"), as_owner=True), late.submit(note("four"))
        with pytest.raises(SessionEndedError):
            await refused
        assert await taken == 1
        rows = await other.read(lambda tx: tx.rows("all_meta"))
        assert {"one", "two", "four"} <= {str(row["key"]) for row in rows}
        assert "three" not in {str(row["key"]) for row in rows}
    finally:
        await late.close()
        await other.close()


def note(key: str) -> Callable[[Transaction], int]:
    """Write something."""
    return lambda tx: tx.run("save_meta", key=key, value="")


async def test_a_session_is_not_ended_in_the_middle_of_what_it_writes(database_address: str) -> None:
    """A successor would begin while the last commit of its predecessor is still to come."""
    late, other = ServerDatabase(database_address), ServerDatabase(database_address)
    await late.open()
    await other.open()
    try:
        session = await membership.Membership(late, "late").join()
        buried: list[int] = []

        def slow(tx: Transaction) -> int:
            found = tx.run("save_meta", key="slow", value="")
            tx.rows("all_meta")  # so that all of it is on the server
            buried.append(asyncio.run_coroutine_threadsafe(bury(), loop).result(30))
            return found

        async def bury() -> int:
            return await other.submit(lambda tx: tx.run("bury", seconds=-1.0))

        loop = asyncio.get_running_loop()
        assert await late.submit(slow, as_owner=True) == 1
        assert buried == [0]
        assert await bury() == 1
        with pytest.raises(SessionEndedError):
            await late.submit(note("late"), as_owner=True)
        assert session
    finally:
        await late.close()
        await other.close()


async def test_what_a_bystander_changes_is_followed(house: House) -> None:
    """A message that was cancelled elsewhere would go out, or one that was revived would wait for a restart."""
    one = await house.open("one")
    await one.registry.add(Connection(name="home", type="fake"))
    two = await house.open("two")
    house.platform.hold = asyncio.Event()
    bystander = two if "home" in (await owners(one))["one"] else one
    first = await bystander.send("home", "ada", "first")
    second = await bystander.send("home", "ada", "second")
    third = await bystander.send("home", "ada", "third")

    async def is_under_way() -> bool:
        return (await bystander.get(first.id)).status is Status.SENDING

    await until(is_under_way)
    await bystander.cancel(second.id)
    await bystander.amend(third.id, text="amended")
    house.platform.hold.set()
    house.platform.hold = None
    assert (await bystander.wait(third.id, 10)).text == "amended"
    assert (await bystander.wait(second.id, 10)).status is Status.CANCELLED
    assert (await bystander.retry(second.id, wait=10)).status is Status.SENT
    assert house.texts == ["first", "amended", "second"]


async def test_connections_and_rules_are_the_same_for_all(house: House) -> None:
    """A connection that was added here could not be used there; one that was removed would still be polled."""
    one, two = await house.open("one"), await house.open("two")
    await one.registry.add(Connection(name="home", type="fake"))
    await one.rules.set(Rule(name="rain", phrases=("rain",)))

    async def is_known() -> bool:
        await owners(two)
        names = [row.name for row in two.registry.list()]
        return names == ["home"] and [rule.name for rule in two.rules.list()] == ["rain"]

    await until(is_known)
    await two.registry.update("home", allowed=frozenset({"ada"}))

    async def is_followed() -> bool:
        await owners(two)
        return one.registry.get("home").allowed == {"ada"}

    await until(is_followed)
    await two.registry.remove("home")

    async def is_gone() -> bool:
        return not one.registry.list() and await owners(one) == {"one": [], "two": []}

    await until(is_gone)


async def test_what_only_the_owner_can_do_says_so(house: House) -> None:
    """A check would answer for a connection that this process does not have."""
    one = await house.open("one")
    await one.registry.add(Connection(name="home", type="fake"))
    two = await house.open("two")
    with pytest.raises(OwnedElsewhereError, match="Another process works on home"):
        await two.check("home")
    assert two.health("home").state is ConnectionState.STARTING
    fault = two.health("home").fault
    assert fault is not None
    assert fault.code == "owned_elsewhere"


async def test_what_comes_in_is_for_the_programs_of_its_owner(house: House) -> None:
    """Each of several daemons would carry out the same command; or nobody, after a connection has moved."""
    one = await house.open("one")
    await one.registry.add(Connection(name="home", type="fake", allowed=frozenset({"ada"})))
    two = await house.open("two")
    heard: list[tuple[str, str]] = []
    came = asyncio.Event()

    async def listen(name: str, bach: Bach) -> None:
        async for message in bach.received():
            heard.append((name, message.text))
            came.set()
            await message.done()

    tasks = [asyncio.create_task(listen("one", one)), asyncio.create_task(listen("two", two))]
    async with asyncio.timeout(60):
        house.platform.says("to the first", sender="ada")
        await came.wait()
        tasks.pop(0).cancel()
        came.clear()
        house.platform.says("before it moves", sender="ada")
        unhandled = one._open_parts.inbox.unhandled
        while [message.text for message in (await unhandled.page(None, 0, 10)).messages] != ["before it moves"]:
            pass  # each question goes to the server and back
        assert not (await two._open_parts.inbox.unhandled.page(None, 0, 10)).messages
        await one.close()
        await came.wait()
    tasks.pop().cancel()
    assert heard == [("one", "to the first"), ("two", "before it moves")]


async def test_a_question_is_asked_by_the_owner(house: House) -> None:
    """The answer would come to another process, and whoever asked would wait for ever."""
    one = await house.open("one")
    await one.registry.add(Connection(name="home", type="fake", allowed=frozenset({"ada"})))
    two = await house.open("two")
    question = Question(text="Open?", places=(Place(connection="home", recipient="ada"),), timeout=10, takes_text=True)
    with pytest.raises(OwnedElsewhereError):
        await two.ask(question)
    assert house.texts == []


async def test_a_question_is_asked_without_whom_nobody_can_ask(house: House) -> None:
    """One connection that was renamed or deleted would silence the question for the whole family."""
    one = await house.open("one")
    await one.registry.add(Connection(name="home", type="fake", allowed=frozenset({"ada"})))
    gone, ada = Place(connection="gone", recipient="ada"), Place(connection="home", recipient="ada")
    asking = asyncio.create_task(one.ask(Question(text="Open?", places=(gone, ada), timeout=600, takes_text=True)))

    async def is_asked() -> bool:
        sent = [message.text for message in await one.messages(status={Status.SENT})]
        return sent == ["Open?"] and [list(question.unreached) for question in one.questions()] == [[gone]]

    await until(is_asked)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize("is_alone", [True, False])
async def test_a_command_works_itself_only_if_nobody_else_does(house: House, is_alone: bool) -> None:
    """Beside the daemon it would send everything twice; without one, what it waits for would never go."""
    one = await house.open("one")
    await one.registry.add(Connection(name="home", type="fake"))
    if is_alone:
        await one.close()
    connectors = {"fake": fake_connector(house.platform)}
    async with Bach(house.address, connectors=connectors, autostart=False, process="command") as command:
        receipt = await command.send("home", "ada", "by a command")
        await command.start("home")
        assert (await command.wait(receipt.id, 60)).status is Status.SENT
        assert ("command" in await owners(command)) is is_alone
    assert house.texts == ["by a command"]


async def test_a_command_works_itself_when_who_worked_has_just_died(house: House) -> None:
    """What it waits for would not go before its time is over, although nobody else is there any more."""
    async with Bach(house.address, connectors={"fake": fake_connector(house.platform)}, autostart=False) as first:
        await first.registry.add(Connection(name="home", type="fake"))
    died = ServerDatabase(house.address)
    await died.open()
    await membership.Membership(died, "died").join()
    await died.close()
    connectors = {"fake": fake_connector(house.platform)}
    async with Bach(house.address, connectors=connectors, autostart=False, process="command") as command:
        receipt = await command.send("home", "ada", "by a command")
        await command.start("home")
        assert (await command.wait(receipt.id, 60)).status is Status.SENT


async def test_only_one_process_tidies_up(house: House) -> None:
    """All of them would walk through the history at the same time."""
    one, two = await house.open("one"), await house.open("two")
    await until(lambda: _both_look(one, two))
    leads = [bach._open_parts.sharing.is_leader for bach in (one, two) if bach._open_parts.sharing]
    assert leads == [True, False]


async def _both_look(*bachs: Bach) -> bool:
    await owners(bachs[0])
    shared = [bach._open_parts.sharing for bach in bachs]
    return all(one and one._cluster and len(one._cluster.view.processes) == 2 for one in shared)
