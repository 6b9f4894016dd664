"""A connection that cannot be set up loses nothing: its recipients stay, take messages, or say why they cannot."""

from datetime import timedelta
from pathlib import Path

import pytest
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryDisabler,
    ConfigEntryState,
    SubentryFlowContext,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from bach_lib import Bach
from bach_lib.errors import AccountTakenError, MissingLibraryError, StoreFailedError
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.diagnostics import async_get_config_entry_diagnostics
from custom_components.bach.home.hub import HUB
from tests.component.conftest import ADA, ADA_ENTITY, add_entry, entity_ids, recipient, send, set_up, state

FAULTS = {
    "a full disk": ("_reconcile", StoreFailedError(path="bach.db", reason="database or disk is full")),
    "another entry's account": ("_reconcile", AccountTakenError(other="another")),
    "a missing package": (
        "async_require",
        MissingLibraryError(type="telegram", package="python-telegram-bot", extra="telegram"),
    ),
    "a mistake of ours": ("_start", ValueError("no such thing")),
}


def fail(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Let each set-up fail from now on."""
    name, error = FAULTS[what]

    async def raise_it(*_: object) -> None:
        raise error

    monkeypatch.setattr(f"custom_components.bach.{name}", raise_it)


async def later(hass: HomeAssistant, seconds: float) -> None:
    """Let Home Assistant's own timers fire."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize("what", FAULTS)
async def test_what_is_sent_until_a_set_up_succeeds_arrives(
    hass: HomeAssistant,
    telegram: TelegramServer,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    """A reload that fails would take the recipients away, and the alarm would find nobody without a word."""
    config, entities = hass.config_entries, entity_ids(hass, loaded)
    with monkeypatch.context() as broken:
        fail(broken, what)
        assert not await config.async_reload(loaded.entry_id)
        await hass.async_block_till_done()
        await send(hass, ADA_ENTITY, "first")
        assert not await config.async_reload(loaded.entry_id)
        await hass.async_block_till_done()
        await send(hass, ADA_ENTITY, "second")
        assert telegram.sent == []
    assert await config.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    sent = await telegram.wait_for(2)
    assert [(one.chat_id, one.text) for one in sent] == [(ADA, "first"), (ADA, "second")]
    assert entity_ids(hass, loaded) == entities
    assert state(hass, ADA_ENTITY) not in {None, "unavailable"}

    assert await config.async_unload(loaded.entry_id)
    await hass.async_block_till_done()
    assert state(hass, ADA_ENTITY) == "unavailable"
    assert hass.data[HUB]._bach is None


async def test_home_assistants_own_next_try_takes_them_over(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits would wait for somebody who reloads the entry by hand."""
    with monkeypatch.context() as broken:
        fail(broken, "a full disk")
        assert not await hass.config_entries.async_reload(loaded.entry_id)
        await later(hass, 10)
        assert loaded.state.value == "setup_retry"
        await send(hass, ADA_ENTITY, "text")
    await later(hass, 60)
    assert loaded.state.value == "loaded"
    [message] = await telegram.wait_for(1)
    assert message.text == "text"


async def test_who_sends_before_the_first_set_up_is_told_why_not(
    hass: HomeAssistant, telegram: TelegramServer, entry: MockConfigEntry
) -> None:
    """Home Assistant's action says nothing where there is no entity, and what it was to send is gone."""
    database = Path(hass.config.path(".storage", "bach", "bach.db"))
    database.parent.mkdir(parents=True)
    async with Bach(database):
        assert not await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        assert entry.state.value == "setup_retry"
        with pytest.raises(HomeAssistantError, match=r"@home_bot could not be set up: .* in use"):
            await send(hass, ADA_ENTITY, "text")
    await later(hass, 60)
    assert entry.state.value == "loaded"
    await send(hass, ADA_ENTITY, "text")
    [message] = await telegram.wait_for(1)
    assert message.text == "text"


async def test_the_reason_is_also_told_while_others_work(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who wrote to a person would read that there is no connection named telegram_987."""
    assert loaded.state.value == "loaded"
    other = "987654321:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
    telegram.add_bot(other, username="other_bot")
    entry = add_entry(hass, telegram, token=other, title="@other_bot", recipients={"Eve": ADA})
    fail(monkeypatch, "a missing package")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    with pytest.raises(HomeAssistantError, match=r"@other_bot could not be set up: telegram needs"):
        await send(hass, "notify.eve", "text")


@pytest.mark.parametrize("was_loaded", [True, False])
@pytest.mark.parametrize("way", ["unload", "disable", "remove"])
async def test_what_is_not_to_be_set_up_any_more_is_gone(
    hass: HomeAssistant, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch, way: str, was_loaded: bool
) -> None:
    """An entity that stays behind would take messages that nobody sends, and keep the database open."""
    config = hass.config_entries
    if was_loaded:
        await set_up(hass, entry)
    fail(monkeypatch, "a full disk")
    assert not await config.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert state(hass, ADA_ENTITY) == "unknown"
    if way == "unload":
        assert await config.async_unload(entry.entry_id)
    elif way == "disable":
        await config.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    else:
        await config.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert state(hass, ADA_ENTITY) in {None, "unavailable"}
    assert hass.data[HUB]._bach is None


async def test_a_type_that_only_a_newer_version_knows_is_named(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """After an older version was installed, an "Unknown error" would tell nobody to update again."""
    data = {"type": "matrix", "token": "a"}
    people = [recipient("Eve", "@eve:example.org")]
    entry = MockConfigEntry(domain="bach", title="Matrix", unique_id="1", data=data, subentries_data=people)
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert (entry.state.value, entry.error_reason_translation_key) == ("setup_error", "unknown_type")
    assert "matrix" in str(entry.reason)
    with pytest.raises(HomeAssistantError, match=r"Matrix could not be set up: .*\"matrix\""):
        await send(hass, "notify.eve", "text")
    await send(hass, ADA_ENTITY, "text")
    await telegram.wait_for(1)


async def test_equal_names_do_not_change_places(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """Whichever connection is ready first after a restart, an automation would write to another bot's Ada."""
    other = "987654321:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
    telegram.add_bot(other, username="home_bot")
    entries = [add_entry(hass, telegram), add_entry(hass, telegram, token=other)]
    await set_up(hass, entries[0])  # the component sets up the other one, too
    before = [entity_ids(hass, entry) for entry in entries]
    assert len(before[0] | before[1]) == 2 * len(before[0])
    for order in (entries, entries[::-1]):
        for entry in entries:
            await hass.config_entries.async_unload(entry.entry_id)
        for entry in order:
            await set_up(hass, entry)
        assert [entity_ids(hass, entry) for entry in entries] == before


UNKNOWN = {
    "a type": ({"type": "teams_[x](http://y)", "bot_token": "1:x"}, "teams\\_\\[x\\]\\(http\\:\\/\\/y\\)"),
    "a way to log in": ({"type": "http", "endpoint": "http://localhost", "auth_type": "passkey"}, "passkey"),
    "no type": ({"version": 9}, ""),
}


@pytest.mark.parametrize(("data", "shown"), UNKNOWN.values(), ids=UNKNOWN)
async def test_what_another_version_made_says_so_and_breaks_nothing_else(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, data: dict[str, str], shown: str
) -> None:
    """After a downgrade every dialog would end with an unknown error, or one connection take all others with it."""
    strange = MockConfigEntry(
        domain="bach", title="Strange", unique_id="s", data=data, subentries_data=[recipient("Carol", "7")]
    )
    strange.add_to_hass(hass)
    config, subentry = hass.config_entries, next(iter(strange.subentries))
    assert not await config.async_setup(strange.entry_id)
    await hass.async_block_till_done()
    assert strange.state is ConfigEntryState.SETUP_ERROR
    assert strange.error_reason_translation_key
    assert strange.supported_subentry_types.keys() == {"recipient", "person"}
    adding = SubentryFlowContext(source=SOURCE_USER)
    changing = SubentryFlowContext(source=SOURCE_RECONFIGURE, subentry_id=subentry)
    flows = [await strange.start_reconfigure_flow(hass), await strange.start_reauth_flow(hass)]
    below = [
        await config.subentries.async_init((strange.entry_id, kind), context=context)
        for kind, context in (("recipient", adding), ("person", adding), ("recipient", changing))
    ]
    ends = [(one["type"], one["reason"], one["description_placeholders"]) for one in (*flows, *below)]
    assert ends == [(FlowResultType.ABORT, "unknown_kind", {"kind": shown})] * 5
    assert await async_get_config_entry_diagnostics(hass, strange)
    await send(hass, ADA_ENTITY, "still here")
    assert [one.text for one in await telegram.wait_for(1)] == ["still here"]
    assert await config.async_reload(loaded.entry_id)
    assert await config.async_remove(strange.entry_id)
