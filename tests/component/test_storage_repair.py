"""The database is lost or cannot be written: Home Assistant says so, and a click puts right what can be."""

import shutil
from pathlib import Path

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.errors import StoreFailedError
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.storage_issue import STORAGE
from tests.component.conftest import ADA_ENTITY, send, the_bach
from tests.component.test_dead_letters import start


@pytest.fixture
def database(hass: HomeAssistant) -> Path:
    """Where the database is."""
    return Path(hass.config.path(".storage", "bach", "bach.db"))


def repair(hass: HomeAssistant) -> ir.IssueEntry | None:
    """The one about the database."""
    return ir.async_get(hass).async_get_issue(DOMAIN, STORAGE)


@pytest.mark.parametrize("is_replaced", [False, True])
async def test_a_lost_database_is_put_back_with_a_click(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, database: Path, is_replaced: bool
) -> None:
    """Somebody without a shell would stand before a home that sends nothing, and a file that nobody can move."""
    await send(hass, ADA_ENTITY, "before")
    await the_bach(hass).wait(1, 60)
    if is_replaced:
        await the_bach(hass).backup(database.with_name("other.db"))
        database.with_name("other.db").replace(database)
    else:
        database.unlink()
    with pytest.raises(HomeAssistantError, match="while BACH had it open"):
        await send(hass, ADA_ENTITY, "refused")
    await hass.async_block_till_done()
    issue = repair(hass)
    assert issue
    assert issue.is_fixable
    assert str(database.with_name("bach.db.saved")) in (issue.translation_placeholders or {})["reason"]

    dialog = await start(hass, issue)
    assert (await dialog.flow.async_step_init())["menu_options"] == ["saved", "present"]
    assert (await dialog.flow.async_step_saved())["type"] is FlowResultType.CREATE_ENTRY
    assert repair(hass) is None
    await send(hass, ADA_ENTITY, "after")
    await the_bach(hass).wait(2, 60)
    assert [message.text for message in await the_bach(hass).messages()] == ["after", "before"]
    assert database.with_name("bach.db.before").exists() is is_replaced
    assert not database.with_name("bach.db.saved").exists()


async def test_what_lies_there_can_be_gone_on_with(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, database: Path
) -> None:
    """Who restored a backup in the middle of things would get what was before, whatever he does."""
    await the_bach(hass).backup(database.with_name("other.db"))
    await send(hass, ADA_ENTITY, "before")
    await the_bach(hass).wait(1, 60)
    database.with_name("other.db").replace(database)
    with pytest.raises(HomeAssistantError):
        await send(hass, ADA_ENTITY, "refused")
    await hass.async_block_till_done()
    issue = repair(hass)
    assert issue
    dialog = await start(hass, issue)
    assert (await dialog.flow.async_step_present())["type"] is FlowResultType.CREATE_ENTRY
    assert await the_bach(hass).messages() == []
    assert database.with_name("bach.db.saved").exists()


async def test_a_copy_that_cannot_be_moved_leaves_bach_at_work(
    hass: HomeAssistant, loaded: MockConfigEntry, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dialog would end with an error, and BACH would be off."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    before = database.with_name("before.db")
    shutil.copy(database, before)
    database.unlink()
    with pytest.raises(HomeAssistantError):
        await send(hass, ADA_ENTITY, "refused")
    await hass.async_block_till_done()
    issue = repair(hass)
    assert issue
    dialog = await start(hass, issue)
    monkeypatch.setattr("custom_components.bach.flows.storage_repair.put_saved_copy_back", refuse)
    result = await dialog.flow.async_step_saved()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "refused")
    assert (await the_bach(hass).queue_status()) != {}


async def test_a_disk_that_takes_nothing_is_told_until_it_does(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A worn card that became read-only would show by messages that do not come."""
    bach = the_bach(hass)
    bach._storage_changed(StoreFailedError(path="bach.db", reason="attempt to write a readonly database"))
    issue = repair(hass)
    assert issue
    assert (issue.translation_key, issue.is_fixable) == ("storage_failed", False)
    bach._storage_changed(None)
    assert repair(hass) is None
