"""Another Home Assistant by clicking: an address and a token that are tried, recipients, versions, events."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.config_entries import ConfigEntryState as State
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_capture_events
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib.testing.homeassistant import Call, HomeAssistantServer
from bach_lib.testing.homeassistant.server import USER_ID, VERSION
from bach_lib.testing.partners.base import Told
from custom_components.bach.const import EVENT_MESSAGE
from tests.component.conftest import entity_ids, press, recipient, send, set_up, the_bach, until, until_state
from tests.component.dialogs import choose, close_all, go_on, offered, reconfigure, start_recipient, submit
from tests.component.homes import TOKEN, add_home, letters

PHONE = "action:notify.mobile_app_phone"
SENSOR = "sensor.summer_house_version"

start = partial(start_recipient, menu_options=["target", "bach", "event", "other"])


@pytest.fixture
async def there(socket_enabled: None) -> AsyncGenerator[HomeAssistantServer]:
    """The other home."""
    async with HomeAssistantServer(key=TOKEN) as server:
        yield server


@pytest.fixture(autouse=True)
async def no_dialog_left_open(there: HomeAssistantServer, hass: HomeAssistant) -> AsyncGenerator[None]:
    """Close what a new connection leads on to, while the server is still there."""
    yield
    await close_all(hass)


@pytest.fixture
async def loaded(hass: HomeAssistant, there: HomeAssistantServer) -> MockConfigEntry:
    """A connection to it, at work, with a kitchen to notify and a doorbell to hear."""
    places = [recipient("Kitchen", "notify.kitchen", role="notify_only"), recipient("Bell", "event:doorbell")]
    entry = add_home(hass, there, places)
    await set_up(hass, entry)
    for direction in ("sending", "receiving"):
        await until_state(hass, f"binary_sensor.summer_house_{direction}", "on")
    return entry


def form(server: HomeAssistantServer, **more: str) -> dict[str, Any]:
    """What a person fills in."""
    return {"endpoint": server.url, "token": TOKEN, **more}


# -- the connection --------------------------------------------------------------------------------------------------


async def test_another_home_is_tried_and_added(hass: HomeAssistant, there: HomeAssistantServer) -> None:
    """Nobody could connect two homes by clicking, or one of them twice."""
    result = await submit(hass, await choose(hass, "homeassistant"), form(there, token=f" {TOKEN}\n"))
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Home Assistant Summer house")
    entry = result["result"]
    assert (entry.unique_id, entry.state) == (USER_ID, State.LOADED)
    assert entry.data == {"type": "homeassistant", "endpoint": there.url, "token": TOKEN, "link": there.url}
    assert list(entry.supported_subentry_types) == ["recipient", "bridge"]
    [row] = the_bach(hass).registry.list()
    assert (row.name, row.endpoint) == (f"homeassistant_{USER_ID}", there.url)
    assert TOKEN not in repr(row)
    _, flow_id = result["next_flow"]
    assert hass.config_entries.subentries.async_get(flow_id)["step_id"] == "user"

    again = await submit(hass, await choose(hass, "homeassistant"), form(there))
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"token": "wrong"}, "invalid_token", "refuses the token"),
        ({"token": "  "}, "invalid_token", ""),
        ({"endpoint": "summer house"}, "invalid_endpoint", ""),
        ({"endpoint": "http://127.0.0.1:1"}, "refused", "127.0.0.1"),
    ],
)
async def test_what_is_wrong_is_said(
    hass: HomeAssistant, there: HomeAssistantServer, more: dict[str, str], error: str, says: str
) -> None:
    """A connection would be kept that never worked, or a person not know what to do about it."""
    result = await submit(hass, await choose(hass, "homeassistant"), form(there, **more))
    assert result["errors"] == {"token" if error == "invalid_token" else "endpoint": error}
    assert says in (result["description_placeholders"] or {})["reason"]
    assert (await submit(hass, result, form(there)))["type"] is FlowResultType.CREATE_ENTRY


async def test_a_proxy_without_websockets_is_told_of(hass: HomeAssistant, there: HomeAssistantServer) -> None:
    """Address and token are right, and people would look there for what is wrong."""
    there.opens_websockets = False
    result = await submit(hass, await choose(hass, "homeassistant"), form(there))
    assert result["errors"] == {"endpoint": "no_websocket"}


async def test_something_else_answers(hass: HomeAssistant, there: HomeAssistantServer) -> None:
    """A router's login page would be taken for a home."""
    there.told.extend([Told(body=b"<html>")] * 2)
    result = await submit(hass, await choose(hass, "homeassistant"), form(there))
    assert result["errors"] == {"endpoint": "bad_answer"}
    assert "is no Home Assistant" in (result["description_placeholders"] or {})["reason"]


