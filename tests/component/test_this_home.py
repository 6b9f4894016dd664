"""This home as a platform: real companion apps and entities of a real Home Assistant, through the queue."""

import asyncio
from collections.abc import Callable
from typing import Any, Unpack

import pytest
from homeassistant.auth.models import User
from homeassistant.config_entries import (
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowContext,
    ConfigSubentryData,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from bach_lib import Button, Message, SendOptions, Status
from bach_lib.errors import InvalidRecipientError
from custom_components.bach.const import DOMAIN
from custom_components.bach.flows.own_home_steps import async_offer_own_home
from custom_components.bach.this_home import home_calls
from custom_components.bach.this_home.found_places import is_own_action
from tests.component.companion import LOCAL, Companion, LocalChannel, PushGateway, cloud, register
from tests.component.conftest import recipient, set_up, the_bach
from tests.component.dialogs import choose, close_recipient_dialogs, go_on, offered, reconfigure, set_options

CONNECTION = "this_home_here"


async def connect(hass: HomeAssistant, *recipients: ConfigSubentryData) -> MockConfigEntry:
    """This home with these recipients, at work."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="This home",
        unique_id="here",
        data={"type": "this_home"},
        minor_version=2,
        subentries_data=list(recipients),
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return entry


async def tell(hass: HomeAssistant, place: str, text: str, **options: Unpack[SendOptions]) -> Message:
    """Send, and wait until it is known what came of it."""
    receipt = await the_bach(hass).send(CONNECTION, place, text, **options)
    return await the_bach(hass).wait(receipt.id, 30)


async def until_tried(hass: HomeAssistant, message_id: int, settled: Callable[[Message], bool]) -> Message:
    """Wait until an attempt has left its mark."""
    async with asyncio.timeout(20):
        while not settled(message := await the_bach(hass).get(message_id)):
            await hass.async_block_till_done()
    return message


async def test_words_reach_a_phone_and_are_checked(hass: HomeAssistant, pixel: Companion, gateway: PushGateway) -> None:
    """Words for a phone would go the way on which Home Assistant calls every refusal a success."""
    await connect(hass, recipient("Ada", pixel.recipient))
    message = await tell(hass, pixel.recipient, "The washing is done", title="Cellar")
    assert message.status is Status.SENT
    assert not message.degraded
    [push] = gateway.pushes
    assert (push["title"], push["message"]) == ("Cellar", "The washing is done")
    assert "data" not in push


async def test_the_entity_of_a_recipient_tells_its_phone(
    hass: HomeAssistant, pixel: Companion, gateway: PushGateway
) -> None:
    """An automation that tells the recipient's entity would tell nobody."""
    entry = await connect(hass, recipient("Ada", pixel.recipient))
    [entity_id] = [
        one.entity_id
        for one in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if one.domain == "notify"
    ]
    await hass.services.async_call("notify", "send_message", {"entity_id": entity_id, "message": "hi"}, blocking=True)
    await gateway.wait_for(1)
    assert gateway.pushes[0]["message"] == "hi"


async def test_a_phone_that_had_all_of_today_waits_for_midnight(
    hass: HomeAssistant, pixel: Companion, gateway: PushGateway
) -> None:
    """The 501st notification of a day would be lost, or die while its phone is told nothing anyway."""
    await connect(hass, recipient("Ada", pixel.recipient))
    gateway.status, gateway.answer = 429, {"errorType": "RateLimited", "message": "full"}
    receipt = await the_bach(hass).send(CONNECTION, pixel.recipient, "one more")
    message = await until_tried(hass, receipt.id, lambda one: one.next_retry_at is not None)
    assert message.status is Status.PENDING
    assert (message.retry_count, message.error and message.error.code) == (0, "rate_limited")
    assert 0 <= ((message.next_retry_at or 0) - 60) % 86_400 < 1


async def test_a_phone_that_is_not_at_home_is_waited_for(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    ada: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A phone without a push service would lose what is sent while its owner is out."""
    monkeypatch.setattr(home_calls, "_SOON", 0.1)
    phone = await register(hass, hass_client, user=ada, app_data=LOCAL)
    await connect(hass, recipient("Ada", phone.recipient))
    receipt = await the_bach(hass).send(CONNECTION, phone.recipient, "The door is open")
    message = await until_tried(hass, receipt.id, lambda one: one.next_retry_at is not None)
    assert (message.status, message.retry_count) == (Status.PENDING, 0)
    assert message.error is not None
    assert message.error.code == "not_connected"
    assert phone.webhook_id not in message.error.text
    channel = await LocalChannel.open(hass_ws_client, hass, phone)
    assert (await channel.next())["message"] == "The door is open"
    assert (await the_bach(hass).wait(receipt.id, 30)).status is Status.SENT
    await channel.close()


async def dialog(hass: HomeAssistant, entry: ConfigEntry) -> SubentryFlowResult:
    """Open the dialog for a new recipient."""
    manager = hass.config_entries.subentries
    return await manager.async_init((entry.entry_id, "recipient"), context={"source": SOURCE_USER})


async def test_this_home_is_added_by_one_click(
    hass: HomeAssistant, pixel: Companion, gateway: PushGateway, ada: User
) -> None:
    """People would have to look up ids of devices, or could add their home twice."""
    result = await choose(hass, "this_home")
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "This home")
    entry = result["result"]
    assert entry.data == {"type": "this_home"}
    await hass.async_block_till_done()
    [flow] = hass.config_entries.subentries.async_progress()
    close_recipient_dialogs(hass)
    asked = await dialog(hass, entry)
    assert asked["step_id"] == flow["step_id"] == "where"
    assert offered(asked) == {pixel.recipient: "Pixel 9", "persistent_notification": "Home Assistant"}
    about = await go_on(hass, asked, recipient=pixel.recipient)
    assert about["step_id"] == "about"
    given = {"title": "Ada", "role": "admin", "user_id": ada.id, "way": "rich", "replies": True, "critical_from": 8}
    done = await go_on(hass, about, **given, hello=True)
    assert (done["type"], done["description"]) == (FlowResultType.CREATE_ENTRY, "hello_sent")
    [added] = entry.subentries.values()
    assert added.title == "Ada"
    chosen = {key: one for key, one in given.items() if key != "title"}
    assert added.data == {"recipient": pixel.recipient, "kind": "phone", "notify_action": "ada", **chosen}
    assert gateway.pushes[0]["message"].startswith("Hello from ")
    again = await choose(hass, "this_home")
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")
    close_recipient_dialogs(hass)


async def test_choices_are_changed_and_forgotten(hass: HomeAssistant, pixel: Companion) -> None:
    """What was chosen once could never be taken back, or the place would change with it."""
    entry = await connect(hass, recipient("Ada", pixel.recipient, way="rich"))
    [subentry_id] = entry.subentries
    asked = await reconfigure(hass, entry, subentry_id)
    assert asked["step_id"] == "change_place"
    asked = await go_on(hass, asked, title=" ", role="user", way="fitting", replies=False, notify_action="Ä b")
    assert asked["errors"] == {"notify_action": "invalid_notify_action"}
    done = await go_on(hass, asked, title=" ", role="user", way="fitting", replies=False, notify_action="ada")
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    [changed] = entry.subentries.values()
    assert changed.title == "Ada"
    assert changed.data == {
        "recipient": pixel.recipient,
        "kind": "private",
        "role": "user",
        "notify_action": "ada",
    }
    assert is_own_action(hass, "ada")


async def test_there_is_nothing_to_reconfigure_and_no_way_to_choose(hass: HomeAssistant) -> None:
    """A dialog would ask for a proxy, or fail with an unknown error."""
    entry = await connect(
        hass,
    )
    context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=entry.entry_id)
    result = await hass.config_entries.flow.async_init("bach", context=context)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nothing_to_change")
    form = await set_options(hass, entry, receiving=True, retries={}, amounts={})
    assert form["type"] is FlowResultType.CREATE_ENTRY


async def test_every_place_is_offered_and_none_that_leads_back(hass: HomeAssistant, gateway: PushGateway) -> None:
    """A speaker would be missing, or a message would go round and round through an entity of BACH's own."""
    hass.states.async_set("media_player.kitchen", "off", {"supported_features": 512, "friendly_name": "Kitchen"})
    hass.states.async_set("media_player.old", "off", {"supported_features": 1})
    hass.states.async_set("assist_satellite.hall", "idle", {"supported_features": 1})
    hass.states.async_set("assist_satellite.deaf", "idle", {"supported_features": 2})
    hass.states.async_set("notify.printer", "unknown", {"supported_features": 1})
    hass.services.async_register("notify", "pager", lambda _: None)
    entry = await connect(hass, recipient("Sidebar", "persistent_notification"))
    ours = next(one for one in hass.states.async_entity_ids("notify") if one != "notify.printer")
    hass.states.async_set("notify.everybody", "unknown", {"entity_id": ["notify.printer", ours]})
    asked = await dialog(hass, entry)
    assert offered(asked).keys() == {"assist_satellite.hall", "notify.printer", "action:notify.pager"}
    hass.states.async_set("tts.piper", "unknown")
    asked = await dialog(hass, entry)
    assert "media_player.kitchen" in offered(asked)
    about = await go_on(hass, asked, recipient="media_player.kitchen")
    done = await go_on(hass, about, title="", speech="tts.piper", hello=False)
    assert done["title"] == "Kitchen (media_player.kitchen)"
    assert done["data"] == {
        "recipient": "media_player.kitchen",
        "kind": "entity",
        "speech": "tts.piper",
        "notify_action": "kitchen_media_player_kitchen",
    }
    close_recipient_dialogs(hass)


async def test_a_dialog_with_nothing_left_says_so(hass: HomeAssistant) -> None:
    """A person would look at an empty list."""
    entry = await connect(hass, recipient("Sidebar", "persistent_notification"))
    result = await dialog(hass, entry)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_places_left")


async def test_a_home_with_a_phone_is_offered_once(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, gateway: PushGateway, ada: User
) -> None:
    """Nobody would learn that phones can be recipients, or be told so at each start."""
    await register(hass, hass_client, user=ada, app_data=cloud(gateway))
    async_offer_own_home(hass)
    await hass.async_block_till_done()
    [flow] = hass.config_entries.flow.async_progress()
    assert (flow["step_id"], flow["context"]["source"]) == ("this_home", SOURCE_INTEGRATION_DISCOVERY)
    done = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    async_offer_own_home(hass)
    await hass.async_block_till_done()
    assert not hass.config_entries.flow.async_progress()
    close_recipient_dialogs(hass)


def called(hass: HomeAssistant, domain: str, name: str) -> list[dict[str, Any]]:
    """What an action is called with from now on."""
    calls: list[dict[str, Any]] = []

    async def answer(call: ServiceCall) -> None:
        calls.append(dict(call.data))

    hass.services.async_register(domain, name, answer)
    return calls


async def test_what_is_no_phone_is_told_in_its_own_way(hass: HomeAssistant) -> None:
    """A speaker would be sent a notification, or a title would be lost where there is no place for one."""
    speaks = called(hass, "tts", "speak")
    announces = called(hass, "assist_satellite", "announce")
    pages = called(hass, "notify", "pager")
    hass.states.async_set("tts.piper", "unknown")
    hass.states.async_set("media_player.kitchen", "off")
    hass.states.async_set("assist_satellite.hall", "idle")
    await async_setup_component(hass, "persistent_notification", {})
    places = ["media_player.kitchen", "assist_satellite.hall", "action:notify.pager", "persistent_notification"]
    await connect(hass, *(recipient(one, one) for one in places))
    for place in places:
        message = await tell(hass, place, "Water!", title="Cellar", buttons=[[Button(text="Close", value="c")]])
        assert message.status is Status.SENT
        assert [one.what for one in message.lost] == ["buttons"]
    assert speaks == [
        {
            "entity_id": "tts.piper",
            "media_player_entity_id": "media_player.kitchen",
            "message": "Cellar. Water!\n\n1. Close",
        }
    ]
    assert announces == [{"entity_id": "assist_satellite.hall", "message": "Cellar. Water!\n\n1. Close"}]
    assert pages == [{"message": "Water!\n\n1. Close", "title": "Cellar"}]
    [shown] = hass.data["persistent_notification"].values()
    assert (shown["title"], shown["message"]) == ("Cellar", "Water\\!\n\n1\\. Close")


async def test_the_sidebar_is_changed_and_cleared(hass: HomeAssistant) -> None:
    """What is over would stay in the sidebar for good."""
    await async_setup_component(hass, "persistent_notification", {})
    await connect(hass, recipient("Sidebar", "persistent_notification"))
    bach = the_bach(hass)
    first = await tell(hass, "persistent_notification", "40 %")
    edited = await bach.edit(first.id, "done")
    assert (await bach.wait(edited.id, 30)).status is Status.SENT
    [shown] = hass.data["persistent_notification"].values()
    assert shown["message"] == "done"
    gone = await bach.delete(first.id)
    assert (await bach.wait(gone.id, 30)).status is Status.SENT
    assert not hass.data["persistent_notification"]


async def raising(hass: HomeAssistant, error: Exception) -> Message:
    """What becomes of a message to an action that ends so."""

    async def answer(_: ServiceCall) -> None:
        raise error

    hass.services.async_register("notify", "pager", answer)
    await connect(hass, recipient("Pager", "action:notify.pager"))
    receipt = await the_bach(hass).send(CONNECTION, "action:notify.pager", "hi", max_retries=0)
    return await until_tried(hass, receipt.id, lambda one: one.error is not None)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ServiceValidationError("no such channel"), Status.DEAD, "refused"),
        (HomeAssistantError("the pager is off"), Status.DEAD, "refused"),
        (TimeoutError(), Status.FAILED, "uncertain"),
        (KeyError("push_url"), Status.FAILED, "uncertain"),
    ],
    ids=["refused for good", "refused now", "nothing came back", "it broke"],
)
async def test_what_an_action_says_decides(hass: HomeAssistant, error: Exception, status: Status, code: str) -> None:
    """What was refused would be repeated for ever, or what may have arrived would be called refused."""
    message = await raising(hass, error)
    assert message.error is not None
    assert (message.error.code, message.status) == (code, status)


