"""Signal by clicking: an account on a server of one's own, recipients that are picked, messages out and in."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.config_entries import ConfigEntryState as State
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib.testing.partners.base import Told
from bach_lib.testing.signal import SignalServer
from custom_components.bach.const import EVENT_MESSAGE
from tests.component.conftest import recipient, send, set_up, state, the_bach, until, until_state
from tests.component.dialogs import choose, close_all, go_on, offered, reconfigure, start_recipient, submit

pytestmark = pytest.mark.usefixtures("with_the_noisy_ones")

NUMBER = "+491700000001"
ADA = "+491701234567"
HOUSE = "group.ZEdobElHaHZkWE5s"
TOKEN = "the-token-of-the-proxy"

start = partial(start_recipient, menu_options=["pair", "group", "manual"])


@pytest.fixture
async def signal(socket_enabled: None) -> AsyncGenerator[SignalServer]:
    """A server with an account that is in one group."""
    async with SignalServer(number=NUMBER) as server:
        server.box.groups = [{"id": HOUSE, "name": "The house"}]
        yield server


@pytest.fixture(autouse=True)
async def no_dialog_left_open(signal: SignalServer, hass: HomeAssistant) -> AsyncGenerator[None]:
    """Close what a new connection leads on to, while the server is still there."""
    yield
    await close_all(hass)


@pytest.fixture
async def loaded(hass: HomeAssistant, signal: SignalServer) -> MockConfigEntry:
    """A connection to it that may write to Ada, at work."""
    entry = MockConfigEntry(
        domain="bach",
        title="Home",
        unique_id=NUMBER.removeprefix("+"),
        data={
            "type": "signal",
            "endpoint": signal.url,
            "number": NUMBER,
            "token": TOKEN,
            "link": f"https://signal.me/#p/{NUMBER}",
        },
        subentries_data=[recipient("Ada", ADA, role="user")],
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.home_receiving", "on")
    return entry


def form(server: SignalServer, **more: str) -> dict[str, Any]:
    """What a person fills in."""
    return {"endpoint": server.url, "number": NUMBER, **more}


# -- the account -----------------------------------------------------------------------------------------------------


async def test_an_account_is_tried_and_added(hass: HomeAssistant, signal: SignalServer) -> None:
    """Whoever has Signal would have to write Python; and a number is written in many ways."""
    given = form(signal, number=" +49 (170) 000 0001 ")
    result = await submit(hass, await choose(hass, "signal"), given)
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, f"Signal {NUMBER}")
    entry = result["result"]
    assert (entry.unique_id, entry.state) == (NUMBER.removeprefix("+"), State.LOADED)
    assert entry.data == {
        "type": "signal",
        "endpoint": signal.url,
        "number": "+49 (170) 000 0001",
        "link": f"https://signal.me/#p/{NUMBER}",
    }
    [row] = the_bach(hass).registry.list()
    assert (row.name, row.endpoint, row.auth_config) == ("signal_491700000001", signal.url, {})
    _, flow_id = result["next_flow"]
    assert hass.config_entries.subentries.async_get(flow_id)["step_id"] == "user"

    again = await submit(hass, await choose(hass, "signal"), form(signal))
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_a_server_behind_a_proxy_gets_its_token(hass: HomeAssistant, signal: SignalServer) -> None:
    """The server lets everybody in who reaches it; people who put a proxy before it could not use it."""
    signal.key = TOKEN
    result = await submit(hass, await choose(hass, "signal"), form(signal, token="wrong"))
    assert result["errors"] == {"token": "invalid_account"}
    result = await submit(hass, result, form(signal, token=TOKEN))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    [row] = the_bach(hass).registry.list()
    assert TOKEN not in repr(row)


@pytest.mark.parametrize(
    ("more", "errors", "says"),
    [
        ({"number": "170 0000001"}, {"number": "invalid_value"}, "+491701234567"),
        ({"number": "+491709999999"}, {"token": "invalid_account"}, "has no account +491709999999"),
        ({"endpoint": "not an address"}, {"endpoint": "invalid_endpoint"}, ""),
        ({"endpoint": "http://127.0.0.1:1"}, {"endpoint": "refused"}, "127.0.0.1"),
    ],
)
async def test_what_is_wrong_is_said(
    hass: HomeAssistant, signal: SignalServer, more: dict[str, str], errors: dict[str, str], says: str
) -> None:
    """A connection would be kept that never worked, or a person not know what to do about it."""
    result = await submit(hass, await choose(hass, "signal"), form(signal) | more)
    assert result["errors"] == errors
    placeholders = result["description_placeholders"] or {}
    assert says in f"{placeholders['reason']} {placeholders['expected']}"
    assert (await submit(hass, result, form(signal)))["type"] is FlowResultType.CREATE_ENTRY


async def test_something_else_answers(hass: HomeAssistant, signal: SignalServer) -> None:
    """A router's login page would be taken for the server."""
    signal.told.append(Told(body=b"<html>", is_foreign=True))
    result = await submit(hass, await choose(hass, "signal"), form(signal))
    assert result["errors"] == {"endpoint": "bad_answer"}
    assert "is no signal-cli-rest-api" in (result["description_placeholders"] or {})["reason"]


