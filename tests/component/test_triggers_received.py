"""Automations that run because of what people send."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers import label_registry as lr
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.trigger import async_initialize_triggers, async_validate_trigger_config
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from bach_lib import Content, IncomingMessage, Kind
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.home.attribution import SIGNAL_RECEIVED, Received, Role
from custom_components.bach.messages.incoming_payload import incoming_payload
from tests.component.automations import Automation, Json, automate, refused
from tests.component.conftest import (
    ADA,
    BOB,
    CONNECTION,
    STRANGER,
    TOKEN,
    add_entry,
    arrive,
    incoming,
    person,
    recipient,
    set_up,
    until,
)
from tests.holes import Hole, holes, is_missed

GROUP = -100
DOOR = {"trigger": "bach.command_received", "options": {"command": "door"}}


def command(sender: int, name: str = "door", *, place: int | None = None) -> IncomingMessage:
    """A command as the library tells of it."""
    content = Content(command=name, args="open")
    return incoming(place or sender, sender, kind=Kind.COMMAND, text=f"/{name} open", content=content)


def press(sender: int, value: str) -> IncomingMessage:
    """The press of a button as the library tells of it."""
    content = Content(value=value)
    return incoming(sender, kind=Kind.BUTTON, text="", content=content, sent_at=None, message_id=7, reply_to="5")


async def people(hass: HomeAssistant, telegram: TelegramServer, user_id: str = "") -> MockConfigEntry:
    """An administrator, a user, somebody who is only notified, and a group in which one person is somebody."""
    known = [
        recipient("Ada", str(ADA), role="admin", user_id=user_id),
        recipient("Bob", str(BOB)),
        recipient("Screen", "44", role="notify_only"),
        recipient("Family", str(GROUP), role="notify_only"),
        person("Dora", str(GROUP), "46", role="user"),
    ]
    entry = add_entry(hass, telegram, recipients={}, more=known)
    await set_up(hass, entry)
    return entry


def persons(automation: Automation) -> list[str]:
    """Who made it run."""
    return [told["person"] for told in automation.told]


async def test_a_message_runs_an_automation_with_all_that_is_known_of_it(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """What somebody writes on a phone would reach no automation, or a template would look for a key in vain."""
    automation = await automate(hass, {"trigger": "bach.message_received"})
    telegram.says("let me in", bot=telegram.bots[TOKEN], chat_id=STRANGER)
    telegram.says("is the door shut?", bot=telegram.bots[TOKEN], chat_id=ADA)
    await until(hass, lambda: bool(automation.runs))
    await hass.async_block_till_done()

    [told] = automation.told
    assert told.keys() >= incoming_payload(received()).keys()
    assert (told["person"], told["text"], told["kind"]) == ("Ada", "is the door shut?", "text")
    assert told["description"] == "text message from Ada"
    assert told["platform"] == "bach.message_received"


async def test_a_command_runs_its_automation(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """The door would stay shut, or open for another command; and trace and logbook would not say who it was."""
    await people(hass, telegram)
    automation = await automate(hass, DOOR)
    await arrive(hass, command(BOB, "lights"))
    await arrive(hass, incoming(BOB, text="/door"))
    assert not automation.runs

    await arrive(hass, command(BOB))
    await arrive(hass, command(46, place=GROUP))
    one, two = automation.told
    assert (one["command"], one["args"], one["person"]) == ("door", "open", "Bob")
    assert (one["description"], two["description"]) == ("command /door from Bob", "command /door from Dora in Family")


@pytest.mark.parametrize("kind", [Kind.EXPIRED, Kind.EDITED, Kind.TEXT])
async def test_what_is_no_command_any_more_runs_none(hass: HomeAssistant, telegram: TelegramServer, kind: Kind) -> None:
    """A command of last night, or a correction of it, would open the door now."""
    await people(hass, telegram)
    automation = await automate(hass, DOOR)
    await arrive(hass, incoming(BOB, kind=kind, text="/door", content=Content(command="door")))
    assert not automation.runs


@pytest.mark.parametrize("kind", [Kind.EXPIRED, Kind.OTHER])
async def test_what_is_no_press_any_more_runs_none(hass: HomeAssistant, telegram: TelegramServer, kind: Kind) -> None:
    """A press of last night would open the door now."""
    await people(hass, telegram)
    automation = await automate(hass, {"trigger": "bach.button_pressed"})
    await arrive(hass, incoming(BOB, kind=kind, content=Content(value="open")))
    assert not automation.runs


@pytest.mark.parametrize(
    ("role", "able"),
    [(None, ["Ada", "Bob", "Dora"]), ("user", ["Ada", "Bob", "Dora"]), ("admin", ["Ada"])],
)
@pytest.mark.parametrize("trigger", [DOOR, {"trigger": "bach.button_pressed", "options": {}}], ids=["command", "press"])
async def test_a_trigger_needs_the_role_it_is_given(
    hass: HomeAssistant, telegram: TelegramServer, trigger: Json, role: str | None, able: list[str]
) -> None:
    """Everybody in the house could disarm the alarm."""
    await people(hass, telegram)
    options = trigger["options"] | ({"role": role} if role else {})
    automation = await automate(hass, {**trigger, "options": options})
    for sender, place in ((ADA, ADA), (BOB, BOB), (44, 44), (STRANGER, STRANGER), (46, GROUP), (47, GROUP)):
        content = Content(command="door", value="open")
        kind = Kind.COMMAND if trigger is DOOR else Kind.BUTTON
        await arrive(hass, incoming(place, sender, kind=kind, content=content))
    assert persons(automation) == able


@pytest.mark.parametrize(
    "trigger",
    [
        DOOR,
        {"trigger": "bach.button_pressed"},
        {"trigger": "bach.message_received", "options": {"kinds": [kind.value for kind in Kind]}},
    ],
    ids=lambda trigger: str(trigger["trigger"]),
)
async def test_who_may_only_be_notified_triggers_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, trigger: Json
) -> None:
    """A mistake in another part would be enough to let the screen in the hall open the door."""
    automation = await automate(hass, trigger)
    for role in (Role.NOTIFY_ONLY, Role.USER):
        for kind in (Kind.COMMAND, Kind.BUTTON, Kind.TEXT):
            async_dispatcher_send(hass, SIGNAL_RECEIVED, received(kind=kind, role=role))
    await hass.async_block_till_done()
    assert {told["role"] for told in automation.told} == {"user"}


async def test_a_refused_command_can_be_found_in_the_traces(
    hass: HomeAssistant, telegram: TelegramServer, hass_ws_client: WebSocketGenerator
) -> None:
    """Bob would try again and again, and nobody could see why nothing happens."""
    await people(hass, telegram)
    automation = await automate(hass, {**DOOR, "options": {"command": "door", "role": "admin"}})
    await arrive(hass, command(BOB))
    assert not automation.runs
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "trace/list", "domain": "automation", "item_id": "test"})
    [trace] = (await client.receive_json())["result"]
    await client.send_json_auto_id(
        {"type": "trace/get", "domain": "automation", "item_id": "test", "run_id": trace["run_id"]}
    )
    assert "role_too_low" in str((await client.receive_json())["result"])


async def test_the_run_leads_back_to_the_persons_user(
    hass: HomeAssistant, telegram: TelegramServer, hass_admin_user: MockUser
) -> None:
    """The logbook could not say who opened the door."""
    await people(hass, telegram, hass_admin_user.id)
    contexts: dict[str | None, str | None] = {}
    hass.bus.async_listen("bach_message", lambda event: contexts.update({event.context.id: event.context.user_id}))
    automation = await automate(hass, DOOR)
    await arrive(hass, command(ADA))
    [run] = automation.runs
    assert contexts[run.context.parent_id] == hass_admin_user.id


async def test_a_press_runs_its_automation(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """A button would do nothing, or do what another button is for."""
    await people(hass, telegram)
    automation = await automate(hass, {"trigger": "bach.button_pressed", "options": {"value": ["open", "shut"]}})
    for value in ("open", "ajar", "shut"):
        await arrive(hass, press(BOB, value))
    one, two = automation.told
    assert (one["value"], two["value"], one["message_id"], one["reply_to"]) == ("open", "shut", 7, "5")
    assert one["description"] == "button open pressed by Bob"


@pytest.mark.parametrize(
    ("options", "heard"),
    [
        ({}, ["text", "media", "location"]),
        ({"kinds": "reaction"}, ["reaction"]),
        ({"kinds": ["edited", "expired"]}, ["edited", "expired"]),
    ],
    ids=str,
)
async def test_only_the_kinds_that_were_chosen_are_messages(
    hass: HomeAssistant, telegram: TelegramServer, options: Json, heard: list[str]
) -> None:
    """A thumb up would be answered like a question, or what was asked for would not come."""
    await people(hass, telegram)
    automation = await automate(hass, {"trigger": "bach.message_received", "options": options})
    for kind in Kind:
        await arrive(hass, incoming(BOB, kind=kind))
    assert [told["kind"] for told in automation.told] == heard


async def test_a_message_may_have_to_contain_something(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """Capitals, accents written in two ways or a line break would hide the word."""
    await people(hass, telegram)
    options = {"contains": ["Caf\u00e9  crème", "bell"]}
    automation = await automate(hass, {"trigger": "bach.message_received", "options": options})
    texts = ["CAFE\u0301\ncr\u00e8me, please", "the doorBELL", "coffee", ""]
    for text in texts:
        await arrive(hass, incoming(BOB, text=text))
    assert [told["text"] for told in automation.told] == texts[:2]


async def test_a_sender_can_be_chosen(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """The children's commands would open the parents' door."""
    await people(hass, telegram)
    options = {"command": "door", "sender": f"{CONNECTION}:{ADA}"}
    automation = await automate(hass, {**DOOR, "options": options})
    await arrive(hass, command(ADA))
    await arrive(hass, command(BOB))
    assert persons(automation) == ["Ada"]


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        ("notify", ["Bob"]),
        ("event", ["Bob"]),
        ("device_id", ["Bob"]),
        ("area_id", ["Bob"]),
        ("label_id", ["Bob"]),
        ("nothing", ["Ada", "Bob"]),
        ("nobody", []),
        ("gone", []),
    ],
)
async def test_recipients_can_be_chosen_in_every_way(
    hass: HomeAssistant, telegram: TelegramServer, kind: str, heard: list[str]
) -> None:
    """A target in the editor would mean nobody, or everybody."""
    await people(hass, telegram)
    registry = er.async_get(hass)
    bob = registry.async_get("notify.bob")
    assert bob
    assert bob.device_id
    area = ar.async_get(hass).async_create("Workshop")
    dr.async_get(hass).async_update_device(bob.device_id, area_id=area.id)
    label = lr.async_get(hass).async_create("Night watch")
    registry.async_update_entity("notify.bob", labels={label.label_id})
    target = {
        "notify": {"entity_id": "notify.bob"},
        "event": {"entity_id": "event.bob_incoming_message"},
        "device_id": {"device_id": bob.device_id},
        "area_id": {"area_id": area.id},
        "label_id": {"label_id": label.label_id},
        "nothing": {"entity_id": []},
        "nobody": {"area_id": "no_such_area"},
        "gone": {"entity_id": "notify.gone"},
    }[kind]
    automation = await automate(hass, {**DOOR, "target": target})
    await arrive(hass, command(ADA))
    await arrive(hass, command(BOB))
    assert persons(automation) == heard


async def test_a_recipient_that_is_removed_is_said_once(
    hass: HomeAssistant, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """An automation would wait for somebody who is gone, and nobody would know; or it would suddenly hear everybody."""
    automation = await automate(hass, {**DOOR, "target": {"entity_id": "notify.bob"}})
    bob = next(subentry for subentry in loaded.subentries.values() if subentry.title == "Bob")
    hass.config_entries.async_remove_subentry(loaded, bob.subentry_id)
    await hass.async_block_till_done()
    await arrive(hass, command(ADA))
    await arrive(hass, command(BOB))
    assert not automation.runs
    assert "waits for notify.bob" not in caplog.text

    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    await hass.services.async_call("automation", "turn_on", {"entity_id": "all"}, blocking=True)
    assert caplog.text.count("bach.command_received waits for notify.bob, which is no recipient of BACH any more") == 1


async def test_a_trigger_outlives_the_reload_of_its_connection(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """After a change of the recipients every automation would be deaf until the next restart."""
    automation = await automate(hass, DOOR)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await arrive(hass, command(ADA))
    assert persons(automation) == ["Ada"]


async def test_an_automation_that_is_off_hears_nothing(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """What was switched off would go on opening the door."""
    automation = await automate(hass, DOOR)
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    await arrive(hass, command(ADA))
    assert not automation.runs


@pytest.mark.parametrize("written", ["/Door", " door ", ["lights", "door"]], ids=str)
async def test_a_command_may_be_written_as_people_write_it(
    hass: HomeAssistant, loaded: MockConfigEntry, written: object
) -> None:
    """Somebody who writes the slash into the field would wait in vain."""
    automation = await automate(hass, {**DOOR, "options": {"command": written}})
    await arrive(hass, command(ADA))
    assert persons(automation) == ["Ada"]


@pytest.mark.parametrize(
    ("trigger", "options", "sentence"),
    [
        ("command_received", {"command": "open door"}, '"open door" is not possible for command. Use one word such as'),
        ("command_received", {"command": "/"}, '"/" is not possible for command'),
        ("command_received", {"command": "door@home_bot"}, '"door@home_bot" is not possible for command'),
        ("command_received", {"command": []}, '"" is not possible for command. Use at least one'),
        ("command_received", {"command": "door", "role": "notify_only"}, "Use one of user, admin"),
        ("command_received", {}, "command"),
        ("command_received", {"command": "door", "colour": "red"}, "colour"),
        ("button_pressed", {"value": True}, '"True" is not possible for value. Use text in quotes'),
        ("button_pressed", {"value": " "}, "Use at least one visible character"),
        ("message_received", {"kinds": ["letter"]}, '"letter" is not possible for kinds. Use one of text, command'),
        ("message_received", {"contains": ""}, "Use at least one visible character"),
        ("message_received", {"sender": "42"}, '"42" is not possible for sender. Use connection:sender_id'),
        ("message_received", {"sender": "fax_1:42"}, f"Use one of the connections {CONNECTION}"),
    ],
)
async def test_a_bad_option_is_refused_in_one_sentence(
    hass: HomeAssistant, entry: MockConfigEntry, trigger: str, options: Json, sentence: str
) -> None:
    """A person would read nothing, or a stack trace, and have an automation that never runs."""
    told = await refused(hass, {"trigger": f"bach.{trigger}", "options": options})
    assert sentence in told
    assert "\n" not in told


@pytest.mark.parametrize("entity_id", ["binary_sensor.home_bot_sending", "sun.sun"])
async def test_an_entity_that_is_no_recipient_is_refused(
    hass: HomeAssistant, loaded: MockConfigEntry, entity_id: str
) -> None:
    """The automation would wait for a message from the sun."""
    hass.states.async_set("sun.sun", "above_horizon")
    told = await refused(hass, {**DOOR, "target": {"entity_id": entity_id}})
    assert told == f'"{entity_id}" is not possible for target. Use entities of recipients of BACH.'


async def test_an_automation_with_a_bad_option_becomes_a_repair(
    hass: HomeAssistant, entry: MockConfigEntry, issue_registry: ir.IssueRegistry
) -> None:
    """Whoever made the mistake in a file would never hear of it."""
    await automate(hass, {**DOOR, "options": {"command": "open door"}})
    [issue] = issue_registry.issues.values()
    assert issue.translation_placeholders
    assert "Use one word such as /door" in issue.translation_placeholders["error"]


async def test_automations_load_while_no_connection_is(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A disabled or broken connection would take its automations with it until the next restart."""
    automation = await automate(hass, DOOR)
    await set_up(hass, entry)
    await arrive(hass, command(ADA))
    assert persons(automation) == ["Ada"]


