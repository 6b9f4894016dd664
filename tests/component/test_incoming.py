"""What Home Assistant is told of a message that came in, and of whom."""

from typing import Any

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, async_capture_events

from bach_lib import Content, Kind, Location, Media
from bach_lib.events import Event as LibraryEvent
from bach_lib.events import MessageReceived, MessageSent
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import DOMAIN, EVENT_MESSAGE
from custom_components.bach.home.attribution import SIGNAL_HAPPENED, Received, Role
from custom_components.bach.home.hub import HUB
from custom_components.bach.messages.incoming_payload import incoming_payload
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    BOB,
    STRANGER,
    TOKEN,
    add_entry,
    arrive,
    incoming,
    person,
    recipient,
    send,
    set_up,
    until,
)

GROUP = -100


@pytest.fixture
def events(hass: HomeAssistant) -> list[Event[dict[str, Any]]]:
    """All that the bus tells."""
    return async_capture_events(hass, EVENT_MESSAGE)


def family(hass: HomeAssistant, telegram: TelegramServer, ada_user: str = "") -> MockConfigEntry:
    """A connection with a group that is only notified, one person in it who is a user, and an administrator."""
    home = [
        recipient("Ada", str(ADA), role="admin", user_id=ada_user),
        recipient("Screen", str(BOB), role="notify_only"),
        recipient("Family", str(GROUP), role="notify_only"),
        person("Dora", str(GROUP), "46", role="user"),
    ]
    return add_entry(hass, telegram, recipients={}, more=home)


async def test_a_message_comes_through_the_whole_house(
    hass: HomeAssistant,
    telegram: TelegramServer,
    loaded: MockConfigEntry,
    heard: list[Received],
    events: list[Event[dict[str, Any]]],
) -> None:
    """What somebody writes on a phone must reach automations, and a stranger must not."""
    bot = telegram.bots[TOKEN]
    telegram.says("let me in", bot=bot, chat_id=STRANGER)
    telegram.says("is the door shut?", bot=bot, chat_id=ADA, first_name="Ada L.")
    await until(hass, lambda: bool(events))
    await hass.async_block_till_done()

    [event], [received] = events, heard
    assert received.message.text == "is the door shut?"
    assert event.data == incoming_payload(received)
    assert event.context is received.context
    assert event.data["person"] == "Ada"
    assert event.data["sender_name"] == "Ada L."
    assert event.data["config_entry_id"] == loaded.entry_id
    assert (received.role, received.context.user_id) == (Role.USER, None)


async def test_who_may_only_be_notified_is_not_heard(
    hass: HomeAssistant, telegram: TelegramServer, heard: list[Received], events: list[Event[dict[str, Any]]]
) -> None:
    """A screen in the hall could open the door; and one person in such a group is heard all the same."""
    await set_up(hass, family(hass, telegram))
    await arrive(hass, incoming(BOB))
    await arrive(hass, incoming(GROUP, 47))
    await arrive(hass, incoming(STRANGER))
    assert (heard, events) == ([], [])

    await arrive(hass, incoming(GROUP, 46))
    [received] = heard
    assert (received.person, received.role, received.recipient_name) == ("Dora", Role.USER, "Family")
    assert len(events) == 1


async def test_a_known_person_in_an_unknown_place_is_told_without_one(
    hass: HomeAssistant, telegram: TelegramServer, heard: list[Received]
) -> None:
    """The administrator takes the bot to a new group: she is known, the group is not."""
    await set_up(hass, family(hass, telegram))
    await arrive(hass, incoming(-999, ADA))
    [received] = heard
    assert (received.person, received.role) == ("Ada", Role.ADMIN)
    assert (received.subentry_id, received.recipient_name, received.entity_id) == (None, "-999", None)


async def test_what_somebody_causes_carries_their_user(
    hass: HomeAssistant, telegram: TelegramServer, hass_admin_user: MockUser, heard: list[Received]
) -> None:
    """The logbook must say who opened the door."""
    await set_up(hass, family(hass, telegram, hass_admin_user.id))
    await arrive(hass, incoming(ADA))
    await arrive(hass, incoming(ADA))
    assert [received.context.user_id for received in heard] == [hass_admin_user.id] * 2
    assert len({received.context.id for received in heard}) == 2


async def test_whose_user_may_not_log_in_has_no_rights(
    hass: HomeAssistant, telegram: TelegramServer, hass_admin_user: MockUser, heard: list[Received]
) -> None:
    """Somebody who was locked out of the home would still run it by phone; without any user, even with all rights."""
    await set_up(hass, family(hass, telegram, hass_admin_user.id))
    await hass.auth.async_update_user(hass_admin_user, is_active=False)
    await arrive(hass, incoming(ADA))
    assert not heard
    await hass.auth.async_update_user(hass_admin_user, is_active=True)
    await arrive(hass, incoming(ADA))
    assert len(heard) == 1
    await hass.auth.async_remove_user(hass_admin_user)
    await hass.async_block_till_done()
    await arrive(hass, incoming(ADA))
    assert len(heard) == 1


