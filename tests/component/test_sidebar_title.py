"""The number in the sidebar: how many messages need a person."""

from datetime import timedelta

import pytest
from homeassistant.components.frontend import DATA_PANELS, DATA_PANELS_CONFIG
from homeassistant.const import EVENT_PANELS_UPDATED
from homeassistant.core import Event, HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from bach_lib import Place, Route, Status, Step
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import DOMAIN
from custom_components.bach.web import sidebar_title
from custom_components.bach.web.sidebar_title import PAUSE
from tests.component.conftest import ADA, CONNECTION, TO_ADA, TO_ANYBODY, the_bach

pytestmark = pytest.mark.frontend


async def title(hass: HomeAssistant) -> str | None:
    """What the sidebar says when the next title is due."""
    await hass.async_block_till_done()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=PAUSE + 1))
    await hass.async_block_till_done(wait_background_tasks=True)
    return hass.data[DATA_PANELS][DOMAIN].sidebar_title


async def test_what_needs_a_person_is_counted(hass: HomeAssistant, letters: MockConfigEntry) -> None:
    """Somebody who does not open the panel would not learn that an alarm was not delivered, or look for nothing."""
    assert await title(hass) == "BACH (2)"
    await the_bach(hass).discard_messages([TO_ADA])
    assert await title(hass) == "BACH (1)"
    await the_bach(hass).discard_messages([TO_ANYBODY])
    assert await title(hass) == "BACH"


async def test_an_alarm_that_nobody_has_is_counted(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Whoever looks at the sidebar would believe that all is well while the house is being woken."""
    bach, step = the_bach(hass), Step(places=(Place(connection=CONNECTION, recipient=str(ADA)),))
    run = await bach.start_route(Route(name="water", steps=(step,)), "Water in the cellar")
    assert await title(hass) == "BACH (1)"
    await bach.acknowledge(run.id, "Ada")
    assert await title(hass) == "BACH"


async def test_what_was_there_before_the_start_is_counted(hass: HomeAssistant, letters: MockConfigEntry) -> None:
    """After a restart there would be no number until the next message fails."""
    await hass.config_entries.async_unload(letters.entry_id)
    await hass.config_entries.async_reload(letters.entry_id)
    assert await title(hass) == "BACH (2)"


async def test_what_waits_by_itself_is_not_counted(
    hass: HomeAssistant, loaded: MockConfigEntry, telegram: TelegramServer
) -> None:
    """With each outage a number would call somebody who can do nothing."""
    await telegram.stop()
    await the_bach(hass).send(CONNECTION, str(ADA), "later")
    assert await title(hass) == "BACH"


async def test_a_burst_changes_the_title_once(hass: HomeAssistant, letters: MockConfigEntry) -> None:
    """Each title makes every open browser ask for all panels, and build that of BACH anew."""
    await title(hass)
    told = list[Event]()
    hass.bus.async_listen(EVENT_PANELS_UPDATED, told.append)
    bach, begun = the_bach(hass), hass.loop.time()
    for _ in range(8):
        receipt = await bach.send(CONNECTION, "777", "old")
        assert (await bach.wait(receipt.id, 60)).status is Status.DEAD
    assert await title(hass) == "BACH (10)"
    assert len(told) <= 2 + (hass.loop.time() - begun) / PAUSE


async def test_whom_the_panel_was_opened_to_learns_no_number(hass: HomeAssistant, letters: MockConfigEntry) -> None:
    """A guest would read in the sidebar how much their hosts could not deliver."""
    assert await title(hass) == "BACH (2)"
    for chosen, wanted in (({"require_admin": False}, "BACH"), ({}, "BACH (2)")):
        hass.data[DATA_PANELS_CONFIG] = {DOMAIN: chosen}
        hass.bus.async_fire(EVENT_PANELS_UPDATED)
        assert await title(hass) == wanted


async def test_while_somebody_works_in_the_panel_the_title_stands_still(
    hass: HomeAssistant,
    letters: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Home Assistant builds the panel anew with each title: a dialog would close under the hand of who uses it."""
    assert await title(hass) == "BACH (2)"
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "bach/panel/watch"})
    assert (await client.receive_json())["success"]
    await the_bach(hass).discard_messages([TO_ADA])
    assert await title(hass) == "BACH (2)"
    monkeypatch.setattr(sidebar_title, "PATIENCE", 0)  # a screen on a wall shows the panel for ever
    assert await title(hass) == "BACH (1)"
    monkeypatch.undo()
    await the_bach(hass).discard_messages([TO_ANYBODY])
    assert await title(hass) == "BACH (1)"
    await client.close()
    assert await title(hass) == "BACH"


async def test_a_card_on_a_dashboard_does_not_keep_the_title(
    hass: HomeAssistant, letters: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    """A screen on a wall shows a card all day: the number would be that of ten minutes ago."""
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "bach/panel/watch", "on_card": True})
    assert (await client.receive_json())["success"]
    assert await title(hass) == "BACH (2)"
    await client.close()