def received(kind: Kind = Kind.COMMAND, role: Role = Role.USER) -> Received:
    """What `incoming.py` would pass on, whether it should or not."""
    message = incoming(BOB, kind=kind, content=Content(command="door", value="open"))
    return Received(
        message=message,
        entry_id="entry",
        subentry_id=None,
        recipient_name="Bob",
        person="Bob",
        role=role,
        context=Context(),
    )


TRIGGERS: Final[Mapping[str, tuple[Json, set[str]]]] = {
    "command": (
        {"trigger": "bach.command_received", "target": {"entity_id": "notify.ada"}, "options": {"command": "open"}},
        {"Ada command open"},
    ),
    "of Bob": (
        {"trigger": "bach.command_received", "options": {"command": "open", "sender": f"{CONNECTION}:{BOB}"}},
        {"Bob command open"},
    ),
    "admin": ({"trigger": "bach.command_received", "options": {"command": "open", "role": "admin"}}, set()),
    "press": ({"trigger": "bach.button_pressed", "options": {"value": "open"}}, {"Ada button open", "Bob button open"}),
    "any press": (
        {"trigger": "bach.button_pressed"},
        {f"{who} button {value}" for who in ("Ada", "Bob") for value in ("open", "shut")},
    ),
    "words": (
        {"trigger": "bach.message_received", "options": {"contains": "open"}},
        {f"{who} {kind} open" for who in ("Ada", "Bob", "Claim") for kind in ("text", "media", "location")},
    ),
}
"""What each trigger hears of what everybody does. *Guest* may only be notified, and *Claim* is a name nobody proved."""