async def test_a_server_that_would_not_receive_is_told_of(
    hass: HomeAssistant, signal: SignalServer, issue_registry: ir.IssueRegistry
) -> None:
    """Everything would look right, and answers never come in; later, it must not look like an outage."""
    signal.mode = "normal"
    result = await submit(hass, await choose(hass, "signal"), form(signal))
    assert result["errors"] == {"base": "wrong_mode"}
    assert "MODE=json-rpc" in (result["description_placeholders"] or {})["reason"]

    signal.mode = "json-rpc"
    entry = (await submit(hass, result, form(signal)))["result"]
    signal.mode = "native"
    await hass.config_entries.async_reload(entry.entry_id)
    await until(hass, lambda: bool(issue_registry.issues))
    [issue] = issue_registry.issues.values()
    assert issue.translation_key == "wrong_mode"


async def test_an_account_that_is_gone_asks(hass: HomeAssistant, signal: SignalServer, loaded: MockConfigEntry) -> None:
    """What is sent would wait for ever, and nobody know what for."""
    signal.key = "new"
    await send(hass, "notify.ada", "waits")
    await until(hass, lambda: bool(hass.config_entries.flow.async_progress()))
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    asked = await hass.config_entries.flow.async_configure(flow["flow_id"])
    result = await submit(hass, asked, {})
    assert result["errors"] == {"token": "invalid_account"}
    result = await submit(hass, result, {"token": "new"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert (loaded.data["token"], loaded.data["endpoint"], loaded.data["number"]) == ("new", signal.url, NUMBER)
    [message] = await signal.wait_for()
    assert message.text == "waits"


async def test_the_server_moves(hass: HomeAssistant, signal: SignalServer, loaded: MockConfigEntry) -> None:
    """Its recipients and whatever is built on them must stay, and the account be the same."""
    asked = await loaded.start_reconfigure_flow(hass)
    assert TOKEN not in str(asked["data_schema"])
    async with SignalServer(number=NUMBER) as new_home, SignalServer(number=ADA) as other:
        strange = await submit(hass, asked, {"endpoint": other.url, "number": ADA})
        assert (strange["type"], strange["reason"]) == (FlowResultType.ABORT, "unique_id_mismatch")
        result = await submit(hass, await loaded.start_reconfigure_flow(hass), form(new_home))
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
        assert (loaded.data["endpoint"], loaded.data["token"]) == (new_home.url, TOKEN)
        await send(hass, "notify.ada", "from here")
        await new_home.wait_for()
        await hass.config_entries.async_unload(loaded.entry_id)


async def test_its_device_and_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    device_registry: dr.DeviceRegistry,
    loaded: MockConfigEntry,
) -> None:
    """A bug report would tell somebody's number."""
    device = device_registry.async_get_device_by_identifier(("bach", loaded.entry_id), loaded.entry_id)
    assert device
    assert (device.model, device.configuration_url) == ("Signal", f"https://signal.me/#p/{NUMBER}")
    found = str(await get_diagnostics_for_config_entry(hass, hass_client, loaded))
    assert not any(secret in found for secret in (NUMBER.removeprefix("+"), ADA.removeprefix("+"), TOKEN))


# -- its recipients --------------------------------------------------------------------------------------------------


async def test_a_group_is_picked(hass: HomeAssistant, signal: SignalServer, loaded: MockConfigEntry) -> None:
    """Nobody knows the ids of their groups."""
    result = await start(hass, loaded, "group")
    assert offered(result) == {HOUSE: "The house"}
    result = await go_on(hass, result, recipient=HOUSE, role="user", hello=False)
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "The house")
    assert result["data"] == {"recipient": HOUSE, "kind": "group", "role": "user", "notify_action": "the_house"}
    await send(hass, "notify.the_house", "hello")
    [message] = await signal.wait_for()
    assert (message.recipients, message.text) == ([HOUSE], "hello")


