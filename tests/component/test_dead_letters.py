"""Ways out for dead letters in Home Assistant: by action, with a corrected recipient, and after a removal."""

from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import Bach, Message, Status
from bach_lib.errors import StoreFailedError
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.flows import dead_letters_repair as dead_letters_flow
from custom_components.bach.flows.dead_letters_repair import DeadLettersFlow
from custom_components.bach.flows.inactive_repair import InactiveFlow
from custom_components.bach.repairs import HeldFlow, RemovedRecipientFlow, async_create_fix_flow
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    BOB,
    CONNECTION,
    add_entry,
    press,
    send,
    set_up,
    state,
    the_bach,
    until_state,
)
from tests.component.dialogs import go_on, reconfigure
from tests.component.test_services import call

WRONG = 7


@pytest.fixture
async def wrong(hass: HomeAssistant, telegram: TelegramServer) -> MockConfigEntry:
    """Ada with the wrong id, and a dead letter for her."""
    entry = add_entry(hass, telegram, recipients={"Ada": WRONG, "Bob": BOB})
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.home_bot_sending", "on")
    await send(hass, ADA_ENTITY, "Water leak")
    assert (await the_bach(hass).wait(1, 60)).status is Status.DEAD
    return entry


def ada(entry: MockConfigEntry) -> str:
    """Ada's sub-entry."""
    return next(one.subentry_id for one in entry.subentries.values() if one.title == "Ada")


async def message(hass: HomeAssistant, number: int = 1) -> Message:
    """A message as it stands."""
    await hass.async_block_till_done()
    return await the_bach(hass).get(number)


async def test_a_message_is_amended_shown_and_discarded_by_action(
    hass: HomeAssistant, telegram: TelegramServer, wrong: MockConfigEntry
) -> None:
    """A dead letter could only be sent to the wrong id again, and be counted for ever."""
    again = await call(hass, "retry", message_id=1)
    assert (again["status"], again["error"]) == ("dead", "Chat not found")
    amended = await call(hass, "amend", message_id=1, recipient=str(ADA), message="Leak", time_to_live={"hours": 1})
    assert (amended["id"], amended["status"]) == (1, "sent")
    assert [one.text for one in telegram.sent] == ["Leak"]
    shown = await call(hass, "get_message", message_id=1)
    assert (shown["message"], shown["status"]) == ("Leak", "sent")
    assert isinstance(shown["attempts"], list)

    for _ in range(2):
        await send(hass, ADA_ENTITY, "again")
    for number in (2, 3):
        await the_bach(hass).wait(number, 60)
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "discard", message_id=[1, 2])
    assert raised.value.translation_key == "not_discardable"
    assert await call(hass, "discard", message_id=2) == {"discarded": 1}
    assert await call(hass, "discard", config_entry_id=wrong.entry_id) == {"discarded": 1}
    await until_state(hass, "sensor.home_bot_dead_letters", "0")


async def test_the_button_says_that_it_was_of_no_use(hass: HomeAssistant, wrong: MockConfigEntry) -> None:
    """It said nothing, whether the letters arrived or were dead again a second later."""
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, "button.home_bot_retry_dead_letters")
    assert raised.value.translation_placeholders == {"dead": "1", "retried": "1", "reason": "Chat not found"}


@pytest.mark.parametrize(
    ("choice", "status"),
    [
        ("send_dead_letters", Status.SENT),
        ("keep_dead_letters", Status.DEAD),
        ("discard_dead_letters", Status.CANCELLED),
    ],
)
async def test_a_corrected_recipient_takes_its_dead_letters_with_it(
    hass: HomeAssistant, telegram: TelegramServer, wrong: MockConfigEntry, choice: str, status: Status
) -> None:
    """The documented remedy sent them to the wrong id once more."""
    page = await reconfigure(hass, wrong, ada(wrong))
    menu = await go_on(hass, page, recipient=str(ADA), title="Ada", role="user")
    assert (menu["type"], menu["step_id"]) == (FlowResultType.MENU, "dead_letters")
    assert (menu["description_placeholders"] or {}).items() >= {"count": "1", "recipient_text": str(ADA)}.items()
    assert wrong.subentries[ada(wrong)].data["recipient"] == str(ADA), "closing the page now would undo nothing"
    assert (await message(hass)).recipient == str(ADA)

    done = await go_on(hass, menu, next_step_id=choice)

    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    if choice == "send_dead_letters":
        await telegram.wait_for(1)
        await the_bach(hass).wait(1, 60)
    assert (await message(hass)).status is status