async def test_a_place_that_is_gone_is_tried_again(hass: HomeAssistant) -> None:
    """A message would count as sent though Home Assistant told nobody, as its action says nothing of it."""
    hass.states.async_set("notify.printer", "unavailable")
    await connect(hass, recipient("Printer", "notify.printer"), recipient("Old", "entity:0123456789abcdef"))
    for place in ("notify.printer", "entity:0123456789abcdef", "action:notify.gone", "phone:0123456789abcdef"):
        receipt = await the_bach(hass).send(CONNECTION, place, "hi")
        message = await until_tried(hass, receipt.id, lambda one: one.error is not None)
        assert message.error is not None
        assert (message.error.code, message.status) == ("not_there", Status.FAILED)


async def test_what_leads_back_is_refused(hass: HomeAssistant) -> None:
    """A group with an entity of BACH's own in it would send one message round and round."""
    entry = await connect(hass, recipient("Sidebar", "persistent_notification"))
    [ours] = hass.states.async_entity_ids("notify")
    hass.states.async_set("notify.everybody", "unknown", {"entity_id": [ours]})
    message = await tell(hass, "notify.everybody", "hi")
    assert (message.status, message.error and message.error.code) == (Status.DEAD, "in_circles")
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("written", ["phone:", "light.kitchen", "action:light.turn_on", "Ada", "entity:../x"])
async def test_what_is_no_place_is_refused_with_an_example(hass: HomeAssistant, written: str) -> None:
    """A message could be made to call any action of the home."""
    await connect(
        hass,
    )
    with pytest.raises(InvalidRecipientError, match=r"notify\.living_room"):
        await the_bach(hass).send(CONNECTION, written, "hi")