async def test_a_token_that_was_deleted_asks_for_another(
    hass: HomeAssistant, there: HomeAssistantServer, loaded: MockConfigEntry
) -> None:
    """What is sent would wait for ever, and nobody know what for."""
    there.key = "new"
    there.cut()
    await until(hass, lambda: bool(hass.config_entries.flow.async_progress()))
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    asked = await hass.config_entries.flow.async_configure(flow["flow_id"])
    result = await submit(hass, asked, {"token": "still wrong"})
    assert result["errors"] == {"token": "invalid_token"}
    result = await submit(hass, result, {"token": "new"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert (loaded.data["token"], loaded.data["endpoint"]) == ("new", there.url)
    await until_state(hass, "binary_sensor.summer_house_receiving", "on")


async def test_the_other_home_moves(hass: HomeAssistant, there: HomeAssistantServer, loaded: MockConfigEntry) -> None:
    """Its recipients and whatever is built on them must stay."""
    asked = await loaded.start_reconfigure_flow(hass)
    assert TOKEN not in str(asked["data_schema"])
    async with HomeAssistantServer(key=TOKEN) as new:
        result = await submit(hass, asked, {"endpoint": new.url})
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
        assert (loaded.data["endpoint"], loaded.data["token"]) == (new.url, TOKEN)
        await send(hass, "notify.kitchen", "from here")
        await until(hass, lambda: bool(new.called))
        await hass.config_entries.async_unload(loaded.entry_id)


@pytest.mark.usefixtures("with_the_noisy_ones")
async def test_the_version_there_is_shown(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    device_registry: dr.DeviceRegistry,
    there: HomeAssistantServer,
    loaded: MockConfigEntry,
) -> None:
    """Nobody would see that the homes have grown apart; and a bug report must tell no token and no address."""
    await until_state(hass, SENSOR, f"{VERSION} (BACH 1.0.0)")
    there.bach = "2.0.0"
    await press(hass, "button.summer_house_check_now")
    await until_state(hass, SENSOR, f"{VERSION} (BACH 2.0.0)")
    device = device_registry.async_get_device_by_identifier(("bach", loaded.entry_id), loaded.entry_id)
    assert device
    assert (device.manufacturer, device.model) == ("Home Assistant", "Home Assistant")
    assert device.sw_version == f"{VERSION} (BACH 2.0.0)"
    found = str(await get_diagnostics_for_config_entry(hass, hass_client, loaded))
    assert "2.0.0" in found
    assert not any(private in found for private in (TOKEN, USER_ID, there.url, "notify.kitchen", "doorbell"))


async def test_a_home_that_goes_away_is_seen(
    hass: HomeAssistant, with_the_noisy_ones: None, there: HomeAssistantServer, loaded: MockConfigEntry
) -> None:
    """It would look connected for hours, and at a version that it may have no more."""
    await until_state(hass, SENSOR, f"{VERSION} (BACH 1.0.0)")
    await there.pause()
    await until_state(hass, "binary_sensor.summer_house_receiving", "off")
    await until_state(hass, SENSOR, "unavailable")


async def test_a_home_that_takes_no_letters_is_told_of(
    hass: HomeAssistant, there: HomeAssistantServer, issue_registry: ir.IssueRegistry
) -> None:
    """The first letter, which may be an alarm, would be the one that tells."""
    there.takes_letters = False
    await set_up(hass, add_home(hass, there, [letters()]))
    await until(hass, lambda: bool(issue_registry.issues))
    [issue] = issue_registry.issues.values()
    assert (issue.translation_key, issue.severity) == ("not_accepted", ir.IssueSeverity.WARNING)
    assert "Add BACH as a recipient over there" in (issue.translation_placeholders or {})["reason"]

    there.takes_letters = True
    await press(hass, "button.summer_house_check_now")
    await hass.async_block_till_done()
    assert not issue_registry.issues


async def test_letters_that_nobody_wants_need_no_help(
    hass: HomeAssistant, with_the_noisy_ones: None, there: HomeAssistantServer, issue_registry: ir.IssueRegistry
) -> None:
    """Whoever only notifies there would be told to do something that is of no use."""
    there.takes_letters = False
    await set_up(hass, add_home(hass, there))
    await until_state(hass, SENSOR, f"{VERSION} (BACH 1.0.0)")
    assert not issue_registry.issues


# -- its recipients --------------------------------------------------------------------------------------------------


async def test_what_notifies_there_is_picked(
    hass: HomeAssistant, there: HomeAssistantServer, loaded: MockConfigEntry
) -> None:
    """Nobody knows the names of everything in another home; and what only notifies must not be heard."""
    there.states["notify.bath"] = "unknown"
    result = await start(hass, loaded, "target")
    assert offered(result) == {  # the kitchen has been added already, and BACH has a page of its own
        "notify.bath": "notify.bath (notify.bath)",
        PHONE: PHONE,
        "action:script.wake_up": "action:script.wake_up",
    }
    result = await go_on(hass, result, recipient=PHONE, title="Ada's phone", hello=False)
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Ada's phone")
    assert result["data"] == {"recipient": PHONE, "kind": "action", "role": "notify_only"}
    await until(hass, lambda: hass.states.get("notify.ada_s_phone") is not None)
    events = {found for found in entity_ids(hass, loaded) if found.startswith("event.")}
    assert events == {"event.bell_incoming_message"}
    await send(hass, "notify.ada_s_phone", "hello", title="Alarm")
    await until(hass, lambda: bool(there.called))
    assert there.called == [Call(action="notify.mobile_app_phone", data={"message": "hello", "title": "Alarm"})]
    assert PHONE not in the_bach(hass).registry.list()[0].allowed


async def test_a_hello_to_what_notifies_goes_and_one_to_a_script_is_asked_about(
    hass: HomeAssistant, there: HomeAssistantServer, loaded: MockConfigEntry
) -> None:
    """Adding a recipient would wake the whole house."""
    result = await go_on(hass, await start(hass, loaded, "target"), recipient=PHONE)
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "hello_sent")
    assert [call.action for call in there.called] == ["notify.mobile_app_phone"]

    script = "action:script.wake_up"
    result = await go_on(hass, await start(hass, loaded, "target"), recipient=script)
    assert (result["type"], result["menu_options"]) == (FlowResultType.MENU, ["hello_skip", "hello_send"])
    assert len(there.called) == 1
    result = await go_on(hass, result, next_step_id="hello_skip")
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, None)
    assert len(there.called) == 1

    [added] = [key for key, subentry in loaded.subentries.items() if subentry.data["recipient"] == script]
    hass.config_entries.async_remove_subentry(loaded, added)
    await hass.async_block_till_done()
    result = await go_on(hass, await start(hass, loaded, "target"), recipient=script)
    result = await go_on(hass, result, next_step_id="hello_send")
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "hello_sent")
    assert there.called[-1].action == "script.wake_up"


