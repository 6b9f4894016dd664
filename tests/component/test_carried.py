"""What cameras show goes along the whole way of a route, an alert and a question, in a real Home Assistant."""

from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.testing.telegram_server import Bot, TelegramServer
from custom_components.bach.alerts import keeper
from tests.component.conftest import ADA, BOB, the_bach, until
from tests.component.test_alerts import alert, change, is_exhausted, runs, turn
from tests.component.test_file_sources import PICTURE, Door, door
from tests.component.test_routes import WATER, connect, route
from tests.component.test_send_message import call

__all__ = ["door"]


def shown(telegram: TelegramServer) -> list[tuple[int, str, bytes | None]]:
    """Who got which words with which picture."""
    return [(one.chat_id, one.text, one.file.content if one.file else None) for one in telegram.sent]


async def test_the_second_step_sees_who_was_at_the_door_although_the_camera_is_gone(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, door: Door
) -> None:
    """Bob would be woken by "Somebody is at the door", and shown the empty garden, or nothing."""
    steps = [{"recipients": [name], "wait": seconds} for name, seconds in (("Ada", 0.2), ("Bob", 300))]
    entry = await connect(hass, route(loaded, *steps))
    [row] = await call(hass, entity_id=WATER, message="Somebody is at the door", camera="camera.door", wait=10)
    assert (row["status"], row.get("degraded")) == ("sent", None)
    await door.async_remove()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await telegram.wait_for(2)
    words = "Somebody is at the door"
    assert shown(telegram) == [(ADA, words, PICTURE + b"1"), (BOB, words, PICTURE + b"1")]


async def test_a_camera_that_is_broken_costs_a_route_no_words(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, door: Door
) -> None:
    """The alarm would stay behind because of its picture; or nobody know that there should have been one."""
    await connect(hass, route(loaded, {"recipients": ["Ada"], "wait": 300}))
    door.fault = HomeAssistantError("It is switched off.")
    [row] = await call(hass, entity_id=WATER, message="Ring", camera="camera.door", wait=10)
    assert "It is switched off" in row["lost"][0]["reason"]
    await telegram.wait_for(1)
    assert shown(telegram) == [(ADA, "Ring", None)]
    [run] = await the_bach(hass).route_runs("water")
    message = await the_bach(hass).get(run.message_ids[0])
    assert ["It is switched off" in loss.reason for loss in message.lost] == [True]


async def test_an_alert_shows_what_was_to_be_seen_when_it_began_also_when_it_reminds(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, door: Door
) -> None:
    """Who looks at the reminder would see an empty yard; and the next alarm the picture of this one."""
    await turn(hass, "on")
    with patch("custom_components.bach.alerts.saying._REPEATS", 0):
        entry = await connect(hass, alert(loaded, camera=["camera.door", "camera.gone"], reminders=[0.05]))
        await until(hass, lambda: len(telegram.sent) >= 2)
        await change(hass, entry, reminders=[600.0])
        await until(hass, lambda: is_exhausted(hass))
    await hass.async_block_till_done()
    assert {one.file.content if one.file else None for one in telegram.sent} == {PICTURE + b"1"}
    assert len(await runs(hass)) > 1
    [newest, *_] = await the_bach(hass).route_runs()
    message = await the_bach(hass).get(newest.message_ids[0])
    assert ["camera.gone" in loss.reason for loss in message.lost] == [True]
    await turn(hass, "off")
    await until(hass, lambda: "Dry again" in telegram.texts)
    before = len(telegram.sent)
    await turn(hass, "on")
    await telegram.wait_for(before + 1)
    assert [picture for _, words, picture in shown(telegram) if words == "Dry again"] == [None]
    assert shown(telegram)[-1][2] == PICTURE + b"2"


async def test_a_reminder_of_what_was_long_ago_shows_what_is_to_be_seen_now(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, door: Door
) -> None:
    """Who is reminded each day would see a picture the first time, bare words from then on, and never why."""
    await turn(hass, "on")
    with patch("custom_components.bach.alerts.saying._REPEATS", 0), patch.object(keeper, "LATE", 0.0):
        await connect(hass, alert(loaded, camera=["camera.door"], reminders=[0.05]))
        await until(hass, lambda: len(telegram.sent) >= 2)
    assert [one.file.content if one.file else None for one in telegram.sent][:2] == [PICTURE + b"1", PICTURE + b"2"]


async def test_a_question_along_a_route_shows_everybody_the_same(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry, door: Door
) -> None:
    """Whoever is asked second would decide about somebody else than who rang."""
    steps = [{"recipients": [name], "wait": seconds} for name, seconds in (("Ada", 0.2), ("Bob", 300))]
    await connect(hass, route(loaded, *steps))
    asking = hass.async_create_task(
        hass.services.async_call(
            "bach",
            "ask",
            {
                "entity_id": WATER,
                "message": "Open?",
                "camera": "camera.door",
                "answers": [{"text": "Open", "value": "open"}],
                "timeout": {"seconds": 60},
            },
            blocking=True,
            return_response=True,
        )
    )
    await telegram.wait_for(2)
    assert shown(telegram) == [(ADA, "Open?", PICTURE + b"1"), (BOB, "Open?", PICTURE + b"1")]
    telegram.presses(telegram.sent[1], "Open", bot=bot)
    assert (await asking or {})["answer"] == "open"
