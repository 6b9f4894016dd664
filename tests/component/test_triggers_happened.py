"""Automations that run because of what becomes of a message, or of a connection."""

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib import ConnectionState, Direction, Fault, Health, Message, Operation, Status
from bach_lib.events import ConnectionChanged, Event, MessageDead, MessageExpired, MessageFinished, MessageSent
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.home.attribution import SIGNAL_HAPPENED
from tests.component.automations import Json, automate, refused
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    BOB,
    BOB_ENTITY,
    CONNECTION,
    add_entry,
    press,
    send,
    set_up,
    until,
)

SENT = {"trigger": "bach.message_sent"}
DEAD = {"trigger": "bach.message_dead"}
CHANGED = {"trigger": "bach.connection_changed"}
GROUP = -100


async def happen(hass: HomeAssistant, entry: MockConfigEntry, event: Event) -> None:
    """Let the library say that something happened to the entry's connection."""
    async_dispatcher_send(hass, SIGNAL_HAPPENED, entry.entry_id, event)
    await hass.async_block_till_done()


def finished(
    kind: type[MessageFinished], recipient: object = ADA, operation: Operation = Operation.SEND
) -> MessageFinished:
    """The end of a message."""
    message = Message(
        id=7,
        nonce="x-7",
        connection=CONNECTION,
        recipient=str(recipient),
        text="hello",
        operation=operation,
        status=Status.DEAD,
        error=Fault(code="forbidden", text="bot was blocked by the user"),
    )
    return kind(connection=CONNECTION, message=message)


def changed(state: ConnectionState, direction: Direction = Direction.SENDING) -> ConnectionChanged:
    """A direction stands differently."""
    fault = Fault(code="dns", text="no such host") if state is ConnectionState.DISCONNECTED else None
    return ConnectionChanged(connection=CONNECTION, direction=direction, health=Health(state=state, fault=fault))


async def test_a_message_that_was_sent_runs_an_automation(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, hass_admin_user: MockUser
) -> None:
    """Nobody could do something once the message is out; and the run would not lead back to whoever sent it."""
    automation = await automate(hass, SENT)
    context = Context(user_id=hass_admin_user.id)
    data = {"entity_id": ADA_ENTITY, "message": "hello", "tag": "x"}
    await hass.services.async_call("bach", "send_message", data, context=context, blocking=True)
    await telegram.wait_for(1)
    await until(hass, lambda: bool(automation.runs))
    [run] = automation.runs
    told = run.trigger
    assert (told["entity_id"], told["recipient"], told["recipient_name"]) == (ADA_ENTITY, str(ADA), "Ada")
    assert (told["text"], told["tag"], told["status"], told["error"]) == ("hello", "x", "sent", None)
    assert told["config_entry_id"] == loaded.entry_id
    assert told["created_at"] <= told["finished_at"]
    assert told["description"] == "message sent to Ada"
    assert run.context.parent_id == context.id


