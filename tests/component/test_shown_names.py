"""Odd names, followed to every place where Home Assistant shows them: stored ones, typed ones, and strangers' own."""

import logging
from collections.abc import Mapping
from typing import Any, Final

import pytest
from homeassistant.components.recorder import Recorder
from homeassistant.const import MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from bach_lib import Status
from bach_lib.testing.telegram_server import Bot, TelegramServer
from custom_components.bach.flows.dead_letters_repair import DeadLettersFlow
from custom_components.bach.kinds.markdown_escape import escape_links, escape_markdown, with_escaped
from custom_components.bach.repairs import async_create_fix_flow
from tests.component.chat import Agent, add_agent
from tests.component.conftest import CONNECTION, add_entry, person, recipient, set_up, the_bach, until
from tests.component.dialogs import go_on, reconfigure
from tests.component.test_recipient_flow import next_page, options, wait
from tests.odd_names import NAMES as ALL_NAMES
from tests.odd_names import acting, leaves, wrong_with

NAMES: Final = {what: name for what, name in ALL_NAMES.items() if what != "half a character"}
"""Home Assistant can store no such title, and the double describes itself as the platform does; the library's tests
have it."""
FIRST: Final = 1000
"""The id of the first recipient with an odd name."""
ODD: Final = "\u202eadA\nBob"


