"""Backups that Home Assistant itself makes of the home, and puts into another one as it does at a start."""

import json
from pathlib import Path
from typing import Any

import pytest
from homeassistant.backup_restore import RESTORE_BACKUP_FILE, restore_backup
from homeassistant.components.backup.const import DATA_MANAGER
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from bach_lib import Bach, File, Status
from bach_lib.errors import StoreFailedError
from bach_lib.testing import FakeClock
from custom_components.bach.backup import DOUBTFUL, async_post_backup, async_pre_backup
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.hub import HUB
from tests.component.conftest import CONNECTION, the_bach

PICTURE = File(name="garden.jpg", content=bytes(2_000_000))


async def back_up(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Path:
    """Make a backup as the dialog does, and return the archive."""
    assert await async_setup_component(hass, "backup", {})
    await hass.async_block_till_done()
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {"type": "backup/generate", "agent_ids": ["backup.local"], "include_homeassistant": True, "name": "nightly"}
        | {"include_database": False}
    )
    assert (await client.receive_json())["success"]
    await hass.async_block_till_done(wait_background_tasks=True)
    manager = hass.data[DATA_MANAGER]
    event: Any = manager.last_action_event
    assert (event.state, event.reason) == ("completed", None)
    [archive] = Path(hass.config.path("backups")).glob("*.tar")
    return archive


def restore(archive: Path, folder: Path) -> Path:
    """Put it into another configuration folder as Home Assistant does at its start; the database in it."""
    instruction = {"path": str(archive), "password": None, "remove_after_restore": False}
    instruction |= {"restore_database": False, "restore_homeassistant": True}
    (folder / RESTORE_BACKUP_FILE).write_text(json.dumps(instruction))
    assert restore_backup(str(folder))
    return folder / ".storage" / "bach" / "bach.db"


async def held(path: Path) -> tuple[list[str], int]:
    """What waits in a restored database, and how much of it is held."""
    async with Bach(path, clock=FakeClock(), autostart=False) as bach:
        waiting = [message.text for message in await bach.messages() if not message.status.is_final]
        return sorted(waiting), (await bach.queue_status())[CONNECTION].held


@pytest.mark.parametrize("how", ["open", "disabled", "stopped"])
async def test_what_waits_in_a_restored_home_is_held_however_bach_stood(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    tmp_path_factory: pytest.TempPathFactory,
    how: str,
) -> None:
    """A backup of a home whose last connection was disabled that night would send everything a second time."""
    bach = the_bach(hass)
    sent = await bach.send(CONNECTION, "42", "sent")
    assert (await bach.wait(sent.id, 60)).status is Status.SENT
    await bach.stop(CONNECTION)
    await bach.send(CONNECTION, "42", "waits", files=[PICTURE])
    if how == "disabled":
        await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    elif how == "stopped":
        await hass.config_entries.async_unload(loaded.entry_id)
    archive = await back_up(hass, hass_ws_client)

    path = await hass.async_add_executor_job(restore, archive, tmp_path_factory.mktemp("restored"))
    assert await held(path) == (["waits"], 1)
    if how == "open":
        assert not (await bach.queue_status())[CONNECTION].held, "here it goes on"
    else:
        assert hass.data[HUB]._bach is None, "what was opened for the backup is closed again"
        async with hass.data[HUB].hold() as again:
            assert not (await again.queue_status())[CONNECTION].held, "nothing was restored here"


async def test_a_full_disk_fails_nothing_and_is_told(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The home would have no backup, or one of which nobody knows that it sends everything again."""
    bach = the_bach(hass)
    await bach.stop(CONNECTION)
    await bach.send(CONNECTION, "42", "waits", files=[PICTURE])
    store: Any = bach._base.store
    connection: Any = store._marker._connection
    real: Any = type(connection).do

    def fail(self: object, work: object, *, writes: bool = True) -> object:
        if self is connection and writes:
            raise StoreFailedError(path="bach.db", reason="the disk is full")
        return real(self, work, writes=writes)

    with monkeypatch.context() as full:
        full.setattr(type(connection), "do", fail)
        archive = await back_up(hass, hass_ws_client)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, DOUBTFUL)
    assert issue
    assert "the disk is full" in str(issue.translation_placeholders)
    path = await hass.async_add_executor_job(restore, archive, tmp_path_factory.mktemp("restored"))
    assert await held(path) == (["waits"], 1)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert not (await the_bach(hass).queue_status())[CONNECTION].held, "here it goes on"

    await async_pre_backup(hass)
    await async_post_backup(hass)
    assert ir.async_get(hass).async_get_issue(DOMAIN, DOUBTFUL) is None


async def test_the_files_stand_still_until_the_last_of_two_backups(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """The shorter backup would spoil the longer one."""
    database: Any = the_bach(hass)._base.store
    await async_pre_backup(hass)
    await async_pre_backup(hass)
    await async_post_backup(hass)
    assert database._stands_still
    await async_post_backup(hass)
    assert not database._stands_still
    await async_post_backup(hass)
    await async_pre_backup(hass)
    assert database._stands_still, "one too many ends no later one"
    await async_post_backup(hass)
    assert not database._stands_still
