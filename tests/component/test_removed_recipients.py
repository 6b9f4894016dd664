"""Recipients who are removed while their connection does not work, or while something is under way to them."""

import json
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import Bach, Delivery, Status
from bach_lib.errors import StoreFailedError
from bach_lib.testing.telegram_server import Fault, TelegramServer
from custom_components.bach.messages.recipient_changes import discard_undelivered, undelivered
from custom_components.bach.messages.removed_recipients import REMOVED_RECIPIENTS, RemovedRecipients
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    BOB,
    CONNECTION,
    add_entry,
    send,
    set_up,
    the_bach,
    until,
    until_state,
)
from tests.component.test_dead_letters import start
from tests.component.test_services import call

KEPT = "bach.recipients"


def ada(entry: MockConfigEntry) -> str:
    """Ada's sub-entry."""
    return next(one.subentry_id for one in entry.subentries.values() if one.title == "Ada")


def asked(hass: HomeAssistant) -> list[dict[str, str] | None]:
    """What the repairs about removed recipients say."""
    issues = ir.async_get(hass).issues.values()
    return [one.translation_placeholders for one in issues if one.translation_key == "removed_recipient"]


def placeholders(recipient: str, count: int) -> dict[str, str]:
    """What such a repair is told; its description is Markdown, which no name may write."""
    return {
        "recipient": recipient,
        "recipient_text": recipient,
        "name": "@home_bot",
        "name_text": r"\@home\_bot",
        "count": str(count),
    }


def the_entry_works(entry: MockConfigEntry) -> bool:
    """Whether it is set up."""
    return entry.state is ConfigEntryState.LOADED


async def switch(hass: HomeAssistant, how: str) -> None:
    """Let nothing leave, or let it."""
    await hass.services.async_call("switch", f"turn_{how}", {"entity_id": "switch.home_bot_enabled"}, blocking=True)


