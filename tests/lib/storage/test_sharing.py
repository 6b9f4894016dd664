"""What requests of one turn share: the way to the storage's thread, its transaction, and the count of a connection."""

import asyncio
from dataclasses import dataclass, field

import pytest

from bach_lib.storage.collecting import TurnBatcher
from bach_lib.storage.request import Request, has_writes
from bach_lib.storage.tally import DeliveryCounts


def request(*, writes: bool = True) -> Request[None]:
    """One that nobody works on."""
    return Request[None](lambda _: None, writes, asyncio.get_running_loop().create_future())


async def test_one_that_writes_is_enough_for_a_transaction_that_writes() -> None:
    """A transaction that only reads would begin, and fail where somebody else has written meanwhile."""
    writes, reads = request(), request(writes=False)
    assert has_writes([reads, writes, reads])
    assert has_writes([writes])
    assert not has_writes([reads, reads])
    assert not has_writes([])


# -- the way to the thread ---------------------------------------------------------------------------------------------


@dataclass
class Handed:
    """What the storage's thread gets, and when: in which turn of the event loop."""

    batches: list[tuple[int, list[Request[None]]]] = field(default_factory=list)
    turn: int = 0

    async def pass_turns(self, number: int = 1) -> None:
        """Let the event loop do what it has to do, so many times."""
        for _ in range(number):
            await asyncio.sleep(0)
            self.turn += 1

    def take(self, batch: list[Request[None]]) -> None:
        """The thread's."""
        self.batches.append((self.turn, batch))


@pytest.fixture
def handed() -> Handed:
    """Nothing yet."""
    return Handed()


@pytest.fixture
def collecting(handed: Handed) -> TurnBatcher[None]:
    """Nothing is due."""
    return TurnBatcher(handed.take)


async def test_what_comes_in_one_turn_goes_together_once(handed: Handed, collecting: TurnBatcher[None]) -> None:
    """A hundred messages sent at once would wait for the disk a hundred times, or one be written twice."""
    loop = asyncio.get_running_loop()
    first, second, third = request(), request(), request()
    collecting.add(first, loop)
    collecting.add(second, loop)
    assert handed.batches == []
    await handed.pass_turns(2)
    assert handed.batches == [(0, [first, second])]
    collecting.add(third, loop)
    await handed.pass_turns(2)
    assert handed.batches[1:] == [(2, [third])]


async def test_what_is_handed_over_by_hand_is_not_handed_over_again(
    handed: Handed, collecting: TurnBatcher[None]
) -> None:
    """At the end of a run the last message would be written twice, or the one after it wait for ever."""
    loop = asyncio.get_running_loop()
    first, second = request(), request()
    collecting.end()
    assert handed.batches == [], "nothing is not worth waking anybody"
    collecting.add(first, loop)
    collecting.end()
    assert handed.batches == [(0, [first])]
    await handed.pass_turns()
    collecting.add(second, loop)
    await handed.pass_turns()
    assert handed.batches == [(0, [first]), (1, [second])]


async def test_who_was_answered_has_a_turn_to_want_the_next_thing(
    handed: Handed, collecting: TurnBatcher[None]
) -> None:
    """Every step of a hundred callers who wait for each other's commits would cost two turns, or two commits."""
    loop = asyncio.get_running_loop()
    answered, following = request(), [request(), request()]

    async def go_on(number: int) -> None:
        await asyncio.shield(answered.future)
        collecting.add(following[number], loop)

    callers = [asyncio.ensure_future(go_on(number)) for number in range(2)]
    await handed.pass_turns(3)
    collecting.answer([answered], loop)
    await asyncio.gather(*callers)
    await handed.pass_turns(3)
    assert [batch for _, batch in handed.batches] == [following]


async def test_a_turn_that_is_due_is_not_asked_for_twice(collecting: TurnBatcher[None]) -> None:
    """The event loop of a busy house would do nothing but look for what was handed over already."""
    loop = asyncio.get_running_loop()
    asked: list[object] = []

    class Loop:
        def call_soon(self, callback: object) -> None:
            asked.append(callback)

    counted = Loop()
    for _ in range(3):
        collecting.add(Request(lambda _: None, True, loop.create_future()), counted)  # type: ignore[arg-type] # only what is used of it
    collecting.answer([], counted)  # type: ignore[arg-type] # the same
    assert asked == [collecting.end]
    collecting.end()
    collecting.answer([], counted)  # type: ignore[arg-type] # the same
    assert asked == [collecting.end] * 2


# -- the count of a connection -----------------------------------------------------------------------------------------


def test_successes_and_errors_are_counted_for_each_connection() -> None:
    """The figures of a connection would be those of another, or say that all is well while nothing gets through."""
    tally = DeliveryCounts()
    assert list(tally.sums()) == []
    for connection, delivered, now in (
        ("home", True, 1.0),
        ("work", False, 2.0),
        ("home", True, 3.0),
        ("home", False, 4.0),
    ):
        tally.count(connection, delivered, now)
    assert list(tally.sums()) == [
        {"name": "home", "successes": 2, "errors": 1, "now": 4.0},
        {"name": "work", "successes": 0, "errors": 1, "now": 2.0},
    ]
    tally.count("work", False, 5.0)
    assert list(tally.sums())[1] == {"name": "work", "successes": 0, "errors": 2, "now": 5.0}
    tally.clear()
    assert list(tally.sums()) == []
