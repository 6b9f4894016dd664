"""Bridges in a real Home Assistant: made by clicking, said in sentences, at work, paused and removed."""

import asyncio
from functools import partial
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigSubentryData, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from bach_lib import Message, StoreFailedError
from bach_lib.bridges.defined_bridges import Bridges
from bach_lib.testing.telegram_server import Bot, TelegramServer
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.bridge_rules import BridgeRule, wanted_bridges
from tests.component.conftest import ADA, BOB, CONNECTION, recipient, the_bach
from tests.component.dialogs import go_on, open_dialog
from tests.component.test_routes import connect as connect_routes

ALL = {"with_name": True, "files": True, "edits": True, "deletions": True}


dialog = partial(open_dialog, kind="bridge")


def ids(entry: MockConfigEntry) -> dict[str, str]:
    """The ids of sub-entries by title."""
    return {one.title: one.subentry_id for one in entry.subentries.values()}


def form(entry: MockConfigEntry, *to: str, both_ways: bool = False, **along: bool) -> dict[str, Any]:
    """What is filled in for a bridge from Ada."""
    return {"from": ids(entry)["Ada"], "to": list(to), "both_ways": both_ways, "more": {**ALL, **along}}


def preview(result: SubentryFlowResult) -> str:
    """What the dialog says of it."""
    return (result["description_placeholders"] or {})["bridge"]


async def made(hass: HomeAssistant, entry: MockConfigEntry, **more: bool) -> str:
    """A bridge from Ada to Bob; its id."""
    plan = await go_on(hass, await dialog(hass, entry), **form(entry, "notify.bob", **more))
    await go_on(hass, plan, next_step_id="save")
    [bridge] = [one for one in entry.subentries.values() if one.subentry_type == "bridge"]
    return bridge.subentry_id


async def carried(hass: HomeAssistant, count: int) -> list[Message]:
    """So many messages that went out, newest first."""
    bach = the_bach(hass)
    async with asyncio.timeout(30):
        while len(found := [one for one in await bach.messages() if one.status.is_final]) < count:
            await hass.async_block_till_done()
    return found


