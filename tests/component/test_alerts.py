"""Alerts in a real Home Assistant: watched, told, acknowledged, quieted, over, and all of it across restarts."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentry, ConfigSubentryData
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from bach_lib import RouteStatus
from bach_lib.testing.telegram_server import Bot, TelegramServer
from custom_components.bach.alerts import keeper as keeping
from custom_components.bach.alerts.at_work import KEEPERS
from custom_components.bach.alerts.keeper import AlertKeeper
from custom_components.bach.alerts.remembered import Episode, Episodes
from custom_components.bach.const import DOMAIN
from tests.component.conftest import BOB, state, the_bach, until, until_state
from tests.component.test_ask import shown
from tests.component.test_routes import connect, route, rows

LEAK = "binary_sensor.leak"
ALERT = "sensor.leak"
USUAL: dict[str, Any] = {
    "watches": "state",
    "entity_id": LEAK,
    "states": ["on"],
    "hold": 0.0,
    "message": "Water: {{ states('binary_sensor.leak') }}",
    "done_message": "Dry again",
}


def alert(loaded: MockConfigEntry, *told: str, **data: object) -> ConfigSubentryData:
    """An alert as the dialog stores it; those who are told by their titles, or by their ids."""
    ids = {one.title: one.subentry_id for one in loaded.subentries.values()}
    recipients = [ids.get(name, name) for name in told or ("Ada",)]
    stored = {**USUAL, "recipient": "alert.leak", "recipients": recipients, **data}
    return ConfigSubentryData(data=stored, subentry_type="alert", title="Leak", unique_id="recipient_alert.leak")


async def turn(hass: HomeAssistant, value: str, entity_id: str = LEAK) -> None:
    """Something of the home changes."""
    hass.states.async_set(entity_id, value)
    await hass.async_block_till_done()


async def told_once(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, **data: object
) -> MockConfigEntry:
    """The connection of an alert that is on and has told Ada once; nobody has acknowledged it."""
    await turn(hass, "on")
    entry = await connect(hass, alert(loaded, **data))
    await telegram.wait_for(1)
    await until_state(hass, ALERT, "on")
    return entry


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """As after a restart, except for what this home remembers."""
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


async def change(hass: HomeAssistant, entry: MockConfigEntry, **data: object) -> None:
    """Somebody changes the alert, as the dialog does."""
    [one] = [one for one in entry.subentries.values() if one.subentry_type == "alert"]
    hass.config_entries.async_update_subentry(entry, one, data={**one.data, **data})
    await hass.async_block_till_done()


def kept(hass: HomeAssistant) -> AlertKeeper:
    """The only alert at work."""
    [found] = hass.data[KEEPERS].values()
    return found


async def pass_time(hass: HomeAssistant, seconds: float) -> None:
    """It has been so for that much longer, and the timer of it ends."""
    episode = kept(hass).episode
    assert episode
    await kept(hass)._episodes.put(kept(hass).alert.id, replace(episode, since=episode.since - seconds))
    async_fire_time_changed(hass, dt_util.utcnow(), fire_all=True)


def is_exhausted(hass: HomeAssistant) -> bool:
    """Whether all were told in vain."""
    run = kept(hass).run
    return run is not None and run.status is RouteStatus.EXHAUSTED


async def runs(hass: HomeAssistant) -> list[tuple[str, str]]:
    """How the runs stand that were begun, newest first."""
    return [(one.route, one.status.value) for one in await the_bach(hass).route_runs()]


async def test_a_leak_is_told_acknowledged_and_over(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Nobody would hear of the water, or of that it is over; or the house be woken although Ada is in the cellar."""
    await turn(hass, "off")
    await connect(hass, alert(loaded, "Ada", "Bob", heading="Cellar", reminders=[1800.0]))
    assert state(hass, ALERT) == "idle"
    await turn(hass, "on")
    messages = await telegram.wait_for(2)
    assert {one.text for one in messages} == {"Cellar\n\nWater: on"}
    await until_state(hass, ALERT, "on")
    mine = next(one for one in messages if one.text)
    assert [button.text for row in shown(telegram, mine.chat_id, mine.message_id).keyboard for button in row] == [
        "I have it",
        "Quiet for 1 h",
    ]
    telegram.presses(mine, "I have it", bot=bot)
    await until_state(hass, ALERT, "acknowledged")
    found = hass.states.get(ALERT)
    assert found
    assert {found.attributes["by"]} <= {"Ada", "Bob"}
    assert (found.attributes["told"], found.attributes["problem"]) == (1, None)
    assert "Water" not in str(found.attributes), "what is said would stand in the recorder"
    await turn(hass, "off")
    await telegram.wait_for(4)
    assert sorted(telegram.texts)[:2] == ["Cellar\n\nDry again"] * 2
    assert state(hass, ALERT) == "idle"
    await turn(hass, "on")
    await telegram.wait_for(6)