async def test_a_lost_user_shows_as_a_repair_and_goes(
    hass: HomeAssistant, telegram: TelegramServer, hass_admin_user: MockUser, issue_registry: ir.IssueRegistry
) -> None:
    """Messages of somebody who lost the user would seem to vanish, and nobody could find out why."""
    entry = family(hass, telegram, hass_admin_user.id)
    await set_up(hass, entry)
    [ada] = [key for key, item in entry.subentries.items() if item.title == "Ada"]

    def issue() -> ir.IssueEntry | None:
        return issue_registry.async_get_issue(DOMAIN, f"lost_user_{ada}")

    assert issue() is None
    await hass.auth.async_update_user(hass_admin_user, is_active=False)
    await hass.async_block_till_done()
    found = issue()
    assert found
    assert (found.translation_placeholders or {}).items() >= {"person": "Ada", "name": "@home_bot"}.items()
    await hass.auth.async_update_user(hass_admin_user, is_active=True)
    await hass.async_block_till_done()
    assert issue() is None

    await hass.auth.async_remove_user(hass_admin_user)
    await hass.async_block_till_done()
    assert issue()
    hass.config_entries.async_update_subentry(entry, entry.subentries[ada], data={"recipient": str(ADA)})
    await hass.async_block_till_done()
    assert issue() is None


async def test_a_user_of_the_system_is_nobodys(
    hass: HomeAssistant, telegram: TelegramServer, heard: list[Received]
) -> None:
    """An entry that was edited by hand must not act as a part of Home Assistant itself."""
    system = await hass.auth.async_create_system_user("Supervisor")
    new = await hass.auth.async_create_user("New")
    await hass.async_block_till_done()
    entry = family(hass, telegram, system.id)
    await set_up(hass, entry)
    await arrive(hass, incoming(ADA))
    ada = next(item for item in entry.subentries.values() if item.title == "Ada")
    hass.config_entries.async_update_subentry(entry, ada, data={**ada.data, "user_id": new.id})
    await hass.async_block_till_done()
    await arrive(hass, incoming(ADA))
    assert [received.context.user_id for received in heard] == [new.id]


async def test_what_comes_while_an_entry_reloads_is_told_afterwards(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, heard: list[Received]
) -> None:
    """Somebody adds a recipient at the moment in which another one writes; that message must not vanish."""
    async with hass.data[HUB].run("telegram_123456789"):
        assert await hass.config_entries.async_unload(loaded.entry_id)
        await arrive(hass, incoming(ADA, text="first"))
        await arrive(hass, incoming(ADA, text="second"))
        assert not heard
        await set_up(hass, loaded)
    assert [received.message.text for received in heard] == ["first", "second"]
    await arrive(hass, incoming(ADA, text="third"))
    assert [received.message.text for received in heard] == ["first", "second", "third"]


async def test_what_came_for_an_entry_that_rests_is_not_told_later(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, heard: list[Received]
) -> None:
    """A command of yesterday must not run because somebody enables the connection today."""
    async with hass.data[HUB].hold():
        async with hass.data[HUB].run("telegram_123456789"):
            assert await hass.config_entries.async_unload(loaded.entry_id)
            await arrive(hass, incoming(ADA, text="unheard"))
        await set_up(hass, loaded)
    assert not heard


async def test_what_comes_while_home_assistant_starts_waits_for_the_automations(
    hass: HomeAssistant, telegram: TelegramServer, entry: MockConfigEntry, heard: list[Received]
) -> None:
    """A command that was sent during the restart would find no automation to run."""
    hass.set_state(CoreState.starting)
    await set_up(hass, entry)
    await arrive(hass, incoming(ADA, text="/door"))
    assert not heard

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    assert [received.message.text for received in heard] == ["/door"]


async def test_an_unloaded_entry_tells_nothing(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, heard: list[Received]
) -> None:
    """A disabled connection would go on running commands."""
    async with hass.data[HUB].hold():
        assert await hass.config_entries.async_unload(loaded.entry_id)
        await arrive(hass, incoming(ADA))
    assert not heard