@pytest.fixture(autouse=True)
def our_integration(telegram: TelegramServer, recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """The recorder comes before Home Assistant, for the Activity; and need not tell every statement."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
async def agent(hass: HomeAssistant) -> Agent:
    """Somebody who answers."""
    return await add_agent(hass)


@pytest.fixture
def heard(hass: HomeAssistant) -> list[Event[Any]]:
    """What the integration says on the bus."""
    found: list[Event[Any]] = []

    @callback
    def hear(event: Event[Any]) -> None:
        if str(event.event_type).startswith("bach"):
            found.append(event)

    hass.bus.async_listen(MATCH_ALL, hear)
    return found


@pytest.fixture
async def home(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, agent: Agent, heard: list[Event[Any]]
) -> MockConfigEntry:
    """A connection stored with odd names, to each of which a message could not be delivered before somebody wrote."""
    people = [recipient(name, str(FIRST + n), agent=agent.id) for n, name in enumerate(NAMES.values())]
    people += [recipient("Family", "-100"), person(ODD, "-100", "46")]
    entry = add_entry(hass, telegram, title=ODD, recipients={}, more=people)
    for part in ("logbook", "persistent_notification"):
        assert await async_setup_component(hass, part, {})
    await set_up(hass, entry)
    say = {"message": "{{ trigger.sender_name }} {{ trigger.person }} {{ trigger.recipient_name }}"}
    tell = {
        "id": "tell",
        "alias": "Tell",
        "mode": "parallel",
        "max": 100,
        "triggers": [{"trigger": "bach.message_received"}],
        "actions": [{"action": "persistent_notification.create", "data": say}],
    }
    assert await async_setup_component(hass, "automation", {"automation": [tell]})
    await hass.async_block_till_done()
    telegram.add_chat(-100, type="supergroup", title="Family")
    bach = the_bach(hass)
    for n in range(len(NAMES)):
        sent = await bach.send(CONNECTION, str(FIRST + n), "hello")
        assert (await bach.wait(sent.id, 60)).status is Status.DEAD
    for n, name in enumerate(NAMES.values()):
        telegram.says("hello", bot=bot, chat_id=FIRST + n, first_name=name)
        telegram.says("hello", bot=bot, chat_id=-100, from_id=FIRST + n, first_name=name)
    await until(hass, lambda: len(_of(heard, "bach_message")) >= 2 * len(NAMES))
    await until(hass, lambda: len(agent.asked) >= len(NAMES))
    return entry


def _of(heard: list[Event[Any]], type_: str) -> list[Event[Any]]:
    return [event for event in heard if event.event_type == type_]


def wrong_in(value: object) -> dict[str, str]:
    """Where a text is not only read."""
    return {path: wrong for path, text in leaves(value) if (wrong := wrong_with(text, 1000))}


async def asked(socket: MockHAClientWebSocket, type_: str, **data: object) -> Any:  # noqa: ANN401 - JSON
    """What the frontend is told."""
    await socket.send_json_auto_id({"type": type_, **data})
    while (answer := await socket.receive_json())["type"] != "result":
        pass
    assert answer["success"], answer
    return answer["result"]


async def test_no_surface_of_the_home_shows_a_name_that_acts(  # noqa: PLR0917 - fixtures
    hass: HomeAssistant,
    home: MockConfigEntry,
    agent: Agent,
    heard: list[Event[Any]],
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """What somebody calls themselves would rewrite the page of whoever lives there, or stand there as somebody else."""
    await async_wait_recording_done(hass)
    entities = er.async_entries_for_config_entry(er.async_get(hass), home.entry_id)
    issues = [one for one in ir.async_get(hass).issues.values() if one.domain == "bach"]
    assert [one.translation_key for one in issues] == ["dead_letters"]
    flow = await async_create_fix_flow(hass, issues[0].issue_id, issues[0].data)
    assert isinstance(flow, DeadLettersFlow)
    flow.hass = hass
    page = await flow.async_step_init()
    socket = await hass_ws_client(hass)
    since = dt_util.utcnow().replace(year=2000).isoformat()
    traces = await asked(socket, "trace/list", domain="automation", item_id="tell")
    last = traces[-1]["run_id"]
    shown: Mapping[str, Any] = {
        "titles": [home.title, *(one.title for one in home.subentries.values())],
        "states": [one.as_dict() for found in entities if (one := hass.states.get(found.entity_id))],
        "entities": [(one.entity_id, one.original_name, one.name) for one in entities],
        "devices": [one.name for one in dr.async_entries_for_config_entry(dr.async_get(hass), home.entry_id)],
        "bus": [event.data for event in heard],
        "repair": [issue.translation_placeholders for issue in issues],
        "activity": await asked(socket, "logbook/get_events", start_time=since),
        "trace": await asked(socket, "trace/get", domain="automation", item_id="tell", run_id=last),
        "notifications": await asked(socket, "persistent_notification/get"),
        "panel": [await asked(socket, "bach/panel/places"), await asked(socket, "bach/panel/waiting")],
        "diagnostics": await get_diagnostics_for_config_entry(hass, hass_client, home),
        "agent": [[one.text, one.extra_system_prompt] for one in agent.asked],
    }
    assert {surface: found for surface, one in shown.items() if (found := wrong_in(one))} == {}
    assert {surface for surface, one in shown.items() if len(list(leaves(one))) < 3} == set(), "each shows something"
    assert len(shown["notifications"]) >= 2 * len(NAMES)
    rows = (page["description_placeholders"] or {})["messages"].split("\n")
    assert len(rows) == 10, "each is one row of a list"
    assert {row: wrong for row in rows if (wrong := wrong_with(row, 1000))} == {}


async def test_no_picker_offers_a_name_that_acts(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """A stranger would be picked for somebody else, who stands in the list the other way round."""
    waiting = await wait(hass, loaded)
    for n, name in enumerate(NAMES.values()):
        telegram.says("hello", bot=bot, chat_id=FIRST + n, first_name=name)
    await next_page(hass, waiting)
    manager = hass.config_entries.subentries
    flow_id = waiting["flow_id"]
    await until(hass, lambda: len(manager._progress[flow_id]._candidates) == len(NAMES))  # type: ignore[attr-defined] # of our flow
    labels = options(await manager.async_configure(flow_id))
    assert labels.keys() >= {str(FIRST + n) for n in range(len(NAMES))}
    assert {label: wrong for label in labels.values() if (wrong := wrong_with(label))} == {}
    persian = list(NAMES).index("Persian")
    assert labels[str(FIRST + persian)] == f"{NAMES['Persian']} ({FIRST + persian})"


async def test_a_typed_title_can_only_be_read(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What was pasted with a mark that turns the line around would turn every line around it stands in."""
    [ada, *_] = loaded.subentries.values()
    form = await reconfigure(hass, loaded, ada.subentry_id)
    await go_on(hass, form, recipient="42", title=ODD)
    assert loaded.subentries[ada.subentry_id].title == "\ufffdadA Bob"
    hass.config_entries.async_update_entry(loaded, title="\u200b\u2060")
    await hass.async_block_till_done()
    assert loaded.title == "Telegram"
    assert wrong_in([one.name for one in dr.async_entries_for_config_entry(dr.async_get(hass), loaded.entry_id)]) == {}


def test_what_dialogs_show_as_markdown_can_only_be_read() -> None:
    """Dialogs and repairs draw Markdown: a picture of somebody else's server would tell it who looks."""
    for name in NAMES.values():
        shown = with_escaped({"name": name})
        assert {word: wrong for word, text in shown.items() if (wrong := wrong_with(text, 100_000))} == {}, ascii(name)
        assert acting(escape_markdown(name) + escape_links(name), lines=True) == set(), ascii(name)