async def test_a_removed_recipient_gets_nothing_more_and_somebody_is_asked(
    hass: HomeAssistant, telegram: TelegramServer, wrong: MockConfigEntry
) -> None:
    """Whoever moved out would get the code of the alarm, and nobody would know what was not delivered."""
    assert await async_setup_component(hass, "repairs", {})
    await hass.services.async_call("switch", "turn_off", {"entity_id": "switch.home_bot_enabled"}, blocking=True)
    await send(hass, ADA_ENTITY, "the code is 1234")
    hass.config_entries.async_remove_subentry(wrong, ada(wrong))
    await hass.async_block_till_done()
    assert (await message(hass, 2)).status is Status.CANCELLED
    [issue] = [one for one in ir.async_get(hass).issues.values() if one.translation_key == "removed_recipient"]
    words = (issue.translation_placeholders or {}).items()
    assert words >= {"recipient": "Ada", "name": "@home_bot", "count": "2"}.items()

    menu = await start(hass, issue)
    assert menu.menu["menu_options"] == ["discard", "move", "keep"]
    form = await menu.flow.async_step_move()
    [option] = [one for one in form["data_schema"].schema["recipient"].config["options"] if "Bob" in one["label"]]
    done = await menu.flow.async_step_move({"recipient": option["value"]})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.services.async_call("switch", "turn_on", {"entity_id": "switch.home_bot_enabled"}, blocking=True)
    sent = await telegram.wait_for(2)
    assert [(one.chat_id, one.text) for one in sent] == [(BOB, "Water leak"), (BOB, "the code is 1234")]


@pytest.mark.parametrize(("step", "status"), [("discard", Status.CANCELLED), ("keep", Status.DEAD)])
async def test_what_was_for_a_removed_recipient_may_be_given_up_or_kept(
    hass: HomeAssistant, wrong: MockConfigEntry, step: str, status: Status
) -> None:
    """Dead letters for somebody who is gone would be counted for ever."""
    hass.config_entries.async_remove_subentry(wrong, ada(wrong))
    await hass.async_block_till_done()
    [issue] = [one for one in ir.async_get(hass).issues.values() if one.translation_key == "removed_recipient"]
    menu = await start(hass, issue)
    done = await getattr(menu.flow, f"async_step_{step}")()
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert (await message(hass)).status is status
    assert state(hass, ADA_ENTITY) is None


@dataclass
class Started:
    """A dialog of a repair and its first page."""

    flow: Any
    menu: Any


async def start(hass: HomeAssistant, issue: ir.IssueEntry) -> Started:
    """Open the dialog of a repair."""
    flow: Any = await async_create_fix_flow(hass, issue.issue_id, issue.data)
    flow.hass, flow.handler, flow.issue_id, flow.flow_id = hass, "bach", issue.issue_id, "1"
    flow.init_data, flow.context = issue.data, {}
    return Started(flow, await flow.async_step_init())


