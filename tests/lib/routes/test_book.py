"""Runs on disk: what is read is what was written, and of two that write one does."""

import json
from dataclasses import replace

import pytest

from bach_lib import Place, Reached, RouteRun, RouteStatus, RouteWords, Said, Step, Tried
from bach_lib.errors import RunChangedError, UnknownRunError
from bach_lib.routes.book import RunBook, Writing
from bach_lib.routes.deciding import Decision
from bach_lib.storage import Store, Value

ADA, BOB = Place(connection="home", recipient="ada"), Place(connection="zoo", recipient="bób")
NEW = RouteRun(
    id=0,
    route="water",
    tag="leak",
    caused_by=(BOB,),
    said=Said(text="Wasser im Keller — jetzt", title="Übel", format="html", silent=True, priority=-3),
    steps=(
        Step(
            places=(ADA, BOB), wait=1.5, in_turn=True, reached=Reached.SEEN, repeats=2, repeat_every=7.5, but_cause=True
        ),
        Step(places=(ADA,)),
    ),
    words=RouteWords(button="Ich übernehme", acknowledged="{name}: {time}", over="Vorbei"),
    started_at=5.5,
    left=(1, 2),
    stage=0,
    told=1,
    due_at=9.5,
)


@pytest.fixture
def book(store: Store) -> RunBook:
    """Of an empty database."""
    return RunBook(store)


async def write(
    store: Store, run: RouteRun, *tell: Place, ids: tuple[int | None, ...] = (), key: str | None = None
) -> RouteRun:
    """Write what a run has come to."""
    writing = Writing(Decision(run, tell), 6.5, key)
    assert writing.run == run
    await store.submit(lambda tx: writing(tx, ids))
    return writing.run


async def test_a_run_is_kept_as_it_stands(store: Store, book: RunBook) -> None:
    """After a restart an alarm would lose its title, wait another time, or tell those again who were told."""
    run = await write(store, NEW, ADA, BOB, ids=(4, None))
    tried = Tried(place=ADA, stage=0, at=6.5, message_id=4)
    assert run == replace(NEW, id=run.id, version=1, tried=(tried,))
    assert run.id > 0
    assert await book.get(run.id) == run
    row = await store.read(lambda tx: tx.row("get_run", id=run.id))
    assert row is not None
    assert "jetzt" in str(row["state"])
    assert "Übel" in str(row["state"])
    assert "bób" in str(row["state"])  # as people can read it, who look for what is wrong
    ended = replace(
        run, status=RouteStatus.ACKNOWLEDGED, ended_at=8.5, left=(), stage=None, told=0, due_at=None, by="Ada"
    )
    ended = await write(store, replace(ended, reached=Reached.ANSWERED))
    assert await book.get(run.id) == ended
    assert (ended.version, ended.tried) == (2, (tried,))


async def test_of_two_that_go_on_one_does(store: Store, book: RunBook) -> None:
    """Two processes would tell everybody."""
    run = await write(store, NEW)
    await write(store, replace(run, told=2))
    with pytest.raises(RunChangedError, match=f"run {run.id} of a route"):
        await write(store, replace(run, told=3))
    with pytest.raises(RunChangedError):
        await book.close(run)
    assert (await book.get(run.id)).told == 2
    with pytest.raises(UnknownRunError, match="under the number 7,"):
        await book.get(7)


async def test_what_is_over_is_not_looked_at_again(store: Store, book: RunBook) -> None:
    """Each start would withdraw what was withdrawn long ago; or nobody could acknowledge after a restart."""
    runs = [await write(store, NEW) for _ in range(3)]
    runs[1] = await write(store, replace(runs[1], status=RouteStatus.EXHAUSTED, ended_at=8.5, due_at=None, stage=None))
    assert [one.id for one in await book.open_runs()] == [one.id for one in runs]
    assert [one.id for one in await book.open_runs(8.4)] == [one.id for one in runs]
    assert [one.id for one in await book.open_runs(8.5)] == [runs[0].id, runs[2].id]
    closed = await book.close(runs[1])
    assert await book.open_runs() == [runs[0], runs[2]]
    assert closed == await book.get(runs[1].id) == replace(runs[1], version=3)


async def test_runs_are_paged_and_purged(store: Store, book: RunBook) -> None:
    """The list would begin with the oldest, or what is under way would be removed."""
    runs = [await write(store, replace(NEW, route=route)) for route in ("water", "fire", "water")]
    runs[0] = await write(store, replace(runs[0], status=RouteStatus.CANCELLED, ended_at=8.5))
    assert await book.page(None, None, 2) == [runs[2], runs[1]]
    assert await book.page(None, runs[2].id, 2) == [runs[1], runs[0]]
    assert await book.page("water", None, 5) == [runs[2], runs[0]]
    assert await book.purge(8.5, 9.0) == 0
    assert await book.purge(8.6, 9.0) == 1
    assert await book.page(None, None, 5) == [runs[2], runs[1]]


@pytest.mark.parametrize(
    "damage",
    [
        {"left": (0, 3)},
        {"stage": 3},
        {"stage": "0"},
        {"told": True},
        {"due_at": "soon"},
        {"tried": [["home", "ada", 3, 1.0, 1]]},
        {"tried": [["home", "ada", 0, 1.0, 1.5]]},
        {"tried": {}},
        {"said": []},
        {"reached": "odd"},
    ],
)
async def test_a_damaged_run_is_named_and_costs_no_other(
    store: Store, book: RunBook, caplog: pytest.LogCaptureFixture, damage: dict[str, object]
) -> None:
    """A disk flips a bit: no alarm would go on, or that one would tell whom it must not."""
    runs = [await write(store, NEW) for _ in range(2)]
    row = await store.read(lambda tx: tx.row("get_run", id=runs[0].id))
    assert row is not None
    state = json.dumps(json.loads(str(row["state"])) | damage)
    values: dict[str, Value] = {"status": "under_way", "version": 2, "is_open": True, "ended_at": None, "state": state}
    await store.submit(lambda tx: tx.run("save_run", id=runs[0].id, **values))
    assert await book.open_runs() == [runs[1]]
    assert caplog.messages == [f"The run {runs[0].id} of a route is damaged in the database, and is left out"]


async def test_a_damaged_run_keeps_no_key(store: Store, book: RunBook) -> None:
    """Who starts the alarm again under its key would wait for ever, and all other alarms with them."""
    run = await write(store, NEW, key="leak 1")
    assert await book.by_key("leak 1") == run
    assert await book.by_key("leak 2") is None
    with pytest.raises(RunChangedError):
        await write(store, NEW, key="leak 1")
    values: dict[str, Value] = {"status": "odd", "version": 2, "is_open": True, "ended_at": None, "state": "{}"}
    await store.submit(lambda tx: tx.run("save_run", id=run.id, **values))
    assert await book.by_key("leak 1") is None
    again = await write(store, NEW, key="leak 1")
    assert await book.by_key("leak 1") == again
