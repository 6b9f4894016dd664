"""Routes in a real Home Assistant: made by clicking, started like any recipient, acknowledged by whoever wakes."""

from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.auth.models import User
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentryData,
    SubentryFlowResult,
)
from homeassistant.core import Context, HomeAssistant, ServiceResponse
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import Place, Route, RouteRun, RouteStatus, Status, Step
from bach_lib.testing.telegram_server import Bot, TelegramServer
from custom_components.bach.const import DOMAIN
from custom_components.bach.lifecycle.route_runs import RouteRuns
from tests.component.automations import automate
from tests.component.companion import Companion, PushGateway
from tests.component.conftest import ADA, BOB, recipient, send, set_up, state, the_bach, until, until_state
from tests.component.dialogs import choose, close_recipient_dialogs, fields, go_on, open_dialog, suggested
from tests.component.test_ask import shown
from tests.component.test_conditions import holds
from tests.component.test_this_home import connect as this_home

WATER = "notify.water"
UNACKNOWLEDGED = "binary_sensor.water_unacknowledged"
EVENT = "event.water"


def route(entry: MockConfigEntry, *steps: dict[str, Any]) -> ConfigSubentryData:
    """A route as the dialog stores it; a step names recipients by their titles."""
    ids = {one.title: one.subentry_id for one in entry.subentries.values()}
    stored = [{**step, "recipients": [ids.get(name, name) for name in step["recipients"]]} for step in steps]
    return ConfigSubentryData(
        data={"recipient": "water", "steps": stored},
        subentry_type="route",
        title="Water",
        unique_id="recipient_water",
    )


async def connect(hass: HomeAssistant, *routes: ConfigSubentryData) -> MockConfigEntry:
    """The connection with these routes, at work."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Routes",
        unique_id="routes",
        data={"type": "routes"},
        minor_version=2,
        subentries_data=list(routes),
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


@pytest.fixture
async def water(hass: HomeAssistant, loaded: MockConfigEntry) -> MockConfigEntry:
    """The route "Water": Ada, and after five minutes Bob."""
    steps = [{"recipients": [name], "wait": 300} for name in ("Ada", "Bob")]
    return await connect(hass, route(loaded, *steps))


dialog = partial(open_dialog, kind="route")


def step(*entity_ids: str, wait: int = 120, **more: object) -> dict[str, Any]:
    """The form of a step."""
    usual = {
        "in_turn": False,
        "but_cause": False,
        "reached": "acknowledged",
        "repeats": 0,
        "repeat_every": {"minutes": 1},
    }
    return {"recipients": list(entity_ids), "wait": {"seconds": wait}, "more": {**usual, **more}}


def rows(answer: ServiceResponse, key: str) -> list[dict[str, Any]]:
    """The list in the response of an action."""
    found = (answer or {})[key]
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, dict)]


def drawing(result: SubentryFlowResult) -> str:
    """The route as the dialog draws it."""
    return (result["description_placeholders"] or {})["route"]


async def test_a_route_is_made_by_clicking(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Escalation would be built in YAML again, and lost with the next restart."""
    made = await choose(hass, "routes")
    assert (made["type"], made["title"]) == (FlowResultType.CREATE_ENTRY, "Routes and alerts")
    await hass.async_block_till_done()
    [flow] = hass.config_entries.subentries.async_progress()
    assert (flow["step_id"], flow["handler"][1]) == ("user", "route"), "whoever asks for a route is asked about one"
    close_recipient_dialogs(hass)
    asked = await go_on(hass, await dialog(hass, made["result"]), title=" ")
    assert asked["step_id"] == "user"
    asked = await go_on(hass, asked, title="Water!")
    assert (asked["step_id"], asked["description_placeholders"]) == ("add_step", {"number": "1"})
    wrong = await go_on(hass, asked, **step("notify.ada", wait=0, repeat_every={"hours": 200}))
    assert wrong["errors"] == {"wait": "invalid_span", "base": "invalid_repetition"}
    plan = await go_on(hass, asked, **step("notify.ada"))
    assert (plan["type"], plan["menu_options"]) == (FlowResultType.MENU, ["save", "add_step", "change_step"])
    asked = await go_on(hass, plan, next_step_id="add_step")
    more = {"in_turn": True, "reached": "seen", "repeats": 2, "repeat_every": {"seconds": 90}}
    plan = await go_on(hass, asked, **step("notify.bob", "notify.ada", wait=300, **more))
    first, second, _, end = drawing(plan).splitlines()
    assert first == "1. At once: **Ada**"
    assert second.split("; ") == [
        "2. After 2 min: **Bob**, **Ada**",
        "one after the other, 5 min each",
        "again every 1 min 30 s, 2 times at most",
        "until somebody has seen it",
    ]
    assert end == "If nobody has acknowledged it after 18 min, the route is exhausted."
    done = await go_on(hass, plan, next_step_id="save")
    assert (done["type"], done["title"]) == (FlowResultType.CREATE_ENTRY, "Water!")
    [added] = made["result"].subentries.values()
    ids = {one.title: one.subentry_id for one in loaded.subentries.values()}
    assert added.data == {
        "recipient": "water",
        "steps": [
            {"recipients": [ids["Ada"]], "wait": 120.0},
            {
                "recipients": [ids["Bob"], ids["Ada"]],
                "wait": 300.0,
                "in_turn": True,
                "reached": "seen",
                "repeats": 2,
                "repeat_every": 90.0,
            },
        ],
        "notify_action": "water",
    }
    for entity_id in (WATER, EVENT, UNACKNOWLEDGED):
        assert hass.states.get(entity_id), entity_id
    again = await choose(hass, "routes")
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")
    changed = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": made["result"].entry_id}
    )
    assert changed["reason"] == "nothing_to_change"


