"""What the recorder keeps and what the logbook says of messages: who did what, and never what they wrote."""

import json
import logging
from typing import Any

import pytest
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.core import HomeAssistant, State
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from bach_lib import Content, Kind
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import EVENT_MESSAGE
from custom_components.bach.event import PRIVATE
from custom_components.bach.logbook import LINES
from tests.component.conftest import ADA, add_entry, arrive, incoming, person, recipient, set_up

EVENT_ENTITY = "event.ada_incoming_message"
SECRET = "under the mat"


@pytest.fixture(autouse=True)
def our_integration(telegram: TelegramServer, recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """The recorder comes before Home Assistant and has to see all of it, and need not tell every statement."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
async def home(hass: HomeAssistant, telegram: TelegramServer, hass_admin_user: MockUser) -> MockConfigEntry:
    """A connection with the administrator Ada and a person in a group, and a logbook."""
    assert await async_setup_component(hass, "logbook", {})
    people = [
        recipient("Ada", str(ADA), role="admin", user_id=hass_admin_user.id),
        recipient("Family", "-100"),
        person("Dora", "-100", "46"),
    ]
    entry = add_entry(hass, telegram, recipients={}, more=people)
    await set_up(hass, entry)
    return entry


async def lines(hass: HomeAssistant, ws_client: WebSocketGenerator, **data: object) -> list[dict[str, Any]]:
    """Our lines of the logbook."""
    await async_wait_recording_done(hass)
    client = await ws_client()
    start = dt_util.utcnow().replace(year=2000).isoformat()
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": start, **data})
    return [line for line in (await client.receive_json())["result"] if line.get("domain") == "bach"]


async def test_the_logbook_says_who_did_what_and_for_which_user(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, hass_admin_user: MockUser, home: MockConfigEntry
) -> None:
    """Nobody could find out who opened the door, or everybody could read what they wrote about it."""
    await arrive(hass, incoming(ADA, kind=Kind.COMMAND, text=SECRET, content=Content(command="door", args=SECRET)))
    await arrive(hass, incoming(-100, 46, text=SECRET))
    await arrive(hass, incoming(ADA, kind=Kind.BUTTON, text="", content=Content(value="0"), metadata={"label": "Yes"}))
    await arrive(hass, incoming(ADA, kind=Kind.BUTTON, text="", content=Content(value="no")))

    found = await lines(hass, hass_ws_client)
    assert [(line["name"], line["message"]) for line in found] == [
        ("Ada", "sent the command /door"),
        ("Dora", "wrote a message in Family"),
        ("Ada", "pressed the button Yes"),
        ("Ada", "pressed the button no"),
    ]
    assert SECRET not in json.dumps(found)
    assert [line.get("context_user_id") for line in found] == [hass_admin_user.id, None, *[hass_admin_user.id] * 2]
    assert [line["message"] for line in await lines(hass, hass_ws_client, entity_ids=[EVENT_ENTITY])] == [
        "sent the command /door",
        "pressed the button Yes",
        "pressed the button no",
    ]


async def test_every_kind_has_a_line(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, home: MockConfigEntry
) -> None:
    """A kind without one would show as something else."""
    for kind in Kind:
        await arrive(hass, incoming(ADA, kind=kind, content=Content(command="x", value="x")))
    found = await lines(hass, hass_ws_client)
    assert [line["icon"] for line in found] == [LINES[kind][1] for kind in Kind]
    assert len({line["message"] for line in found}) == len(Kind)


@pytest.mark.parametrize(
    "data", [{}, {"kind": "new"}, {"kind": "command", "command": "{person}" * 100, "person": None}, {"kind": ["text"]}]
)
async def test_an_event_from_elsewhere_breaks_no_line(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, home: MockConfigEntry, data: dict[str, Any]
) -> None:
    """Anybody may fire events of our name, and newer versions may have written others: the logbook must stay whole."""
    hass.bus.async_fire(EVENT_MESSAGE, data)
    [line] = await lines(hass, hass_ws_client)
    assert line["name"] == "Somebody"
    assert len(line["message"]) < 100


async def test_the_recorder_keeps_no_text_of_the_entity(
    hass: HomeAssistant, with_the_noisy_ones: None, home: MockConfigEntry
) -> None:
    """What people wrote would stay in the history for ten days, for everybody who can see it."""
    await arrive(hass, incoming(ADA, text=SECRET))
    await async_wait_recording_done(hass)
    start = dt_util.utcnow().replace(year=2000)
    states = await get_instance(hass).async_add_executor_job(
        lambda: get_significant_states(hass, start, entity_ids=[EVENT_ENTITY])
    )
    kept = [found.attributes for found in states[EVENT_ENTITY] if isinstance(found, State)]
    assert kept[-1]["person"] == "Ada"
    assert not PRIVATE & set(kept[-1])
    assert SECRET not in str(kept)
