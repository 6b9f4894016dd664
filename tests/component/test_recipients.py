"""Recipients come, change and go while the connection is at work, and messages are taken at every moment of it."""

import asyncio
from types import MappingProxyType

import pytest
from homeassistant.auth.models import Group
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState, ConfigSubentry
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.util.json import JsonObjectType
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib import Message, Status
from bach_lib.events import MessageSent
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.home.attribution import Received
from custom_components.bach.home.hub import HUB
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    BOB_ENTITY,
    CONNECTION,
    TOKEN,
    arrive,
    incoming,
    set_up,
    state,
    the_bach,
)

pytestmark = pytest.mark.usefixtures("with_the_noisy_ones")

EVE = ConfigSubentry(
    data=MappingProxyType({"recipient": "44"}), subentry_type="recipient", title="Eve", unique_id="recipient_44"
)


async def call(hass: HomeAssistant, action: str, context: Context | None = None, **data: object) -> JsonObjectType:
    """Call an action of ours that answers."""
    answer = await hass.services.async_call("bach", action, data, True, context, return_response=True)
    assert answer
    return answer


@pytest.fixture
def states_of_entry(loaded: MockConfigEntry) -> list[ConfigEntryState]:
    """The states that the entry goes through."""
    states: list[ConfigEntryState] = []
    loaded.async_on_state_change(lambda: states.append(loaded.state))
    return states


async def test_messages_go_out_while_a_recipient_is_added(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, states_of_entry: list[ConfigEntryState]
) -> None:
    """Home Assistant's own action would find nobody, say nothing, and the alarm would be lost."""
    hass.config_entries.async_add_subentry(loaded, EVE)
    while state(hass, "notify.eve") is None:
        data = {"entity_id": ADA_ENTITY, "message": "alarm"}
        before = len(telegram.sent)
        await hass.services.async_call("notify", "send_message", data, blocking=True)
        await telegram.wait_for(before + 1)
    assert telegram.sent
    assert states_of_entry == []


async def test_a_new_recipient_is_heard_and_takes_messages(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, heard: list[Received]
) -> None:
    """Whoever was just added would have to wait for a restart."""
    telegram.add_chat(44, first_name="Eve")
    hass.config_entries.async_add_subentry(loaded, EVE)
    await hass.async_block_till_done()
    await arrive(hass, incoming(44))
    assert [received.entity_id for received in heard] == ["event.eve_incoming_message"]
    assert state(hass, "event.eve_incoming_message") != "unknown"
    await call(hass, "send_message", entity_id="notify.eve", message="hello")
    [message] = await telegram.wait_for(1)
    assert message.chat_id == 44


async def test_a_recipient_gets_a_new_name_and_address(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, states_of_entry: list[ConfigEntryState]
) -> None:
    """A group that moved would be written to at its old address, and be called what it was called once."""
    telegram.add_chat(44, first_name="Eve")
    ada = next(subentry for subentry in loaded.subentries.values() if subentry.title == "Ada")
    hass.config_entries.async_update_subentry(loaded, ada, data=EVE.data, title="Eve", unique_id="recipient_44")
    await hass.async_block_till_done()

    shown = hass.states.get(ADA_ENTITY)
    assert shown
    assert shown.name == "Eve"
    await hass.services.async_call("notify", "send_message", {"entity_id": ADA_ENTITY, "message": "x"}, blocking=True)
    [message] = await telegram.wait_for(1)
    assert message.chat_id == 44
    assert states_of_entry == []


@pytest.mark.parametrize("target", [{"entity_id": ADA_ENTITY}, {"recipient": str(ADA)}, {"recipient": "id"}])
async def test_messages_are_queued_while_the_entry_reloads(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, target: dict[str, str]
) -> None:
    """An alarm would be refused because somebody renews a token at that moment."""
    if target.get("recipient") == "id":
        target = {"recipient": str(ADA), "config_entry_id": loaded.entry_id}
    async with hass.data[HUB].hold():
        assert await hass.config_entries.async_unload(loaded.entry_id)
        answer = await call(hass, "send_message", None, message="alarm", **target)
        await set_up(hass, loaded)
    assert answer["messages"] == [
        {
            "id": 1,
            "url": "/bach/message/1",
            "recipient": str(ADA),
            "config_entry_id": loaded.entry_id,
            "status": "pending",
            **({"entity_id": ADA_ENTITY} if "entity_id" in target else {}),
        }
    ]
    [message] = await telegram.wait_for(1)
    assert (message.chat_id, message.text) == (ADA, "alarm")


