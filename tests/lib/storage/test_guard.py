"""The file of an open database is deleted, moved or replaced: nothing is lost, and nobody is told that all is well."""

import asyncio
import logging
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.errors import StorageError, StoreFailedError, StoreIncompleteError, StoreLostError
from bach_lib.events import MessageAttempted, StorageChanged
from bach_lib.storage import Database
from bach_lib.storage import folder as folder_module
from bach_lib.storage import guard as guard_module
from bach_lib.storage.sqlite import Connection as SqliteConnection
from bach_lib.testing import FakePlatform, fake_connector
from tests.lib.storage.work import add, names

type Loss = Callable[[Path], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    (tmp_path / "live").mkdir()
    return tmp_path / "live" / "bach.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Database]:
    """An open database with two rows, one of them in the log only."""
    store = Database(path)
    await store.open()
    await store.submit(add("ada"))
    await store.close()
    await store.open()
    await store.submit(add("bob"))
    yield store
    await store.close()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another database of BACH, with one row, closed."""
    folder = tmp_path / "other"
    folder.mkdir()

    async def make() -> None:
        store = Database(folder / "bach.db")
        await store.open()
        await store.submit(add("eve"))
        await store.close()

    asyncio.run(make())
    return folder / "bach.db"


# -- what people do to files -------------------------------------------------------------------------------------------


def delete(path: Path) -> None:
    """`rm bach.db`."""
    path.unlink()


def delete_all(path: Path) -> None:
    """`rm -r` of the folder."""
    shutil.rmtree(path.parent)


def move(path: Path) -> None:
    """`mv bach.db elsewhere`."""
    path.rename(path.parent.parent / "moved.db")


def rename_folder(path: Path) -> None:
    """Its folder has another name now."""
    path.parent.rename(path.parent.with_name("renamed"))


def link_folder(path: Path) -> None:
    """Its folder has another name now, and a link to somewhere else has the old one."""
    rename_folder(path)
    path.parent.with_name("elsewhere").mkdir()
    path.parent.symlink_to(path.parent.with_name("elsewhere"))


def put_empty(path: Path) -> None:
    """An empty file in its place."""
    path.unlink()
    path.touch()


def put_other(path: Path) -> None:
    """`mv other.db bach.db`."""
    shutil.copy(path.parent.parent / "other" / "bach.db", path.with_name("new"))
    path.with_name("new").replace(path)


def restore(path: Path) -> None:
    """`rsync -a other/ live/`: another file, and the folder seems to be as old as before."""
    before = path.parent.stat()
    put_other(path)
    os.utime(path.parent, ns=(before.st_atime_ns, before.st_mtime_ns))


def cut(path: Path) -> None:
    """`: > bach.db`."""
    os.truncate(path, 0)


def write_over(path: Path) -> None:
    """`cp other.db bach.db`: the file is the same, what is in it is not."""
    path.write_bytes((path.parent.parent / "other" / "bach.db").read_bytes())


def delete_log(path: Path) -> None:
    """`rm bach.db-wal`."""
    path.with_name("bach.db-wal").unlink()


def delete_index(path: Path) -> None:
    """`rm bach.db-shm`."""
    path.with_name("bach.db-shm").unlink()


def take_log_away(path: Path) -> None:
    """`mv bach.db-wal elsewhere`."""
    path.with_name("bach.db-wal").rename(path.parent.parent / "moved-wal")


def put_other_log(path: Path) -> None:
    """`mv other.db-wal bach.db-wal`."""
    path.with_name("new").touch()
    path.with_name("new").replace(path.with_name("bach.db-wal"))


LOSSES = [delete, delete_all, move, rename_folder, link_folder, put_empty, put_other, delete_log, delete_index]
LOSSES += [restore, take_log_away, put_other_log]


class Looks:
    """Counts the whole looks at a database, and turns the time after which the next one is due."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._late = 0.0
        original = guard_module.Guard._what

        def look(guard: guard_module.Guard) -> str | None:
            self.count += 1
            return original(guard)

        monkeypatch.setattr(guard_module.Guard, "_what", look)
        monkeypatch.setattr(folder_module, "_SETTLED", 0.0)
        monkeypatch.setattr(folder_module, "monotonic", lambda: time.monotonic() + self._late)

    def turn(self, seconds: float) -> None:
        """So much time passes."""
        self._late += seconds

    async def rest(self, store: Database, path: Path) -> None:
        """Nothing happens in the folder for so long that its time tells of the next change, and it was looked at."""
        other = path.parent.parent / "clock"
        while not other.exists() or other.stat().st_ctime_ns <= path.parent.stat().st_ctime_ns:
            other.touch()
        self.turn(60)
        await store.submit(lambda tx: tx.run("save_meta", key="probe", value=""))


@pytest.fixture
async def looks(store: Database, path: Path, monkeypatch: pytest.MonkeyPatch) -> Looks:
    """The database has run for a while."""
    looks = Looks(monkeypatch)
    await looks.rest(store, path)
    return looks


async def lost(store: Database) -> StoreLostError:
    """The error that whoever writes gets."""
    with pytest.raises(StoreLostError) as caught:
        await store.submit(add("cid"))
    return caught.value


def saved_in(folder: Path) -> Path:
    """The one copy that was saved, wherever it is below this folder."""
    [copy] = folder.rglob("bach.db.saved*")
    return copy


def names_in(path: Path) -> list[str]:
    """The connections in a database that nobody has open."""
    with closing(sqlite3.connect(path)) as sqlite:
        assert sqlite.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name for (name,) in sqlite.execute("SELECT name FROM connections ORDER BY name")]


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.usefixtures("other")
async def test_what_is_lost_is_refused_saved_and_said(
    store: Database, tmp_path: Path, path: Path, lose: Loss, caplog: pytest.LogCaptureFixture
) -> None:
    """Messages would be accepted into a file that nobody finds again."""
    told: list[StorageError | None] = []
    store.watch(told.append)
    lose(path)
    error = await lost(store)
    await lost(store)
    copy = saved_in(tmp_path)
    assert f"/{copy.name}: " in str(error) or str(copy) in str(error)
    assert names_in(copy) == ["ada", "bob"]
    assert oct(copy.stat().st_mode & 0o777) == oct(0o600)
    assert [one.levelno for one in caplog.records if "while BACH had it open" in one.message] == [logging.ERROR]
    assert [type(one) for one in told] == [StoreLostError]