async def remove_while_unloaded(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Ada goes while nobody looks."""
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_remove_subentry(entry, ada(entry))
    await hass.async_block_till_done()


async def test_a_recipient_who_was_removed_while_the_connection_rested_gets_nothing_more(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever disables a connection, tidies up and enables it again would send the code to whoever moved out."""
    await switch(hass, "off")
    await send(hass, ADA_ENTITY, "the code is 1234")
    await call(hass, "send_message", config_entry_id=loaded.entry_id, recipient=str(ADA + 100), message="by its id")
    await remove_while_unloaded(hass, loaded)
    assert await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done()

    assert asked(hass) == [placeholders("Ada", 1)]
    withdrawn, other = await the_bach(hass).get(1), await the_bach(hass).get(2)
    assert (withdrawn.status, other.status) == (Status.CANCELLED, Status.PENDING), "nobody ever added the other"
    await switch(hass, "on")
    await the_bach(hass).wait(2, 60)
    assert telegram.sent == []
    assert not hass.data[REMOVED_RECIPIENTS].leaving(loaded.entry_id)


async def test_what_was_written_down_is_true_after_a_restart(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """Who is removed in a file while Home Assistant is off was not missed."""
    written = json.loads(json.dumps(hass_storage[KEPT]["data"]))[loaded.entry_id]["here"]
    assert sorted(written.values()) == [["42", "Ada"], ["43", "Bob"]]
    await remove_while_unloaded(hass, loaded)
    hass.data[REMOVED_RECIPIENTS] = again = RemovedRecipients(hass)
    await again.load()
    await again.compare(loaded)
    assert again.leaving(loaded.entry_id) == {"42": "Ada"}


@pytest.mark.parametrize("kept", [[1], {"entry": 5}, None])
async def test_without_what_was_written_the_database_is_believed(
    hass: HomeAssistant, loaded: MockConfigEntry, hass_storage: dict[str, Any], kept: object
) -> None:
    """With a damaged file, or the first time after an update, somebody who was removed would get it all the same."""
    await switch(hass, "off")
    await send(hass, ADA_ENTITY, "the code is 1234")
    await remove_while_unloaded(hass, loaded)
    hass_storage[KEPT]["data"] = kept
    hass.data[REMOVED_RECIPIENTS] = again = RemovedRecipients(hass)
    await again.load()
    assert await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done()
    assert asked(hass) == [placeholders("42", 1)]


async def test_an_address_that_changed_while_the_connection_rested_is_followed(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """What waits would go to the old address, or be taken away from somebody who is still there."""
    await switch(hass, "off")
    await send(hass, ADA_ENTITY, "hello")
    await hass.config_entries.async_unload(loaded.entry_id)
    subentry = loaded.subentries[ada(loaded)]
    hass.config_entries.async_update_subentry(loaded, subentry, data={**subentry.data, "recipient": "77"})
    assert await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done()
    message = await the_bach(hass).get(1)
    assert (message.status, message.recipient) == (Status.PENDING, "77")
    assert asked(hass) == []


async def test_nothing_leaves_until_what_waited_could_be_taken_back(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails for a moment would let the code out."""
    await telegram.pause()
    await send(hass, ADA_ENTITY, "the code is 1234")
    await remove_while_unloaded(hass, loaded)
    await telegram.resume()

    async def fail(*_: object) -> int:
        raise StoreFailedError(path="bach.db", reason="disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(Bach, "withdraw", fail)
        await hass.config_entries.async_setup(loaded.entry_id)
    assert not the_entry_works(loaded)
    assert hass.data[REMOVED_RECIPIENTS].leaving(loaded.entry_id) == {"42": "Ada"}
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert the_entry_works(loaded)
    assert not hass.data[REMOVED_RECIPIENTS].leaving(loaded.entry_id)
    assert (await the_bach(hass).get(1)).status is Status.CANCELLED
    assert telegram.sent == []


@pytest.mark.parametrize("how", ["cancelled", "dead", "sent"])
async def test_what_is_under_way_when_somebody_is_removed_is_asked_about_too(
    hass: HomeAssistant, telegram: TelegramServer, how: str
) -> None:
    """The one that was being sent just then was in no number, and nobody was asked what is to become of it."""
    entry = add_entry(hass, telegram, recipients={"Ada": 7 if how == "dead" else ADA})
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.home_bot_sending", "on")
    hanging = telegram.fail(Fault.hang(), methods=["sendMessage"])
    await send(hass, ADA_ENTITY, "the code is 1234")
    await telegram.wait_until(lambda: hanging.hits > 0)
    hass.config_entries.async_remove_subentry(entry, ada(entry))
    await until(hass, lambda: bool(hass.data[REMOVED_RECIPIENTS].leaving(entry.entry_id)))
    assert asked(hass) == [], "it may arrive yet"
    if how == "cancelled":
        telegram.fail(Fault.server_error(), methods=["sendMessage"])
        hanging.remove()
        await telegram.pause()
    else:
        hanging.release()
    await the_bach(hass).wait(1, 60)
    await hass.async_block_till_done()

    assert (await the_bach(hass).get(1)).status == how
    assert asked(hass) == ([] if how == "sent" else [placeholders("Ada", 1)])
    assert not hass.data[REMOVED_RECIPIENTS].leaving(entry.entry_id)


async def test_all_that_did_not_arrive_is_counted_and_what_came_too_late_is_not(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """What may not have arrived would be kept from whoever is asked; what has expired would be sent late after all."""
    bach = the_bach(hass)
    drop = telegram.fail(Fault.drop_after_store(), methods=["sendMessage"])
    await bach.send(CONNECTION, str(ADA), "perhaps", delivery=Delivery.AT_MOST_ONCE)
    assert (await bach.wait(1, 60)).status is Status.UNCERTAIN
    drop.remove()
    await switch(hass, "off")
    await bach.send(CONNECTION, str(ADA), "late", time_to_live=0.01)
    assert (await bach.wait(2, 60)).status is Status.EXPIRED
    await bach.send(CONNECTION, str(ADA), "waits")
    gone = await bach.send(CONNECTION, str(ADA), "a person took it back")
    await bach.cancel(gone.id)
    hass.config_entries.async_remove_subentry(loaded, ada(loaded))
    await hass.async_block_till_done()
    assert asked(hass) == [placeholders("Ada", 2)]
    assert await undelivered(bach, CONNECTION, str(ADA)) == [1, 3]

    await discard_undelivered(bach, CONNECTION, str(ADA))
    found = await bach.messages(connection=CONNECTION)
    assert [one.status.value for one in found] == ["cancelled", "cancelled", "expired", "cancelled"]


async def test_one_that_cannot_go_to_another_keeps_no_other_back(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An edit of a message that is with the one who left would stop all that stand behind it."""
    bach = the_bach(hass)
    await bach.send(CONNECTION, str(ADA), "first")
    await bach.wait(1, 60)
    await switch(hass, "off")
    await bach.edit(1, "changed")
    await bach.send(CONNECTION, str(ADA), "second")
    hass.config_entries.async_remove_subentry(loaded, ada(loaded))
    await hass.async_block_till_done()
    [issue] = [one for one in ir.async_get(hass).issues.values() if one.translation_key == "removed_recipient"]
    assert await async_setup_component(hass, "repairs", {})
    menu = await start(hass, issue)
    form = await menu.flow.async_step_move()
    [option] = [one for one in form["data_schema"].schema["recipient"].config["options"] if "Bob" in one["label"]]
    done = await menu.flow.async_step_move({"recipient": option["value"]})
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "refused")
    await switch(hass, "on")
    assert [(one.chat_id, one.text) for one in await telegram.wait_for(2)] == [(ADA, "first"), (BOB, "second")]