async def test_a_question_outlives_a_reload(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever answers at that moment would have answered nobody."""
    async with hass.data[HUB].run(CONNECTION):
        assert await hass.config_entries.async_unload(loaded.entry_id)
        asking = hass.async_create_task(call(hass, "ask", entity_id=ADA_ENTITY, message="Open?", answers=["yes", "no"]))
        [message] = await telegram.wait_for(1)
        telegram.presses(message, "yes", bot=telegram.bots[TOKEN])
        answer = await asking
        await set_up(hass, loaded)
    assert (answer["answer"], answer["entity_id"]) == ("yes", ADA_ENTITY)


@pytest.mark.parametrize("by_entity", [True, False])
async def test_a_disabled_connection_takes_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, by_entity: bool
) -> None:
    """Its messages would wait unseen, and go out on the day it is enabled again."""
    async with hass.data[HUB].hold():
        await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
        target = {"entity_id": ADA_ENTITY} if by_entity else {"recipient": "42", "config_entry_id": loaded.entry_id}
        with pytest.raises(HomeAssistantError) as raised:
            await call(hass, "send_message", None, message="alarm", **target)
    assert raised.value.translation_key == "connection_disabled"


async def test_a_reload_opens_no_door(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A child's account could take an alarm back, or send to anybody, at the right moment."""
    child = MockUser(groups=[Group(name="children", id="children", policy={})]).add_to_hass(hass)
    context = Context(user_id=child.id)
    async with hass.data[HUB].hold():
        assert await hass.config_entries.async_unload(loaded.entry_id)
        await call(hass, "send_message", entity_id=ADA_ENTITY, message="alarm")
        with pytest.raises(Unauthorized):
            await call(hass, "send_message", context, entity_id=ADA_ENTITY, message="no alarm")
        with pytest.raises(Unauthorized):
            await call(hass, "send_message", context, recipient="42", message="no alarm")
        with pytest.raises(Unauthorized):
            await call(hass, "cancel", context, message_id=1)


async def test_an_entry_that_was_never_set_up_takes_nothing(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Its messages would have no queue to wait in."""
    await set_up(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "send_message", recipient="42", config_entry_id=entry.entry_id, message="hello")
    assert raised.value.translation_key == "connection_not_loaded"


NEW_TOKEN = "123456789:BBBBBBbbCCccDDddEEeeFFffGGggHHhhIIi"


async def alarm(hass: HomeAssistant, text: str) -> None:
    """Send with Home Assistant's own action, which says nothing when it finds nobody."""
    await hass.services.async_call("notify", "send_message", {"entity_id": ADA_ENTITY, "message": text}, blocking=True)


@pytest.mark.parametrize("how", ["by hand", "a new token", "a new title"])
async def test_nothing_is_lost_while_an_entry_reloads(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, how: str
) -> None:
    """Somebody renews a token or clicks "Reload" while the smoke detector sounds, and nobody is told."""
    config, states = hass.config_entries, list[ConfigEntryState]()
    alarms: list[asyncio.Task[None]] = []

    def sound() -> None:
        states.append(loaded.state)
        alarms.append(hass.async_create_task(alarm(hass, f"alarm {len(alarms)}")))

    loaded.async_on_state_change(sound)
    if how == "by hand":
        config.async_schedule_reload(loaded.entry_id)
    elif how == "a new title":
        config.async_update_entry(loaded, title="Other")
    else:
        telegram.add_bot(NEW_TOKEN, username="home_bot")
        config.async_update_entry(loaded, data={**loaded.data, "bot_token": NEW_TOKEN})
    await hass.async_block_till_done()
    assert states == [
        ConfigEntryState.UNLOAD_IN_PROGRESS,
        ConfigEntryState.NOT_LOADED,
        ConfigEntryState.SETUP_IN_PROGRESS,
        ConfigEntryState.LOADED,
    ]
    await asyncio.gather(*alarms)
    arrived = await telegram.wait_for(len(alarms), timeout=60)
    assert [message.text for message in arrived] == [f"alarm {number}" for number in range(len(alarms))]
    assert state(hass, ADA_ENTITY) not in {None, "unavailable"}


async def test_an_entity_that_is_enabled_again_is_there_after_the_reload(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Home Assistant reloads the entry to add it; it would be missing until the next start."""
    names = er.async_get(hass)
    names.async_update_entity(ADA_ENTITY, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    assert hass.states.get(ADA_ENTITY) is None
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert hass.states.get(ADA_ENTITY) is None
    names.async_update_entity(ADA_ENTITY, disabled_by=None)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert state(hass, ADA_ENTITY) == "unknown"
    assert state(hass, BOB_ENTITY) == "unknown"


async def test_what_is_sent_during_a_reload_is_shown(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """An entity that asks its entry, which has nothing just then, would raise, and say "Sent" of an older message."""
    message = Message(id=7, nonce="x-7", connection=CONNECTION, recipient=str(ADA), text="hello", status=Status.SENT)
    shown: list[str | None] = []

    def during() -> None:
        if loaded.state is ConfigEntryState.NOT_LOADED:
            the_bach(hass)._base.bus.publish(MessageSent(connection=CONNECTION, message=message))
            shown.append(state(hass, ADA_ENTITY))

    assert state(hass, ADA_ENTITY) == "unknown"
    loaded.async_on_state_change(during)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    [now] = shown
    assert now not in {None, "unknown", "unavailable"}
    assert state(hass, ADA_ENTITY) == now


@pytest.mark.parametrize("how", ["unloaded", "disabled", "removed"])
async def test_what_is_unloaded_for_good_is_gone(hass: HomeAssistant, loaded: MockConfigEntry, how: str) -> None:
    """An entity that stays behind would take messages that nobody sends, and keep the database open."""
    config = hass.config_entries
    if how == "unloaded":
        assert await config.async_unload(loaded.entry_id)
    elif how == "disabled":
        await config.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    else:
        await config.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert state(hass, ADA_ENTITY) in {None, "unavailable"}
    assert hass.data[HUB]._bach is None
    if how == "unloaded":
        await config.async_reload(loaded.entry_id)
        assert state(hass, ADA_ENTITY) not in {None, "unavailable"}