async def test_an_account_in_no_group(hass: HomeAssistant, signal: SignalServer, loaded: MockConfigEntry) -> None:
    """An empty list would be the end of the way."""
    groups, signal.box.groups = signal.box.groups, []
    result = await start(hass, loaded, "group")
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "no_group")
    signal.box.groups = groups
    assert offered(await go_on(hass, result, next_step_id="group")) == {HOUSE: "The house"}


async def test_whoever_writes_can_be_picked(hass: HomeAssistant, signal: SignalServer, loaded: MockConfigEntry) -> None:
    """Who hides their number has an id that nobody could type."""
    hidden = "9f1c2d3e-0000-4000-8000-0123456789ab"
    result = await start(hass, loaded, "pair")
    assert (result["type"], result["progress_action"]) == (FlowResultType.SHOW_PROGRESS, "wait_for_signal")
    assert (result["description_placeholders"] or {})["link"] == f"https://signal.me/#p/{NUMBER}"
    signal.when_heard(signal.written("hello", sender=hidden, name="Bob"))
    manager = hass.config_entries.subentries
    await until(hass, lambda: manager.async_get(result["flow_id"])["step_id"] == "pick")
    result = await manager.async_configure(result["flow_id"])
    assert offered(result)[hidden] == f"Bob ({hidden})"
    result = await go_on(hass, result, recipient=hidden, role="user")
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "Bob")


async def test_a_number_is_typed(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Somebody who never wrote could not be reached; what is no number must be said."""
    result = await start(hass, loaded, "manual")
    result = await go_on(hass, result, recipient="0170 7654321", role="notify_only")
    assert result["errors"] == {"recipient": "invalid_recipient"}
    result = await go_on(hass, result, recipient="+49 170 7654321", title="Bob", role="notify_only")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["recipient"] == "+491707654321"


async def test_a_group_is_nobody_and_the_help_is_about_signal(
    hass: HomeAssistant, signal: SignalServer, loaded: MockConfigEntry
) -> None:
    """What a whole group writes would happen in the name of one user; nobody looks for their platform in a list."""
    result = await start(hass, loaded, "group")
    assert result["data_schema"]
    assert {str(field) for field in result["data_schema"].schema} == {"recipient", "role", "hello"}
    await go_on(hass, result, recipient=HOUSE, role="user", hello=False)
    [house] = [key for key, subentry in loaded.subentries.items() if subentry.data["recipient"] == HOUSE]
    changed = await reconfigure(hass, loaded, house)
    assert changed["data_schema"]
    assert "user_id" not in {str(field) for field in changed["data_schema"].schema}
    for form in (changed, await start(hass, loaded, "manual")):
        expected = (form["description_placeholders"] or {})["expected"]
        assert expected.startswith('a number ("+')


async def test_what_is_typed_is_asked_for(hass: HomeAssistant, signal: SignalServer, loaded: MockConfigEntry) -> None:
    """The first message to a slip would become a dead letter; what the server cannot say must stop nobody."""
    stranger, hidden = "+491707654321", "u:bob.01"
    signal.strangers = {stranger}
    result = await start(hass, loaded, "manual")
    for unknown in (stranger, "group.bm90LXRoZXJlLWF0LWFsbA=="):
        result = await go_on(hass, result, recipient=unknown, role="notify_only", hello=False)
        assert result["errors"] == {"recipient": "unknown_recipient"}
    signal.offline = True
    for error in ({"recipient": "cannot_ask"}, None):
        result = await go_on(hass, result, recipient="+491707654322", role="notify_only", hello=False)
        assert result.get("errors") == error
    assert result["type"] is FlowResultType.CREATE_ENTRY
    result = await go_on(hass, await start(hass, loaded, "manual"), recipient=hidden, role="notify_only", hello=False)
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, hidden), "nobody can say"


# -- messages --------------------------------------------------------------------------------------------------------


async def test_messages_go_out_and_come_in(hass: HomeAssistant, signal: SignalServer, loaded: MockConfigEntry) -> None:
    """Nobody could talk with the house."""
    await send(hass, "notify.ada", "The door is open", title="Alarm")
    [message] = await signal.wait_for()
    assert (message.recipients, message.text) == ([ADA], "Alarm\n\nThe door is open")

    heard = async_capture_events(hass, EVENT_MESSAGE)
    signal.when_heard(signal.written("Close it, please", sender=ADA))
    await until(hass, lambda: bool(heard))
    assert (heard[0].data["text"], heard[0].data["sender_id"]) == ("Close it, please", ADA)
    await until(hass, lambda: state(hass, "event.ada_incoming_message") != "unknown")
