"""What goes into a bug report."""

import asyncio
import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest
from homeassistant.components.system_health import DOMAIN as SYSTEM_HEALTH
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib import Bach, __version__
from bach_lib.connectors.base import Unreadable
from bach_lib.connectors.requirements import NEEDED
from bach_lib.testing.telegram_server import Fault, TelegramServer
from custom_components.bach.diagnostics import REDACTED_FIELDS
from custom_components.bach.home.redaction import Redactor
from tests.component.conftest import (
    ADA_ENTITY,
    BOT_ID,
    TOKEN,
    add_entry,
    person,
    recipient,
    send,
    set_up,
    state,
    until,
    until_state,
)


async def told(hass: HomeAssistant, client: ClientSessionGenerator, entry: MockConfigEntry) -> dict[str, Any]:
    """The file that a person downloads."""
    assert await async_setup_component(hass, "bach", {})
    return cast("dict[str, Any]", await get_diagnostics_for_config_entry(hass, client, entry))


async def test_diagnostics_help_without_telling_secrets(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """People attach this file to public issues: it must hold what helps, and nothing that is theirs."""
    await send(hass, ADA_ENTITY, "my secret message", title="my secret title")
    await until(hass, lambda: state(hass, ADA_ENTITY) != "unknown")
    await loaded.runtime_data.async_refresh()

    diagnostics = cast("dict[str, Any]", await get_diagnostics_for_config_entry(hass, hass_client, loaded))

    text = json.dumps(diagnostics)
    for private in (TOKEN, TOKEN.partition(":")[2], BOT_ID, "home_bot", "Ada", "secret", "127.0.0.1", '"42"'):
        assert private not in text, private
    assert diagnostics["connection"]["success_count"] == 1
    assert diagnostics["connection"]["allowed"] == 2
    assert diagnostics["snapshot"]["breaker"] == "closed"
    assert diagnostics["snapshot"]["queue"]["sent"] == 1
    assert diagnostics["snapshot"]["sending"]["state"] == "connected"
    moments = (diagnostics["connection"]["last_used"], diagnostics["snapshot"]["sending"]["last_success"])
    assert all(datetime.fromisoformat(moment) for moment in moments), "nobody reads seconds since 1970"


async def test_diagnostics_tell_nothing_of_people(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, telegram: TelegramServer
) -> None:
    """Who is who in the family would be read by everybody who looks at the issue."""
    people = [
        recipient("Family", "-100777", user_id="ada-user"),
        person("Dora", "-100777", "46464", user_id="dora-user"),
    ]
    entry = add_entry(hass, telegram, recipients={}, more=people)
    await set_up(hass, entry)
    text = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    for private in ("Family", "Dora", "-100777", "46464", "ada-user", "dora-user"):
        assert private not in text, private


async def test_what_another_version_stored_is_not_shown(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """After a downgrade the file is attached to an issue, with the key of a platform that only the newer one knows."""
    entry = MockConfigEntry(
        domain="bach",
        data={"type": "pigeon", "loft": "roof-secret", "nest": {"egg": "nest-secret"}, "receives": True},
        options={"corn": "corn-secret"},
        subentries_data=[recipient("Ada", "42", ring="ring-secret", role="user")],
    )
    entry.add_to_hass(hass)
    found = await told(hass, hass_client, entry)
    assert "-secret" not in json.dumps(found)
    assert (found["entry"]["data"]["type"], found["entry"]["data"]["receives"]) == ("pigeon", True)
    assert found["entry"]["subentries"][0]["data"]["role"] == "user"


async def test_which_field_cannot_be_used(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> None:
    """The sentence that says it quotes the field, and what is quoted is hidden: nobody could tell which it was."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, "endpoint": 7})
    found = await told(hass, hass_client, entry)
    assert found["state"]["code"] == "damaged_entry"
    assert found["state"]["field"] == "endpoint"


async def test_why_the_last_messages_failed(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The one line that explains a dead letter would be missing, or would name the chat that it was for."""
    refusal = Fault.forbidden("user Ada (42) sent my secret message to chat -100200300")
    telegram.fail(refusal, times=1, methods=["sendMessage"])
    await send(hass, ADA_ENTITY, "my secret message", title="a title of ours")
    await until_state(hass, "sensor.home_bot_dead_letters", "1")
    found = await told(hass, hass_client, loaded)
    [failure] = found["failures"]
    [attempt] = failure["attempts"]
    assert (failure["status"], failure["code"], attempt["outcome"]) == ("dead", "forbidden", "dead")
    assert failure["reason"] == attempt["reason"]
    assert failure["reason"].startswith("Forbidden: user **REDACTED** (**REDACTED**) sent ")
    assert failure["subentry_id"] in loaded.subentries
    assert failure["characters"] == len("my secret message")
    assert failure["finished_at"] > failure["created_at"]
    for private in ("Ada", "secret", "title of ours", "100200300", '"42"'):
        assert private not in json.dumps(found), private


async def test_why_something_that_came_in_was_set_aside(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A message would be missing, and nobody could find out why; or everybody could read what it was."""
    aside = [Unreadable(raw="from Ada: my secret", reason=reason) for reason in ("no id", "no id", "Ada is no text")]
    monkeypatch.setattr(Bach, "unreadable", AsyncMock(return_value=aside))
    found = await told(hass, hass_client, loaded)
    assert found["set_aside"] == {"no id": 2, "**REDACTED** is no text": 1}
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize(
    ("sentence", "hidden"),
    [
        ("Bad Request: chat not found", "Bad Request: chat not found"),
        ("chat 123456789 is gone (5 of 30)", "chat * is gone (5 of 30)"),
        ("+49 170 1234567 is not registered", "* is not registered"),
        ("Cannot connect to https://nas.example.org:8123/api/x?y=1", "Cannot connect to *"),
        ("Cannot connect to host nas.local:8123 ssl:default", "Cannot connect to host * ssl:default"),
        ("[Errno 111] Connect call failed ('192.168.1.20', 80)", "[Errno 111] Connect call failed (*, 80)"),
        ("no route to fd00::1:2 nor to 10.0.0.7:80", "no route to * nor to *"),
        ("mail for ada@example.org or @ada_l", "mail for * or *"),
        ("entity notify.ada_phone not found", "entity * not found"),
        ("/config/.storage/bach/bach.db was written by a newer BACH", "* was written by a newer BACH"),
        ("500 and/or 502, 1/2 sent", "500 and/or 502, 1/2 sent"),
        ('unsupported start tag "our secret"', "unsupported start tag *"),
        ("We can't tell, it's over", "We can't tell, it's over"),
        ("Adam told ADA and Ada.", "Adam told * and *."),
    ],
)
def test_what_a_platform_quotes_is_hidden(sentence: str, hidden: str) -> None:
    """Everybody who looks at the issue would read it; or nothing useful would be left of it."""
    entry = MockConfigEntry(domain="bach", data={"type": "telegram"}, subentries_data=[recipient("Ada", "42")])
    assert Redactor(entry, REDACTED_FIELDS).hide(sentence).replace("**REDACTED**", "*") == hidden


async def test_what_does_not_work_can_be_told_of(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Just when nothing works there would be no file, but "500 Internal Server Error"."""
    telegram.fail(Fault.forbidden(), times=1, methods=["sendMessage"])
    await send(hass, ADA_ENTITY, "my secret message")
    await until_state(hass, "sensor.home_bot_dead_letters", "1")
    assert await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    found = await told(hass, hass_client, loaded)
    assert (found["state"]["state"], found["entry"]["disabled_by"]) == ("not_loaded", "user")
    assert found["connection"]["error_count"] == 1
    assert [failure["code"] for failure in found["failures"]] == ["forbidden"]
    assert "snapshot" not in found
    assert TOKEN not in json.dumps(found)


async def test_one_that_was_never_set_up(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> None:
    """An entry that is disabled from the beginning has nothing on disk."""
    hass.config_entries.async_update_entry(entry, title="@home_bot")
    object.__setattr__(entry, "disabled_by", ConfigEntryDisabler.USER)
    found = await told(hass, hass_client, entry)
    assert (found["connection"], found["failures"]) == (None, [])


async def test_a_database_that_does_not_open_is_told_of(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> None:
    """What keeps everything from working is the first thing to know."""
    database = Path(hass.config.path(".storage", "bach", "bach.db"))
    database.parent.mkdir(parents=True)
    async with Bach(database):  # another process has it
        assert not await hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        found = await told(hass, hass_client, entry)
        assert (found["state"]["state"], found["storage"]) == ("setup_retry", "store_in_use")
    await hass.config_entries.async_unload(entry.entry_id)
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    found = await told(hass, hass_client, entry)
    assert (found["state"]["state"], found["state"]["code"], found["storage"]) == (
        "setup_error",
        "store_too_new",
        "store_too_new",
    )
    assert str(database.parent) not in json.dumps(found)


async def test_system_health_shows_the_sums(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The page that everybody is asked to copy into an issue."""
    assert await async_setup_component(hass, SYSTEM_HEALTH, {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, "bach")
    values = {key: await value if asyncio.iscoroutine(value) else value for key, value in info.items()}
    packages = {"python_telegram_bot": NEEDED["telegram"].installed()}
    numbers = {"connections": 1, "waiting": 0, "dead": 0}
    assert values == {"version": __version__, **packages, "database": "SQLite", **numbers}
