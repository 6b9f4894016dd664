"""The settings of a connection: what is no part of it is an option, and can be changed while messages wait."""

from typing import Any

import pytest
import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import ConnectionState, Direction, Status
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import DOMAIN, SETTING_FIELDS
from custom_components.bach.diagnostics import async_get_config_entry_diagnostics
from custom_components.bach.kinds.option_forms import option_schema
from custom_components.bach.kinds.partners import ALL_KINDS
from custom_components.bach.kinds.settings import MINOR_VERSION, OPTIONS, OURS, stored
from custom_components.bach.kinds.wait_forms import wait_selectors
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    BOT_ID,
    CONNECTION,
    TOKEN,
    entity_ids,
    send,
    set_up,
    the_bach,
    until,
    until_state,
)
from tests.component.dialogs import set_options
from tests.component.test_every_kind import KINDS
from tests.component.test_rules import TEXTS

WAITS = wait_selectors({}, {}, TEXTS["common"])
ALL: dict[str, Any] = {
    "sender_tag": "Mill",
    "receiving": False,
    "quiet_start": True,
    "quiet_hours": [
        {"recipient": str(ADA), "from": "22:00:00", "until": "07:00:00", "below": 5.0, "days": ["sat", "sun"]},
        {"recipient": "*", "from": "13:00:00", "until": "14:00:00"},
    ],
    "holidays": [
        {"from": "2026-12-24", "until": "2027-01-06"},
        {"from": "2026-10-03", "yearly": True},
        {"from": "2026-05-01"},
    ],
    "gathering": [
        {"recipient": str(ADA), "at": "18:00:00", "after": 20.0, "per_hour": 5.0, "below": 2.0},
        {"recipient": "*", "same_minutes": 10.0},
    ],
    "retries": {"retry_delays": "5, 10 20", "max_retries": 2.0, "breaker_failures": 1.0, "breaker_seconds": 60.0},
    "amounts": {
        "per_minute": 20.0,
        "delayed_minutes": 30.0,
        "max_waiting": 50.0,
        "file_megabytes": 30.0,
        "keep_days": 7.0,
        "inbox_megabytes": 20.0,
    },
    "network": {"ip_family": "ipv4"},
}
_NIGHT = {
    "zone": "US/Pacific",
    "from": "22:00:00",
    "until": "07:00:00",
    "recipient": str(ADA),
    "below": 5,
    "days": ["sat", "sun"],
}
STORED: dict[str, Any] = {
    "sender_tag": "Mill",
    "receiving": False,
    "quiet_start": True,
    "quiet_hours": [
        _NIGHT,
        {"zone": "US/Pacific", "from": "13:00:00", "until": "14:00:00"},
    ],
    "holidays": ["2026-12-24/2027-01-06", "10-03", "2026-05-01"],
    "gathering": [
        {"zone": "US/Pacific", "recipient": str(ADA), "below": 2, "at": "18:00:00", "after": 20},
        {"zone": "US/Pacific", "recipient": str(ADA), "below": 2, "per_hour": 5},
        {"zone": "US/Pacific", "same_minutes": 10},
    ],
    "retry_delays": [5, 10, 20],
    "max_retries": 2,
    "breaker_failures": 1,
    "breaker_seconds": 60,
    "per_minute": 20,
    "delayed_minutes": 30,
    "max_waiting": 50,
    "file_megabytes": 30,
    "keep_days": 7,
    "inbox_megabytes": 20,
    "ip_family": "ipv4",
}


