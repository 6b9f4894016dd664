"""Word of a dead letter, sent to where it died, dies too: however an automation learned of it, it runs in no circle."""

import pytest
from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import Message, Status
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.home.loop_prevention import LOOP_PREVENTION
from tests.component.conftest import ADA, ADA_ENTITY, BOB, BOB_ENTITY, CONNECTION, send, the_bach, until, until_state

DEAD = "sensor.home_bot_dead_letters"
TELL = {"action": "bach.send_message", "target": {"entity_id": ADA_ENTITY}, "data": {"message": "Not delivered"}}
CHANGED = {"trigger": "state", "entity_id": DEAD}
SWITCHED = {"trigger": "state", "entity_id": "input_boolean.alarm"}
FLIP = {"action": "input_boolean.toggle", "target": {"entity_id": "input_boolean.alarm"}}
BOTH_EVENTS = {"trigger": "event", "event_type": ["bach_undelivered", "bach_ended"]}
TEMPLATE = {"trigger": "template", "value_template": f"{{{{ states('{DEAD}') | int(0) % 2 == 1 }}}}"}
EVEN = {"trigger": "template", "value_template": f"{{{{ states('{DEAD}') | int(0) % 2 == 0 }}}}"}
NOTIFY = {"action": "notify.send_message", "target": {"entity_id": ADA_ENTITY}, "data": {"message": "Not delivered"}}
ASK = {
    "action": "bach.ask",
    "target": {"entity_id": ADA_ENTITY},
    "data": {"message": "Not delivered. Well?", "answers": ["Yes"], "timeout": 600},
}
SCRIPT = {"action": "script.tell"}
SCRIPT_ASIDE = {"action": "script.turn_on", "target": {"entity_id": "script.tell"}}
SAID = "Not sent to Ada"


async def automate(hass: HomeAssistant, *automations: dict[str, object]) -> None:
    """Have these automations, a helper and a script."""
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"alarm": None}})
    assert await async_setup_component(
        hass, "script", {"script": {"tell": {"sequence": [{**TELL, "continue_on_error": True}]}}}
    )
    named = [{"id": str(number), "alias": f"T{number}", **one} for number, one in enumerate(automations)]
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: named})
    await hass.async_block_till_done()


async def all_messages(hass: HomeAssistant) -> list[Message]:
    """Newest first."""
    return await the_bach(hass).messages(connection=CONNECTION)


@pytest.mark.parametrize(
    "automations",
    [
        pytest.param([{"triggers": [CHANGED], "actions": [TELL]}], id="state"),
        pytest.param([{"triggers": [CHANGED], "actions": [NOTIFY]}], id="notify"),
        pytest.param([{"triggers": [CHANGED], "actions": [ASK]}], id="ask"),
        pytest.param([{"triggers": [CHANGED], "actions": [SCRIPT]}], id="script"),
        pytest.param([{"triggers": [CHANGED], "actions": [SCRIPT_ASIDE]}], id="script-aside"),
        pytest.param([{"triggers": [TEMPLATE, EVEN], "actions": [TELL]}], id="template"),
        pytest.param([{"triggers": [BOTH_EVENTS], "actions": [TELL]}], id="both-events"),
        pytest.param(
            [{"triggers": [CHANGED], "actions": [FLIP]}, {"triggers": [SWITCHED], "actions": [TELL]}], id="helper"
        ),
    ],
)
async def test_word_of_a_dead_letter_goes_in_no_circles(
    hass: HomeAssistant,
    telegram: TelegramServer,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    automations: list[dict[str, object]],
) -> None:
    """Each dead letter would be the cause of the next one, a second apart, for ever."""
    await until_state(hass, DEAD, "0")
    await automate(hass, *automations)
    telegram.chats.pop(ADA)
    await send(hass, ADA_ENTITY, "ours")
    await until(hass, lambda: SAID in caplog.text)
    assert [message.status for message in await all_messages(hass)] == [Status.DEAD, Status.DEAD]
    await until_state(hass, DEAD, "2")

    caplog.clear()
    await send(hass, ADA_ENTITY, "another of ours is told again")
    await until(hass, lambda: SAID in caplog.text)
    assert len(await all_messages(hass)) == 4


