"""What is stored of a connection may be edited by hand, or be from another version: set-up says what is wrong.

Nothing else suffers: the other connections work, and the dialogs that mend it can be opened.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import (
    CONF_AUTH_TYPE,
    CONF_ENDPOINT,
    CONF_LINK,
    CONF_SECRETS,
    CONF_SETTINGS,
    CONF_WEBHOOK_ID,
    DOMAIN,
    SECRET_FIELDS,
    SETTING_FIELDS,
)
from custom_components.bach.diagnostics import async_get_config_entry_diagnostics
from custom_components.bach.web.panel_commands import HomeViewer
from tests.component.conftest import ADA, ADA_ENTITY, TOKEN, person, recipient, send
from tests.component.test_every_kind import KINDS

NAMED: Final = json.loads((Path(__file__).parents[2] / f"custom_components/{DOMAIN}/translations/en.json").read_text())[
    "exceptions"
]
MARK: Final = "hunter2"
"""Stands in what is wrong, which may be a secret, and must be told nowhere."""
WRONG: Final[tuple[object, ...]] = (None, 5, True, "", [MARK], {MARK: MARK})
FIELDS: Final = (
    *SECRET_FIELDS,
    *SETTING_FIELDS,
    CONF_AUTH_TYPE,
    CONF_ENDPOINT,
    CONF_LINK,
    CONF_SECRETS,
    CONF_SETTINGS,
    CONF_WEBHOOK_ID,
    "receives",
    "something_new",
)
NEEDED: Final[Mapping[str, set[str]]] = {
    "telegram": {"bot_token"},
    "discord": {"bot_token"},
    "discord_webhook": {"url"},
    "signal": {"endpoint", "number"},
    "homeassistant": {"endpoint", "token"},
    "webhook": {"webhook_id"},
    "claude": {"secret"},
    "gemini": {"secret"},
    "mcp": {"endpoint"},
    "http": {"endpoint"},
}
"""Without which a connection of a kind cannot be set up."""


def own(kind: str) -> Iterator[dict[str, Any]]:
    """The data of a kind with one of its fields gone, or of another type."""
    data: dict[str, Any] = {"type": kind, **KINDS[kind][0]}
    for field in data:
        yield {name: value for name, value in data.items() if name != field}
        for value in WRONG:
            yield {**data, field: value}


def foreign(kind: str) -> Iterator[dict[str, Any]]:
    """The same with one more field, which may belong to another kind."""
    data: dict[str, Any] = {"type": kind, **KINDS[kind][0]}
    for field in FIELDS:
        if field not in data:
            yield from ({**data, field: value} for value in (5, {} if field == "expected_status" else [MARK]))


@pytest.fixture
async def other(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> MockConfigEntry:
    """A connection of which everything is in order."""
    return loaded


async def trouble_with(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, data: Mapping[str, Any], *more: ConfigSubentryData
) -> list[str]:
    """What is not as it has to be with an entry, from its set-up to its removal. It is removed again."""
    type_ = data.get("type")
    place = KINDS[type_][1] if isinstance(type_, str) and type_ in KINDS else None
    people = [*more] or ([recipient("Strange", place)] if place else [])
    entry = MockConfigEntry(domain=DOMAIN, title="Strange one", unique_id="strange", data=data, subentries_data=people)
    entry.add_to_hass(hass)
    caplog.clear()
    wrong = []
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    if entry.state is not ConfigEntryState.LOADED and entry.error_reason_translation_key not in NAMED:
        wrong.append(f"{entry.state}: {entry.reason}")
    if entry.error_reason_translation_key == "damaged_credential" and not hass.config_entries.flow.async_progress():
        wrong.append("nobody is asked for credentials")
    flow = await entry.start_reconfigure_flow(hass)
    if (flow["type"], flow.get("reason")) == (FlowResultType.ABORT, None):
        wrong.append("no dialog")
    if entry.supported_subentry_types and not await async_get_config_entry_diagnostics(hass, entry):
        wrong.append("no diagnostics")
    for subentry_type in entry.supported_subentry_types:
        below = await hass.config_entries.subentries.async_init(
            (entry.entry_id, subentry_type), context={"source": "user"}
        )
        if below["type"] is FlowResultType.FORM:
            hass.config_entries.subentries.async_abort(below["flow_id"])
    if MARK in str(entry.reason):
        wrong.append(f"tells a secret: {entry.reason}")
    for found in hass.config_entries.flow.async_progress():
        hass.config_entries.flow.async_abort(found["flow_id"])
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    logged = [one for one in caplog.records if one.levelno >= logging.ERROR and one.exc_info]
    strange = [one for one in logged if one.exc_info and not isinstance(one.exc_info[1], HomeAssistantError)]
    return [*wrong, *(f"{one.getMessage()}: {one.exc_info}" for one in strange)]


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_a_field_that_is_gone_or_of_another_type_is_named(
    hass: HomeAssistant, telegram: TelegramServer, other: MockConfigEntry, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """After an edit by hand all that anybody would read is "Unknown error", or no other connection would work."""
    found = {str(data): wrong for data in own(kind) if (wrong := await trouble_with(hass, caplog, data))}
    assert not found
    assert other.state is ConfigEntryState.LOADED
    await send(hass, ADA_ENTITY, "still here")
    assert [one.text for one in await telegram.wait_for(1)] == ["still here"]


@pytest.mark.parametrize("kind", ["telegram", "webhook", "http"])  # a platform, what may have nothing, and a partner
async def test_a_field_of_another_kind_is_ignored_or_named(
    hass: HomeAssistant, other: MockConfigEntry, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """A field that a newer version will have would end the set-up with an unknown error, after a downgrade."""
    found = {str(data): wrong for data in foreign(kind) if (wrong := await trouble_with(hass, caplog, data))}
    assert not found
    assert other.state is ConfigEntryState.LOADED


SUBENTRIES: Final = {
    "no address": recipient("Ada", "42") | {"data": {"kind": "private"}},
    "an address that is no text": recipient("Ada", "42") | {"data": {"recipient": 42}},
    "an empty address": recipient("Ada", ""),
    "a role that is no text": recipient("Ada", "42") | {"data": {"recipient": "42", "role": [MARK]}},
    "a user that is no text": recipient("Ada", "42") | {"data": {"recipient": "42", "user_id": {MARK: MARK}}},
    "an agent that is no text": recipient("Ada", "42") | {"data": {"recipient": "42", "agent": 5}},
    "a person without an id": person("Ada", "-1", "42") | {"data": {"recipient": "-1"}},
    "a person in no place": person("Ada", "-1", "42") | {"data": {"sender_id": "42"}},
}


@pytest.mark.parametrize("what", sorted(SUBENTRIES))
async def test_a_recipient_that_cannot_be_used_is_named(
    hass: HomeAssistant, other: MockConfigEntry, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """The connection would not start, nobody would know because of whom, and every dialog would be an error."""
    damaged = SUBENTRIES[what]
    data = {"type": "telegram", **KINDS["telegram"][0]}
    assert not await trouble_with(hass, caplog, data, damaged)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="S",
        unique_id="s",
        data=data,
        subentries_data=[damaged, recipient("Bob", "43")],
    )
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert (entry.state, entry.error_reason_translation_key) == (ConfigEntryState.SETUP_ERROR, "damaged_recipient")
    assert "Delete Ada from this connection and add it again" in str(entry.reason)
    assert other.state is ConfigEntryState.LOADED
    assert [one.title for one in HomeViewer(hass, MockUser()).places()] == ["@home_bot"]  # what the panel shows of all
    flow = await hass.config_entries.subentries.async_init((entry.entry_id, "recipient"), context={"source": "user"})
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "damaged_recipient")
    broken = next(one for one in entry.subentries.values() if one.title == "Ada")
    hass.config_entries.async_remove_subentry(entry, broken.subentry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("kind", "change", "key"),
    [
        *((kind, {field: None}, None) for kind, fields in NEEDED.items() for field in sorted(fields)),
        ("webhook", {"incoming_token": None, "url": None, "webhook_id": None}, None),
        ("mcp", {"secret": "s", "auth_type": None}, "auth_type"),
        ("http", {"auth_type": "basic", "login": "ada"}, "secret"),
    ],
)
async def test_what_is_needed_and_not_there_is_named(
    hass: HomeAssistant, other: MockConfigEntry, kind: str, change: dict[str, str | None], key: str | None
) -> None:
    """A connection would look as if all were well, and be refused by its platform for a reason that nobody sees."""
    data = {"type": kind, **KINDS[kind][0]} | change
    data = {field: value for field, value in data.items() if value is not None}
    entry = MockConfigEntry(domain=DOMAIN, title="S", unique_id="s", data=data)
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert f'"{key or min(change.keys() - {"webhook_id"}, default="webhook_id")}' in str(entry.reason) or (
        '"url"' in str(entry.reason)
    )
    assert str(entry.error_reason_translation_key).startswith("damaged_")
    assert other.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("kind", ["claude", "gemini", "ollama", "mcp", "http"])
async def test_how_a_partner_authenticates_need_not_be_stored(
    hass: HomeAssistant, other: MockConfigEntry, kind: str
) -> None:
    """An entry of an early version would not start, although there is only one way it can mean."""
    data = {"type": kind, **KINDS[kind][0]}
    data.pop("auth_type")
    entry = MockConfigEntry(domain=DOMAIN, title="S", unique_id="s", data=data)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)


async def test_credentials_that_cannot_be_used_are_asked_for_and_what_waited_goes(
    hass: HomeAssistant, telegram: TelegramServer, entry: MockConfigEntry
) -> None:
    """The dialog that is to mend it would stumble over the same, or keep what is wrong."""
    whole = dict(entry.data)
    hass.config_entries.async_update_entry(entry, data={**whole, "bot_token": [MARK], "link": 5})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert 'stored of this connection cannot be used: "bot_token"' in str(entry.reason)
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    ended = await hass.config_entries.flow.async_configure(flow["flow_id"], {"bot_token": TOKEN})
    await hass.async_block_till_done()
    assert (ended["type"], ended["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert entry.state is ConfigEntryState.LOADED
    assert dict(entry.data) == whole
    await send(hass, ADA_ENTITY, "hello")
    [message] = await telegram.wait_for(1)
    assert message.chat_id == ADA


async def test_a_server_address_that_cannot_be_used_is_asked_for(
    hass: HomeAssistant, telegram: TelegramServer, entry: MockConfigEntry
) -> None:
    """Reconfigure, which the sentence tells people to choose, would stumble over the same."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, "endpoint": {MARK: MARK}})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert "Choose Reconfigure" in str(entry.reason)
    flow = await entry.start_reconfigure_flow(hass)
    ended = await hass.config_entries.flow.async_configure(flow["flow_id"], {"server": {"endpoint": telegram.url}})
    await hass.async_block_till_done()
    assert (ended["type"], ended["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.state is ConfigEntryState.LOADED
