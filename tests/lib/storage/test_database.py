"""What only a file on a disk can do: be locked, damaged, too new, unwritable or full."""

import asyncio
import re
import resource
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import pytest

from bach_lib.errors import (
    StorageError,
    StoreDamagedError,
    StoreFailedError,
    StoreInUseError,
    StoreLockedError,
    StoreTooNewError,
)
from bach_lib.storage import Database, Transaction, request_loop, sqlite
from bach_lib.storage.pragmas import PRAGMAS
from bach_lib.storage.schema import Ask, Execute, bring_up_to_date, migrate
from tests.lib.storage.work import add, names

HOLDER = Path(__file__).with_name("holder.py")


# -- a file of its own -------------------------------------------------------------------------------------------------


async def test_it_makes_the_directory_it_needs(tmp_path: Path) -> None:
    """The first start would fail until somebody creates a folder by hand."""
    store = Database(tmp_path / "deep" / "down" / "bach.db")
    await store.open()
    await store.submit(add("ada"))
    await store.close()
    assert (tmp_path / "deep" / "down" / "bach.db").exists()


async def test_only_the_owner_may_read_it(store: Database, path: Path) -> None:
    """Every account of the machine could read what people write to each other."""
    files = {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()}
    beside = ("-wal", "-shm", ".lock", ".mark")
    assert files == {name: oct(0o600) for name in ("bach.db", *(f"bach.db{suffix}" for suffix in beside))}


async def test_what_was_written_is_there_after_a_restart(store: Database, path: Path) -> None:
    """Nothing would survive."""
    await store.close()
    again = Database(path)
    await again.open()
    assert await again.submit(names) == ["ada"]
    await again.close()


# -- one BACH at a time ------------------------------------------------------------------------------------------------


async def test_a_second_database_on_the_file_is_refused(store: Database, path: Path) -> None:
    """Two BACHs would deliver every message twice."""
    with pytest.raises(StoreInUseError):
        await Database(path).open()
    assert await store.submit(names) == ["ada"]


async def test_opening_twice_is_refused_and_harms_nobody(store: Database) -> None:
    """A second `open` by mistake would leave all later calls without an answer."""
    with pytest.raises(StoreInUseError):
        await store.open()
    assert await store.submit(names) == ["ada"]


async def test_two_openings_at_once_are_one_and_the_file_is_free_afterwards(path: Path) -> None:
    """The lock would never be given back, and the next start be told of another BACH until the process ends."""
    store = Database(path)
    results = await asyncio.gather(store.open(), store.open(), return_exceptions=True)
    assert [type(result) for result in results if result] == [StoreInUseError]
    assert await store.submit(add("ada")) == 1
    await store.close()
    again = Database(path)
    await again.open()
    assert await again.submit(names) == ["ada"]
    await again.close()