@pytest.mark.parametrize("lose", [*LOSSES, cut, write_over])
@pytest.mark.usefixtures("other", "looks")
async def test_what_is_lost_after_a_while_is_refused(store: Database, path: Path, lose: Loss) -> None:
    """The names of a folder in which nothing happens are not looked at one by one, and a loss would pass for that."""
    await store.submit(add("dan"))
    lose(path)
    await lost(store)
    await lost(store)


async def test_names_are_looked_at_once_a_second_while_nothing_happens(
    store: Database, path: Path, looks: Looks
) -> None:
    """Each message would pay for it; or a file that was mounted over it would never be noticed."""
    before = looks.count
    for name in ("dan", "fay", "gus"):
        await store.submit(add(name))
    assert looks.count == before
    looks.turn(1.01)
    await store.submit(add("hal"))
    assert looks.count == before + 1
    path.with_name("something").touch()
    await store.submit(add("ivy"))
    assert looks.count == before + 2


async def test_the_time_of_a_folder_that_has_just_changed_tells_nothing(
    store: Database, path: Path, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two changes in the same hundredth of a second have the same time, and the second one would not be noticed."""
    monkeypatch.setattr(folder_module, "_SETTLED", 30.0)
    looks.turn(60)
    before = looks.count
    for name in ("dan", "fay", "gus"):
        await store.submit(add(name))
    assert looks.count == before + 3


async def test_a_link_leads_through_folders_that_are_not_looked_at(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link to the database would lead elsewhere, and messages be accepted that the next start does not find."""
    looks, link = Looks(monkeypatch), path.parent.parent / "link.db"
    link.symlink_to(path)
    store = Database(link)
    await store.open()
    await looks.rest(store, path)
    await store.submit(add("ada"))
    link.unlink()
    await lost(store)
    await store.close()


@pytest.mark.parametrize("lose", [delete, move, put_other, delete_log])
async def test_what_was_read_before_can_still_be_read(other: Path, store: Database, path: Path, lose: Loss) -> None:
    """A person could not even see what waits."""
    lose(path)
    await lost(store)
    assert await store.submit(names, writes=False) == ["ada", "bob"]


@pytest.mark.parametrize("lose", [put_other, write_over])
@pytest.mark.usefixtures("other")
async def test_what_lies_in_its_place_is_left_alone(store: Database, path: Path, lose: Loss) -> None:
    """The database that somebody put there would be written over with the old one's log, and its mark be spoilt."""
    lose(path)
    await lost(store)
    before = path.read_bytes()
    await store.stand_still()
    await store.move_on()
    with pytest.raises(StoreLostError):
        await store.backup(path.with_name("backup.db"))
    await store.close()
    assert path.read_bytes() == before
    assert names_in(path) == ["eve"]


@pytest.mark.parametrize("lose", [delete, delete_all, put_empty, rename_folder, link_folder, delete_log, delete_index])
async def test_the_next_start_goes_on_with_what_was_saved(store: Database, path: Path, lose: Loss) -> None:
    """A home would begin with an empty database, and nobody would look for the copy beside it."""
    lose(path)
    await lost(store)
    await store.close()
    again = Database(path)
    await again.open()
    assert await again.submit(names) == ["ada", "bob"]
    assert await again.submit(add("dan")) == 3
    await again.close()
    await store.open()
    assert await store.submit(names) == ["ada", "bob", "dan"]


@pytest.mark.parametrize(("lose", "left"), [(cut, "bach.db-wal"), (write_over, "bach.db.before-wal")])
@pytest.mark.usefixtures("other")
async def test_of_a_file_that_was_overwritten_nothing_is_promised(
    store: Database, path: Path, lose: Loss, left: str
) -> None:
    """Half of a database would be called all of it, and what is left of the other half be thrown away."""
    lose(path)
    error = await lost(store)
    assert "was overwritten" in str(error)
    assert "All it held" not in str(error)
    await store.close()
    assert b"bob" in path.with_name(left).read_bytes()
    if lose is cut:
        with pytest.raises(StoreIncompleteError):
            await store.open()
    else:
        await store.open()
        assert await store.submit(names) == ["eve"]


@pytest.mark.usefixtures("other")
async def test_a_file_that_is_overwritten_after_the_log_began_anew_is_noticed(store: Database, path: Path) -> None:
    """What somebody else wrote would pass for SQLite's own move, and messages go into the ruins."""
    await store._thread.run(lambda: move_log(store._connection))
    for name in ("ann", "ben"):  # the first is written where the log begins anew
        await store.submit(add(name))
    write_over(path)
    assert "was overwritten" in str(await lost(store))


async def test_a_copy_of_another_database_is_not_taken(store: Database, path: Path, tmp_path: Path) -> None:
    """Two databases of one name whose folders are gone, and one gets what the other saved."""
    delete_all(path)
    await lost(store)
    assert saved_in(tmp_path).parent == tmp_path
    stranger = Database(tmp_path / "third" / "bach.db")
    await stranger.open()
    assert await stranger.submit(names) == []
    await stranger.close()


async def test_a_file_that_comes_back_is_used_again(
    store: Database, path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder that was renamed for a moment would stop everything until the next start."""
    told: list[StorageError | None] = []
    store.watch(told.append)
    for _ in range(2):
        rename_folder(path)
        await lost(store)
        path.parent.with_name("renamed").rename(path.parent)
        assert await store.submit(names) == ["ada", "bob"]
    assert await store.submit(add("cid")) == 3
    assert [error is None for error in told] == [False, True, False, True]
    assert "in its place again" in caplog.text
    assert names_in(saved_in(tmp_path)) == ["ada", "bob"]
    move(path)
    await lost(store)
    assert names_in(saved_in(tmp_path)) == ["ada", "bob", "cid"], "the copy is as old as the first time"
    (tmp_path / "moved.db").rename(path)


async def test_it_is_noticed_while_nobody_sends(store: Database, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would come out with the next message only, perhaps after the restart that ends what was still there."""
    told = asyncio.Event()
    store.watch(lambda _: told.set())
    monkeypatch.setattr(guard_module, "_SELDOM", 0.01)
    await store.submit(names)
    delete(path)
    async with asyncio.timeout(60):
        await told.wait()


async def test_it_is_noticed_at_the_end(store: Database, path: Path) -> None:
    """A stop right after it was deleted would be the end of all messages."""
    delete(path)
    await store.close()
    assert names_in(saved_in(path.parent)) == ["ada", "bob"]
    await store.open()
    assert await store.submit(names) == ["ada", "bob"]


def touch(path: Path) -> None:
    """`touch bach.db`."""
    os.utime(path)


def lock_up(path: Path) -> None:
    """`chmod`."""
    path.chmod(0o640)


def checkpoint(path: Path) -> None:
    """Somebody looks into it with SQLite's shell, which moves the log."""
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("UPDATE connections SET endpoint = 'x'")
        assert shell.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def link(path: Path) -> None:
    """A second name."""
    os.link(path, path.with_name("second.db"))


def move_log(connection: SqliteConnection) -> None:
    """Our own writing into the file."""
    assert connection.checkpoint()


@pytest.mark.parametrize("change", [touch, lock_up, checkpoint, link])
async def test_nothing_is_lost_by_what_harms_nothing(store: Database, path: Path, change: Loss) -> None:
    """A home would stand still because somebody looked."""
    change(path)
    assert await store.submit(add("cid")) == 3
    await store._thread.run(lambda: move_log(store._connection))
    assert await store.submit(add("dan")) == 4


async def test_a_folder_that_takes_nothing_leads_to_the_next(
    store: Database, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full or read-only disk under the file, and no copy would be saved at all."""
    real = os.open

    def refuse(file: os.PathLike[str] | str, flags: int, mode: int = 0o777) -> int:
        if os.fspath(file).startswith(str(path.parent)) and flags & os.O_EXCL:
            raise OSError(30, "Read-only file system", os.fspath(file))
        return real(file, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    path.with_name("bach.db-wal").unlink()
    await lost(store)
    assert saved_in(tmp_path).parent == tmp_path


@pytest.fixture
def small_files() -> Iterator[Callable[[], None]]:
    """Lets the system refuse every file that grows; `call` it, and again to let it work."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def toggle() -> None:
        now, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024 if now == soft else soft, hard))

    yield toggle
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_takes_nothing_is_said_once_and_taken_back(
    store: Database, small_files: Callable[[], None], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card that became read-only would be known to whoever sends, and to nobody else."""
    told: list[StorageError | None] = []
    again = asyncio.Event()

    def tell(error: StorageError | None) -> None:
        told.append(error)
        if error is None:
            again.set()

    store.watch(tell)
    monkeypatch.setattr(guard_module, "_OFTEN", 0.01)
    small_files()
    try:
        for _ in range(2):
            with pytest.raises(StoreFailedError):
                await store.submit(add("x" * 100_000))
    finally:
        small_files()
    async with asyncio.timeout(60):
        await again.wait()
    assert [type(error) for error in told] == [StoreFailedError, type(None)]
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    assert await store.submit(add("cid")) == 3


async def test_a_mistake_of_ours_is_no_matter_of_the_disk(store: Database) -> None:
    """One wrong query, and a repair would send people looking for a broken disk."""
    told: list[StorageError | None] = []
    store.watch(told.append)
    with pytest.raises(StoreFailedError):
        await store.submit(lambda tx: tx._connection.execute("INSERT INTO nowhere VALUES (1)"))
    await store.submit(names)
    assert told == []


# -- in a BACH ---------------------------------------------------------------------------------------------------------


async def test_what_was_sent_meanwhile_is_known_in_the_copy_and_nothing_else_goes(path: Path) -> None:
    """Who puts the copy in its place would send a second time what was on its way, or miss what waited."""
    platform = FakePlatform()
    bach = Bach(path, connectors={"fake": fake_connector(platform)})
    changes: list[StorageChanged] = []
    bach.subscribe(StorageChanged, changes.append)
    await bach.open()
    await bach.registry.add(Connection(name="home", type="fake"))
    platform.hold = asyncio.Event()
    attempted = asyncio.Event()
    bach.subscribe(MessageAttempted, lambda _: attempted.set())
    going = await bach.send("home", "42", "on its way")
    waits = await bach.send("home", "42", "waits")
    await attempted.wait()
    delete(path)
    with pytest.raises(StoreLostError):
        await bach.send("home", "42", "refused")
    assert bach.storage_fault
    assert bach.storage_fault.code == "store_lost"
    assert [change.fault for change in changes] == [bach.storage_fault]
    platform.hold.set()
    assert (await bach.wait(going.id, 60)).status is Status.SENT
    await bach.close(0.1)
    assert [sent.text for sent in platform.sent] == ["on its way"]
    async with Bach(path, connectors={"fake": fake_connector(platform)}) as again:
        assert again.storage_fault is None
        assert (await again.wait(waits.id, 60)).status is Status.SENT
        assert (await again.get(going.id)).status is Status.SENT
    assert [sent.text for sent in platform.sent] == ["on its way", "waits"]


def test_a_process_of_its_own_refuses_and_saves(path: Path) -> None:
    """All this would hold in the tests' own process only."""
    words = [sys.executable, "-m", "tests.lib.storage.losing", str(path.parent)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "2\n"
        path.unlink()
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith("store_lost: ")
        process.stdin.close()
    assert process.returncode == 0
    with closing(sqlite3.connect(saved_in(path.parent))) as sqlite:
        assert sqlite.execute("SELECT text FROM messages ORDER BY id").fetchall() == [("ding",), ("dong",)]
