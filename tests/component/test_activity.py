"""What the Activity says of real messages, and how many rows they cost the recorder: both as they are, not as mocks."""

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.db_schema import Events, EventTypes, States, StatesMeta
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
from sqlalchemy import select

from bach_lib import Fault, Status
from bach_lib.events import MessageExpired, MessageUncertain
from bach_lib.outbound.retry import EXPIRED
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.logbook import Describe, async_describe_events
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    BOB,
    BOB_ENTITY,
    CONNECTION,
    STRANGER,
    TOKEN,
    add_entry,
    person,
    recipient,
    send,
    set_up,
    state,
    the_bach,
    until,
    until_state,
)

GROUP = -100


@pytest.fixture(autouse=True)
def our_integration(telegram: TelegramServer, recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """The recorder comes before Home Assistant and has to see all of it, and need not tell every statement."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
async def home(hass: HomeAssistant, telegram: TelegramServer) -> MockConfigEntry:
    """A connected bot with Ada, Bob, and Dora in a group, and a logbook."""
    assert await async_setup_component(hass, "logbook", {})
    telegram.add_chat(GROUP, type="group", title="Family")
    people = [recipient("Family", str(GROUP)), person("Dora", str(GROUP), "46")]
    entry = add_entry(hass, telegram, more=people)
    telegram.says("hello", bot=telegram.bots[TOKEN], chat_id=STRANGER)
    await set_up(hass, entry)
    for direction in ("sending", "receiving"):
        await until_state(hass, f"binary_sensor.home_bot_{direction}", "on")
    await settled(hass)
    return entry


@pytest.fixture
def since(home: MockConfigEntry) -> str:
    """When all was set up."""
    return dt_util.utcnow().isoformat()


async def settled(hass: HomeAssistant) -> None:
    """All that follows within seconds has followed, and is recorded."""
    for _ in range(3):
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=3))
        await hass.async_block_till_done()
    await async_wait_recording_done(hass)


async def rows(hass: HomeAssistant) -> tuple[Counter[str], Counter[str]]:
    """How many states of each entity and events of each type are on disk."""

    def count() -> tuple[Counter[str], Counter[str]]:
        with session_scope(hass=hass, read_only=True) as session:
            states = select(StatesMeta.entity_id).join(States, States.metadata_id == StatesMeta.metadata_id)
            events = select(EventTypes.event_type).join(Events, Events.event_type_id == EventTypes.event_type_id)
            return Counter(session.scalars(states)), Counter(session.scalars(events))

    return await get_instance(hass).async_add_executor_job(count)


async def activity(hass: HomeAssistant, ws_client: WebSocketGenerator, since: str, **data: object) -> list[str]:
    """All lines, as the page makes them: under the name of an entity where a line names one."""
    await async_wait_recording_done(hass)
    client = await ws_client()
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": since, **data})
    return [_line(line) for line in (await client.receive_json())["result"]]


def _line(line: dict[str, Any]) -> str:
    subject = line.get("entity_id") or line.get("name")
    return f"{subject} {line.get('message') or '→'}"


async def call(hass: HomeAssistant, action: str, **data: object) -> dict[str, Any]:
    """Call an action that answers."""
    answer = await hass.services.async_call("bach", action, data, blocking=True, return_response=True)
    return cast("dict[str, Any]", answer)


async def test_a_sent_message_is_one_row_one_event_and_one_line(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, telegram: TelegramServer, home: MockConfigEntry, since: str
) -> None:
    """Three rows and two lines a message fill the disk of a small computer, and hide what matters."""
    before = await rows(hass)
    for number in range(3):
        for entity_id in (ADA_ENTITY, BOB_ENTITY):
            await call(hass, "send_message", entity_id=entity_id, message=str(number), wait=60)
            await settled(hass)
    await send(hass, ADA_ENTITY, "by the action of all notify entities")
    await the_bach(hass).wait(7, 60)
    await settled(hass)
    states, events = (after - first for after, first in zip(await rows(hass), before, strict=True))
    assert states == {ADA_ENTITY: 4, BOB_ENTITY: 3}
    assert events == {"call_service": 7}
    assert Counter(await activity(hass, hass_ws_client, since)) == {f"{ADA_ENTITY} →": 4, f"{BOB_ENTITY} →": 3}


async def test_an_incoming_message_is_at_most_one_row_one_event_and_one_line_with_the_person(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, telegram: TelegramServer, home: MockConfigEntry, since: str
) -> None:
    """Who wrote in a group was lost behind the name of an entity, and every message had a second line about it."""
    before, bot = await rows(hass), telegram.bots[TOKEN]
    events = async_capture_events(hass, "bach_message")
    telegram.says("/door", bot=bot, chat_id=ADA)
    telegram.says("hello", bot=bot, chat_id=GROUP, from_id=46)
    telegram.says("hello", bot=bot, chat_id=BOB)
    await until(hass, lambda: len(events) == 3)
    await settled(hass)
    states, recorded = (after - first for after, first in zip(await rows(hass), before, strict=True))
    assert (states, recorded) == ({}, {"bach_message": 3})
    assert sorted(await activity(hass, hass_ws_client, since)) == [
        "Ada sent the command /door",
        "Bob wrote a message",
        "Dora wrote a message in Family",
    ]
    ada = er.async_get(hass).async_get(ADA_ENTITY)
    assert ada
    assert await activity(hass, hass_ws_client, since, device_ids=[ada.device_id]) == ["Ada sent the command /door"]


async def test_an_answer_is_told_by_what_stood_on_the_button(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, telegram: TelegramServer, home: MockConfigEntry, since: str
) -> None:
    """The line "pressed the button 0" tells nobody what was answered: values of a question are numbers."""
    question = asyncio.ensure_future(
        call(hass, "ask", entity_id=ADA_ENTITY, message="Open?", answers=[{"text": "Open it", "value": "o"}])
    )
    [message] = await telegram.wait_for(1)
    telegram.presses(message, "Open it", bot=telegram.bots[TOKEN])
    assert (await question)["answer"] == "o"
    await settled(hass)
    assert await activity(hass, hass_ws_client, since) == [f"{ADA_ENTITY} →", "Ada pressed the button Open it"]


async def test_the_entity_says_sent_only_of_what_was_sent(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    hass_admin_user: MockUser,
    telegram: TelegramServer,
    home: MockConfigEntry,
) -> None:
    """The line "Ada: Sent" stood in the Activity while the bot was out of reach, and of what was refused at once."""
    await telegram.pause()
    context = Context(user_id=hass_admin_user.id)
    await hass.services.async_call(
        "notify", "send_message", {"entity_id": ADA_ENTITY, "message": "a"}, blocking=True, context=context
    )
    await call(hass, "send_message", entity_id=ADA_ENTITY, message="b")
    await until_state(hass, "binary_sensor.home_bot_sending", "off")
    assert state(hass, ADA_ENTITY) == "unknown"

    await telegram.resume()
    await hass.services.async_call("button", "press", {"entity_id": "button.home_bot_check_now"}, blocking=True)
    await the_bach(hass).wait(1, 60)
    await until(hass, lambda: state(hass, ADA_ENTITY) != "unknown")
    shown = hass.states.get(ADA_ENTITY)
    assert shown
    assert (shown.context.id, shown.context.user_id) == (context.id, hass_admin_user.id)  # who sent it is known still


async def test_each_end_that_is_not_sent_is_a_line(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, telegram: TelegramServer, home: MockConfigEntry, since: str
) -> None:
    """At three in the morning the Activity is the first page that is opened, and it has to tell what was not sent."""
    told: list[tuple[str, str]] = []
    for name in ("bach_undelivered", "bach_ended"):
        hass.bus.async_listen(name, lambda event: told.append((str(event.event_type), event.data["status"])))
    telegram.chats.pop(ADA)
    await call(hass, "send_message", entity_id=ADA_ENTITY, message="dead", wait=60)
    await call(hass, "discard", message_id=1)
    switch = {"entity_id": "switch.home_bot_enabled"}
    await hass.services.async_call("switch", "turn_off", switch, blocking=True)
    await call(hass, "send_message", entity_id=BOB_ENTITY, message="cancelled")
    await call(hass, "send_message", entity_id=BOB_ENTITY, message="replaced", tag="washer")
    await call(hass, "send_message", entity_id=BOB_ENTITY, message="a newer one", tag="washer")
    await hass.services.async_call("bach", "cancel", {"message_id": 2}, blocking=True)
    bach = the_bach(hass)
    message, publish = await bach.get(4), bach._base.bus.publish
    unsure = Fault(code="timeout", text="Telegram did not answer in time.")
    publish(MessageExpired(connection=CONNECTION, message=replace(message, status=Status.EXPIRED, error=EXPIRED)))
    publish(MessageUncertain(connection=CONNECTION, message=replace(message, status=Status.UNCERTAIN, error=unsure)))
    await settled(hass)

    found = [line for line in await activity(hass, hass_ws_client, since) if line.startswith("Message")]
    assert found == [
        "Message to Ada not delivered: Chat not found (message 1)",
        "Message to Ada cancelled (message 1)",
        "Message to Bob cancelled (message 2)",
        "Message to Bob not delivered in time (message 4)",
        "Message to Bob may not have arrived: Telegram did not answer in time. (message 4)",
    ]
    assert sorted(told) == [
        ("bach_ended", "cancelled"),  # a person did that: it is written down, and alarms nobody
        ("bach_ended", "cancelled"),
        ("bach_undelivered", "dead"),
        ("bach_undelivered", "expired"),
        ("bach_undelivered", "uncertain"),
    ]
    lines = await activity(hass, hass_ws_client, since, entity_ids=[ADA_ENTITY])
    assert lines == found[:2]


async def test_why_a_connection_does_not_work_is_one_line(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, telegram: TelegramServer, home: MockConfigEntry, since: str
) -> None:
    """The page of the device said "Disconnected", and why only to those who look for attributes."""
    await telegram.pause()
    await send(hass, ADA_ENTITY, "waits")
    for direction in ("sending", "receiving"):
        await until_state(hass, f"binary_sensor.home_bot_{direction}", "off")
    await settled(hass)
    shown = hass.states.get("binary_sensor.home_bot_sending")
    assert shown
    sending = er.async_get(hass).async_get("binary_sensor.home_bot_sending")
    assert sending
    for where in ({}, {"device_ids": [sending.device_id]}, {"entity_ids": [sending.entity_id]}):
        lines = await activity(hass, hass_ws_client, since, **where)
        assert [line for line in lines if line.startswith("@home_bot")] == [
            f"@home_bot does not work: {shown.attributes['problem']}"
        ]


@pytest.mark.parametrize(
    ("direction", "line"), [("sending", "cannot send"), ("receiving", "receives nothing"), ("?", "does not work")]
)
async def test_one_direction_that_does_not_work_is_named(hass: HomeAssistant, direction: str, line: str) -> None:
    """What still works would not be tried."""
    lines: dict[str, Describe] = {}
    async_describe_events(hass, lambda _, name, describe: lines.update({name: describe}))
    event = Event[Any]("bach_trouble", {"name": "@home_bot", "direction": direction, "error": "Because."})
    assert lines["bach_trouble"](event)["message"] == f"{line}: Because."


async def test_what_went_to_somebody_whom_nobody_added_is_told_at_the_connection(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, telegram: TelegramServer, home: MockConfigEntry, since: str
) -> None:
    """It has no page of its own, so it would be told on none."""
    await call(hass, "send_message", config_entry_id=home.entry_id, recipient="4711", message="dead", wait=60)
    await settled(hass)
    dead = er.async_get(hass).async_get("sensor.home_bot_dead_letters")
    assert dead
    lines = await activity(hass, hass_ws_client, since, device_ids=[dead.device_id])
    assert lines == ["Message to 4711 not delivered: Chat not found (message 1)"]