@pytest.mark.parametrize("choice", ["bach", "event", "other"])
async def test_no_hello_is_offered_where_it_may_do_something(
    hass: HomeAssistant, there: HomeAssistantServer, loaded: MockConfigEntry, choice: str
) -> None:
    """Whoever only submits would fire an event, or switch something on."""
    result = await start(hass, loaded, choice)
    schema = result["data_schema"]
    assert schema
    assert [key.default() for key in schema.schema if key == "hello"] == [False]


async def test_nothing_notifies_there(hass: HomeAssistant, there: HomeAssistantServer, loaded: MockConfigEntry) -> None:
    """An empty list would be the end of the way."""
    there.states, there.actions = {}, set()
    result = await start(hass, loaded, "target")
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "no_target")
    assert (await go_on(hass, result, next_step_id="event"))["step_id"] == "event"


async def test_a_home_that_does_not_answer_cannot_be_looked_at(
    hass: HomeAssistant, there: HomeAssistantServer, loaded: MockConfigEntry
) -> None:
    """An outage would look like a home without anything in it."""
    await there.pause()
    result = await start(hass, loaded, "target")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "cannot_look")


async def test_the_bach_there_and_its_user_here(
    hass: HomeAssistant, hass_read_only_user: MockUser, there: HomeAssistantServer, loaded: MockConfigEntry
) -> None:
    """Letters could not be exchanged, or two homes share a user, and nobody could tell which of them writes."""
    other = add_home(hass, there, [letters(user_id=hass_read_only_user.id)], user_there="another")
    result = await start(hass, loaded, "bach")
    assert (result["description_placeholders"] or {})["name"] == "Summer house"
    result = await go_on(hass, result, user_id=hass_read_only_user.id, role="user")
    assert result["errors"] == {"user_id": "user_taken"}

    await hass.config_entries.async_remove(other.entry_id)
    result = await go_on(hass, result, user_id=hass_read_only_user.id, role="admin")
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "BACH (Summer house)")
    assert result["data"] == {
        "recipient": "bach",
        "kind": "bach",
        "user_id": hass_read_only_user.id,
        "role": "admin",
    }
    await until(hass, lambda: hass.states.get("notify.bach_summer_house") is not None)
    await send(hass, "notify.bach_summer_house", "Supper is ready")
    await until(hass, lambda: bool(there.letters))
    [letter] = there.letters.values()
    assert letter["text"] == "Supper is ready"


