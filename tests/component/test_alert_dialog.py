"""The dialog of an alert, as people click through it, and the alerts of Home Assistant's YAML that come over."""

from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.alerts import core_yaml
from tests.component.companion import Companion
from tests.component.conftest import recipient, state, until_state
from tests.component.dialogs import go_on, open_dialog, suggested
from tests.component.test_alerts import ALERT, LEAK, alert, turn
from tests.component.test_routes import connect, route
from tests.component.test_this_home import connect as this_home

LONG = "x" * 5_001
MORE = {"skip_first": False, "snooze": 60, "priority": 5}


dialog = partial(open_dialog, kind="alert")


def told(*entity_ids: str, **fields: object) -> dict[str, Any]:
    """The form of what is said to whom."""
    return {"title": "Leak", "recipients": list(entity_ids) or ["notify.ada"], "more": MORE, **fields}


def drawing(result: SubentryFlowResult) -> str:
    """The alert as the dialog says it."""
    return (result["description_placeholders"] or {})["alert"]


async def after(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> SubentryFlowResult:
    """The form of a kind of condition."""
    return await go_on(hass, await dialog(hass, entry), next_step_id=kind)


async def test_an_alert_is_made_by_clicking(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """It would be built in YAML again, with automations for what is said when it is over."""
    hass.states.async_set(LEAK, "off", {"friendly_name": "Leak under the sink"})
    entry = await connect(hass)
    menu = await dialog(hass, entry)
    assert menu["menu_options"] == ["state", "number", "missing", "template"]
    form = await go_on(hass, await go_on(hass, menu, next_step_id="state"), entity_id=LEAK)
    assert form["step_id"] == "states"
    wrong = await go_on(hass, form, states=[], hold={"hours": 200})
    assert wrong["errors"] == {"states": "no_states", "hold": "invalid_hold"}
    form = await go_on(hass, form, states=["on"], hold={"minutes": 1})
    assert suggested(form)["title"] == "Leak under the sink"
    wrong = await go_on(
        hass,
        form,
        **told(
            title=" ",
            recipients=["sensor.x"],
            message=LONG,
            reminders="soon",
            camera=[f"camera.c{n}" for n in range(11)],
            more={**MORE, "heading": LONG},
        ),
    )
    assert wrong["errors"] == {
        "title": "no_title",
        "recipients": "invalid_told",
        "message": "too_long",
        "base": "too_long",
        "camera": "too_many_cameras",
        "reminders": "invalid_reminders",
    }
    wrong = await go_on(hass, form, **told(more={**MORE, "skip_first": True}))
    assert wrong["errors"] == {"base": "nothing_to_skip"}
    said = {"message": "Water: {{ 1 + 1 }} cm", "done_message": "Dry", "reminders": "15, 30;60", "camera": ["camera.x"]}
    plan = await go_on(hass, form, **told("notify.ada", "notify.bob", **said, more={**MORE, "heading": "Cellar"}))
    assert plan["menu_options"] == ["save", "condition", "told"]
    assert drawing(plan).split("\n\n") == [
        "When **Leak under the sink** is on, for 1 min. That is not so now.",
        "Told after 1 min: **Ada**, **Bob**",
        "Again after 15 min, 30 min, then every 1 h until somebody has it.",
        "> **Cellar**\n> Water\\: 2 cm",
        "With each message goes what is shown at that moment by: **camera\\.x**",
        "When it is over:",
        "> Dry",
    ]
    done = await go_on(hass, plan, next_step_id="save")
    assert (done["type"], done["title"]) == (FlowResultType.CREATE_ENTRY, "Leak")
    [added] = entry.subentries.values()
    assert (added.data["recipient"], added.data["camera"]) == ("alert.leak", ["camera.x"])
    assert (added.data["hold"], added.data["reminders"], added.data["snooze"]) == (60.0, [900.0, 1800.0, 3600.0], 3600)
    assert state(hass, ALERT) == "idle"
    form = await after(hass, entry, "missing")
    plan = await go_on(hass, await go_on(hass, form, entity_id="sensor.none", hold={"minutes": 5}), **told())
    await go_on(hass, plan, next_step_id="save")
    assert {one.data["recipient"] for one in entry.subentries.values()} == {"alert.leak", "alert.leak_2"}


async def test_each_kind_is_said_and_what_is_wrong_refused(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An alert that can never be on would be saved, and found out in the night."""
    await turn(hass, "on")
    await turn(hass, "7", "sensor.freezer")
    entry = await connect(hass, route(loaded, {"recipients": ["Ada"], "wait": 300}))
    form = await after(hass, entry, "number")
    for limits in ({}, {"above": 5, "below": 5}, {"above": 6, "below": 5}):
        wrong = await go_on(hass, form, entity_id="sensor.freezer", hold={"seconds": 0}, **limits)
        assert wrong["errors"] == {"base": "invalid_limits"}
    said = dict[str, str]()
    for given in ({"above": -5.0}, {"below": -18.5}, {"above": 5.0, "below": 8.0}):
        form = await after(hass, entry, "number")
        form = await go_on(hass, form, entity_id="sensor.freezer", hold={"seconds": 0}, **given)
        plan = await go_on(hass, form, **told("notify.water", reminders="0.5"))
        said["_".join(given)] = drawing(plan)
    assert said["above"].startswith(
        "When **freezer** is above -5. That is so now.\n\nTold at once: **by the route Water**"
    )
    assert "Again every 30 s until somebody has it." in said["above"]
    assert said["below"].startswith("When **freezer** is below -18.5. That is not so now.")
    assert said["above_below"].startswith("When **freezer** is between 5 and 8. ")
    form = await after(hass, entry, "template")
    wrong = await go_on(hass, form, template=LONG, hold={"seconds": 0})
    assert wrong["errors"] == {"template": "too_long"}
    form = await go_on(hass, form, template="{{ 1 / 0 }}", hold={"seconds": 0})
    for whom in ([], ["notify.water", "notify.ada"], ["notify.nobody"]):
        assert (await go_on(hass, form, **told(recipients=whom)))["errors"] == {"recipients": "invalid_told"}
    for minutes in ("0", "-3", "20000", "nan", ", ".join("1" * 16)):
        assert (await go_on(hass, form, **told(reminders=minutes)))["errors"] == {"reminders": "invalid_reminders"}
    plan = await go_on(hass, form, **told())
    assert drawing(plan).startswith("When the template is true. Nobody can say now whether it is.")
    assert "Without reminders." in drawing(plan)
    form = await after(hass, entry, "missing")
    plan = await go_on(hass, await go_on(hass, form, entity_id="sensor.x", hold={"minutes": 5}), **told())
    assert drawing(plan).startswith("When **sensor\\.x** is unavailable, for 5 min. That is so now.")


async def test_an_alert_is_changed(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> None:
    """Whoever moves out would be told of the leak until the alert is made anew."""
    await turn(hass, "on")
    entry = await connect(hass, alert(loaded, "Ada", "gone", heading="Cellar", skip_first=True, reminders=[1800.0]))
    [subentry_id] = entry.subentries
    plan = await dialog(hass, entry, subentry_id)
    assert "**Ada**, 1 removed" in drawing(plan)
    kinds = await go_on(hass, plan, next_step_id="condition")
    assert kinds["menu_options"] == ["state", "number", "missing", "template"]
    form = await go_on(hass, await go_on(hass, kinds, next_step_id="state"), entity_id=LEAK)
    plan = await go_on(hass, form, states=["wet"], hold={"seconds": 0})
    assert "wet. That is not so now." in drawing(plan)
    form = await go_on(hass, plan, next_step_id="told")
    assert (suggested(form)["recipients"], suggested(form)["reminders"]) == (["notify.ada"], "30")
    plan = await go_on(hass, form, **told("notify.bob", title="Flood"))
    done = await go_on(hass, plan, next_step_id="save")
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    [changed] = entry.subentries.values()
    assert (changed.title, changed.data["recipient"], changed.data["states"]) == ("Flood", "alert.leak", ["wet"])
    assert (changed.data["heading"], state(hass, ALERT)) == ("", "idle")
    await turn(hass, "wet")
    await until_state(hass, ALERT, "on")


async def test_nobody_can_make_an_alert_to_nobody(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """It would look as if somebody were told."""
    result = await dialog(hass, await connect(hass))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nobody_to_tell")


CORE = """
alert:
  freezer:
    name: The freezer is open
    entity_id: binary_sensor.freezer
    repeat: [15, 30]
    skip_first: true
    message: "Open since {{ now().year }}"
    done_message: closed
    title: Freezer
    notifiers: [ada, notify.lamp, mobile_app_pixel_9, nobody]
    data: {tag: x}
    can_acknowledge: false
  garage:
    name: Garage
    entity_id: cover.garage
    state: open
    repeat: 1
    notifiers: water
  many:
    name: Many
    entity_id: cover.garage
    state: false
    repeat: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    notifiers: [water, bob]
  silent:
    name: Silent
    entity_id: cover.garage
    repeat: 5
    notifiers: []
  broken: {name: Broken, repeat: 1}
  empty:
"""


NOBODY = (
    "`notify.nobody` does not come along: no recipient of BACH is called so. "
    "Add *This home* to BACH first, or choose somebody afterwards."
)


@pytest.fixture
def written(hass: HomeAssistant, tmp_path: Path) -> Path:
    """The configuration, with alerts of Home Assistant's own at work."""
    file = tmp_path / "configuration.yaml"
    file.write_text(CORE, "utf-8")
    hass.config.config_dir = str(tmp_path)
    hass.config.components.add("alert")
    return file


async def test_alerts_of_yaml_come_over(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, pixel: Companion, written: Path
) -> None:
    """Whoever has twenty alerts would type them all again, or stay with what forgets them at each restart."""
    here = await this_home(hass, recipient("Pixel", pixel.recipient))

    async def light(_: ServiceCall) -> None:
        """A notifier of somebody else."""

    hass.services.async_register("notify", "lamp", light)
    entry = await connect(hass, route(loaded, {"recipients": ["Ada"], "wait": 300}))
    menu = await dialog(hass, entry)
    assert menu["menu_options"] == ["state", "number", "missing", "template", "import_core"]
    assert (menu["description_placeholders"] or {})["count"] == "4"
    form = await go_on(hass, menu, next_step_id="import_core")
    assert (form["description_placeholders"] or {})["alerts"].splitlines() == [
        "- **The freezer is open**: Ada, Pixel, notify\\.lamp",
        f"    - {NOBODY}",
        "    - What stands below `data` does not come along.",
        "    - It can be acknowledged in BACH, although `can_acknowledge` says no.",
        "- **Garage**: Water",
        "- **Many**: Ada, Bob",
        "    - Only the first 15 times between reminders come along.",
        "- **Silent**: tells nobody whom BACH knows, and does not come along.",
    ]
    done = await go_on(hass, form)
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "imported")
    assert done["description_placeholders"] == {"count": "3"}
    found = {one.title: one.data for one in entry.subentries.values() if one.subentry_type == "alert"}
    assert set(found) == {"The freezer is open", "Garage", "Many"}
    freezer = dict(found["The freezer is open"])
    titles = {one.subentry_id: one.title for there in (loaded, here) for one in there.subentries.values()}
    assert [titles[one] for one in freezer.pop("recipients")] == ["Ada", "notify.lamp", "Pixel"]
    assert freezer == {
        "recipient": "alert.freezer",
        "watches": "state",
        "entity_id": "binary_sensor.freezer",
        "states": ["on"],
        "hold": 0.0,
        "message": "Open since {{ now().year }}",
        "heading": "Freezer",
        "done_message": "closed",
        "reminders": [900.0, 1800.0],
        "skip_first": True,
    }
    assert (found["Garage"]["states"], found["Many"]["states"]) == (["open"], ["off"])
    again = await dialog(hass, entry)
    assert (again["description_placeholders"] or {})["count"] == "1"


async def test_where_nothing_stands_in_yaml_nothing_is_offered(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, written: Path
) -> None:
    """A file that is just being edited would break the dialog."""
    with patch.object(core_yaml, "async_hass_config_yaml", side_effect=HomeAssistantError("line 7")):
        assert not (await core_yaml.async_core_alerts(hass)).new
    entry = await connect(hass)
    found = (await core_yaml.async_core_alerts(hass)).new
    assert [(one.title, [notifier.place for notifier in one.notifiers]) for one in found if one.is_told] == [
        ("The freezer is open", [None] * 4),
        ("Many", [None] * 2),
    ], "this home is no connection"
    assert core_yaml.async_import(hass, entry, core_yaml.CoreAlerts(tuple(found))) == 2
    hass.config.components.remove("alert")
    assert not (await core_yaml.async_core_alerts(hass)).new


async def test_what_home_assistant_takes_as_an_alert_is_read(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, written: Path
) -> None:
    """What Home Assistant itself has at work would not be found."""
    hass.config.components.remove("alert")
    good = core_yaml.__dict__["async_hass_config_yaml"]
    config = await good(hass)
    config["alert"] = {key: config["alert"][key] for key in ("freezer", "garage")}
    assert await async_setup_component(hass, "alert", config)
    assert len((await core_yaml.async_core_alerts(hass)).new) == 4