async def test_a_killed_process_leaves_no_lock_behind(path: Path) -> None:
    """After a power cut or a crash somebody would have to delete a lock file before BACH starts again."""
    holder = await asyncio.create_subprocess_exec(
        sys.executable, str(HOLDER), str(path), stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout
    assert await holder.stdout.readline() == b"open\n"
    with pytest.raises(StoreInUseError):
        await Database(path).open()
    holder.send_signal(signal.SIGKILL)
    await holder.wait()
    store = Database(path)
    await store.open()
    await store.close()


async def test_a_cancelled_opening_lets_go_of_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set-up that is cancelled in the middle would keep the database locked until the process ends."""
    started, go_on = threading.Event(), threading.Event()

    def slowly(execute: Execute, ask_new: Ask) -> None:
        started.set()
        assert go_on.wait(60)
        bring_up_to_date(execute, ask_new)

    monkeypatch.setattr(sqlite, "bring_up_to_date", slowly)
    store = Database(path)
    opening = asyncio.create_task(store.open())
    assert await asyncio.to_thread(started.wait, 60)
    opening.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await store.open()
    assert await store.submit(names) == []
    await store.close()


# -- files that cannot be used -----------------------------------------------------------------------------------------


async def test_a_file_that_is_no_database_is_told_apart(path: Path) -> None:
    """A person would not learn that the file is broken and a backup is needed."""
    path.write_bytes(b"This is a shopping list, not a database. " * 100)
    with pytest.raises(StoreDamagedError):
        await Database(path).open()
    path.unlink()
    store = Database(path)
    await store.open()  # nothing of the failed opening is left
    await store.close()


async def test_damage_inside_the_file_is_told_apart(store: Database, path: Path) -> None:
    """A dying SD card would look like a passing fault, and the house would try again for ever."""
    await store.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    path.write_bytes(damaged)
    broken = Database(path)

    async def look() -> None:
        await broken.open()  # the first page is whole, and which is read next depends
        await broken.submit(names)

    with pytest.raises(StoreDamagedError):
        await look()
    await broken.close()


async def test_a_newer_layout_is_refused_and_not_touched(store: Database, path: Path) -> None:
    """An older BACH, installed again after an update, would write rows that the newer one misreads."""
    await store.close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 1000")
    with pytest.raises(StoreTooNewError) as caught:
        await Database(path).open()
    assert caught.value.placeholders["found"] == "1000"


async def test_an_update_of_the_layout_that_was_interrupted_begins_anew(path: Path) -> None:
    """A power cut during the first start after an update would leave half a layout that nothing can open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:

        def cut(sql: str) -> sqlite3.Cursor:
            if "CREATE TABLE inbox" in sql:
                raise InterruptedError
            return other.execute(sql)

        with pytest.raises(InterruptedError):
            migrate(cut)
    store = Database(path)
    await store.open()
    assert await store.submit(add("ada")) == 1
    await store.close()


@pytest.mark.parametrize("place", ["file/bach.db", "directory", "link/bach.db"])
async def test_a_place_that_cannot_hold_it_is_named(tmp_path: Path, place: str) -> None:
    """A wrong path would end in a traceback."""
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(StoreFailedError) as caught:
        await Database(tmp_path / place).open()
    assert str(tmp_path / place) in str(caught.value)


async def test_a_place_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of another user would end in a traceback."""

    def forbidden(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", forbidden)
    with pytest.raises(StoreFailedError, match="Permission denied"):
        await Database(tmp_path / "bach.db").open()


# -- a disk with bad days ----------------------------------------------------------------------------------------------


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Let the kernel refuse to let any file of this process grow, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))  # Python ignores the signal that goes with it
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_reported_and_outlived(store: Database, path: Path) -> None:
    """When space is free again, BACH would have to be restarted, or would have lost what it confirmed."""
    written = {"ada"}
    with files_no_larger_than(path.with_name("bach.db-wal").stat().st_size + 20_000):
        for number in range(1000):
            name = f"{number:0100}"
            try:
                await store.submit(add(name))
            except StoreFailedError:
                break
            written.add(name)
        else:
            pytest.fail("the disk never became full")
        assert set(await store.submit(names, writes=False)) == written
    await store.submit(add("later"))
    assert set(await store.submit(names)) == written | {"later"}


async def test_a_file_locked_by_a_tool_fails_all_waiting_requests_together(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a forgotten `sqlite3` shell each of a thousand requests would wait its own five seconds."""
    monkeypatch.setattr(sqlite, "PRAGMAS", (*PRAGMAS, "PRAGMA busy_timeout = 100"))
    store = Database(path)
    await store.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(60):
            futures = [store.submit(add(str(number))) for number in range(100)]
            results = await asyncio.gather(*futures, return_exceptions=True)
            assert {type(result) for result in results} == {StoreLockedError}
            assert await store.submit(names, writes=False) == []
    assert await store.submit(add("ada")) == 1
    await store.close()


# -- one thread, few commits -------------------------------------------------------------------------------------------


async def commits_for(store: Database, requests: int) -> int:
    """How many commits the storage needs for requests that come one by one while the disk is busy."""
    statements: list[str] = []
    occupied, go_on = threading.Event(), threading.Event()

    def occupy(tx: Transaction) -> None:
        occupied.set()
        assert go_on.wait(60)
        cast("sqlite3.Connection", tx._connection).set_trace_callback(statements.append)

    first = store.submit(occupy)
    assert await asyncio.to_thread(occupied.wait, 60)
    callers = []
    for number in range(requests):
        callers.append(store.submit(add(f"{number:03}")))
        await asyncio.sleep(0)  # a turn of the loop for each
    go_on.set()
    await asyncio.gather(first, *callers)
    return statements.count("COMMIT") - 1  # without that of the one that kept the disk busy


async def test_what_waits_for_the_disk_shares_one_commit(store: Database) -> None:
    """A busy house would wear out its SD card, and every caller would wait for all before it."""
    assert await commits_for(store, 100) == 1


async def test_a_batch_has_a_limit(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under load the first caller would wait until everybody else has been served."""
    monkeypatch.setattr(request_loop, "MAX_BATCH", 10)
    assert await commits_for(store, 40) == 4


async def test_reading_waits_for_no_writer_and_writes_nothing(store: Database, path: Path) -> None:
    """Opening a dashboard would write to the disk, and stand still while somebody else writes."""
    wal = path.with_name("bach.db-wal")
    before = wal.stat().st_size
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(60):
            assert await store.submit(names, writes=False) == ["ada"]
    assert wal.stat().st_size == before


async def test_every_error_of_opening_names_the_file(path: Path) -> None:
    """With several databases nobody would know which one to repair."""
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(StorageError, match=re.escape(str(path))):
        await Database(path).open()