async def test_events_of_a_connection_are_passed_on_with_its_entry(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A trigger would fire for another bot, or not at all."""
    other = add_entry(hass, telegram, token="987654321:AAother", title="@other", recipients={})
    telegram.add_bot("987654321:AAother", username="other")
    await set_up(hass, other)
    happened: list[tuple[str, LibraryEvent]] = []
    async_dispatcher_connect(
        hass, SIGNAL_HAPPENED, callback(lambda entry_id, event: happened.append((entry_id, event)))
    )
    await send(hass, ADA_ENTITY, "hello")
    await telegram.wait_for(1)
    await until(hass, lambda: any(isinstance(event, MessageSent) for _, event in happened))
    await arrive(hass, incoming(ADA))

    assert any(isinstance(event, MessageReceived) for _, event in happened)
    assert {entry_id for entry_id, event in happened if event.connection == "telegram_123456789"} == {loaded.entry_id}


async def test_the_payload_has_every_key_in_plain_values(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, heard: list[Received]
) -> None:
    """Templates must not have to ask whether a key is there, and the recorder must be able to write it."""
    await arrive(
        hass,
        incoming(
            ADA,
            id=7,
            kind=Kind.MEDIA,
            text="the cat",
            content=Content(
                command="door",
                args="open",
                value="yes",
                reactions=("👍",),
                choices=(2,),
                media=Media(type="photo", reference="secret-file-id", name="cat.jpg", size=12, mime_type="image/jpeg"),
                location=Location(latitude=1.5, longitude=-2.5),
            ),
            reply_to="5",
            message_id=3,
            metadata={
                "context_triggers": ["pets"],
                "context_hints": ["feed it"],
                "source": "telegram",
                "chat_type": "group",
                "payload": {"alerts": [1]},
                "forwarded": True,
                "forwarded_from": "Mallory",
                "via": "@gif",
                "album": "77",
                "quote": "Who?",
                "content": "venue",
                "links": [{"text": "here", "url": "https://example.org"}],
                "member_name": "Bob",
                "place": {"name": "Home", "address": "Street 1"},
            },
        ),
    )
    await arrive(hass, incoming(ADA, sent_at=None, metadata={"context_triggers": "broken"}))
    full, bare = (incoming_payload(received) for received in heard)
    [ada] = [item for item in loaded.subentries.values() if item.title == "Ada"]
    entity_id = er.async_get(hass).async_get_entity_id("event", DOMAIN, f"{loaded.entry_id}_{ada.subentry_id}_incoming")
    notify = er.async_get(hass).async_get("notify.ada")
    assert notify
    assert full == {
        "kind": "media",
        "text": "the cat",
        "command": "door",
        "args": "open",
        "value": "yes",
        "label": None,
        "sender": "telegram_123456789:42",
        "sender_id": "42",
        "sender_name": "Somebody",
        "person": "Ada",
        "role": "user",
        "recipient": "42",
        "recipient_name": "Ada",
        "config_entry_id": loaded.entry_id,
        "entity_id": entity_id,
        "device_id": notify.device_id,
        "message_id": 3,
        "incoming_id": 7,
        "reply_to": "5",
        "media": {"type": "photo", "name": "cat.jpg", "size": 12, "mime_type": "image/jpeg", "duration": None},
        "location": {"latitude": 1.5, "longitude": -2.5},
        "reactions": ["👍"],
        "choices": [2],
        "context_triggers": ["pets"],
        "context_hints": ["feed it"],
        "chat_type": "group",
        "payload": {"alerts": [1]},
        "reply": {"id": "5", "message_id": 3, "text": "Who?"},
        "forwarded": True,
        "automatic": False,
        "bot": False,
        "view_once": False,
        "forwarded_from": "Mallory",
        "via": "@gif",
        "speaks_as": None,
        "album": "77",
        "content": "venue",
        "sticker": None,
        "contact": None,
        "poll": None,
        "place": {"name": "Home", "address": "Street 1"},
        "links": [{"text": "here", "url": "https://example.org"}],
        "mentions": [],
        "member": {"id": None, "name": "Bob"},
        "sent_at": "2027-01-15T08:00:00+00:00",
        "received_at": "2027-01-15T08:00:01+00:00",
    }
    assert bare.keys() == full.keys()
    assert (bare["media"], bare["location"], bare["sent_at"], bare["context_triggers"]) == (None, None, None, [])
    assert (bare["chat_type"], bare["payload"], bare["reply"], bare["member"]) == (None, None, None, None)
    assert (bare["forwarded"], bare["links"], bare["contact"]) == (False, [], None)


async def test_nonsense_beside_a_message_is_nothing(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, heard: list[Received]
) -> None:
    """A connector that says it in another form must not make a message unheard."""
    await arrive(hass, incoming(ADA, metadata={"forwarded": "yes", "links": [1, {"url": "x"}], "poll": [], "via": 5}))
    [received] = heard
    found = incoming_payload(received)
    assert (found["forwarded"], found["links"], found["poll"], found["via"]) == (False, [{"url": "x"}], None, None)


async def test_a_time_that_cannot_be_is_no_time(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, heard: list[Received]
) -> None:
    """A platform that sends nonsense must not make a message unheard."""
    await arrive(hass, incoming(ADA, sent_at=float(1 << 52)))
    [received] = heard
    assert incoming_payload(received)["sent_at"] is None
