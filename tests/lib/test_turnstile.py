"""How many messages are checked and put in one turn of the loop, and in what order."""

import asyncio

import pytest

from bach_lib import Bach, Connection
from bach_lib.outbound import sender, turnstile
from bach_lib.outbound.draft import make_draft
from bach_lib.testing import FakeClock


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A connection that takes everything."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    return bach


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were let through so far."""
    texts: list[str] = []

    def noted(*args: object, **options: object) -> object:
        texts.append(str(args[3]))
        return make_draft(*args, **options)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(sender, "make_draft", noted)
    return texts


async def test_a_thousand_at_once_are_let_through_some_a_turn(home: Bach, checked: list[str]) -> None:
    """Everything else in the program would stand still until all of them are checked."""
    callers = [asyncio.create_task(home.send("home", "ada", str(number))) for number in range(1000)]
    before, longest = 0, 0
    while len(checked) < 1000:
        await asyncio.sleep(0)
        before, longest = len(checked), max(longest, len(checked) - before)
    receipts = await asyncio.gather(*callers)
    assert longest <= 50
    assert [receipt.id for receipt in receipts] == sorted(receipt.id for receipt in receipts)
    assert checked == [str(number) for number in range(1000)]


async def test_who_gives_up_holds_up_nobody() -> None:
    """A place would be lost with each caller that is cancelled, and in the end nobody could send any more."""
    gate = turnstile.Turnstile()

    async def caller() -> None:
        async with gate:
            await asyncio.sleep(0)

    async with asyncio.timeout(300):
        for turn in range(25):
            callers = [asyncio.create_task(caller()) for _ in range(120)]
            for _ in range(turn % 5):  # in some of these turns of the loop, a few were let in just now
                await asyncio.sleep(0)
            for one in callers[1:]:
                one.cancel()
            await asyncio.gather(*callers, return_exceptions=True)
        await asyncio.gather(*(caller() for _ in range(400)))


async def some_turns() -> None:
    """Let everybody have their turn who wants one."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_are_inside_than_may_be_and_no_more_come_in_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand messages would be held in memory twice, or nobody be let in any more after some have given up."""
    monkeypatch.setattr(turnstile, "_AT_ONCE", 3)
    monkeypatch.setattr(turnstile, "_A_TURN", 2)
    gate, inside = turnstile.Turnstile(), list[int]()
    doors = [asyncio.Event() for _ in range(8)]

    async def caller(number: int) -> None:
        async with gate:
            inside.append(number)
            await doors[number].wait()

    callers = [asyncio.create_task(caller(number)) for number in range(8)]
    await asyncio.sleep(0)
    assert inside == [0, 1], "two a turn"
    await some_turns()
    assert inside == [0, 1, 2], "three at a time"
    doors[1].set()
    await some_turns()
    assert inside == [0, 1, 2, 3]
    callers[4].cancel()
    await some_turns()
    assert inside == [0, 1, 2, 3], "who gives up makes no room"
    doors[0].set()
    await asyncio.sleep(0)
    callers[5].cancel()  # it was let in just now
    await some_turns()
    assert inside == [0, 1, 2, 3, 6]
    for door in doors:
        door.set()
    await asyncio.gather(*callers, return_exceptions=True)
    assert inside == [0, 1, 2, 3, 6, 7]
    assert gate._inside == 0
