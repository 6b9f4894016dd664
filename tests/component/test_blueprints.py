"""The blueprints: Home Assistant accepts them, and they do what they say."""

import shutil
from pathlib import Path

import pytest
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers.selector import validate_selector
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from bach_lib import Content, IncomingMessage, Kind
from bach_lib.testing.telegram_server import TelegramServer
from tests.component.chat import add_agent, add_home
from tests.component.conftest import ADA, BOB, TOKEN, arrive, incoming, send, set_up, until
from tests.component.test_routes import connect, route

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "blueprints" / "automation" / "bach"
ALL = sorted(path.name for path in FOLDER.glob("*.yaml"))
ADA_EVENT = "event.ada_incoming_message"


async def use(hass: HomeAssistant, name: str, **inputs: object) -> None:
    """Make an automation from a blueprint, as the UI would."""
    folder = Path(hass.config.path("blueprints", "automation", "bach"))
    folder.mkdir(parents=True)
    shutil.copy(FOLDER / name, folder)
    config = {"use_blueprint": {"path": f"bach/{name}", "input": inputs}, "alias": "Ours"}
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    found = hass.states.get("automation.ours")
    assert found
    assert found.state == "on"


@pytest.mark.parametrize("name", ALL)
async def test_home_assistant_accepts_it(hass: HomeAssistant, name: str) -> None:
    """An import would fail, or a field would have nothing to be filled in with."""
    data = load_yaml_dict(str(FOLDER / name))
    blueprint = Blueprint(data, path=name, expected_domain="automation", schema=AUTOMATION_BLUEPRINT_SCHEMA)
    assert blueprint.validate() is None
    assert blueprint.metadata["source_url"].endswith(f"/blueprints/automation/bach/{name}")
    assert blueprint.inputs
    for field in blueprint.inputs.values():
        assert field["name"]
        assert field["description"].endswith(".")
        validate_selector({key: value or {} for key, value in field["selector"].items()})


@pytest.mark.parametrize("name", ALL)
def test_it_can_be_found_in_the_documents(name: str) -> None:
    """Nobody imports what nobody can find."""
    assert f"blueprints/automation/bach/{name}" in (ROOT / "docs" / "blueprints.md").read_text("utf-8")


def command(sender: int, name: str, args: str = "") -> IncomingMessage:
    """A command as it comes."""
    text = f"/{name} {args}".strip()
    return incoming(sender, kind=Kind.COMMAND, text=text, content=Content(command=name, args=args))


@pytest.fixture
async def script_calls(hass: HomeAssistant, telegram: TelegramServer) -> list[ServiceCall]:
    """Ada is an admin and Bob a user; what is said to the script is kept."""
    await set_up(hass, family(hass, telegram))
    return async_mock_service(hass, "script", "turn_on")


def family(hass: HomeAssistant, telegram: TelegramServer) -> MockConfigEntry:
    """Ada is an admin and Bob a user."""
    entry = add_home(hass, telegram, {"Ada": ADA, "Bob": BOB})
    ada = next(subentry for subentry in entry.subentries.values() if subentry.title == "Ada")
    hass.config_entries.async_update_subentry(entry, ada, data={**ada.data, "role": "admin"})
    return entry


async def test_a_command_runs_a_script(
    hass: HomeAssistant, telegram: TelegramServer, script_calls: list[ServiceCall]
) -> None:
    """Only the command, only from people with the role, with all that the script may need, and with an answer."""
    await use(
        hass,
        "command_runs_a_script.yaml",
        recipients={"entity_id": ["notify.ada", "event.bob_incoming_message"]},
        command="goodnight",
        role="admin",
        script="script.night",
        answer="Sleep well.",
    )
    await arrive(hass, command(BOB, "goodnight"))
    await arrive(hass, command(ADA, "other"))
    await arrive(hass, incoming(ADA, text="/goodnight"))
    assert script_calls == []

    await arrive(hass, command(ADA, "goodnight", "all doors"))
    [message] = await telegram.wait_for(1)
    assert (message.chat_id, message.text) == (ADA, "Sleep well.")
    [call] = script_calls
    assert call.data["entity_id"] == ["script.night"]
    variables = call.data["variables"]
    assert (variables["command"], variables["args"], variables["person"]) == ("goodnight", "all doors", "Ada")


@pytest.mark.parametrize(
    "args", ["{'entity_id': 'lock.door'}", "[1, 2]", "None", "1.50", "True", '{"a": "{{ 1 }}"}', "it's", ""]
)
async def test_what_follows_a_command_stays_a_text(
    hass: HomeAssistant, script_calls: list[ServiceCall], args: str
) -> None:
    """Whoever writes the command would choose what type of thing the script gets, and with it which entity it uses."""
    await use(
        hass,
        "command_runs_a_script.yaml",
        recipients={"entity_id": ADA_EVENT},
        command="goodnight",
        script="script.night",
    )
    await arrive(hass, command(ADA, "goodnight", args))
    [call] = script_calls
    assert call.data["variables"]["args"] == args


async def test_a_command_without_an_answer_is_not_answered(
    hass: HomeAssistant, telegram: TelegramServer, script_calls: list[ServiceCall]
) -> None:
    """Not everybody wants a bot that talks."""
    await use(
        hass,
        "command_runs_a_script.yaml",
        recipients={"entity_id": ADA_EVENT},
        command="goodnight",
        script="script.night",
    )
    await arrive(hass, command(BOB, "goodnight"))
    await arrive(hass, command(ADA, "goodnight"))
    assert len(script_calls) == 1
    assert telegram.sent == []