async def test_what_is_set_holds_and_is_shown_again(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A number would be typed, accepted, and followed by nobody; or be gone when the dialog is opened again."""
    before = entity_ids(hass, loaded)
    data = dict(loaded.data)
    result = await set_options(hass, loaded, **ALL)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options == STORED
    assert loaded.data == data
    assert the_bach(hass).registry.get(CONNECTION).settings == STORED
    bach = the_bach(hass)
    await until(hass, lambda: bach.health(CONNECTION, Direction.RECEIVING).state is ConnectionState.DISABLED)
    await until_state(hass, "binary_sensor.home_bot_sending", "on")
    assert entity_ids(hass, loaded) == before
    form = await hass.config_entries.options.async_init(loaded.entry_id)
    assert form["data_schema"]
    retries = form["data_schema"].schema["retries"].schema.schema
    shown = {str(key): (key.description or {}).get("suggested_value") for key in retries}
    assert shown == {"retry_delays": "5, 10, 20", "max_retries": 2, "breaker_failures": 1, "breaker_seconds": 60}
    [quiet] = [one for one in form["data_schema"].schema if one == "quiet_hours"]
    assert quiet.description["suggested_value"] == ALL["quiet_hours"]
    [gathered] = [one for one in form["data_schema"].schema if one == "gathering"]
    assert gathered.description["suggested_value"] == [
        {"recipient": str(ADA), "below": 2, "at": "18:00:00", "after": 20},
        {"recipient": str(ADA), "below": 2, "per_hour": 5},
        {"recipient": "*", "same_minutes": 10},
    ]
    [free] = [one for one in form["data_schema"].schema if one == "holidays"]
    assert free.description["suggested_value"] == [
        ALL["holidays"][0],
        {"from": "2000-10-03", "yearly": True},
        ALL["holidays"][2],
    ]
    diagnostics = await async_get_config_entry_diagnostics(hass, loaded)
    assert diagnostics["connection"]["settings"]["keep_days"] == 7
    assert "Mill" not in str(diagnostics)

    await set_options(hass, loaded)
    assert loaded.options == {}
    assert the_bach(hass).registry.get(CONNECTION).settings == {}
    await until(hass, lambda: bach.health(CONNECTION, Direction.RECEIVING).state is not ConnectionState.DISABLED)


async def test_quiet_hours_keep_what_the_form_does_not_know(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Whoever shortens the rest by clicking would lose the holidays that a program has written."""
    night = {"zone": "Europe/Berlin", "from": "22:00:00", "until": "07:00:00", "holidays": ["2026-12-25"]}
    hass.config_entries.async_update_entry(loaded, options={"quiet_hours": [night]})
    await hass.async_block_till_done()
    asked = {"recipient": "*", "from": "22:00:00", "until": "07:00:00", "below": 8}
    await set_options(hass, loaded, quiet_hours=[asked])
    assert loaded.options["quiet_hours"] == [{**night, "below": 8}]


async def test_whoever_rests_is_not_woken(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The washing machine would be told at three in the morning, or the water not."""
    always = [{"recipient": str(ADA), "from": "00:00:00", "until": "00:00:00"}]
    await set_options(hass, loaded, quiet_hours=always)
    data = {"entity_id": ADA_ENTITY, "message": "The washing is done"}
    answer = await hass.services.async_call("bach", "send_message", data, blocking=True, return_response=True)
    assert answer
    urgent = {"entity_id": ADA_ENTITY, "message": "Water!", "priority": 5}
    await hass.services.async_call("bach", "send_message", urgent, blocking=True)
    [sent] = await telegram.wait_for(1)
    assert sent.text == "Water!"
    [waiting] = await the_bach(hass).messages(connection=CONNECTION, status=[Status.PENDING])
    assert waiting.scheduled_for is not None
    assert waiting.error
    assert waiting.error.code == "quiet_hours"


async def test_what_waits_stays_whatever_is_changed(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever makes it try again sooner would lose what he is waiting for."""
    await telegram.pause()
    await send(hass, ADA_ENTITY, "water!")
    bach = the_bach(hass)
    await until(hass, lambda: bach.health(CONNECTION, Direction.SENDING).state is ConnectionState.DISCONNECTED)
    await set_options(hass, loaded, retries={"max_retries": 1}, amounts={})
    await telegram.resume()
    await until_state(hass, "binary_sensor.home_bot_sending", "on")
    await hass.services.async_call("button", "press", {"entity_id": "button.home_bot_check_now"}, blocking=True)
    [message] = await bach.messages(connection=CONNECTION)
    assert (await bach.wait(message.id, 60)).status is Status.SENT
    assert telegram.texts == ["water!"]


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"retries": {"retry_delays": "soon"}}, {"retries": "invalid_value"}),
        ({"retries": {"retry_delays": "0"}}, {"retries": "invalid_value"}),
        ({"gathering": [{"recipient": "*"}]}, {"gathering": "invalid_value"}),
        ({"network": {"proxy": "socks6://proxy:1080"}}, {"network": "invalid_value"}),
        ({"network": {"proxy": "ada:hunter2@proxy:3128"}}, {"network": "invalid_value"}),
        ({"network": {"proxy": "http://127.0.0.1:9"}}, {"base": "not_this_way"}),
    ],
)
async def test_what_cannot_be_changes_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, given: dict[str, Any], errors: dict[str, str]
) -> None:
    """A mistyped proxy would cut the home off from its people; the old way would be gone."""
    result = await set_options(hass, loaded, **given)
    assert result["errors"] == errors
    words = result["description_placeholders"] or {}
    assert words["expected"] or words["reason"]
    assert "hunter2" not in str(words)
    assert loaded.options == {}
    assert loaded.state is ConfigEntryState.LOADED