async def test_what_is_over_soon_is_not_told_and_what_cannot_be_known_changes_nothing(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A door would be told of each time that it is used; or a sensor whose battery dies in the water be called dry."""
    await turn(hass, "off")
    await connect(hass, alert(loaded, hold=600.0, done_message=""))
    await turn(hass, "on")
    assert state(hass, ALERT) == "pending"
    await turn(hass, "off")
    assert (state(hass, ALERT), await runs(hass)) == ("idle", [])
    await turn(hass, "on")
    await turn(hass, "unavailable")
    assert state(hass, ALERT) == "pending"
    await pass_time(hass, 600)
    await until_state(hass, ALERT, "on")
    await telegram.wait_for(1)
    await turn(hass, "unknown")
    assert state(hass, ALERT) == "on"
    await turn(hass, "off")
    assert await runs(hass) == [("alert.leak", "cancelled")]
    [told] = telegram.sent
    await until(hass, lambda: "This is over" in shown(telegram, told.chat_id, told.message_id).text)


@pytest.mark.parametrize(
    ("condition", "states"),
    [
        ({"watches": "number", "above": 5.0, "below": 9.5}, ["5.5", "9.5"]),
        ({"watches": "missing"}, ["unavailable", "unknown"]),
        ({"watches": "template", "template": "{{ is_state('binary_sensor.leak', 'wet') }}"}, ["wet", "dry"]),
    ],
)
async def test_other_things_are_watched(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, condition: dict[str, Any], states: list[str]
) -> None:
    """The freezer thaws, a smoke detector is dead, and nobody is told."""
    so, not_so = states
    await turn(hass, not_so)
    await connect(hass, alert(loaded, **condition))
    assert state(hass, ALERT) == "idle"
    await turn(hass, so)
    await telegram.wait_for(1)
    await turn(hass, "whatever" if condition["watches"] == "number" else so)
    assert state(hass, ALERT) == "on"
    await turn(hass, not_so)
    assert state(hass, ALERT) == "idle"


async def test_what_cannot_be_rendered_is_told_all_the_same(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A slip in a text or a template, and the leak would be told to nobody."""
    await turn(hass, "on")
    wrong = "{{ 1 / 0 }}"
    entry = await connect(hass, alert(loaded, message=wrong, done_message=wrong, snooze=0))
    [message] = await telegram.wait_for(1)
    assert (message.text, [len(row) for row in shown(telegram, message.chat_id, 1).keyboard]) == ("Leak", [1])
    await turn(hass, "off")
    await telegram.wait_for(2)
    assert telegram.texts[-1] == "This is over"
    await change(hass, entry, watches="template", template=wrong)
    assert state(hass, ALERT) == "idle"


async def test_somebody_wants_quiet_by_button_entity_and_action(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry, hass_admin_user: User
) -> None:
    """The baby sleeps and Ada is on her way: every reminder would wake it."""
    await turn(hass, "on")
    water = await connect(hass, alert(loaded, reminders=[600.0]))
    [message] = await telegram.wait_for(1)
    telegram.presses(message, "Quiet for 1 h", bot=bot)
    await until_state(hass, ALERT, "snoozed")
    found = hass.states.get(ALERT)
    assert found
    assert found.attributes["by"] == "Ada"
    await until(hass, lambda: "Ada: quiet until " in shown(telegram, message.chat_id, message.message_id).text)
    context = Context(user_id=hass_admin_user.id)
    target = {"entity_id": ALERT, "duration": {"minutes": 5}}
    answer = await hass.services.async_call(
        DOMAIN, "snooze", target, blocking=True, return_response=True, context=context
    )
    [run] = rows(answer, "runs")
    assert (run["route_name"], run["entity_id"], run["status"]) == ("Leak", ALERT, "under_way")
    run_id = run["run_id"]
    assert (await the_bach(hass).route_run(run_id)).snoozed_for == 300
    pressed = {"entity_id": "button.leak_quiet_for_a_while"}
    await hass.services.async_call("button", "press", pressed, blocking=True, context=context)
    assert (await the_bach(hass).route_run(run_id)).snoozed_by == hass_admin_user.name
    device = dr.async_entries_for_config_entry(dr.async_get(hass), water.entry_id)[-1]
    await hass.services.async_call(DOMAIN, "snooze", {"run_id": run_id, "by": "Bob"}, blocking=True)
    await hass.services.async_call(DOMAIN, "acknowledge", {"device_id": device.id, "by": "Bob"}, blocking=True)
    await until_state(hass, ALERT, "acknowledged")
    for button in ("button.leak_i_have_it", "button.leak_quiet_for_a_while"):
        with pytest.raises(ServiceValidationError, match="nothing to do"):
            await hass.services.async_call("button", "press", {"entity_id": button}, blocking=True)
    await hass.services.async_call(DOMAIN, "all_clear", {"entity_id": ALERT, "message": "Dry"}, blocking=True)
    await telegram.wait_for(2)
    await turn(hass, "off")
    assert telegram.texts[1:] == ["Dry"], "it was said already"


async def test_whoever_may_not_control_an_alert_may_not_end_it(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, hass_read_only_user: User
) -> None:
    """A guest could silence the alarm."""
    await told_once(hass, telegram, loaded)
    run_id = (await the_bach(hass).route_runs())[0].id
    for target in ({"entity_id": ALERT}, {"run_id": run_id}):
        with pytest.raises(Unauthorized):
            await hass.services.async_call(
                DOMAIN, "acknowledge", target, blocking=True, context=Context(user_id=hass_read_only_user.id)
            )
    await hass.services.async_call("button", "press", {"entity_id": "button.leak_i_have_it"}, blocking=True)
    assert (await the_bach(hass).route_run(run_id)).by == hass.config.location_name


async def test_how_it_stood_outlives_a_restart(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """After an update in the night all would be told again what Ada has; or never that it ended meanwhile."""
    entry = await told_once(hass, telegram, loaded)
    await hass.services.async_call(DOMAIN, "acknowledge", {"entity_id": ALERT, "by": "Ada"}, blocking=True)
    for _ in range(2):
        await reload(hass, entry)
        assert state(hass, ALERT) == "acknowledged"
    assert len(telegram.sent) == 1
    assert await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await turn(hass, "off")
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await hass.async_block_till_done()
    await telegram.wait_for(2)
    assert (telegram.texts[1], state(hass, ALERT)) == ("Dry again", "idle")
    await reload(hass, entry)
    assert len(telegram.sent) == 2


async def test_a_crash_between_two_writes_tells_nothing_twice(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The power goes out when the first message is on disk: all would be woken twice, or never hear of the end."""
    entry = await told_once(hass, telegram, loaded)
    alert_id, episodes = kept(hass).alert.id, kept(hass)._episodes
    episode = kept(hass).episode
    assert episode
    await episodes.put(alert_id, replace(episode, run=None))
    await change(hass, entry, states=["on", "damp"])
    await turn(hass, "damp")  # its text would be another now
    await episodes.put(alert_id, replace(episode, run=None))
    with patch.object(keeping, "_NEWEST", 1):
        await reload(hass, entry)
    assert state(hass, ALERT) == "on"
    assert await runs(hass) == [("alert.leak", "under_way")]
    again = Episodes(hass)
    await again.load()
    assert again.of(alert_id) == episode
    kept(hass).run = None
    await episodes.put(alert_id, replace(episode, run=None))
    kept(hass)._wake()
    await hass.async_block_till_done()
    assert (len(await runs(hass)), len(telegram.sent)) == (1, 1)


async def test_what_was_called_off_stays_so_and_what_a_restored_database_gave_up_is_told_again(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever restores a backup while the cellar is wet would hear no more of it; or of what they called off."""
    entry = await told_once(hass, telegram, loaded)
    [run] = await the_bach(hass).route_runs()
    await the_bach(hass).cancel_route(run.id)
    await until_state(hass, ALERT, "acknowledged")
    await reload(hass, entry)
    assert (state(hass, ALERT), len(telegram.sent)) == ("acknowledged", 1)
    alert_id, episodes, episode = kept(hass).alert.id, kept(hass)._episodes, kept(hass).episode
    assert episode
    await episodes.put(alert_id, replace(episode, is_called_off=False))
    await reload(hass, entry)
    await telegram.wait_for(2)
    await until_state(hass, ALERT, "on")
    await turn(hass, "off")
    assert (state(hass, ALERT), await runs(hass)) == ("idle", [("alert.leak", "cancelled")] * 2)


async def test_reminders_go_on_until_somebody_has_it(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The leak of Saturday would be told until Sunday, and then no more."""
    await turn(hass, "on")
    with patch("custom_components.bach.alerts.saying._REPEATS", 0):
        entry = await connect(hass, alert(loaded, reminders=[0.05, 0.1]))
        await until(hass, lambda: len(telegram.sent) >= 3)
        await change(hass, entry, reminders=[600.0])
        await until(hass, lambda: is_exhausted(hass))
    await hass.async_block_till_done()
    assert state(hass, ALERT) == "on"
    assert set(telegram.texts) == {"Water: on"}
    told = (await the_bach(hass).route_runs())[::-1]
    assert [len(run.steps) for run in told] == [2, *[1] * (len(told) - 1)]
    assert [run.superseded_by for run in told] == [*(run.id for run in told[1:]), None]
    await hass.services.async_call(DOMAIN, "acknowledge", {"entity_id": ALERT}, blocking=True)
    await until_state(hass, ALERT, "acknowledged")


async def test_the_first_message_can_be_left_out(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever wants to hear only of what goes on would be told of everything."""
    await turn(hass, "on")
    await connect(hass, alert(loaded, skip_first=True, reminders=[300.0, 600.0]))
    assert (state(hass, ALERT), await runs(hass)) == ("pending", [])
    await pass_time(hass, 300)
    await telegram.wait_for(1)
    [run] = await the_bach(hass).route_runs()
    assert (run.steps[0].wait, run.steps[0].repeat_every) == (600.0, 600.0)


async def test_a_route_tells_it(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> None:
    """Somebody has built whom to wake when, and would have to do so again for each alert."""
    await turn(hass, "off")
    entry = await connect(hass, route(loaded, {"recipients": ["Ada"], "wait": 0.05}))
    [water] = entry.subentries
    hass.config_entries.async_add_subentry(entry, _subentry(alert(loaded, water, reminders=[0.1])))  # told again
    await hass.async_block_till_done()
    assert state(hass, ALERT) == "idle"
    await turn(hass, "on")
    await until(hass, lambda: len(telegram.sent) >= 2)
    await change(hass, entry, reminders=[600.0])
    await until(hass, lambda: is_exhausted(hass))
    await hass.async_block_till_done()
    assert {name for name, _ in await runs(hass)} == {"water"}
    await until_state(hass, "binary_sensor.water_unacknowledged", "on")
    await hass.services.async_call(DOMAIN, "acknowledge", {"entity_id": "notify.water", "by": "Ada"}, blocking=True)
    await until_state(hass, ALERT, "acknowledged")
    hass.config_entries.async_remove_subentry(entry, kept(hass).alert.id)
    await hass.async_block_till_done()
    assert (hass.data[KEEPERS], hass.states.get(ALERT)) == ({}, None)


async def test_an_alert_that_is_removed_tells_no_further(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Somebody removes what wakes them, and it goes on."""
    entry = await told_once(hass, telegram, loaded, reminders=[600.0])
    alert_id = kept(hass).alert.id
    hass.config_entries.async_remove_subentry(entry, alert_id)
    await hass.async_block_till_done()
    assert await runs(hass) == [("alert.leak", "cancelled")]
    stored = Episodes(hass)
    await stored.load()
    assert stored.of(alert_id) is None
    assert er.async_get(hass).async_get(ALERT) is None
    await hass.config_entries.async_remove(entry.entry_id)


async def test_that_nobody_is_left_to_tell_is_said(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """Everybody has moved out, and the alert would stand there as if it had told somebody."""
    await turn(hass, "on")
    entry = await connect(hass, alert(loaded, "somebody who was removed"))
    found = hass.states.get(ALERT)
    assert found
    assert (found.state, "add whom to tell" in found.attributes["problem"]) == ("on", True)
    assert "could not be told, and is tried again" in caplog.text
    issue = DOMAIN, f"alert_tells_nobody_{next(iter(entry.subentries))}"
    repair = ir.async_get(hass).async_get_issue(*issue)
    assert repair
    assert repair.translation_placeholders == {"alert": "Leak"}
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert ir.async_get(hass).async_get_issue(*issue) is None
    assert await hass.config_entries.async_setup(entry.entry_id)
    await until(hass, lambda: ir.async_get(hass).async_get_issue(*issue) is not None)
    ada = next(one.subentry_id for one in loaded.subentries.values() if one.title == "Ada")
    await change(hass, entry, recipients=[ada])
    async_fire_time_changed(hass, dt_util.utcnow() + dt_util.dt.timedelta(seconds=31))
    await telegram.wait_for(1)
    await until(hass, lambda: (hass.states.get(ALERT) or found).attributes["problem"] is None)
    assert ir.async_get(hass).async_get_issue(*issue) is None


async def test_what_is_stored_wrongly_costs_itself(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """Somebody edits the file of Home Assistant, and no alert would work any more."""
    hass_storage["bach.alerts"] = {"version": 1, "key": "bach.alerts", "data": {"a": 5, "b": {"since": "now"}}}
    await turn(hass, "off")
    wrong = {"states": "on", "watches": 7, "hold": "long", "reminders": ["soon"], "snooze": -5, "priority": "high"}
    await connect(hass, alert(loaded, **wrong))
    assert state(hass, ALERT) == "idle"
    assert (kept(hass).alert.reminders, kept(hass).alert.snooze, kept(hass).alert.priority) == ((), 0.0, 5)


async def test_a_run_that_was_forgotten_was_over(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The window that somebody leaves open for a month on purpose would be told of again each month."""
    entry = await told_once(hass, telegram, loaded)
    alert_id, episodes = kept(hass).alert.id, kept(hass)._episodes
    await episodes.put(alert_id, Episode(since=1.0, run=4711))
    await reload(hass, entry)
    assert state(hass, ALERT) == "acknowledged"
    await turn(hass, "off")
    assert (state(hass, ALERT), len(telegram.sent)) == ("idle", 1)
    assert (await the_bach(hass).route_runs())[0].status is RouteStatus.UNDER_WAY


def _subentry(data: ConfigSubentryData) -> ConfigSubentry:
    """The same as Home Assistant keeps it."""
    return ConfigSubentry(
        data=MappingProxyType(dict(data["data"])),
        subentry_type=data["subentry_type"],
        title=data["title"],
        unique_id=data["unique_id"],
    )


async def test_an_alert_leaves_out_who_caused_it(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, ada: User
) -> None:
    """Whoever leaves the door open would be told of it alone with all, also when the house has restarted meanwhile."""
    [mine] = [one for one in loaded.subentries.values() if one.title == "Ada"]
    hass.states.async_set("person.ada", "home", {"id": "id_ada", "user_id": ada.id})
    hass.config_entries.async_update_subentry(loaded, mine, data={**mine.data, "kind": "private", "user_id": ada.id})
    await turn(hass, "off")
    steps = {"recipients": ["Ada", "Bob"], "wait": 300, "but_cause": True}
    routes = await connect(hass, route(loaded, steps))
    [water] = routes.subentries.values()
    hass.config_entries.async_add_subentry(routes, _subentry(alert(loaded, water.subentry_id, hold=600.0)))
    await hass.async_block_till_done()
    hass.states.async_set(LEAK, "on", context=Context(user_id=ada.id))
    await hass.async_block_till_done()
    await reload(hass, routes)
    await pass_time(hass, 600)
    [message] = await telegram.wait_for(1)
    assert message.chat_id == BOB
    [run] = await the_bach(hass).route_runs()
    assert [one.recipient for one in run.caused_by] == ["id_ada"]