async def test_a_bridge_is_made_by_clicking_and_carries(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Who wants two chats to be one would have to build it in YAML, and lose it with each restart."""
    asked = await dialog(hass, loaded)
    assert (asked["type"], asked["step_id"]) == (FlowResultType.FORM, "user")
    assert (await go_on(hass, asked, **form(loaded)))["errors"] == {"to": "invalid_targets"}
    assert (await go_on(hass, asked, **form(loaded, "notify.ada")))["errors"] == {"to": "same_place"}
    plan = await go_on(hass, asked, **form(loaded, "notify.bob", both_ways=True))
    assert (plan["type"], plan["menu_options"]) == (FlowResultType.MENU, ["save", "user"])
    way, along, deletions, privacy = preview(plan).split("\n\n")
    assert way.startswith("What is written in one of these appears in all others: **Ada** (")
    assert along == "What goes along: who wrote it, pictures and files, corrections, deletions."
    assert deletions.startswith("What is deleted there stays in the others")
    assert privacy.startswith("Everybody there reads it")
    asked = await go_on(hass, plan, next_step_id="user")
    assert asked["step_id"] == "user"
    plan = await go_on(hass, asked, **form(loaded, "notify.bob", deletions=False, edits=False))
    assert preview(plan).startswith("What is written in **Ada** (")
    done = await go_on(hass, plan, next_step_id="save")
    assert (done["type"], done["title"]) == (FlowResultType.CREATE_ENTRY, "Ada → Bob")
    telegram.says("Dinner at six", bot=bot, chat_id=ADA)
    [message] = await carried(hass, 1)
    assert (message.recipient, message.text) == (str(BOB), "<b>Ada:</b> Dinner at six")


async def test_a_bridge_says_what_it_has_carried_and_is_paused_and_removed(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Nobody could tell why nothing comes, nor stop it while guests are in the chat."""
    bridge_id = await made(hass, loaded)
    telegram.says("Dinner", bot=bot, chat_id=ADA)
    await carried(hass, 1)
    plan = await dialog(hass, loaded, bridge_id)
    assert plan["menu_options"] == ["change", "pause"]
    assert preview(plan).endswith("Carried over so far: 1.")
    asked = await go_on(hass, plan, next_step_id="change")
    assert asked["step_id"] == "user"
    plan = await go_on(hass, asked, **form(loaded, "notify.bob", both_ways=True, files=False))
    assert plan["menu_options"] == ["save", "user"]
    done = await go_on(hass, plan, next_step_id="save")
    assert (done["reason"], loaded.subentries[bridge_id].title) == ("reconfigure_successful", "Ada ↔ Bob")
    assert [one.files for one in the_bach(hass).bridges.list()] == [False]
    await go_on(hass, await dialog(hass, loaded, bridge_id), next_step_id="pause")
    assert [one.is_active for one in the_bach(hass).bridges.list()] == [False]
    plan = await dialog(hass, loaded, bridge_id)
    assert plan["menu_options"] == ["change", "resume"]
    assert preview(plan).endswith("It is paused.")
    await go_on(hass, plan, next_step_id="resume")
    assert [one.is_active for one in the_bach(hass).bridges.list()] == [True]
    hass.config_entries.async_remove_subentry(loaded, bridge_id)
    await hass.async_block_till_done()
    assert the_bach(hass).bridges.list() == []


async def test_the_panel_makes_changes_pauses_and_removes_bridges(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, loaded: MockConfigEntry
) -> None:
    """What is changed there would be as before with the next start; or all that is said would go over twice."""
    socket = await hass_ws_client(hass)

    async def ask(command: str, **data: object) -> dict[str, Any]:
        await socket.send_json_auto_id({"type": f"bach/panel/{command}", **data})
        answer: dict[str, Any] = await socket.receive_json()
        return answer

    def place(who: object) -> dict[str, str]:
        return {"connection": CONNECTION, "recipient": str(who)}

    for _ in range(2):  # as no answer came the first time
        assert (await ask("set_bridge", source=place(ADA), targets=[place(BOB)], edits=False))["success"]
    found = (await ask("bridges"))["result"]
    [one] = found["bridges"]
    assert (found["named"], one["title"], one["edits"]) == (False, "Ada → Bob", False)
    [bridge] = [one for one in loaded.subentries.values() if one.subentry_type == "bridge"]
    assert not BridgeRule.read(bridge).edits  # so it is there after the next start as well
    name = one["name"]
    await ask("switch_bridge", name=name, is_on=False)
    assert BridgeRule.read(loaded.subentries[bridge.subentry_id]).is_paused
    changed = await ask("set_bridge", before=name, source=place(BOB), targets=[place(ADA)], both_ways=True)
    assert changed["success"]
    [one] = (await ask("bridges"))["result"]["bridges"]
    assert (one["title"], one["is_active"], one["name"]) == ("Bob ↔ Ada", False, name)
    for wrong, reason in (
        ({"source": place(ADA), "targets": [place(ADA)]}, "each place once"),
        ({"source": place(ADA), "targets": [place(999)]}, "recipients of this home"),
        ({"source": place(ADA), "targets": []}, "1 to 10"),
    ):
        answer = await ask("set_bridge", **wrong)
        assert reason in answer["error"]["message"]
    assert (await ask("remove_bridge", name=name))["success"]
    assert [one for one in loaded.subentries.values() if one.subentry_type == "bridge"] == []
    assert the_bach(hass).bridges.list() == []
    assert not (await ask("remove_bridge", name=name))["success"]


async def test_the_panel_pauses_a_bridge_whatever_became_of_the_rest(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, loaded: MockConfigEntry
) -> None:
    """What others read could not be stopped while any connection is disabled, or once a role was taken away."""
    disabled = MockConfigEntry(
        domain=DOMAIN,
        title="Off",
        data=loaded.data,
        subentries_data=[recipient("Carl", "7")],
        disabled_by=ConfigEntryDisabler.USER,
    )
    disabled.add_to_hass(hass)
    socket = await hass_ws_client(hass)

    async def ask(command: str, **data: object) -> None:
        await socket.send_json_auto_id({"type": f"bach/panel/{command}", **data})
        assert (await socket.receive_json())["success"]

    source, target = ({"connection": CONNECTION, "recipient": str(who)} for who in (ADA, BOB))
    await ask("set_bridge", source=source, targets=[target], both_ways=True)
    [bridge] = the_bach(hass).bridges.list()
    ada = loaded.subentries[ids(loaded)["Ada"]]
    hass.config_entries.async_update_subentry(loaded, ada, data={**ada.data, "role": "notify_only"})
    await hass.async_block_till_done()
    await ask("switch_bridge", name=bridge.name, is_on=False)
    assert [one.is_active for one in the_bach(hass).bridges.list()] == [False]


async def test_with_its_connection_a_bridge_is_gone(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The library would look for a connection that is gone until the next start, and stand in the way of a new one."""
    await connect_routes(hass)  # else the database is closed with the last connection
    await made(hass, loaded)
    bach = the_bach(hass)
    assert len(bach.bridges.list()) == 1
    await hass.config_entries.async_remove(loaded.entry_id)
    assert bach.bridges.list() == []


async def test_where_nothing_comes_in_or_nobody_else_is_no_bridge_is_made(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A form without a choice would be shown."""
    hass.config_entries.async_remove_subentry(loaded, ids(loaded)["Bob"])
    await hass.async_block_till_done()
    assert (await dialog(hass, loaded))["reason"] == "nobody_to_carry_to"
    ada = loaded.subentries[ids(loaded)["Ada"]]
    hass.config_entries.async_update_subentry(loaded, ada, data={**ada.data, "role": "notify_only"})
    await hass.async_block_till_done()
    assert (await dialog(hass, loaded))["reason"] == "nothing_comes_in"


async def test_a_recipient_that_is_gone_is_said_and_the_rest_goes_on(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """A bridge with a place that is gone would stop for all."""
    bridge_id = await made(hass, loaded)
    hass.config_entries.async_remove_subentry(loaded, ids(loaded)["Bob"])
    await hass.async_block_till_done()
    assert wanted_bridges(hass) == {}
    assert the_bach(hass).bridges.list() == []
    plan = await dialog(hass, loaded, bridge_id)
    assert "Removed since: 1." in preview(plan)


async def test_what_is_stored_wrongly_is_as_usual(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A slip of somebody who edits the files would keep the whole connection from loading."""
    odd = ConfigSubentryData(
        data={"from": 5, "to": "bob", "files": "no"}, subentry_type="bridge", title="Odd", unique_id=None
    )
    entry = MockConfigEntry(domain=DOMAIN, subentries_data=[odd])
    [subentry] = entry.subentries.values()
    assert BridgeRule.read(subentry) == BridgeRule()
    assert BridgeRule.read(subentry).stored == {"from": "", "to": []}
    del hass, loaded


async def test_an_unloaded_connection_shows_its_bridge_all_the_same(
    hass: HomeAssistant, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dialog would end in an error while the disk or the connection rests."""
    bridge_id = await made(hass, loaded)

    async def broken(*_: object) -> None:
        raise StoreFailedError(path="bach.db", reason="full")

    with monkeypatch.context() as patched:
        patched.setattr(Bridges, "sides", broken)
        assert "Carried over" not in preview(await dialog(hass, loaded, bridge_id))
        patched.setattr(Bridges, "set", broken)
        patched.setattr(Bridges, "remove", broken)
        hass.config_entries.async_remove_subentry(loaded, bridge_id)
        await hass.async_block_till_done()
        assert the_bach(hass).bridges.list()
    bridge_id = await made(hass, loaded)
    await hass.config_entries.async_unload(loaded.entry_id)
    assert "Carried over" not in preview(await dialog(hass, loaded, bridge_id))


async def test_routes_and_bridges_are_told_apart(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A connection that only leads to routes would offer a bridge, from where nothing ever comes."""
    routes = await connect_routes(hass)
    assert "bridge" not in routes.supported_subentry_types
    assert set(loaded.supported_subentry_types) == {"recipient", "person", "bridge"}
