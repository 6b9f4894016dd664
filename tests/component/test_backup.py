"""Home Assistant's backup of the whole home, while BACH works."""

import asyncio
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path, PurePath
from types import SimpleNamespace

import pytest
from homeassistant.components.backup import (
    CreateBackupEvent,
    CreateBackupStage,
    CreateBackupState,
    IdleEvent,
    RestoreBackupEvent,
    RestoreBackupStage,
    RestoreBackupState,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from securetar import atomic_contents_add  # what Home Assistant's backup reads the folder with

from bach_lib import Bach, File
from bach_lib.errors import StoreFailedError
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.backup import async_post_backup, async_pre_backup
from custom_components.bach.home.hub import HUB
from tests.component.conftest import ADA_ENTITY, CONNECTION, add_entry, send, set_up, the_bach

PICTURE = File(name="garden.jpg", content=bytes(9_000_000))


@pytest.fixture
def database(hass: HomeAssistant) -> Path:
    """Where the database is."""
    return Path(hass.config.path(".storage", "bach", "bach.db"))


async def back_up(hass: HomeAssistant, target: Path, meanwhile: Callable[[Path], None]) -> None:
    """As Home Assistant does it; `meanwhile` is called before each file is read."""

    def listed(path: PurePath) -> bool:
        meanwhile(Path(hass.config.path(), *path.parts[1:]))
        return False

    def write() -> None:
        with tarfile.open(target, "w") as tar:
            atomic_contents_add(tar, Path(hass.config.path(".storage")), listed, arcname="data")

    await async_pre_backup(hass)
    try:
        await hass.async_add_executor_job(write)
    finally:
        await async_post_backup(hass)


def restored(archive: Path, folder: Path) -> list[str]:
    """The texts of the messages in a backup."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="tar")
    with closing(sqlite3.connect(folder / "data" / "bach" / "bach.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [text for (text,) in copy.execute("SELECT text FROM messages ORDER BY id")]


async def test_a_backup_is_whole_whatever_is_sent_meanwhile(
    hass: HomeAssistant, loaded: MockConfigEntry, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A photo sent in the wrong second, and the home has no backup that night, or one that cannot be restored."""
    bach, folder = the_bach(hass), tmp_path_factory.mktemp("backup")
    await bach.stop(CONNECTION)
    await bach.send(CONNECTION, "42", "before", files=[PICTURE])

    def send_more(path: Path) -> None:
        sending = bach.send(CONNECTION, "42", "meanwhile", files=[PICTURE])
        asyncio.run_coroutine_threadsafe(sending, hass.loop).result(60)

    await back_up(hass, folder / "backup.tar", send_more)

    assert restored(folder / "backup.tar", folder)[0] == "before"
    assert len(await bach.messages()) > 4, "what was sent meanwhile is as durable"


@pytest.mark.parametrize("how", ["disabled", "reloaded", "removed"])
async def test_a_backup_is_whole_whatever_becomes_of_the_last_connection(
    hass: HomeAssistant, loaded: MockConfigEntry, database: Path, tmp_path_factory: pytest.TempPathFactory, how: str
) -> None:
    """Somebody tidies up the connections while the home is backed up, and the backup fails."""
    folder, entry_id = tmp_path_factory.mktemp("backup"), loaded.entry_id
    change = {
        "disabled": hass.config_entries.async_unload,
        "reloaded": hass.config_entries.async_reload,
        "removed": hass.config_entries.async_remove,
    }[how]
    await send(hass, ADA_ENTITY, "before")
    done: list[Path] = []

    def change_it(path: Path) -> None:
        if path.name.startswith("bach.db") and not done:
            done.append(path)
            asyncio.run_coroutine_threadsafe(change(entry_id), hass.loop).result(60)

    await back_up(hass, folder / "backup.tar", change_it)

    assert done
    assert restored(folder / "backup.tar", folder) == ["before"]
    assert database.exists() == (how != "removed")


async def test_nothing_of_ours_can_fail_the_backup(
    hass: HomeAssistant, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk with a bad moment, and the rest of the home would have no backup."""

    async def fail(self: Bach) -> None:
        raise StoreFailedError(path="bach.db", reason="no")

    monkeypatch.setattr(Bach, "begin_backup", fail)
    monkeypatch.setattr(Bach, "end_backup", fail)
    await async_pre_backup(hass)
    await async_post_backup(hass)
    assert "may not be whole" in caplog.text
    monkeypatch.undo()
    del hass.data[HUB]
    await async_pre_backup(hass)
    await async_post_backup(hass)


async def test_a_backup_that_nobody_ended_ends(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """After a backup that went wrong the log would grow until the disk is full."""
    await async_pre_backup(hass)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=3))
    await hass.async_block_till_done()
    assert hass.data[HUB]._give_up_backup is None
    await async_post_backup(hass)


async def test_a_beginning_that_was_cut_off_ends_no_other_backup(
    hass: HomeAssistant, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home Assistant ends also what could not begin in time; the backup that runs meanwhile would be worth nothing."""
    hub = hass.data[HUB]
    await async_pre_backup(hass)
    monkeypatch.setattr("custom_components.bach.backup._PATIENCE", 0.01)
    async with hub._lock:  # a disk that is busy
        await async_pre_backup(hass)
    monkeypatch.undo()
    await async_post_backup(hass)
    assert hub._give_up_backup, "the first one goes on"

    monkeypatch.setattr("custom_components.bach.backup._PATIENCE", 0.01)
    async with hub._lock:
        await async_post_backup(hass)
    monkeypatch.undo()
    await async_pre_backup(hass)
    await async_post_backup(hass)
    assert hub._give_up_backup is None, "an end that was cut off leaves no backup that never ends"


async def test_the_end_of_a_backup_that_began_before_bach_was_there_ends_no_other(
    hass: HomeAssistant, telegram: TelegramServer, bot: object, database: Path
) -> None:
    """Whoever adds the first connection during a backup would have the next one copied while its files move."""
    copying = CreateBackupEvent(
        reason=None, stage=CreateBackupStage.HOME_ASSISTANT, state=CreateBackupState.IN_PROGRESS
    )
    hass.data["backup"] = SimpleNamespace(last_event=copying)
    await set_up(hass, add_entry(hass, telegram))
    hub = hass.data[HUB]
    assert hub._give_up_backup is not None, "the files stand still for the one that copies already"
    await async_pre_backup(hass)
    await async_post_backup(hass)
    assert hub._give_up_backup is not None, "one of them is still at work"
    await async_post_backup(hass)
    assert hub._give_up_backup is None


@pytest.mark.parametrize(
    "said",
    [
        IdleEvent(),
        CreateBackupEvent(reason=None, stage=CreateBackupStage.UPLOAD_TO_AGENTS, state=CreateBackupState.IN_PROGRESS),
        RestoreBackupEvent(reason=None, stage=RestoreBackupStage.HOME_ASSISTANT, state=RestoreBackupState.IN_PROGRESS),
    ],
    ids=["idle", "uploading", "restoring"],
)
async def test_no_backup_is_taken_for_one_that_copies(
    hass: HomeAssistant, telegram: TelegramServer, bot: object, said: object
) -> None:
    """Its end would never be told, and the log would grow for two hours."""
    hass.data["backup"] = SimpleNamespace(last_event=said)
    await set_up(hass, add_entry(hass, telegram))
    assert hass.data[HUB]._give_up_backup is None