async def test_a_dead_letter_runs_an_automation(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A message would die, and nobody would be told by another way."""
    automation = await automate(hass, DEAD)
    telegram.chats[ADA].block()
    await send(hass, ADA_ENTITY, "hello")
    await until(hass, lambda: bool(automation.runs))
    [told] = automation.told
    assert (told["status"], told["operation"], told["description"]) == ("dead", "send", "dead letter to Ada")
    assert "blocked" in told["error"]
    assert told["error_code"]


async def test_only_its_own_end_runs_an_automation(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The siren would sound for every message that went out."""
    automation = await automate(hass, DEAD)
    for kind in (MessageSent, MessageExpired, MessageDead):
        await happen(hass, loaded, finished(kind))
    assert len(automation.runs) == 1


@pytest.mark.parametrize(("trigger", "count"), [(SENT, 1), (DEAD, len(Operation))], ids=["sent", "dead"])
async def test_a_change_of_a_message_is_no_message(
    hass: HomeAssistant, loaded: MockConfigEntry, trigger: Json, count: int
) -> None:
    """A progress bar would count as a hundred messages; but a change that failed waits for a person all the same."""
    automation = await automate(hass, trigger)
    for operation in Operation:
        await happen(hass, loaded, finished(MessageSent if trigger is SENT else MessageDead, operation=operation))
    assert len(automation.runs) == count


@pytest.mark.parametrize(
    ("target", "heard"),
    [
        ({}, ["Ada", "Bob", "-100"]),
        ({"entity_id": BOB_ENTITY}, ["Bob"]),
        ({"area_id": "no_such_area"}, []),
    ],
    ids=["all", "one", "nobody"],
)
async def test_a_recipient_can_be_chosen(
    hass: HomeAssistant, loaded: MockConfigEntry, target: Json, heard: list[str]
) -> None:
    """A dead letter to anybody would ring for one."""
    automation = await automate(hass, DEAD | {"target": target})
    for recipient in (ADA, BOB, GROUP):
        await happen(hass, loaded, finished(MessageDead, recipient))
    assert [told["recipient_name"] for told in automation.told] == heard


async def test_a_topic_belongs_to_its_chat(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A message to a topic of a group that is a recipient would be nobody's."""
    automation = await automate(hass, DEAD | {"target": {"entity_id": BOB_ENTITY}})
    await happen(hass, loaded, finished(MessageDead, f"{BOB}/3"))
    assert [told["recipient"] for told in automation.told] == [f"{BOB}/3"]


@pytest.mark.parametrize("trigger", [DEAD, CHANGED], ids=["dead", "changed"])
async def test_a_connection_can_be_chosen(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, trigger: Json
) -> None:
    """What happens to the test bot would wake the house."""
    telegram.add_bot("987654321:AAother", username="other")
    other = add_entry(hass, telegram, token="987654321:AAother", title="@other", recipients={"Ada": ADA})
    await set_up(hass, other)
    automation = await automate(hass, trigger | {"options": {"config_entry_id": loaded.entry_id}})
    for entry in (other, loaded):
        event = finished(MessageDead) if trigger is DEAD else changed(ConnectionState.DISABLED)
        await happen(hass, entry, event)
    assert [told["config_entry_id"] for told in automation.told] == [loaded.entry_id]


async def test_an_outage_and_its_end_run_an_automation(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Nobody would be told by another way that Telegram is away."""
    automation = await automate(hass, CHANGED | {"options": {"direction": "sending"}})
    await telegram.pause()
    await send(hass, ADA_ENTITY, "hello")
    await until(hass, lambda: len(automation.runs) == 1)
    await telegram.resume()
    await press(hass, "button.home_bot_check_now")
    await until(hass, lambda: len(automation.runs) == 2)
    down, up = automation.told
    assert (down["old_state"], down["state"]) == ("connected", "disconnected")
    assert (up["old_state"], up["state"], up["error"], up["error_code"]) == ("disconnected", "connected", None, None)
    assert (down["name"], down["direction"], down["config_entry_id"]) == ("@home_bot", "sending", loaded.entry_id)
    assert down["error"]
    assert down["error_code"]
    assert down["description"] == "sending through @home_bot: disconnected"


@pytest.mark.parametrize(
    ("options", "heard"),
    [
        ({}, ["sending disconnected", "receiving disconnected", "sending connected"]),
        ({"direction": "receiving"}, ["receiving disconnected"]),
        ({"to": "connected"}, ["sending connected"]),
        ({"to": ["auth_failed", "disabled"]}, []),
        ({"to": ["disconnected"], "direction": "sending"}, ["sending disconnected"]),
    ],
    ids=str,
)
async def test_direction_and_state_can_be_chosen(
    hass: HomeAssistant, loaded: MockConfigEntry, options: Json, heard: list[str]
) -> None:
    """The end of an outage would be told as its beginning."""
    automation = await automate(hass, CHANGED | {"options": options})
    await happen(hass, loaded, changed(ConnectionState.DISCONNECTED))
    await happen(hass, loaded, changed(ConnectionState.DISCONNECTED, Direction.RECEIVING))
    await happen(hass, loaded, changed(ConnectionState.DISCONNECTED))
    await happen(hass, loaded, changed(ConnectionState.CONNECTED))
    assert [f"{told['direction']} {told['state']}" for told in automation.told] == heard


async def test_a_restart_of_a_connection_that_works_is_no_change(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Every restart and every new recipient would be told as the end of an outage."""
    automation = await automate(hass, CHANGED)
    for state in (ConnectionState.STARTING, ConnectionState.CONNECTED):
        await happen(hass, loaded, changed(state))
    assert not automation.runs
    for state in (ConnectionState.DISCONNECTED, ConnectionState.STARTING, ConnectionState.CONNECTED):
        await happen(hass, loaded, changed(state))
    assert [told["state"] for told in automation.told] == ["disconnected", "connected"]


@pytest.mark.parametrize(
    ("first", "count"),
    [(ConnectionState.CONNECTED, 0), (ConnectionState.DISCONNECTED, 1)],
    ids=str,
)
async def test_a_start_without_internet_is_told_and_one_with_it_is_not(
    hass: HomeAssistant, entry: MockConfigEntry, first: ConnectionState, count: int
) -> None:
    """After a power cut the house would not say that it is cut off."""
    automation = await automate(hass, CHANGED)
    await happen(hass, entry, changed(ConnectionState.STARTING))
    await happen(hass, entry, changed(first))
    assert len(automation.runs) == count


@pytest.mark.parametrize(
    ("trigger", "options", "sentence"),
    [
        (
            DEAD,
            {"config_entry_id": "01GONE"},
            '"01GONE" is not possible for config_entry_id. Use the id of',
        ),
        (CHANGED, {"config_entry_id": "01GONE"}, "(@home_bot)"),
        (CHANGED, {"direction": "up"}, '"up" is not possible for direction. Use one of sending, receiving.'),
        (CHANGED, {"to": ["starting"]}, '"starting" is not possible for to. Use one of connected, disconnected'),
        (SENT, {"colour": "red"}, "colour"),
    ],
)
async def test_a_bad_option_is_refused_in_one_sentence(
    hass: HomeAssistant, entry: MockConfigEntry, trigger: Json, options: Json, sentence: str
) -> None:
    """An automation that names a connection that was removed would wait for ever, and nobody would know."""
    assert sentence in await refused(hass, trigger | {"options": options})


async def test_a_foreign_entity_is_refused(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The automation would wait for a message to a switch."""
    told = await refused(hass, SENT | {"target": {"entity_id": "switch.home_bot_enabled"}})
    assert "Use entities of recipients of BACH" in told
