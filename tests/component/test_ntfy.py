"""ntfy by clicking: a server, topics, notifications out, and what others publish in as events and no more."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowContext,
    ConfigFlowResult,
    SubentryFlowResult,
)
from homeassistant.config_entries import ConfigEntryState as State
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from bach_lib.testing.ntfy import NtfyServer
from custom_components.bach.const import EVENT_MESSAGE
from tests.component.automations import automate
from tests.component.conftest import recipient, send, set_up, state, the_bach, until, until_state
from tests.component.dialogs import choose, close_all, go_on, reconfigure, submit

pytestmark = pytest.mark.usefixtures("with_the_noisy_ones")

TOPIC = "our_doorbell"
TOKEN = "tk_the_token_of_the_tests"
ENTITY = "event.door_incoming_message"


@pytest.fixture
async def ntfy(socket_enabled: None) -> AsyncGenerator[NtfyServer]:
    """A server of one's own that asks who one is."""
    async with NtfyServer(key=TOKEN) as server:
        yield server


@pytest.fixture(autouse=True)
async def no_dialog_left_open(ntfy: NtfyServer, hass: HomeAssistant) -> AsyncGenerator[None]:
    """Close what a new connection leads on to, while the server is still there."""
    yield
    await close_all(hass)


@pytest.fixture
async def loaded(hass: HomeAssistant, ntfy: NtfyServer) -> MockConfigEntry:
    """A connection to it that hears one topic, at work."""
    entry = MockConfigEntry(
        domain="bach",
        title="Home",
        unique_id=f"home_127.0.0.1_{ntfy.port}",
        data={"type": "ntfy", "endpoint": ntfy.url, "token": TOKEN, "link": ntfy.url},
        subentries_data=[recipient("Door", TOPIC)],
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.home_receiving", "on")
    await ntfy.wait_for_listeners()
    return entry


def form(server: NtfyServer, **more: str) -> dict[str, Any]:
    """What a person fills in."""
    return {"server": {"endpoint": server.url}, **more}


def flows(hass: HomeAssistant) -> list[Any]:
    """The dialogs that are open."""
    return list(hass.config_entries.flow.async_progress())


async def changing(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Begin to change a connection."""
    context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=entry.entry_id)
    return await hass.config_entries.flow.async_init("bach", context=context)


async def add_topic(hass: HomeAssistant, entry: MockConfigEntry, **given: object) -> SubentryFlowResult:
    """Go through the dialog for a topic."""
    manager = hass.config_entries.subentries
    asked = await manager.async_init((entry.entry_id, "recipient"), context={"source": SOURCE_USER})
    assert asked["step_id"] == "topic"
    return await go_on(hass, asked, **{"heard": True, "hello": False, **given})


async def test_a_server_is_tried_and_added(hass: HomeAssistant, ntfy: NtfyServer) -> None:
    """Whoever has ntfy would have to write Python; and a token could be seen where it does not belong."""
    refused = await submit(hass, await choose(hass, "ntfy"), form(ntfy, token="tk_wrong"))
    assert refused["errors"] == {"token": "invalid_auth"}
    result = await submit(hass, refused, form(ntfy, token=TOKEN))
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "ntfy home")
    entry = result["result"]
    assert (entry.unique_id, entry.state) == (f"home_127.0.0.1_{ntfy.port}", State.LOADED)
    assert entry.data == {"type": "ntfy", "endpoint": ntfy.url, "token": TOKEN, "link": ntfy.url}
    [row] = the_bach(hass).registry.list()
    assert TOKEN not in repr(row)
    _, flow_id = result["next_flow"]
    assert hass.config_entries.subentries.async_get(flow_id)["step_id"] == "topic"

    again = await submit(hass, await choose(hass, "ntfy"), form(ntfy, token=TOKEN))
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_open_topics_need_no_token(hass: HomeAssistant, ntfy: NtfyServer) -> None:
    """The easiest way to a phone would ask for something that nobody has."""
    ntfy.key = None
    result = await submit(hass, await choose(hass, "ntfy"), form(ntfy))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert "token" not in result["data"]


@pytest.mark.parametrize(
    ("endpoint", "error"), [("http://127.0.0.1:1", "refused"), ("ntfy at home", "invalid_endpoint")]
)
async def test_what_is_wrong_is_said(hass: HomeAssistant, ntfy: NtfyServer, endpoint: str, error: str) -> None:
    """A connection would be kept that never worked."""
    result = await submit(hass, await choose(hass, "ntfy"), {"token": TOKEN, "server": {"endpoint": endpoint}})
    assert list((result["errors"] or {}).values()) == [error]


async def test_a_topic_is_typed(hass: HomeAssistant, ntfy: NtfyServer, loaded: MockConfigEntry) -> None:
    """Nobody could add one, or a slip of the pen be found when the alarm goes off."""
    wrong = await add_topic(hass, loaded, recipient="our cellar")
    assert wrong["errors"] == {"recipient": "invalid_recipient"}
    result = await go_on(hass, wrong, recipient=" our_cellar ", title="Cellar", heard=True, hello=True)
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Cellar")
    assert result["data"] == {"recipient": "our_cellar", "notify_action": "cellar"}
    [hello] = await ntfy.wait_for()
    assert hello.topic == "our_cellar"
    assert sorted(the_bach(hass).registry.list()[0].allowed) == ["our_cellar", TOPIC]


async def test_a_topic_that_is_only_written_to(hass: HomeAssistant, ntfy: NtfyServer, loaded: MockConfigEntry) -> None:
    """Who wants to hear nothing from a topic that everybody knows would hear it all the same."""
    result = await add_topic(hass, loaded, recipient="weather", heard=False)
    assert result["data"] == {"recipient": "weather", "role": "notify_only", "notify_action": "weather"}
    assert the_bach(hass).registry.list()[0].allowed == frozenset({TOPIC})
    weather = next(one for one in loaded.subentries.values() if one.data["recipient"] == "weather")
    asked = await reconfigure(hass, loaded, weather.subentry_id)
    await go_on(hass, asked, recipient="weather", title="Weather", heard=True)
    assert loaded.subentries[weather.subentry_id].data == {"recipient": "weather"}
    await until(hass, lambda: the_bach(hass).registry.list()[0].allowed == frozenset({TOPIC, "weather"}))


async def test_a_notification_goes_out(hass: HomeAssistant, ntfy: NtfyServer, loaded: MockConfigEntry) -> None:
    """Nothing would ever arrive on a phone; or the house hear itself."""
    heard = async_capture_events(hass, EVENT_MESSAGE)
    await send(hass, "notify.door", "Rain")
    [sent] = await ntfy.wait_for()
    assert (sent.topic, sent.text) == (TOPIC, "Rain")
    ntfy.says("Ring", sender=TOPIC)
    await until(hass, lambda: bool(heard))
    assert [event.data["text"] for event in heard] == ["Ring"]


async def test_what_others_publish_is_an_event_and_no_more(
    hass: HomeAssistant, ntfy: NtfyServer, loaded: MockConfigEntry
) -> None:
    """Whoever knows the name of a topic could run what is kept for administrators."""
    heard = async_capture_events(hass, EVENT_MESSAGE)
    hass.config_entries.async_update_subentry(
        loaded, next(iter(loaded.subentries.values())), data={"recipient": TOPIC, "role": "admin"}
    )
    await hass.async_block_till_done()
    ntfy.says("/open the door", sender=TOPIC, title="Door", tags=["bell"])
    await until(hass, lambda: bool(heard))
    data = heard[0].data
    assert (data["recipient"], data["role"], data["person"]) == (TOPIC, "notify_only", "")
    assert heard[0].context.user_id is None


async def test_a_ring_starts_an_automation_and_shows_at_its_topic(
    hass: HomeAssistant, ntfy: NtfyServer, loaded: MockConfigEntry
) -> None:
    """A doorbell that publishes would ring in no automation, or in one with rights that nobody has proved."""
    rings = await automate(hass, {"trigger": "bach.message_received", "target": {"entity_id": "notify.door"}})
    ntfy.says("Ring", sender=TOPIC, title="Door", tags=["bell"], priority=4)
    await until(hass, lambda: bool(rings.told))
    shown = hass.states.get(ENTITY)
    assert shown
    assert (shown.attributes["event_type"], shown.attributes["recipient_name"]) == ("message", "Door")
    assert "text" not in shown.attributes  # for everybody who may look at states
    [ring] = rings.told
    assert {key: ring[key] for key in ("kind", "text", "recipient", "recipient_name", "role", "person")} == {
        "kind": "text",
        "text": "Ring",
        "recipient": TOPIC,
        "recipient_name": "Door",
        "role": "notify_only",
        "person": "",
    }
    assert ring["entity_id"] == ENTITY
    assert rings.runs[0].context.user_id is None


async def test_no_command_comes_from_a_topic(hass: HomeAssistant, ntfy: NtfyServer, loaded: MockConfigEntry) -> None:
    """Whoever knows the name of a topic would open the door."""
    heard = async_capture_events(hass, EVENT_MESSAGE)
    opened = await automate(hass, {"trigger": "bach.command_received", "options": {"command": "open"}})
    ntfy.says("/open the door", sender=TOPIC)
    await until(hass, lambda: bool(heard))
    assert (heard[0].data["kind"], heard[0].data["text"]) == ("text", "/open the door")
    await hass.async_block_till_done()
    assert opened.told == []


async def test_a_topic_that_is_only_written_to_rings_nowhere(
    hass: HomeAssistant, ntfy: NtfyServer, loaded: MockConfigEntry
) -> None:
    """What somebody has chosen not to hear would run automations."""
    await add_topic(hass, loaded, recipient="weather", title="Weather", heard=False)
    await hass.async_block_till_done()
    heard = async_capture_events(hass, EVENT_MESSAGE)
    ntfy.says("Sun", sender="weather")
    ntfy.says("Ring", sender=TOPIC)
    await until(hass, lambda: bool(heard))
    assert [event.data["text"] for event in heard] == ["Ring"]
    assert state(hass, "event.weather_incoming_message") == "unknown"


async def test_a_user_name_and_its_password_do_as_well(hass: HomeAssistant, ntfy: NtfyServer) -> None:
    """Whoever runs a server with users would have to make a token first; or both be shown, and one be wrong."""
    ntfy.users["ada"] = "right"
    shown = await choose(hass, "ntfy")
    for given, error in (
        ({"login": "ada", "password": "wrong"}, {"password": "invalid_auth"}),
        ({"login": "ada"}, {"password": "invalid_value"}),
        ({"password": "right"}, {"login": "invalid_value"}),
        ({"token": TOKEN, "login": "ada", "password": "right"}, {"token": "invalid_value"}),
    ):
        shown = await submit(hass, shown, form(ntfy, **given))
        assert shown["errors"] == error
    result = await submit(hass, shown, form(ntfy, login="ada", password="right"))
    entry = result["result"]
    assert entry.unique_id == f"ada_127.0.0.1_{ntfy.port}"
    assert {key: entry.data.get(key) for key in ("login", "password", "token")} == {
        "login": "ada",
        "password": "right",
        "token": None,
    }
    assert "right" not in repr(the_bach(hass).registry.list())


async def test_a_changed_password_asks_for_the_new_one(hass: HomeAssistant, ntfy: NtfyServer) -> None:
    """Somebody would be asked for a token that they never had, or lose the connection by going over to one."""
    ntfy.users["ada"] = "old"
    result = await submit(hass, await choose(hass, "ntfy"), form(ntfy, login="ada", password="old"))
    entry = result["result"]
    ntfy.users["ada"] = "new"
    entry.async_start_reauth(hass)
    await until(hass, lambda: any(flow["context"]["source"] == SOURCE_REAUTH for flow in flows(hass)))
    [flow] = [flow for flow in flows(hass) if flow["context"]["source"] == SOURCE_REAUTH]
    asked = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert asked["data_schema"]
    assert [str(field) for field in asked["data_schema"].schema] == ["password"]
    result = await submit(hass, asked, {"password": "new"})
    assert (result["reason"], entry.data["login"], entry.data["password"]) == ("reauth_successful", "ada", "new")

    ntfy.users.clear()
    result = await submit(hass, await changing(hass, entry), form(ntfy, token=TOKEN))
    assert result["reason"] == "unique_id_mismatch"  # it is another account
    ntfy.users["ada"] = "new"
    result = await submit(hass, await changing(hass, entry), form(ntfy, login="ada"))
    assert (result["reason"], entry.data["password"]) == ("reconfigure_successful", "new")


async def test_a_token_that_is_gone_asks(hass: HomeAssistant, ntfy: NtfyServer, loaded: MockConfigEntry) -> None:
    """What is sent would wait for ever, and nobody know what for."""
    ntfy.key = "tk_new"
    await send(hass, "notify.door", "waits")
    await until(hass, lambda: bool(hass.config_entries.flow.async_progress()))
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    asked = await hass.config_entries.flow.async_configure(flow["flow_id"])
    result = await submit(hass, asked, {"token": "tk_wrong"})
    assert result["errors"] == {"token": "invalid_auth"}
    result = await submit(hass, result, {"token": "tk_new"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    [sent] = await ntfy.wait_for()
    assert sent.text == "waits"


async def test_an_outage_takes_nothing_away(hass: HomeAssistant, ntfy: NtfyServer, loaded: MockConfigEntry) -> None:
    """Automations would fail on an entity that is gone, and what they say be lost."""
    await ntfy.pause()
    await until_state(hass, "binary_sensor.home_receiving", "off")
    assert state(hass, "notify.door") != "unavailable"
    await send(hass, "notify.door", "later")
    assert loaded.state is State.LOADED
    await ntfy.resume()
    await ntfy.wait_for()