async def test_a_second_route_of_a_name_is_another_recipient(hass: HomeAssistant, water: MockConfigEntry) -> None:
    """Two routes would share one address, and one of them tell the people of the other."""
    asked = await go_on(hass, await dialog(hass, water), title="Water")
    plan = await go_on(hass, asked, **step("notify.ada"))
    await go_on(hass, plan, next_step_id="save")
    assert sorted(one.data["recipient"] for one in water.subentries.values()) == ["water", "water_2"]


async def test_nobody_can_make_a_route_to_nobody(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """The dialog would ask for people who cannot be chosen."""
    entry = await connect(hass)
    result = await dialog(hass, entry)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nobody_to_tell")


async def test_a_route_tells_no_route(hass: HomeAssistant, water: MockConfigEntry) -> None:
    """Two routes that tell each other would go in circles all night."""
    asked = await go_on(hass, await dialog(hass, water), title="Fire")
    with pytest.raises(InvalidData):
        await go_on(hass, asked, **step(WATER))
    wrong = await go_on(hass, asked, **step("notify.somebody_else"))
    assert wrong["errors"] == {"recipients": "invalid_told"}
    assert fields(wrong)["recipients"].config["exclude_entities"] == [WATER]
    close_recipient_dialogs(hass)


async def test_a_route_is_changed_step_by_step(hass: HomeAssistant, water: MockConfigEntry) -> None:
    """Whoever moves out would be told of every alarm until the route is made anew."""
    [subentry_id] = water.subentries
    plan = await dialog(hass, water, subentry_id)
    assert plan["menu_options"] == ["save", "add_step", "change_step", "remove_step", "name_route"]
    which = await go_on(hass, plan, next_step_id="change_step")
    assert which["step_id"] == "change_step"
    form = await go_on(hass, which, step="1")
    assert suggested(form)["recipients"] == ["notify.bob"]
    plan = await go_on(hass, form, **step("notify.ada", "notify.bob", wait=60))
    which = await go_on(hass, plan, next_step_id="remove_step")
    plan = await go_on(hass, which, step="0")
    assert "remove_step" not in plan["menu_options"]
    asked = await go_on(hass, plan, next_step_id="name_route")
    asked = await go_on(hass, asked, title="Water", notify_action="Ä b")
    assert asked["errors"] == {"notify_action": "invalid_notify_action"}
    plan = await go_on(hass, asked, title="Flood", notify_action="flood")
    only = await go_on(hass, plan, next_step_id="change_step")
    assert only["step_id"] == "edit_step"
    plan = await go_on(hass, only, **step("notify.bob", wait=60))
    done = await go_on(hass, plan, next_step_id="save")
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    changed = water.subentries[subentry_id]
    assert changed.title == "Flood"
    [left] = changed.data["steps"]
    assert (changed.data["recipient"], changed.data["notify_action"], left["wait"]) == ("water", "flood", 60)


async def test_whoever_presses_the_button_ends_it_for_all(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """The house would be woken although Ada is already in the cellar."""
    water = await connect(hass, route(loaded, {"recipients": ["Ada", "Bob"], "wait": 300}))
    told = await automate(hass, {"trigger": "bach.route_acknowledged", "target": {"entity_id": WATER}})
    unacknowledged = {"condition": "bach.is_unacknowledged", "target": {"entity_id": WATER}}
    assert state(hass, UNACKNOWLEDGED) == "off"
    assert await holds(hass, unacknowledged) is False
    given = {"entity_id": WATER, "message": "Water in the cellar", "title": "Alarm", "priority": 10}
    await hass.services.async_call(DOMAIN, "send_message", given, blocking=True)
    messages = await telegram.wait_for(2)
    assert {(one.chat_id, one.text) for one in messages} == {
        (ADA, "Alarm\n\nWater in the cellar"),
        (BOB, "Alarm\n\nWater in the cellar"),
    }
    await until(hass, lambda: state(hass, UNACKNOWLEDGED) == "on")
    assert await holds(hass, unacknowledged) is True
    mine, theirs = (next(one for one in messages if one.chat_id == who) for who in (ADA, BOB))
    telegram.presses(mine, "I have it", bot=bot)
    await until(hass, lambda: state(hass, UNACKNOWLEDGED) == "off")
    await until(hass, lambda: len(told.runs) == 1)
    [trigger] = told.told
    assert (trigger["route_name"], trigger["status"], trigger["by"]) == ("Water", "acknowledged", "Ada")
    assert sorted(one["name"] for one in trigger["tried"]) == ["Ada", "Bob"]
    assert trigger["config_entry_id"] == water.entry_id
    event = hass.states.get(EVENT)
    assert event
    assert (event.attributes["event_type"], event.attributes["by"]) == ("acknowledged", "Ada")
    assert not {"text", "title"} & event.attributes.keys(), "what is said would stand in the recorder"
    await until(
        hass, lambda: all("Ada has it" in shown(telegram, one.chat_id, one.message_id).text for one in messages)
    )
    assert not shown(telegram, BOB, theirs.message_id).keyboard


async def test_the_next_is_told_and_in_the_end_it_is_said_that_nobody_came(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Ada sleeps, and Bob would never hear of the water; or nobody that nobody did."""
    await connect(hass, route(loaded, {"recipients": ["Ada"], "wait": 0.05}, {"recipients": ["Bob"], "wait": 0.05}))
    exhausted = await automate(hass, {"trigger": "bach.route_exhausted", "target": {"entity_id": WATER}})
    await send(hass, WATER, "Water in the cellar")
    await until(hass, lambda: len(exhausted.runs) == 1)
    assert [one["name"] for one in exhausted.told[0]["tried"]] == ["Ada", "Bob"]
    assert state(hass, UNACKNOWLEDGED) == "on", "nobody knows, so it is not over"
    await telegram.wait_for(2)


async def test_whoever_may_only_be_notified_ends_nothing_and_nobody_poses_as_another(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """A child that only gets messages would silence the alarm, or somebody sign it with the name of the father."""
    bob = next(one for one in loaded.subentries.values() if one.title == "Bob")
    hass.config_entries.async_update_subentry(loaded, bob, data={**bob.data, "role": "notify_only"})
    await hass.async_block_till_done()
    await connect(hass, route(loaded, {"recipients": ["Ada", "Bob"], "wait": 300}))
    await send(hass, WATER, "Water in the cellar")
    messages = await telegram.wait_for(2)
    mine, theirs = (next(one for one in messages if one.chat_id == who) for who in (ADA, BOB))
    telegram.presses(theirs, "I have it", bot=bot, first_name="Dad")
    telegram.presses(mine, "I have it", bot=bot, first_name="Dad")
    await until_state(hass, UNACKNOWLEDGED, "off")
    [run] = await the_bach(hass).route_runs("water")
    assert run.by == "Ada"


async def test_where_telegram_is_dead_and_nobody_looks_the_phone_is_told_and_ends_it(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, pixel: Companion, gateway: PushGateway
) -> None:
    """The way of an alarm in a bad night: whichever way works last is told, and what it says counts for all."""
    here = await this_home(hass, recipient("Sidebar", "persistent_notification"), recipient("Pixel", pixel.recipient))
    ids = {one.title: one.subentry_id for entry in (loaded, here) for one in entry.subentries.values()}
    steps = [{"recipients": [ids["Ada"]], "wait": 600}, {"recipients": [ids["Sidebar"]], "wait": 0.05}]
    await connect(hass, route(loaded, *steps, {"recipients": [ids["Pixel"]], "wait": 600}))
    await telegram.pause()
    await hass.services.async_call("button", "press", {"entity_id": "button.home_bot_check_now"}, blocking=False)
    await until_state(hass, "binary_sensor.home_bot_sending", "off")

    await send(hass, WATER, "Water in the cellar")
    await gateway.wait_for(1)
    [push] = gateway.pushes
    assert push["message"] == "Water in the cellar"
    await pixel.press(push, "I have it")
    await until_state(hass, UNACKNOWLEDGED, "off")
    [run] = await the_bach(hass).route_runs("water")
    assert (run.status, run.by) == (RouteStatus.ACKNOWLEDGED, "Pixel")
    assert [one.place.recipient for one in run.tried] == ["persistent_notification", pixel.recipient]
    await telegram.resume()
    await hass.async_block_till_done()
    assert telegram.texts == [], "Ada was passed over, and nobody wakes her for what is over"


async def test_an_automation_can_acknowledge(
    hass: HomeAssistant, telegram: TelegramServer, water: MockConfigEntry
) -> None:
    """Whoever has switched the water off at the wall would be woken all the same."""
    for _ in range(2):
        await send(hass, WATER, "Water in the cellar")
    await telegram.wait_for(2)
    runs = await the_bach(hass).route_runs("water")
    answer = await hass.services.async_call(
        DOMAIN, "acknowledge", {"run_id": runs[0].id, "by": "Ada"}, blocking=True, return_response=True
    )
    [ended] = rows(answer, "runs")
    assert (ended["by"], ended["run_id"]) == ("Ada", runs[0].id)
    assert state(hass, UNACKNOWLEDGED) == "on", "the other one is open"
    await hass.services.async_call(DOMAIN, "acknowledge", {"entity_id": WATER}, blocking=True)
    assert state(hass, UNACKNOWLEDGED) == "off"
    ended_runs = await the_bach(hass).route_runs("water")
    assert {one.status for one in ended_runs} == {RouteStatus.ACKNOWLEDGED}
    assert ended_runs[1].by == hass.config.location_name


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({}, "route_or_run"),
        ({"entity_id": WATER, "run_id": 1}, "route_or_run"),
        ({"entity_id": "notify.ada"}, "no_routes"),
        ({"run_id": 7}, "unknown_run"),
    ],
)
async def test_what_cannot_be_acknowledged_is_said(
    hass: HomeAssistant, water: MockConfigEntry, data: dict[str, object], key: str
) -> None:
    """An automation would believe that the alarm is over."""
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call(DOMAIN, "acknowledge", data, blocking=True)
    assert error.value.translation_key == key


async def test_whoever_may_not_tell_a_route_may_not_end_it(
    hass: HomeAssistant, telegram: TelegramServer, water: MockConfigEntry, hass_read_only_user: User
) -> None:
    """A guest with a tablet would silence the alarm of the house."""
    await send(hass, WATER, "Water in the cellar")
    await until_state(hass, UNACKNOWLEDGED, "on")
    [run] = await the_bach(hass).route_runs("water")
    context = Context(user_id=hass_read_only_user.id)
    for meant in ({"entity_id": WATER}, {"run_id": run.id}):
        for action, data in (("acknowledge", meant), ("all_clear", {**meant, "message": "over"})):
            with pytest.raises(Unauthorized):
                await hass.services.async_call(DOMAIN, action, data, blocking=True, context=context)
    assert state(hass, UNACKNOWLEDGED) == "on"


async def test_a_user_who_acknowledges_is_named(
    hass: HomeAssistant, telegram: TelegramServer, water: MockConfigEntry, hass_admin_user: User
) -> None:
    """Everybody could read that the home has it, which helps nobody."""
    await send(hass, WATER, "Water in the cellar")
    await until_state(hass, UNACKNOWLEDGED, "on")
    context = Context(user_id=hass_admin_user.id)
    await hass.services.async_call(DOMAIN, "acknowledge", {"entity_id": WATER}, blocking=True, context=context)
    [run] = await the_bach(hass).route_runs("water")
    assert run.by == hass_admin_user.name


async def test_a_run_that_the_library_started_is_no_route_of_the_home(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, water: MockConfigEntry
) -> None:
    """An event would be told of a route that nobody sees in Home Assistant."""
    bach = the_bach(hass)
    assert bach.routes.list() == [], "Home Assistant keeps its routes in its own entries"
    connection = next(one.name for one in bach.registry.list() if one.type == "telegram")
    steps = (Step(places=(Place(connection=connection, recipient=str(ADA)),)),)
    run = await bach.start_route(Route(name="other", steps=steps), "hello")
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call(DOMAIN, "acknowledge", {"run_id": run.id}, blocking=True)
    assert error.value.translation_key == "unknown_run"
    assert state(hass, UNACKNOWLEDGED) == "off"


async def test_what_a_route_cannot_tell_is_said(
    hass: HomeAssistant, telegram: TelegramServer, water: MockConfigEntry
) -> None:
    """Buttons would be gone without a word, and the automation wait for them."""
    answer = await hass.services.async_call(
        DOMAIN,
        "send_message",
        {"entity_id": WATER, "message": "Close?", "buttons": [[{"text": "Yes", "value": "y"}]], "wait": 10},
        blocking=True,
        return_response=True,
    )
    [row] = rows(answer, "messages")
    assert row["status"] == "sent"
    assert row["degraded"] is True


async def test_taking_the_message_back_calls_the_alarm_off(
    hass: HomeAssistant, telegram: TelegramServer, water: MockConfigEntry
) -> None:
    """A false alarm could not be stopped from the automation that has started it."""
    bach = the_bach(hass)
    connection = next(one.name for one in bach.registry.list() if one.type == "routes")
    receipt = await bach.send(connection, "water", "Water in the cellar", tag="leak")
    assert (await bach.wait(receipt.id, 10)).status is Status.SENT
    await until_state(hass, UNACKNOWLEDGED, "on")
    await bach.clear(connection, "water", "leak")
    await until_state(hass, UNACKNOWLEDGED, "off")
    [run] = await bach.route_runs("water")
    assert run.status is RouteStatus.CANCELLED


async def test_a_question_to_a_route_is_put_step_by_step(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Bob would be woken by each question although Ada answers at once, or never be asked although she does not."""
    steps = [{"recipients": [name], "wait": wait} for name, wait in (("Ada", 0.2), ("Bob", 300))]
    await connect(hass, route(loaded, *steps))
    data = {"entity_id": [WATER, "notify.ada"], "message": "Close the valve?", "answers": [{"text": "Yes"}]}
    asking = hass.async_create_task(
        hass.services.async_call(DOMAIN, "ask", data, blocking=True, return_response=True), eager_start=True
    )
    asked = await telegram.wait_for(2)
    queued = sorted(await the_bach(hass).messages(), key=lambda message: message.id)
    assert [message.recipient for message in queued] == [str(ADA), str(BOB)]
    telegram.presses(next(one for one in asked if one.chat_id == BOB), "Yes", bot=bot, first_name="Bob")
    answer = await asking
    assert answer
    assert (answer["answer"], answer["person"]) == ("Yes", "Bob")
    assert await the_bach(hass).route_runs("water") == []


async def test_a_question_to_a_route_leaves_out_who_caused_it(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, hass_admin_user: User
) -> None:
    """Ada would be asked whether she lets herself in; or nobody, where she is all there is."""
    [mine] = [one for one in loaded.subentries.values() if one.title == "Ada"]
    hass.states.async_set("person.ada", "home", {"id": "id_ada", "user_id": hass_admin_user.id})
    hass.config_entries.async_update_subentry(
        loaded, mine, data={**mine.data, "kind": "private", "user_id": hass_admin_user.id}
    )
    await hass.async_block_till_done()
    await connect(hass, route(loaded, {"recipients": ["Ada", "Bob"], "wait": 300, "but_cause": True}))
    data = {
        "entity_id": [WATER],
        "message": "Let her in?",
        "timeout": {"seconds": 0.1},
        "default": "no",
        "free_text": True,
    }
    context = Context(user_id=hass_admin_user.id)
    await hass.services.async_call(DOMAIN, "ask", data, True, context, return_response=True)
    assert [one.recipient for one in await the_bach(hass).messages()] == [str(BOB)]


async def test_a_question_to_a_route_of_nobody_is_refused(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The automation would wait for an answer that nobody can give."""
    await connect(hass, route(loaded, {"recipients": ["somebody who was removed"], "wait": 300}))
    data = {"entity_id": WATER, "message": "Close the valve?", "answers": [{"text": "Yes"}]}
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call(DOMAIN, "ask", data, blocking=True, return_response=True)
    assert error.value.translation_key == "no_recipients"


async def test_that_it_is_over_is_told_to_those_who_were_told(
    hass: HomeAssistant, telegram: TelegramServer, water: MockConfigEntry
) -> None:
    """Ada would sit up all night, or Bob be woken by good news of a leak that he never heard of."""
    await send(hass, WATER, "Water in the cellar")
    await telegram.wait_for(1)
    await hass.services.async_call(DOMAIN, "acknowledge", {"entity_id": WATER}, blocking=True)
    data = {"entity_id": WATER, "message": "The cellar is dry"}
    answer = await hass.services.async_call(DOMAIN, "all_clear", data, blocking=True, return_response=True)
    [told] = rows(answer, "runs")
    assert told["status"] == "acknowledged"
    messages = await telegram.wait_for(2)
    assert [(one.chat_id, one.text) for one in messages][1:] == [(ADA, "The cellar is dry")]


async def test_an_alarm_to_nobody_is_a_dead_letter(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Everybody of the route has moved out: the alarm would end in silence."""
    await connect(hass, route(loaded, {"recipients": ["somebody who was removed"], "wait": 300}))
    bach = the_bach(hass)
    connection = next(one.name for one in bach.registry.list() if one.type == "routes")
    receipt = await bach.send(connection, "water", "Water in the cellar")
    message = await bach.wait(receipt.id, 10)
    assert message.status is Status.DEAD
    assert message.error
    assert "add whom to tell" in message.error.text


async def test_what_ends_while_all_are_read_stays_ended(
    hass: HomeAssistant, telegram: TelegramServer, water: MockConfigEntry
) -> None:
    """Somebody presses the button while the connection is reloaded, and the alarm would be unacknowledged for ever."""
    await send(hass, WATER, "Water in the cellar")
    await until_state(hass, UNACKNOWLEDGED, "on")
    bach, runs = the_bach(hass), RouteRuns()
    read = await bach.route_runs()

    async def slowly(*, limit: int) -> list[RouteRun]:
        runs.learn(await bach.acknowledge(read[0].id, "Ada"))
        return read[:limit]

    with patch.object(bach, "route_runs", slowly):
        await runs.load(bach)
    assert runs.of("water") == frozenset()


async def test_what_is_open_is_known_after_a_restart(
    hass: HomeAssistant, telegram: TelegramServer, water: MockConfigEntry
) -> None:
    """After an update in the night the alarm would go on while every screen says that all is well."""
    await send(hass, WATER, "Water in the cellar")
    await until_state(hass, UNACKNOWLEDGED, "on")
    assert await hass.config_entries.async_reload(water.entry_id)
    await hass.async_block_till_done()
    assert state(hass, UNACKNOWLEDGED) == "on"
    assert er.async_get(hass).async_get(UNACKNOWLEDGED)
    assert not ir.async_get(hass).issues
