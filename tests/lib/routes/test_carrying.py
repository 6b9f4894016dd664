"""What a run carries goes along its whole route, whatever happens in between, and no longer than that."""

import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from functools import partial
from pathlib import Path

import pytest

from bach_lib import (
    Bach,
    Connection,
    Fault,
    File,
    InvalidValueError,
    Loss,
    Operation,
    Place,
    Policy,
    Route,
    RouteKeyReusedError,
    RouteStatus,
    Step,
)
from bach_lib.outcomes import Dead
from bach_lib.storage import Address, Store, Transaction
from bach_lib.storage.moving import Move, no_bar
from bach_lib.storage.moving import Place as Side
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

ADA, BOB = Place(connection="home", recipient="ada"), Place(connection="home", recipient="bob")
DOOR = Route(name="door", steps=(Step(places=(ADA,), wait=60.0, repeats=1, repeat_every=30.0), Step(places=(BOB,))))
PHOTO = File(name="door.jpg", content=b"p" * 900, mime_type="image/jpeg")
OTHER = File(name="hall.jpg", content=b"o" * 900)

type Opened = Callable[..., AbstractAsyncContextManager[Bach]]


@pytest.fixture
def opened(tmp_path: Path, platform: FakePlatform, clock: FakeClock) -> Opened:
    """A BACH on a file, with a connection to the platform and a route."""

    @asynccontextmanager
    async def opened(path: Path = tmp_path / "bach.db", *, file_bytes: int = 10_000) -> AsyncIterator[Bach]:
        policy = Policy(file_bytes=file_bytes)
        async with Bach(path, clock=clock, connectors={"fake": fake_connector(platform)}, policy=policy) as bach:
            if not bach.registry.list():
                await bach.registry.add(Connection(name="home", type="fake"))
                await bach.routes.set(DOOR)
            await clock.settle()
            yield bach

    return opened


def there(folder: Path) -> list[bytes]:
    """What is in all files beside the database."""
    return sorted(one.read_bytes() for one in (folder / "bach.db-files").rglob("*") if one.is_file())


def told(platform: FakePlatform) -> list[tuple[str, list[bytes]]]:
    """Who got what files, but for changes."""
    sent = [one for one in platform.sent if one.operation is Operation.SEND]
    return [(one.recipient, [file.content for file in one.files]) for one in sent]


