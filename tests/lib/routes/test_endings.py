"""How a run ends for those who started it: repeated under its key, overtaken by its tag, cleared, and forgotten."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Fault, RouteStatus, RouteWords
from bach_lib.errors import InvalidValueError, RouteKeyReusedError, TooManyRunsError
from bach_lib.outcomes import Retry, Scope
from bach_lib.routes import limits, runner
from bach_lib.testing import FakeClock, FakePlatform, World, fake_connector, world
from tests.lib.routes.test_runner import WATER, edits, heard, press


@pytest.fixture
async def house() -> AsyncIterator[World]:
    """Two connections, and the route "water"."""
    rows = [Connection(name=name, type="fake", allowed=frozenset({"42"})) for name in ("home", "zoo")]
    async with world(connections=rows) as made:
        await made.bach.routes.set(WATER)
        yield made


async def test_what_is_started_again_under_its_key_is_the_same_run(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that got no answer and asks again would wake everybody twice."""
    bach, platform, clock = house
    monkeypatch.setattr(runner, "MOST_RUNS", 1)
    first, again = await asyncio.gather(
        *[bach.start_route("water", "Water!", idempotency_key="leak 1") for _ in range(2)]
    )
    await clock.settle()
    assert (first.id, heard(platform)) == (again.id, [("ada", "Water!")])
    for other in ({"text": "Fire!"}, {"text": "Water!", "tag": "leak"}, {"text": "Water!", "priority": 5}):
        with pytest.raises(RouteKeyReusedError, match="was used for run 1, which tells something else"):
            await bach.start_route("water", idempotency_key="leak 1", **other)
    with pytest.raises(TooManyRunsError):
        await bach.start_route("water", "Water!", idempotency_key="leak 2")
    await bach.acknowledge(first.id, "Ada")
    assert (await bach.start_route("water", "Water!", idempotency_key="leak 1")).status is RouteStatus.ACKNOWLEDGED


