"""From a message to whoever had it sent, and from all that tells of it to the message."""

from typing import Any, cast

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.bach.const import EVENT_UNDELIVERED
from custom_components.bach.home.origin import async_origin
from tests.component.conftest import ADA, ADA_ENTITY, CONNECTION, the_bach, until
from tests.component.test_panel import Socket, logged_in
from tests.component.test_surfaces import Who

type Json = dict[str, Any]


@pytest.fixture
async def panel(hass: HomeAssistant, loaded: MockConfigEntry, hass_ws_client: WebSocketGenerator) -> Socket:
    """An administrator who looks at the panel."""
    return Socket(await hass_ws_client(hass))


async def origin_of_the_newest(hass: HomeAssistant, panel: Socket) -> Json | None:
    """As its page shows it."""
    [newest] = await the_bach(hass).messages(limit=1)
    shown: Json | None = (await panel.see("bach/panel/message", message_id=newest.id))["origin"]
    return shown


@pytest.mark.parametrize("action", ["bach.send_message", "notify.send_message"])
async def test_an_automation_is_named_and_its_run_is_linked(hass: HomeAssistant, panel: Socket, action: str) -> None:
    """Somebody whom an alarm has woken would look through all automations for the one that sent it."""
    send = {"action": action, "target": {"entity_id": ADA_ENTITY}, "data": {"message": "Water!"}}
    automation = {"id": "cellar", "alias": "Cellar", "triggers": [{"trigger": "event", "event_type": "water"}]}
    config = {"automation": [{**automation, "actions": [{"action": "script.tell"}]}]}
    assert await async_setup_component(hass, "script", {"script": {"tell": {"sequence": [send]}}})
    assert await async_setup_component(hass, "automation", config)
    hass.bus.async_fire("water")
    bach = the_bach(hass)
    while not await bach.messages(limit=1):
        await hass.async_block_till_done()
    shown = await origin_of_the_newest(hass, panel)
    assert shown
    assert (shown["kind"], shown["name"]) == ("automation", "Cellar")
    [run] = (await panel.see("trace/contexts", domain="automation", item_id="cellar")).values()
    assert shown["link"] == f"/config/automation/trace/cellar?run_id={run['run_id']}"
    hass.states.async_remove("automation.cellar")
    assert await origin_of_the_newest(hass, panel) is None


async def test_a_user_is_named(hass: HomeAssistant, panel: Socket, hass_admin_user: MockUser) -> None:
    """Nobody could ask whoever wrote it."""
    data = {"entity_id": ADA_ENTITY, "message": "hello"}
    await hass.services.async_call("bach", "send_message", data, blocking=True, context=Context(hass_admin_user.id))
    named = {"kind": "user", "name": hass_admin_user.name, "link": None}
    assert await origin_of_the_newest(hass, panel) == named
    place = {"connection": CONNECTION, "recipient": str(ADA)}
    for _ in range(2):  # under one key it is one message
        assert (await panel.see("bach/panel/write", **place, text="from here", key="k"))["id"] == 2
    assert (await origin_of_the_newest(hass, panel) or {})["kind"] == "user"


async def test_who_had_it_sent_is_for_administrators(
    hass: HomeAssistant, panel: Socket, hass_ws_client: WebSocketGenerator, hass_admin_user: MockUser
) -> None:
    """A child would learn what its parents have automated."""
    data = {"entity_id": ADA_ENTITY, "message": "hello"}
    await hass.services.async_call("bach", "send_message", data, blocking=True, context=Context(hass_admin_user.id))
    child = await logged_in(hass, hass_ws_client, Who.CHILD)
    assert (await child.see("bach/panel/message", message_id=1))["origin"] is None


@pytest.mark.parametrize("kept", [None, "", "01J0", "deploy v1.2", "light.kitchen", "user.nobody", "automation.gone"])
async def test_what_others_keep_with_a_message_names_nobody(hass: HomeAssistant, kept: str | None) -> None:
    """Programs of others may write anything there, and the page of such a message would not open."""
    hass.states.async_set("light.kitchen", "on")
    assert await async_origin(hass, kept) is None


async def test_what_tells_of_a_message_leads_to_it(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """From the error at three in the morning nobody would find the message, and what can be done about it."""
    heard = list[Json]()
    hass.bus.async_listen(EVENT_UNDELIVERED, lambda event: heard.append(dict(event.data)))
    [entry] = hass.config_entries.async_entries("bach")
    data = {"config_entry_id": entry.entry_id, "recipient": "777", "message": "old", "wait": 60}
    with pytest.raises(HomeAssistantError, match=r"\(/bach/message/1\)"):
        await hass.services.async_call("bach", "send_message", data, blocking=True)
    answer = await hass.services.async_call("bach", "send_message", data, blocking=True, return_response=True)
    assert cast("Json", answer)["messages"][0]["url"] == "/bach/message/2"
    await until(hass, lambda: len(heard) == 2)
    assert {str(one["url"]) for one in heard} == {"/bach/message/1", "/bach/message/2"}