@pytest.mark.sqlite_only
async def test_each_step_and_repeat_has_the_picture_also_after_a_restart(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """Whoever is told second would read that somebody is at the door, and not see who: the camera is gone by then."""
    async with opened() as bach:
        await bach.start_route("door", "Somebody is at the door", files=[PHOTO])
        await clock.settle()
        await clock.advance(30)
        assert told(platform) == [("ada", [PHOTO.content])] * 2
        assert there(tmp_path) == [PHOTO.content]
    async with opened() as bach:
        await clock.advance(60)
        assert told(platform)[2:] == [("bob", [PHOTO.content])]
        [run] = await bach.route_runs()
        assert [(file.name, file.mime_type, file.size, file.content) for file in run.said.files] == [
            ("door.jpg", "image/jpeg", 900, b"")
        ]
        await bach.acknowledge(run.id, "Ada")
        await clock.settle()
        assert there(tmp_path) == []
        assert all(not one.files for one in platform.sent if one.operation is Operation.EDIT)


@pytest.mark.sqlite_only
async def test_a_run_that_is_over_lets_its_files_go(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """Every alarm of a year would keep its pictures on the disk of a small machine."""

    async def exhaust(bach: Bach, run_id: int) -> None:
        for _ in range(3):
            await clock.advance(300)
        assert (await bach.route_run(run_id)).status is RouteStatus.EXHAUSTED
        assert there(tmp_path) == [PHOTO.content], "somebody may want quiet, and it goes on afterwards"

    async def start(bach: Bach) -> int:
        run = await bach.start_route("door", "Somebody is at the door", files=[PHOTO], tag="door")
        await clock.settle()
        assert there(tmp_path) == [PHOTO.content]
        return run.id

    async with opened() as bach:
        await bach.acknowledge(await start(bach), "Ada")
        assert there(tmp_path) == []
        await bach.cancel_route(await start(bach))
        assert there(tmp_path) == []
        await bach.all_clear(await start(bach), "They are gone")
        await clock.settle()
        assert told(platform)[-1] == ("ada", [])
        assert there(tmp_path) == []
        await start(bach)
        last = await bach.start_route("door", "Again", tag="door")
        await clock.settle()
        assert there(tmp_path) == [], "a newer one has overtaken it"
        await bach.cancel_route(last.id)
        await exhaust(bach, await start(bach))
        await clock.advance(86_400)
        assert there(tmp_path) == []
        await exhaust(bach, await start(bach))
    clock.jump(3 * 86_400)
    async with opened():  # no process was there when its time was over
        await clock.settle()
        await clock.advance(7 * 3600)
        assert there(tmp_path) == []


async def test_quiet_for_a_while_costs_no_picture(clock: FakeClock, platform: FakePlatform) -> None:
    """Who wanted to look at it later would get bare words an hour later."""
    rows = [Connection(name="home", type="fake")]
    async with Bach(":memory:", clock=clock, connections=rows, connectors={"fake": fake_connector(platform)}) as bach:
        run = await bach.start_route(DOOR, "Somebody is at the door", files=[PHOTO])
        await clock.settle()
        await bach.snooze_route(run.id, 3600, "Ada")
        await clock.advance(3600)
        assert told(platform) == [("ada", [PHOTO.content])] * 2


@pytest.mark.sqlite_only
async def test_one_content_lies_there_once_for_runs_and_messages(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """A picture to a route of ten people would take ten times its room; or the first message take it from the run."""
    platform.outcomes.append(Dead(fault=Fault(code="no", text="No")))
    async with opened() as bach:
        first = await bach.start_route("door", "Somebody is at the door", files=[PHOTO, OTHER])
        await bach.start_route("door", "Ring", files=[PHOTO])
        await clock.settle()
        await bach.send("home", "ada", "Look", files=[PHOTO])
        assert there(tmp_path) == sorted([PHOTO.content, OTHER.content])
        await bach.cancel_route(first.id)
        await clock.settle()
        [dead] = [one for one in await bach.messages() if one.status == "dead"]
        assert dead.id in first.message_ids
        assert there(tmp_path) == sorted([PHOTO.content, OTHER.content]), "the dead letter needs both"
        await bach.retry(dead.id)
        await clock.settle()
        assert there(tmp_path) == [PHOTO.content], "the other run needs it"


@pytest.mark.sqlite_only
async def test_a_backup_and_a_move_take_along_what_a_run_carries(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path, database_address: str
) -> None:
    """Whoever moves to a server, or back, in the middle of an alarm would tell the rest of it without its picture."""
    async with opened() as bach:
        await bach.start_route("door", "Somebody is at the door", files=[PHOTO])
        await clock.settle()
        await bach.backup(tmp_path / "saved.db")
    with closing(sqlite3.connect(tmp_path / "saved.db")) as saved:
        found = saved.execute("SELECT content FROM run_files JOIN contents USING (digest)").fetchall()
    assert found == [(PHOTO.content,)]
    server = Side(address=Address(database_address))
    await Move(Side(path=tmp_path / "bach.db"), server, no_bar).run()
    await Move(server, Side(path=tmp_path / "back.db"), no_bar).run()
    async with opened(tmp_path / "back.db"):
        await clock.advance(30)
        assert told(platform) == [("ada", [PHOTO.content])] * 2


@pytest.mark.sqlite_only
async def test_what_cannot_be_kept_or_is_gone_costs_the_file_and_not_the_words(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """An alarm would be refused because of its picture, or go without it and nobody read why."""
    full = (
        "hall.jpg: it has 900 bytes, and of the 1000 that files of routes under way may take on the disk 900 are used."
    )
    given = Loss(what="file", reason="camera.hall did not answer")
    async with opened(file_bytes=1000) as bach:
        first = await bach.start_route("door", "Somebody is at the door", files=[PHOTO])
        second = await bach.start_route("door", "Ring", files=[OTHER], lost=[given], priority=5)
        assert [loss.reason for loss in second.said.lost] == ["camera.hall did not answer", full]
        await clock.settle()
        message = await bach.get(second.message_ids[0])
        assert (message.status, [loss.reason for loss in message.lost]) == (
            "sent",
            ["camera.hall did not answer", full],
        )
        await bach.cancel_route(second.id)
        [file] = (tmp_path / "bach.db-files").rglob("?" * 64)
        file.unlink()
        await clock.advance(30)
        message = await bach.get((await bach.route_run(first.id)).message_ids[-1])
        assert [loss.reason for loss in message.lost] == ["door.jpg: it is not on the disk any more, or damaged."]
        assert (message.status, message.text) == ("sent", "Somebody is at the door")
        with pytest.raises(InvalidValueError, match="files"):
            await bach.start_route("door", "Ring", files=["/config/door.jpg"])  # type: ignore[list-item] # a mistake that is refused
        with pytest.raises(InvalidValueError, match="lost"):
            await bach.start_route("door", "Ring", lost=["gone"])  # type: ignore[list-item] # a mistake that is refused


@pytest.mark.sqlite_only
async def test_a_start_that_is_repeated_or_refused_leaves_nothing_behind(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """A program that asks again would fill the disk, or be refused since the camera shows something else by then."""
    async with opened() as bach:
        run = await bach.start_route("door", "Ring", files=[PHOTO], idempotency_key="k")
        again = await bach.start_route("door", "Ring", files=[OTHER], idempotency_key="k")
        assert again.id == run.id
        with pytest.raises(RouteKeyReusedError):
            await bach.start_route("door", "Other words", files=[OTHER], idempotency_key="k")
        await clock.advance(1)
        await clock.settle()
        await bach._open_parts.registry._store.sweep()
        assert there(tmp_path) == [PHOTO.content]


@pytest.mark.sqlite_only
async def test_what_reminds_shows_what_the_one_before_showed(
    opened: Opened, platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """Who did not look the first time would be reminded of somebody at the door whom they cannot see."""
    steps = (Step(places=(ADA,), wait=60.0),)
    async with opened() as bach:
        await bach.start_route(Route(name="once", steps=steps), "Ring", files=[PHOTO], tag="door")
        await clock.advance(60)
        await bach.start_route(Route(name="once", steps=steps), "Still", tag="door", reminds=True)
        await clock.settle()
        assert told(platform) == [("ada", [PHOTO.content])] * 2
        own = await bach.start_route(DOOR, "Look", tag="door", reminds=True, files=[OTHER])
        assert [file.name for file in own.said.files] == ["hall.jpg"]
        await clock.settle()
        assert there(tmp_path) == [OTHER.content]
        await bach.acknowledge(own.id, "Ada")
        after = await bach.start_route(DOOR, "Look again", tag="door", reminds=True)
        assert (after.said.files, after.said.lost) == ((), ()), "nobody is to read of a file that was not to come"


_RUN = (
    "INSERT INTO route_runs (id, route, status, version, is_open, started_at, state)"
    " VALUES (:id, 'door', 'under_way', 1, 1, 1.0, '{}') RETURNING id"
)
_MESSAGE = (
    "INSERT INTO messages (id, connection, recipient, status, text, format, silent, priority, delivery, created_at,"
    " max_retries) VALUES (:id, 'home', 'ada', 'pending', 'Ring', 'plain', 0, 0, 'at_least_once', 1.0, 5) RETURNING id"
)
_ENDS = {
    "run": (
        "UPDATE route_runs SET status = 'acknowledged' WHERE id = :id RETURNING id",
        "UPDATE route_runs SET status = 'cancelled' WHERE id = :id RETURNING id",
        "UPDATE route_runs SET is_open = 0 WHERE id = :id RETURNING id",
        "DELETE FROM route_runs WHERE id = :id RETURNING id",
    ),
    "message": (
        "DELETE FROM files WHERE message_id = :id RETURNING message_id",
        "DELETE FROM messages WHERE id = :id RETURNING id",
    ),
}
_GOES_ON = "UPDATE route_runs SET status = 'exhausted' WHERE id = :id RETURNING id"


async def test_what_is_in_files_is_there_exactly_as_long_as_something_needs_it(store: Store) -> None:
    """Pictures would fill the disk, or go while an alarm still needs them, in some order that nobody thought of."""
    dice, needed = random.Random(5), dict[tuple[str, int], str]()

    def begin(tx: Transaction, kind: str, number: int, digest: str) -> None:
        tx.ask(_RUN if kind == "run" else _MESSAGE, id=number)
        if not tx.run("touch_content", digest=digest, size=1):
            tx.run("add_content", digest=digest, size=1, content=b"x")
        if kind == "run":
            tx.run("add_run_file", run_id=number, position=0, digest=digest)
        else:
            tx.run("add_file", message_id=number, position=0, digest=digest)
        needed[kind, number] = digest

    def step(tx: Transaction, number: int) -> list[str]:
        if not needed or dice.random() < 0.5:
            begin(tx, dice.choice(["run", "message"]), number, dice.choice("abcd"))
        else:
            kind, one = dice.choice([*needed])
            if kind == "run" and dice.random() < 0.3:
                tx.ask(_GOES_ON, id=one)
            else:
                tx.ask(dice.choice(_ENDS[kind]), id=one)
                del needed[kind, one]
        return [str(row["digest"]) for row in tx.ask("SELECT digest FROM contents ORDER BY digest")]

    for number in range(1, 300):
        assert await store.submit(partial(step, number=number)) == sorted({*needed.values()})