async def test_of_two_processes_with_one_key_one_begins(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both would look, find none, and begin one each."""
    bach, book = house.bach, house.bach._routing.book
    first, look, looks = await bach.start_route("water", "Water!", idempotency_key="k"), book.by_key, 0

    async def late(key: str) -> object:
        nonlocal looks
        looks += 1
        return await look(key) if looks > 1 else None  # the first time, the other process had not written it

    monkeypatch.setattr(book, "by_key", late)
    assert (await bach.start_route("water", "Water!", idempotency_key="k")).id == first.id
    assert [run.id for run in await bach.route_runs()] == [first.id]
    assert len(await bach.messages()) == 1


async def test_a_newer_run_with_the_same_tag_ends_the_older_one(house: World) -> None:
    """Two alarms about one leak would be told beside each other, and each ask for its own answer."""
    bach, platform, clock = house
    old = await bach.start_route("water", "Water!", tag="cellar")
    other = await bach.start_route("water", "Rain!", tag="roof")
    await clock.settle()
    new = await bach.start_route("water", "More water!", tag="cellar")
    await clock.settle()
    run = await bach.route_run(old.id)
    assert (run.status, run.superseded_by) == (RouteStatus.CANCELLED, new.id)
    assert edits(platform) == {"ada": "Water!"}, "what is true now stands below it, so only its button goes"
    assert not platform.sent[-1].buttons
    assert [(await bach.route_run(one.id)).status for one in (other, new)] == [RouteStatus.UNDER_WAY] * 2
    await bach.acknowledge(new.id, "Ada")
    await bach.start_route("water", "Again!", tag="cellar")
    await clock.settle()
    assert (await bach.route_run(new.id)).status is RouteStatus.ACKNOWLEDGED, "who had it keeps it"


async def test_a_process_that_dies_before_the_older_one_is_ended_ends_it_after_the_start(tmp_path: Path) -> None:
    """Both would go on for ever beside each other."""
    path, platform = tmp_path / "bach.db", FakePlatform()
    kinds = {"fake": fake_connector(platform, receives=True)}
    async with Bach(path, connectors=kinds, clock=FakeClock(), autostart=False) as bach:  # nothing goes on there
        for name in ("home", "zoo"):
            await bach.registry.add(Connection(name=name, type="fake"))
        await bach.routes.set(WATER)
        ids = [(await bach.start_route("water", text, tag="t")).id for text in ("Water!", "More water!")]
    clock = FakeClock()
    async with Bach(path, connectors=kinds, clock=clock) as bach:
        await clock.settle()
        found = [(await bach.route_run(one)).status for one in ids]
    assert found == [RouteStatus.CANCELLED, RouteStatus.UNDER_WAY]


async def test_all_who_were_told_hear_once_that_it_is_over(house: World) -> None:
    """Whoever read of the water at three would look for it at nine; or be woken for it who never knew."""
    bach, platform, clock = house
    run = await bach.start_route("water", "Water!", title="Cellar", priority=3)
    await clock.advance(60)
    assert [who for who, _ in heard(platform)] == ["ada", "bob", "eve"]
    await bach.acknowledge(run.id, "Bob")
    await clock.settle()
    cleared = await bach.all_clear(run.id, "The cellar is dry.")
    assert await bach.all_clear(run.id, "The cellar is dry.") == cleared
    await clock.settle()
    assert heard(platform)[3:] == [(who, "The cellar is dry.") for who in ("ada", "bob", "eve")]
    assert [(sent.title, sent.priority, sent.buttons) for sent in platform.sent[-3:]] == [("Cellar", 3, ())] * 3
    assert (cleared.status, cleared.by, len(cleared.tried)) == (RouteStatus.ACKNOWLEDGED, "Bob", 3)
    assert not list(bach._routing.runner._listener), "nothing is to be done about it any more"


async def test_who_has_not_been_told_yet_hears_of_no_end(house: World) -> None:
    """Ada would be woken by *The cellar is dry* for water of which she never heard."""
    bach, platform, clock = house
    platform.outcomes += [Retry(fault=Fault(code="busy", text="later"), scope=Scope.MESSAGE)] * 2
    run = await bach.start_route("water", "Water!")
    await clock.settle()
    assert (await bach.all_clear(run.id, "Dry.")).status is RouteStatus.CANCELLED
    await clock.advance(3600)
    assert heard(platform) == []
    assert [one.status for one in await bach.messages()] == ["cancelled"]


async def test_what_nobody_acknowledged_is_forgotten_after_a_day(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alarm a minute would fill the memory within weeks, and each press be compared with all of them."""
    bach, _, clock = house
    runs = [await bach.start_route("water", "Water!") for _ in range(3)]
    listener = bach._routing.runner._listener
    await clock.advance(60)
    await clock.advance(120)
    assert [watched.run.status for watched in listener] == [RouteStatus.EXHAUSTED] * 3
    monkeypatch.setattr(limits, "MOST_EXHAUSTED", 2)
    more = await bach.start_route("water", "Water!")
    await clock.settle()
    assert [watched.run.id for watched in listener] == [runs[1].id, runs[2].id, more.id]
    await bach.acknowledge(more.id, "Ada")
    await clock.advance(86_400)
    assert not list(listener)
    assert not await bach._routing.book.open_runs()
    assert (await bach.acknowledge(runs[1].id, "Bob")).by == "Bob", "and can be acknowledged all the same"


async def test_a_run_of_an_earlier_layout_is_read(tmp_path: Path) -> None:
    """An alarm that is under way while BACH is updated would be taken for damaged, and tell nobody else."""
    path = tmp_path / "bach.db"
    async with Bach(path, connectors={"fake": fake_connector(FakePlatform())}, autostart=False) as bach:
        for name in ("home", "zoo"):
            await bach.registry.add(Connection(name=name, type="fake"))
        await bach.routes.set(WATER)
        run = await bach.start_route("water", "Water!")
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("UPDATE route_runs SET state = json_remove(state, '$.tag', '$.superseded_by', '$.cleared_at')")
    async with Bach(path, connectors={"fake": fake_connector(FakePlatform())}, autostart=False) as bach:
        assert await bach.route_run(run.id) == run
        assert run.words == RouteWords()


async def test_who_presses_below_the_reminder_before_has_it(house: World) -> None:
    """Ada presses as the next reminder sets out, and the house is woken all night although she has it."""
    bach, platform, clock = house
    first = await bach.start_route("water", "The freezer is warm", tag="freezer", snooze=60)
    await clock.advance(60)
    await clock.advance(120)
    assert (await bach.route_run(first.id)).status is RouteStatus.EXHAUSTED
    platform.holds()
    second = await bach.start_route("water", "The freezer is warmer", tag="freezer", reminds=True)
    press(bach, first.message_ids[0], "ada")
    await clock.settle()
    platform.works()
    await clock.settle()
    run = await bach.route_run(second.id)
    assert (run.status, run.by) == (RouteStatus.ACKNOWLEDGED, "Ada")
    third = await bach.start_route("water", "Water!", tag="freezer")
    fourth = await bach.start_route("water", "More water!", tag="freezer")
    press(bach, third.message_ids[0], "ada")
    await clock.settle()
    assert (await bach.route_run(fourth.id)).status is RouteStatus.UNDER_WAY
    with pytest.raises(InvalidValueError):
        await bach.start_route("water", "Water!", reminds=1)  # type: ignore[arg-type] # as callers without a checker
