"""A log that was left beside another file than its own: set aside, and only then."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib.storage import Database, readers
from bach_lib.storage.foreign_log import set_foreign_log_aside
from tests.lib.storage.work import add, names

FILES = ("", "-wal", ".mark")


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "live" / "bach.db"


async def run(path: Path, *added: str, backup: Path | None = None) -> None:
    """A run that adds connections, and perhaps writes a backup; nobody has copied anything just before."""
    readers._LAST.clear()
    store = Database(path)
    await store.open()
    for name in added:
        await store.submit(add(name + "x" * 5000))
    if backup:
        await store.backup(backup)
    await store.close()


async def killed(path: Path, *added: str, backup: Path | None = None) -> None:
    """The same, and then the power goes: the files are left as they were at that moment."""
    store, left = Database(path), path.parent.with_name("left")
    await store.open()
    for name in added:
        await store.submit(add(name + "x" * 5000))
    if backup:
        await store.backup(backup)
    left.mkdir()
    for suffix in FILES:
        shutil.copy(f"{path}{suffix}", left)
    await store.close()
    shutil.rmtree(path.parent)
    left.rename(path.parent)


async def found(path: Path) -> list[str]:
    """The connections of a database that is whole."""
    store = Database(path)
    await store.open()
    there = [name.rstrip("x") for name in await store.submit(names)]
    await store.close()
    with closing(sqlite3.connect(path)) as sqlite:
        assert sqlite.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return sorted(there)


def logs_of_before(path: Path) -> list[str]:
    """What was set aside."""
    return sorted(one.name for one in path.parent.iterdir() if ".before" in one.name and one.name.endswith("-wal"))


@pytest.mark.parametrize("how", ["copied", "backup", "backup of the same run"])
async def test_an_older_copy_in_the_place_of_a_file_is_not_spoilt_by_the_log_that_was_left(
    live: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """After a power cut, whoever restores yesterday's copy would get a file that nobody can read."""
    kept = tmp_path / "kept.db"
    await run(live, "ada", backup=kept if how == "backup" else None)
    if how == "copied":
        shutil.copy(live, kept)
    await run(live, *(f"bob{number}" for number in range(40)))
    await killed(live, *(f"cyd{number}" for number in range(10)), backup=kept if "same" in how else None)
    there = ["ada"] if "same" not in how else await found(Path(shutil.copy(kept, tmp_path / "other.db")))
    shutil.copy(kept, live)
    assert await found(live) == there
    assert logs_of_before(live) == ["bach.db.before-wal"]
    assert "was put in the place of the database that was here" in caplog.text


async def test_an_older_copy_is_not_spoilt_by_the_log_of_a_stop_right_after_a_backup(
    live: Path, tmp_path: Path
) -> None:
    """Whoever first makes sure of the present state, then stops BACH and goes back to yesterday's, would lose both."""
    await run(live, "ada")
    shutil.copy(live, tmp_path / "kept.db")
    await run(live, *(f"bob{number}" for number in range(40)))
    await run(live, *(f"cyd{number}" for number in range(10)), backup=tmp_path / "present.db")
    shutil.copy(tmp_path / "kept.db", live)
    assert await found(live) == ["ada"]


async def test_what_a_power_cut_left_is_kept_in_whichever_run(live: Path, tmp_path: Path) -> None:
    """Messages that were accepted would be gone after each power cut."""
    there = list[str]()
    for number in range(6):
        there += [f"{number}a", f"{number}b"]
        await killed(live, *there[-2:])
        set_foreign_log_aside(live)
        if number % 3 == 1:
            assert await found(live) == sorted(there), "and that was a run which changed nothing"
    assert await found(live) == sorted(there)
    assert logs_of_before(live) == []


async def test_what_a_restored_copy_has_written_is_kept(live: Path, tmp_path: Path) -> None:
    """What came after a restore would be gone with the first power cut, since the file still says that it is a copy."""
    await run(live, "ada", backup=tmp_path / "kept.db")
    shutil.copy(tmp_path / "kept.db", live)
    await killed(live, "bob")
    live.touch()
    assert await found(live) == ["ada", "bob"]
    assert logs_of_before(live) == []


async def test_a_file_that_comes_back_with_its_log_keeps_it(live: Path, tmp_path: Path) -> None:
    """A copy of both, as many programs make them, would come back without its last messages."""
    await run(live, "ada")
    await killed(live, "bob")
    for suffix in ("", "-wal"):
        shutil.copy(f"{live}{suffix}", tmp_path / f"kept.db{suffix}")
    await run(live, "cyd")
    await killed(live, "dan")
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / f"kept.db{suffix}", f"{live}{suffix}")
    assert await found(live) == ["ada", "bob"]
    assert logs_of_before(live) == []