async def test_an_entry_of_before_is_parted_and_loses_nothing(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """After an update the word before each message would be gone, or the connection itself."""
    entry = _old(hass, telegram, sender_tag="Mill")
    await set_up(hass, entry)
    assert (entry.version, entry.minor_version) == (1, MINOR_VERSION)
    assert entry.data == _data(telegram)
    assert entry.options == {"sender_tag": "Mill"}
    assert the_bach(hass).registry.get(CONNECTION).settings == {"sender_tag": "Mill"}


async def test_on_the_way_back_it_still_works(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """Whoever goes back to the version of before would have lost the connection; it only has no settings there."""
    entry = _old(hass, telegram)
    hass.config_entries.async_update_entry(entry, minor_version=MINOR_VERSION + 1, options={"of_a_later_one": 1})
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.minor_version == MINOR_VERSION + 1
    assert entry.options == {"of_a_later_one": 1}
    await set_options(hass, entry, sender_tag="Mill")
    assert entry.options == {"of_a_later_one": 1, "sender_tag": "Mill"}
    assert entry.data == _data(telegram)


async def test_what_the_version_of_before_wrote_meanwhile_counts(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """Who went back, changed the word and came again would find the old one."""
    entry = _old(hass, telegram, sender_tag="Barn")
    hass.config_entries.async_update_entry(entry, minor_version=MINOR_VERSION, options={"sender_tag": "Mill"})
    await set_up(hass, entry)
    assert entry.data == _data(telegram)
    assert entry.options == {"sender_tag": "Barn"}


async def test_what_a_later_version_has_made_anew_is_left_alone(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """A version that does not know what it reads would overwrite it, and what waits with it."""
    entry = _old(hass, telegram, sender_tag="Mill")
    hass.config_entries.async_update_entry(entry, version=2)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert entry.data == {**_data(telegram), "sender_tag": "Mill"}
    assert entry.options == {}


def _data(telegram: TelegramServer) -> dict[str, str]:
    return {"type": "telegram", "bot_token": TOKEN, "endpoint": telegram.url}


def _old(hass: HomeAssistant, telegram: TelegramServer, **settings: str) -> MockConfigEntry:
    entry = MockConfigEntry(
        domain=DOMAIN, title="@home_bot", unique_id=BOT_ID, data={**_data(telegram), **settings}, minor_version=1
    )
    entry.add_to_hass(hass)
    return entry


@pytest.mark.parametrize("kind", sorted(ALL_KINDS))
def test_every_field_of_every_kind_has_a_name_and_a_sentence(kind: str) -> None:
    """A person would see a bare key, or a box of which nobody says what it does."""
    step = TEXTS["options"]["step"]["init"]
    schema = option_schema({"type": kind, **KINDS[kind][0]}, WAITS).schema
    assert ("network" in schema) is (kind not in {"routes", "this_home"})
    for key, box in schema.items():
        if hasattr(box, "schema"):
            texts = step["sections"][key]
            assert texts["name"]
            inside = {str(one) for one in box.schema.schema}
            assert inside <= texts["data"].keys() & texts["data_description"].keys()
        else:
            assert key in step["data"]
            assert key in step["data_description"]


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_no_section_has_a_default(kind: str) -> None:
    """The frontend shows it in the place of what is set in the section, and whoever submits the form loses that."""
    schema = option_schema({"type": kind, **KINDS[kind][0]}, WAITS).schema
    sections = [key for key, box in schema.items() if hasattr(box, "schema")]
    assert sections
    assert [key for key in sections if key.default is not vol.UNDEFINED] == []


def test_every_text_of_the_form_is_used() -> None:
    """Dead texts would be translated for nobody."""
    step = TEXTS["options"]["step"]["init"]
    schemas = [option_schema({"type": kind, **KINDS[kind][0], "proxy_user": "ada"}, WAITS).schema for kind in ALL_KINDS]
    sections = {str(key): box for schema in schemas for key, box in schema.items() if hasattr(box, "schema")}
    tops = {str(key) for schema in schemas for key, box in schema.items() if not hasattr(box, "schema")}
    assert tops == set(step["data"])
    assert set(sections) == set(step["sections"])
    for name, texts in step["sections"].items():
        used = {
            str(one) for schema in schemas for key, box in schema.items() if key == name for one in box.schema.schema
        }
        assert used == set(texts["data"])


def test_every_setting_is_told_to_the_library() -> None:
    """A setting would be kept in the entry and never reach the connection."""
    assert set(SETTING_FIELDS) >= OPTIONS
    assert OURS <= OPTIONS
    assert stored({"type": "x", "settings": {"sender_tag": "Mill", "wood": 1}}) == {
        "data": {"type": "x", "settings": {"wood": 1}},
        "options": {"sender_tag": "Mill"},
    }