async def test_assist_chats_by_an_automation(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """What came late is not answered, nor is anybody who was not chosen; a conversation stays one person's."""
    agent = await add_agent(hass)
    await set_up(hass, family(hass, telegram))
    await use(hass, "chat_with_assist.yaml", recipients={"entity_id": "notify.ada"}, agent=agent.id)
    await arrive(hass, incoming(ADA, text="late", sent_at=dt_util.utcnow().timestamp() - 301))
    await arrive(hass, incoming(BOB, text="not chosen"))
    await arrive(hass, incoming(ADA, text="hello"))
    [message] = await telegram.wait_for(1)
    assert (message.chat_id, message.text) == (ADA, "You said: hello")
    [asked] = agent.asked
    assert asked.conversation_id
    assert asked.conversation_id.endswith(f"/{ADA}/{ADA}")


async def test_every_blueprint_is_found_where_home_assistant_puts_it(hass: HomeAssistant, tmp_path: Path) -> None:
    """The list of blueprints in the UI would show an error instead."""
    shutil.copytree(FOLDER, hass.config.path("blueprints", "automation", "bach"))
    found = await async_get_blueprints(hass).async_get_blueprints()
    ours = {path: blueprint for path, blueprint in found.items() if path.startswith("bach/")}
    assert set(ours) == {f"bach/{name}" for name in ALL}
    assert all(isinstance(blueprint, Blueprint) for blueprint in ours.values())


@pytest.mark.parametrize(("button", "runs"), [("Yes", 1), ("Better not", 0)])
async def test_ask_me_before(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, button: str, runs: int
) -> None:
    """The home would do what somebody has just said no to, or nothing after a yes."""
    done = async_mock_service(hass, "cover", "close_cover")
    await use(
        hass,
        "ask_me_before.yaml",
        trigger=[{"trigger": "event", "event_type": "rain"}],
        recipient=["notify.ada"],
        question="It starts to rain. Close the awning?",
        no_button="Better not",
        actions=[{"action": "cover.close_cover", "data": {"by": "{{ reply.person }}"}}],
    )
    hass.bus.async_fire("rain")
    [message] = await telegram.wait_for(1)
    assert message.text == "It starts to rain. Close the awning?"
    telegram.presses(message, button, bot=telegram.bots[TOKEN])
    await until(hass, lambda: is_idle(hass))
    await hass.async_block_till_done()
    assert [call.data["by"] for call in done] == ["Ada"] * runs


def is_idle(hass: HomeAssistant) -> bool:
    """Whether our automation has run to its end."""
    found = hass.states.get("automation.ours")
    return found is not None and found.attributes["current"] == 0


async def test_water_is_told_by_a_route_and_its_end_as_well(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The house would not hear of the leak, or nobody that it is dry while another sensor is still wet."""
    await connect(hass, route(loaded, {"recipients": ["Ada"], "wait": 300}))
    for name in ("cellar", "bath"):
        hass.states.async_set(f"binary_sensor.{name}", "off", {"friendly_name": name.title()})
    sensors = ["binary_sensor.cellar", "binary_sensor.bath"]
    await use(hass, "water_leak.yaml", sensors=sensors, route="notify.water")
    for number, name in enumerate(("cellar", "bath"), start=1):
        hass.states.async_set(f"binary_sensor.{name}", "on", {"friendly_name": name.title()})
        await telegram.wait_for(number)
    hass.states.async_set("binary_sensor.cellar", "off", {"friendly_name": "Cellar"})
    await hass.async_block_till_done()
    hass.states.async_set("binary_sensor.bath", "off", {"friendly_name": "Bath"})
    texts = [sent.text for sent in await telegram.wait_for(4)]
    assert sorted(texts) == ["It is dry again: Bath", "It is dry again: Bath", "Water: Bath", "Water: Cellar"]


async def test_whoever_rings_is_told_at_once(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The bell would ring in an empty hall."""
    trigger = [{"trigger": "event", "event_type": "bell"}]
    await use(hass, "doorbell.yaml", trigger=trigger, recipients=["notify.ada"])
    hass.bus.async_fire("bell")
    [sent] = await telegram.wait_for(1)
    assert sent.text == "Somebody is at the door."


async def test_a_door_that_is_left_open_is_told_until_it_is_shut(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The milk would be sour in the morning, or the phone full of reminders of a door that is shut."""
    hass.states.async_set("binary_sensor.fridge", "off")
    short = {"after": {"seconds": 0}, "every": {"milliseconds": 20}, "times": 2}
    await use(hass, "left_open.yaml", door="binary_sensor.fridge", recipients=["notify.ada"], **short)
    hass.states.async_set("binary_sensor.fridge", "on")
    [first] = await telegram.wait_for(1)
    assert first.text == "The fridge has been open for 0 minutes."
    hass.states.async_set("binary_sensor.fridge", "off")
    await until(hass, lambda: not any(telegram.chats[ADA].messages.values()))


async def test_that_a_message_did_not_arrive_is_told_elsewhere(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An alarm would die in silence."""
    await use(hass, "did_it_arrive.yaml", watched=["notify.ada"], told=["notify.bob"])
    telegram.chats[ADA].block()
    await send(hass, "notify.ada", "Water!")
    [sent] = await telegram.wait_for(1)
    assert sent.chat_id == BOB
    assert sent.text.startswith("A message to Ada did not arrive\n\n")
    assert "Water!" not in sent.text