async def test_a_title_goes_where_there_is_a_place_for_it(hass: HomeAssistant) -> None:
    """The first line of an alarm would be missing on whatever knows no titles, or stand there twice."""
    hass.states.async_set("notify.printer", "unknown", {"supported_features": 1})
    hass.states.async_set("notify.display", "unknown", {"supported_features": 0})
    await connect(hass, recipient("Printer", "notify.printer"), recipient("Display", "notify.display"))
    told = called(hass, "notify", "send_message")  # ours has come with the entities
    for place in ("notify.printer", "notify.display"):
        assert (await tell(hass, place, "Water!", title="Cellar")).status is Status.SENT
    assert told == [
        {"entity_id": "notify.printer", "message": "Water!", "title": "Cellar"},
        {"entity_id": "notify.display", "message": "Cellar\n\nWater!"},
    ]


async def test_what_cannot_be_is_said_in_a_sentence(hass: HomeAssistant) -> None:
    """A person would read the name of an error, or see a message go round and round."""
    await connect(hass, recipient("Sidebar", "persistent_notification", notify_action="sidebar"))
    message = await tell(hass, "action:notify.sidebar", "hi")
    assert (message.status, message.error and message.error.code) == (Status.DEAD, "in_circles")
    hass.states.async_set("media_player.kitchen", "off")
    receipt = await the_bach(hass).send(CONNECTION, "media_player.kitchen", "hi")
    message = await until_tried(hass, receipt.id, lambda one: one.error is not None)
    assert (message.status, message.error and message.error.code) == (Status.FAILED, "no_speech")


async def test_what_the_push_service_says_decides(hass: HomeAssistant, pixel: Companion, gateway: PushGateway) -> None:
    """A token that nobody knows any more would be told at once for ever, or pass for delivered."""
    await connect(hass, recipient("Ada", pixel.recipient))
    gateway.status, gateway.answer = 500, {"errorType": "InvalidToken"}
    receipt = await the_bach(hass).send(CONNECTION, pixel.recipient, "hi")
    message = await until_tried(hass, receipt.id, lambda one: one.error is not None)
    assert message.error is not None
    assert (message.error.code, message.status, message.retry_count) == ("push_failed", Status.FAILED, 1)
    assert message.error.text == "The push service of Pixel 9 did not take it."


async def test_a_place_without_choices_is_added(hass: HomeAssistant) -> None:
    """Whoever wants the sidebar only would be asked whose phone it is."""
    entry = await connect(
        hass,
    )
    about = await go_on(hass, await dialog(hass, entry), recipient="persistent_notification")
    schema = about["data_schema"]
    assert schema
    assert {str(one) for one in schema.schema} == {"title", "hello"}
    done = await go_on(hass, about, hello=False)
    assert (done["type"], done["title"]) == (FlowResultType.CREATE_ENTRY, "Home Assistant")
