"""What every storage promises, run on every storage there is."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from bach_lib.errors import NotOpenError, StoreFailedError
from bach_lib.storage import Database, MemoryDatabase, ServerDatabase, Store, Transaction
from tests.lib.storage.work import add, fail, names

IMPLEMENTATIONS: dict[type[Store], Callable[[pytest.FixtureRequest], Store]] = {
    Database: lambda request: Database(request.getfixturevalue("tmp_path") / "bach.db"),
    MemoryDatabase: lambda _: MemoryDatabase(),
    ServerDatabase: lambda request: ServerDatabase(request.getfixturevalue("database_address")),
}


def subclasses(of: type[Store]) -> Iterator[type[Store]]:
    """Every storage in the library, however deep; what is only an interface is none."""
    for subclass in of.__subclasses__():
        if subclass.__module__.startswith("bach_lib.") and not getattr(subclass, "_is_protocol", False):
            yield subclass
        yield from subclasses(subclass)


def test_no_storage_is_forgotten() -> None:
    """A new storage would reach users without ever having been held to the contract."""
    assert set(subclasses(Store)) == set(IMPLEMENTATIONS)  # type: ignore[type-abstract] # its subclasses are not


@pytest.fixture(params=IMPLEMENTATIONS, ids=lambda kind: kind.__name__)
def closed_store(request: pytest.FixtureRequest) -> Store:
    """A storage nobody opened yet."""
    return IMPLEMENTATIONS[request.param](request)


@pytest.fixture
async def store(closed_store: Store) -> AsyncIterator[Store]:
    """An open storage."""
    await closed_store.open()
    yield closed_store
    await closed_store.close()


async def test_a_result_is_what_the_work_returned(store: Store) -> None:
    """`send` would return another message's id."""
    assert await store.submit(add("ada")) == 1
    assert await store.submit(names, writes=False) == ["ada"]


async def test_a_lookup_sees_what_was_answered_before(store: Store) -> None:
    """`get` would not know what `send` has just returned."""
    await store.submit(add("ada"))
    assert await store.read(names) == ["ada"]


async def test_requests_run_and_answer_in_the_order_of_submission(store: Store) -> None:
    """A message could be claimed before the one in front of it is settled."""
    answered: list[int] = []
    futures = [store.submit(add(f"{number:03}")) for number in range(50)]
    for future in futures:
        future.add_done_callback(lambda done: answered.append(done.result()))
    assert await asyncio.gather(*futures) == list(range(1, 51))
    await asyncio.sleep(0)
    assert answered == list(range(1, 51))


async def test_a_request_that_raises_fails_alone(store: Store) -> None:
    """One bad request would take back what it shared a commit with, or leave half of itself behind."""
    first, bad, last = store.submit(add("first")), store.submit(fail), store.submit(add("last"))
    results = await asyncio.gather(first, bad, last, return_exceptions=True)
    assert results[0] == 1
    assert isinstance(results[1], StoreFailedError)
    assert results[2] == 2
    assert await store.submit(names) == ["first", "last"]


async def test_a_request_the_database_refuses_fails_alone(store: Store) -> None:
    """A name that is taken would stop everybody's writes."""
    await store.submit(add("ada"))
    taken, other = store.submit(add("ada")), store.submit(add("bob"))
    with pytest.raises(StoreFailedError):
        await taken
    assert await other == 2


async def test_a_refused_request_changes_nothing_when_run_again(store: Store) -> None:
    """After a rollback the others run a second time; what they wrote would be there twice."""
    runs: list[str] = []

    def count_and_add(tx: Transaction) -> int:
        runs.append("run")
        return add("ada")(tx)

    good, bad = store.submit(count_and_add), store.submit(fail)
    await asyncio.gather(good, bad, return_exceptions=True)
    assert len(runs) in (1, 2)
    assert good.result() == 1
    assert await store.submit(names) == ["ada"]


async def test_the_work_of_a_cancelled_caller_is_done(store: Store) -> None:
    """Whether a message of a stopped automation exists would depend on the moment."""
    future = store.submit(add("ada"))
    future.cancel()
    assert await store.submit(names) == ["ada"]
    assert future.cancelled()


async def test_closing_finishes_what_was_submitted(store: Store) -> None:
    """What was handed over in the last moment before a shutdown would hang or be lost."""
    futures = [store.submit(add(f"{number:03}")) for number in range(20)]
    await store.close()
    async with asyncio.timeout(60):
        assert await asyncio.gather(*futures) == list(range(1, 21))


async def test_a_closed_storage_says_so(closed_store: Store) -> None:
    """A call after shutdown would wait for ever, for a thread that has gone."""
    with pytest.raises(NotOpenError):
        closed_store.submit(names)
    with pytest.raises(NotOpenError):
        closed_store.read(names)
    await closed_store.open()
    await closed_store.close()
    with pytest.raises(NotOpenError):
        closed_store.read(names)
    with pytest.raises(NotOpenError):
        closed_store.submit(names)


async def test_it_can_be_closed_twice_and_opened_again(store: Store) -> None:
    """A second shutdown, or a reload, would raise or hang."""
    await store.close()
    await store.close()
    await store.open()
    assert await store.submit(add("ada")) >= 1