async def test_a_user_is_not_taken_over_later_either(
    hass: HomeAssistant, hass_read_only_user: MockUser, there: HomeAssistantServer, loaded: MockConfigEntry
) -> None:
    """What the first dialog refuses, the second would let through."""
    other = add_home(hass, there, [letters()], user_there="another")
    await set_up(hass, other)
    taken = {"user_id": hass_read_only_user.id, "role": "user"}
    await go_on(hass, await start(hass, loaded, "bach"), **taken)
    [subentry] = other.subentries.values()
    asked = await reconfigure(hass, other, subentry.subentry_id)
    assert "chat" not in str(asked["data_schema"])  # two homes that answer each other would never end
    result = await go_on(hass, asked, recipient="bach", title="BACH", **taken)
    assert result["errors"] == {"user_id": "user_taken"}
    result = await go_on(hass, result, recipient="bach", title="BACH", role="user")
    assert result["reason"] == "reconfigure_successful"


async def test_an_event_is_fired_and_heard(
    hass: HomeAssistant, there: HomeAssistantServer, loaded: MockConfigEntry
) -> None:
    """Automations of the two homes could not speak with each other."""
    result = await start(hass, loaded, "event")
    result = await go_on(hass, result, event_type="state_changed", role="user")
    assert result["errors"] == {"event_type": "invalid_event_type"}
    result = await go_on(hass, result, event_type="doorbell", role="user")
    assert result["errors"] == {"event_type": "recipient_taken"}
    result = await go_on(hass, result, event_type=" event:alarm ", role="user")
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "alarm")
    assert result["data"] == {"recipient": "event:alarm", "kind": "event", "role": "user"}

    heard = async_capture_events(hass, EVENT_MESSAGE)
    there.when_heard("alarm", {"message": "Fire", "floor": 2})
    await until(hass, lambda: bool(heard))
    assert (heard[0].data["text"], heard[0].data["recipient"]) == ("Fire", "event:alarm")

    await send(hass, "notify.alarm", "All is well")
    await until(hass, lambda: bool(there.fired))
    assert there.fired == [("alarm", {"message": "All is well"})]


async def test_anything_is_typed(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Actions that no list names could not be called."""
    result = await start(hass, loaded, "other")
    result = await go_on(hass, result, recipient="kitchen", role="notify_only")
    assert result["errors"] == {"recipient": "invalid_recipient"}
    result = await go_on(hass, result, recipient="action:light.turn_on", title="Lights", role="notify_only")
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_fields_come_from_data_and_never_from_words(
    hass: HomeAssistant, there: HomeAssistantServer, loaded: MockConfigEntry
) -> None:
    """Whoever's words are passed on would choose the entity, the data, every field of an action over there."""
    to_phone = {"config_entry_id": loaded.entry_id, "recipient": PHONE}
    words = '{"message": "hi", "entity_id": "lock.front_door", "data": {"actions": []}}'
    for said in ({"message": words}, {"message": "Fire", "title": "Alarm", "data": {"data": {"ttl": 0}}}):
        await hass.services.async_call("bach", "send_message", {**to_phone, **said}, blocking=True)
    await until(hass, lambda: len(there.called) == 2)
    assert [call.data for call in there.called] == [
        {"message": words},
        {"message": "Fire", "title": "Alarm", "data": {"ttl": 0}},
    ]
    bad = {**to_phone, "message": "", "data": {"when": object()}}
    with pytest.raises(HomeAssistantError) as raised:
        await hass.services.async_call("bach", "send_message", bad, blocking=True)
    assert raised.value.translation_key == "data_not_json"