def everything_that_comes(entry: MockConfigEntry) -> Iterator[Received]:
    """Everything that four of them can do."""
    places = {one.title: one.subentry_id for one in entry.subentries.values()}
    senders = {"Ada": ADA, "Bob": BOB, "Guest": 44, "Claim": 45}
    for who, kind, word in product(senders, Kind, ("open", "shut", None)):
        yield Received(
            message=incoming(senders[who], kind=kind, text=word or "", content=Content(command=word, value=word)),
            entry_id=entry.entry_id,
            subentry_id=places.get(who),
            recipient_name=who,
            person=who,
            role=Role.USER if who in places else Role.NOTIFY_ONLY,
            context=Context(),
            is_event=who == "Claim",
        )


_ON_INCOMING: Final = "custom_components.bach.triggers.on_incoming"
_JUDGING: Final = (
    *("_ReceivedTrigger.async_attach_runner", "_ReceivedTrigger._is_meant"),
    *(f"{name}Trigger._concerns" for name in ("MessageReceived", "CommandReceived", "ButtonPressed")),
)


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize("hole", holes(*(f"{_ON_INCOMING}:{name}" for name in _JUDGING)), ids=str)
async def test_each_check_is_missed(hass: HomeAssistant, loaded: MockConfigEntry, hole: Hole | None) -> None:
    """Whoever takes one out would see all tests pass, and the door would open for a guest."""
    heard: dict[str, set[str]] = {name: set() for name in TRIGGERS}

    async def look() -> None:
        for name, (config, _) in TRIGGERS.items():

            async def run(variables: Json, _: Context | None = None, name: str = name) -> None:
                told = variables["trigger"]
                word = told["command"] or told["value"] or told["text"]
                heard[name].add(f"{told['person']} {told['kind']} {word}")

            checked = await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([config]))
            assert await async_initialize_triggers(hass, checked, run, "test", name, lambda *_, **__: None)
        for received in everything_that_comes(loaded):
            async_dispatcher_send(hass, SIGNAL_RECEIVED, received)
        await hass.async_block_till_done()
        assert heard == {name: expected for name, (_, expected) in TRIGGERS.items()}

    assert await is_missed(hole, look) == (hole is not None)
