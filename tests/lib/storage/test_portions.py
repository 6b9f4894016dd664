"""How much is done in one transaction, judged by how long the last one took; and what becomes of a request."""

import asyncio
from collections.abc import Callable

import pytest

from bach_lib.storage import Transaction
from bach_lib.storage import portions as portions_module
from bach_lib.storage.portions import Portions, in_portions
from bach_lib.storage.request import Request, contained, deliver, settle
from bach_lib.storage.store import Store


class Watch:
    """The time that portions see."""

    def __init__(self) -> None:
        self.now = 1000.0

    def perf_counter(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Time turned by hand."""
    watch = Watch()
    monkeypatch.setattr(portions_module, "time", watch)
    return watch


@pytest.fixture
def sizes(watch: Watch) -> Callable[..., list[int]]:
    """How the size follows transactions that took so many milliseconds."""

    def run(*milliseconds: float) -> list[int]:
        portions, sizes = Portions(), []
        for took in milliseconds:
            portions.begin()
            watch.now += took / 1000
            portions.end()
            sizes.append(portions.size)
        return sizes

    return run


def test_quick_ones_grow_to_a_limit(sizes: Callable[..., list[int]]) -> None:
    """Tidying up a year would take a transaction for every few rows, or one that holds everybody up."""
    assert Portions().size == 20
    assert sizes(1, 1, 1, 1, 1) == [40, 80, 160, 200, 200]


def test_those_that_take_as_long_as_they_should_stay(sizes: Callable[..., list[int]]) -> None:
    """The size would swing between too much and too little."""
    assert sizes(2.6, 5, 9.9) == [20, 20, 20]
    assert sizes(2.4) == [40]


def test_slow_ones_shrink_to_what_should_take_as_long_as_it_may(sizes: Callable[..., list[int]]) -> None:
    """On a slow disk whoever sends would wait for half a minute."""
    assert sizes(10.1) == [9]
    assert sizes(50) == [2]
    assert sizes(10_000, 10_000) == [1, 1]


async def test_all_are_done_some_at_a_time_in_order(store: Store, watch: Watch) -> None:
    """Some would be left out between two transactions, or be done twice."""
    took = iter([0.001, 0.02, 0.02, 0.02])

    def work(tx: Transaction, ids: str) -> str:
        watch.now += next(took, 0.001)
        return ids

    done = [ids async for ids in in_portions(store, list(range(100)), work)]
    assert [len(ids.split(",")) for ids in done] == [20, 40, 10, 2, 1, 2, 4, 8, 13]
    assert "".join(done).replace("][", ", ") == str(list(range(100)))


async def test_a_request_that_is_no_longer_waited_for_is_let_go() -> None:
    """A caller that gave up would end the thread of the storage with an error."""
    loop = asyncio.get_running_loop()
    waits, gone, failed = (
        Request[None](work=lambda tx: None, writes=True, future=loop.create_future()) for _ in range(3)
    )
    gone.future.cancel()
    waits.result, gone.result, failed.error = 7, 7, LookupError("no")
    deliver([gone, waits, failed])
    assert waits.future.result() == 7
    assert isinstance(failed.future.exception(), LookupError)
    assert gone.future.cancelled()


async def test_who_waits_for_no_result_hears_of_the_end_and_of_the_error() -> None:
    """Closing would hang, or look as if it had worked."""
    loop = asyncio.get_running_loop()
    good, bad, gone = (loop.create_future() for _ in range(3))
    gone.cancel()
    error = LookupError("no")
    for future, what in ((good, None), (bad, error), (gone, None)):
        settle(future, what)
    assert good.result() is None
    assert bad.exception() is error


def test_an_interrupt_in_the_storage_ends_no_task_elsewhere() -> None:
    """Pressing Ctrl-C at the wrong moment would cancel whoever waits for the disk, without a word."""
    plain, interrupt = LookupError("no"), KeyboardInterrupt()
    assert contained(plain) is plain
    wrapped = contained(interrupt)
    assert (type(wrapped), str(wrapped)) == (RuntimeError, "A request to the storage ended with KeyboardInterrupt")
    assert wrapped.__cause__ is interrupt