async def test_two_dead_chats_tell_of_each_other_once(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody who is told instead is no way out, if nothing reaches them either."""
    await until_state(hass, DEAD, "0")
    to_bob = {**TELL, "target": {"entity_id": BOB_ENTITY}}
    other = {"choose": [{"conditions": f"{{{{ states('{DEAD}') | int % 2 == 1 }}}}", "sequence": [to_bob]}]}
    await automate(hass, {"triggers": [CHANGED], "actions": [{**other, "default": [TELL]}]})
    telegram.chats.pop(ADA)
    telegram.chats.pop(BOB)
    await send(hass, ADA_ENTITY, "ours")
    await until(hass, lambda: "Not sent to Bob" in caplog.text)
    assert len(await all_messages(hass)) == 3


async def test_who_can_be_reached_is_told_of_what_the_dead_chat_did_not_get(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """What is braked is the way to the dead chat alone: the others learn of each dead letter."""
    await until_state(hass, DEAD, "0")
    both = {**TELL, "target": {"entity_id": [ADA_ENTITY, BOB_ENTITY]}}
    await automate(hass, {"triggers": [CHANGED], "actions": [both]})
    telegram.chats.pop(ADA)
    await send(hass, ADA_ENTITY, "ours")
    await until(hass, lambda: len([one for one in telegram.sent if one.chat_id == BOB]) == 2)
    assert [one.recipient for one in await all_messages(hass) if one.status is Status.DEAD] == [str(ADA), str(ADA)]


async def test_a_person_is_never_braked(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> None:
    """What people and other automations send to a dead chat stays as a dead letter, which can be sent again."""
    await until_state(hass, DEAD, "0")
    await automate(hass, {"triggers": [CHANGED], "actions": [TELL]}, {"triggers": [SWITCHED], "actions": [TELL]})
    telegram.chats.pop(ADA)
    await send(hass, ADA_ENTITY, "ours")
    await until_state(hass, DEAD, "2")
    for count in (4, 6):
        await hass.services.async_call("input_boolean", "toggle", {"entity_id": "input_boolean.alarm"}, blocking=True)
        await until_state(hass, DEAD, str(count))


async def test_a_change_of_a_message_goes_in_no_circles_either(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """A status that is kept up to date in the chat would die with each of its changes, and be changed for that."""
    await until_state(hass, DEAD, "0")
    await send(hass, ADA_ENTITY, "All is well")
    await the_bach(hass).wait(1, 60)
    edit = {"action": "bach.edit_message", "data": {"message_id": 1, "message": f"{{{{ states('{DEAD}') }}}} dead"}}
    await automate(hass, {"triggers": [CHANGED], "actions": [edit]})
    telegram.chats.pop(ADA)
    await send(hass, ADA_ENTITY, "ours")
    await until(hass, lambda: SAID in caplog.text)
    notice = next(one for one, blocked in hass.data[LOOP_PREVENTION]._known.items() if blocked)
    change = {"message_id": 1, "message": "Again"}
    with pytest.raises(HomeAssistantError, match=SAID):  # of a run that Home Assistant has not told of yet
        await hass.services.async_call("bach", "edit_message", change, blocking=True, context=Context(parent_id=notice))
    assert len(await all_messages(hass)) == 3


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("trigger", "retry"),
    [
        pytest.param(BOTH_EVENTS, {"action": "bach.retry", "data": {"message_id": 1}}, id="one"),
        pytest.param({"trigger": "bach.message_dead"}, {"action": "bach.retry", "data": {}}, id="all"),
        pytest.param(
            {"trigger": "bach.message_dead"},
            {"action": "bach.amend", "data": {"message_id": 1, "message": "Again"}},
            id="amend",
        ),
        pytest.param(
            BOTH_EVENTS,
            {"action": "button.press", "target": {"entity_id": "button.home_bot_retry_dead_letters"}},
            id="button",
        ),
    ],
)
async def test_a_dead_letter_is_not_sent_again_for_ever_because_it_died(
    hass: HomeAssistant,
    telegram: TelegramServer,
    caplog: pytest.LogCaptureFixture,
    trigger: dict[str, object],
    retry: dict[str, object],
) -> None:
    """The platform would be asked the same thing each second, until it bans the bot."""
    now, loops = 0.0, hass.data[LOOP_PREVENTION]
    loops.now = lambda: now
    await until_state(hass, DEAD, "0")
    await automate(hass, {"triggers": [trigger], "actions": [{**retry, "continue_on_error": True}], "mode": "queued"})
    telegram.chats.pop(ADA)

    async def attempts() -> int:
        return len((await the_bach(hass).history(1))[1])

    await send(hass, ADA_ENTITY, "ours")
    await until(hass, lambda: "Not sent again" in caplog.text)
    assert await attempts() == 2, "the first time it may be tried at once"

    now = 61.0
    caplog.clear()
    await the_bach(hass).retry(1)  # by hand: nothing brakes it, and that it dies is told
    await until(hass, lambda: "Not sent again" in caplog.text)
    assert await attempts() == 4
    assert "in 2 min" in caplog.text, "and then less and less often"