async def test_the_repair_shows_whose_dead_letters_there_are_and_why(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever was woken by it had to find the action that lists them, and a list must not tell what was written."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    telegram.chats.pop(ADA)
    await dead_letters(hass, 12)
    shown = await the_bach(hass).messages(connection=CONNECTION, limit=10)
    menu = await start(hass, dead_letters_repair(hass))
    assert menu.menu["menu_options"] == ["show", "retry", "discard"]
    page = await menu.flow.async_step_show()
    words = page["description_placeholders"]
    assert (page["type"], words["count"], words["shown"]) == (FlowResultType.FORM, "12", "10")
    times = {one.id: dt_util.as_local(dt_util.utc_from_timestamp(one.finished_at or 0)) for one in shown}
    assert words["messages"].splitlines() == [
        f"- [{at:%Y-%m-%d %H:%M}](/bach/message/{number}), Ada: Chat not found" for number, at in times.items()
    ]
    assert "secret" not in str(words)
    assert (await menu.flow.async_step_show({}))["type"] is FlowResultType.MENU


async def test_the_repair_tells_what_became_of_those_that_were_sent_again(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Home Assistant says "repaired" of any end, also when one of them is dead again."""
    ada, bob = telegram.chats.pop(ADA), telegram.chats.pop(BOB)
    await dead_letters(hass, 3)
    await send(hass, "notify.bob", "hello")
    await the_bach(hass).wait(4, 60)
    telegram.chats[ADA] = ada
    await until_state(hass, "sensor.home_bot_dead_letters", "4")
    menu = await start(hass, dead_letters_repair(hass))
    page = await menu.flow.async_step_retry()
    words = page["description_placeholders"]
    told = (page["step_id"], words["sent"], words["dead"], words["reason"])
    assert told == ("still_dead", "3", "1", "Chat not found")
    again = await menu.flow.async_step_still_dead({})
    assert (again["type"], again["description_placeholders"]["count"]) == (FlowResultType.MENU, "1")

    telegram.chats[BOB] = bob
    await telegram.pause()
    with patch.object(dead_letters_flow, "RETRY_SECONDS", 0.01):
        waiting = await menu.flow.async_step_retry()
    assert (waiting["step_id"], waiting["description_placeholders"]["waiting"]) == ("not_all_sent", "1")
    await telegram.resume()


async def dead_letters(hass: HomeAssistant, count: int) -> None:
    """So many for Ada, whose chat is gone."""
    for number in range(1, count + 1):
        await send(hass, ADA_ENTITY, "a secret")
        await the_bach(hass).wait(number, 60)
    await until_state(hass, "sensor.home_bot_dead_letters", str(count))
    await hass.async_block_till_done()


def dead_letters_repair(hass: HomeAssistant) -> ir.IssueEntry:
    """The repair about them."""
    [issue] = [one for one in ir.async_get(hass).issues.values() if one.translation_key == "dead_letters"]
    return issue


async def test_what_is_for_others_stays(hass: HomeAssistant, telegram: TelegramServer, wrong: MockConfigEntry) -> None:
    """Removing one would take away what waits for another."""
    await hass.services.async_call("switch", "turn_off", {"entity_id": "switch.home_bot_enabled"}, blocking=True)
    await send(hass, "notify.bob", "hello")
    hass.config_entries.async_remove_subentry(wrong, ada(wrong))
    await hass.async_block_till_done()
    assert (await message(hass, 2)).status is Status.PENDING
    assert (await the_bach(hass).queue_status())[CONNECTION].waiting == 1


REFUSED: Final[dict[str, tuple[type[Any], str, str, str]]] = {
    "held: release": (HeldFlow, "release", "release", "refused"),
    "held: discard": (HeldFlow, "discard", "discard_held", "refused"),
    "removed: discard": (RemovedRecipientFlow, "discard", "messages", "not_discarded"),
    "dead letters: discard": (DeadLettersFlow, "discard", "discard_all", "refused"),
    "dead letters: retry": (DeadLettersFlow, "retry", "retry_and_follow", "refused"),
    "inactive: discard": (InactiveFlow, "discard", "messages", "refused"),
}


@pytest.mark.parametrize("which", REFUSED)
async def test_a_disk_that_fails_ends_a_repair_with_its_sentence(
    hass: HomeAssistant, wrong: MockConfigEntry, which: str
) -> None:
    """Whoever clicks would read "unknown error", and not know whether the messages are gone."""
    flow, step, called, reason = REFUSED[which]
    repair = flow(wrong.entry_id, str(WRONG)) if flow is RemovedRecipientFlow else flow(wrong.entry_id)
    repair.hass, repair.handler, repair.issue_id = hass, "bach", "any"
    with patch.object(Bach, called, side_effect=StoreFailedError(path="bach.db", reason="disk is full")):
        result = await getattr(repair, f"async_step_{step}")()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, reason)
    assert "disk is full" in result["description_placeholders"]["reason"]


@pytest.mark.parametrize("choice", ["send_dead_letters", "discard_dead_letters"])
async def test_a_disk_that_fails_leaves_the_recipient_corrected(
    hass: HomeAssistant, wrong: MockConfigEntry, choice: str
) -> None:
    """Whoever clicks would read "unknown error", and correct the recipient once more."""
    page = await reconfigure(hass, wrong, ada(wrong))
    menu = await go_on(hass, page, recipient=str(ADA), title="Ada", role="user")
    error = StoreFailedError(path="bach.db", reason="disk is full")
    with patch.object(Bach, "retry_all", side_effect=error), patch.object(Bach, "discard_all", side_effect=error):
        done = await go_on(hass, menu, next_step_id=choice)
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "dead_letters_stay")
    assert wrong.subentries[ada(wrong)].data["recipient"] == str(ADA)
