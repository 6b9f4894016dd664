"""The event entity of a recipient: what it shows of what came in, and what is never put on disk."""

import pytest
from homeassistant.components.event import DOMAIN as EVENT_DOMAIN
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.restore_state import async_get as async_get_restored
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser, mock_restore_cache_with_extra_data

from bach_lib import Content, Kind, Location, Media
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import DOMAIN
from tests.component.conftest import (
    ADA,
    BOB,
    TOKEN,
    add_entry,
    arrive,
    incoming,
    person,
    recipient,
    set_up,
    state,
    until,
)

pytestmark = pytest.mark.usefixtures("with_the_noisy_ones")

ADA_EVENT, BOB_EVENT = "event.ada_incoming_message", "event.bob_incoming_message"
GROUP = -100
SECRET = "under the mat"


def shown(hass: HomeAssistant, entity_id: str = ADA_EVENT) -> State:
    """The entity as it is now."""
    found = hass.states.get(entity_id)
    assert found
    return found


async def test_what_comes_in_shows_at_its_recipient(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An automation on Ada's messages would run on Bob's, or on nobody's."""
    assert state(hass, ADA_EVENT) == state(hass, BOB_EVENT) == "unknown"
    telegram.says("hello", bot=telegram.bots[TOKEN], chat_id=ADA)
    await until(hass, lambda: state(hass, ADA_EVENT) != "unknown")

    attributes = shown(hass).attributes
    assert (attributes["event_type"], attributes["person"]) == ("message", "Ada")
    assert not {"kind", "entity_id", "text"} & set(attributes)
    assert state(hass, BOB_EVENT) == "unknown"


@pytest.mark.parametrize("kind", list(Kind))
async def test_every_kind_has_its_type(hass: HomeAssistant, loaded: MockConfigEntry, kind: Kind) -> None:
    """A kind without a type would stop the message on its way to everybody who comes after the entity."""
    await arrive(hass, incoming(ADA, kind=kind))
    event_type = shown(hass).attributes["event_type"]
    assert event_type == ("message" if kind is Kind.TEXT else kind.value)
    assert event_type in shown(hass).attributes["event_types"]


async def test_two_equal_messages_are_two_events(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Somebody who says "on" twice means it twice."""
    times = set()
    for number in (1, 2):
        await arrive(hass, incoming(ADA, id=number))
        times.add(state(hass, ADA_EVENT))
    assert len(times) == 2


async def test_the_state_carries_the_user_behind_it(
    hass: HomeAssistant, telegram: TelegramServer, hass_admin_user: MockUser
) -> None:
    """The logbook would say that the house wrote to itself."""
    await set_up(
        hass, add_entry(hass, telegram, recipients={}, more=[recipient("Ada", str(ADA), user_id=hass_admin_user.id)])
    )
    await arrive(hass, incoming(ADA))
    assert shown(hass).context.user_id == hass_admin_user.id


async def test_a_person_in_a_group_shows_at_the_group(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """People are no places: one entity for the group, that says who wrote."""
    home = [recipient("Family", str(GROUP), role="notify_only"), person("Dora", str(GROUP), "46")]
    entry = add_entry(hass, telegram, recipients={}, more=home)
    await set_up(hass, entry)
    await arrive(hass, incoming(GROUP, 46))
    assert hass.states.async_entity_ids("event") == ["event.family_incoming_message"]
    assert shown(hass, "event.family_incoming_message").attributes["person"] == "Dora"


async def test_the_entity_belongs_to_the_recipients_device(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """It would stand apart from the notify entity of the same person, and not go with it."""
    registry = er.async_get(hass)
    event, notify = registry.async_get(ADA_EVENT), registry.async_get("notify.ada")
    assert event
    assert notify
    assert event.device_id == notify.device_id
    assert event.device_id
    assert event.config_subentry_id == notify.config_subentry_id
    device = dr.async_get(hass).async_get(event.device_id)
    assert device
    assert device.name == "Ada"


async def test_the_entity_comes_and_goes_with_its_recipient(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A new recipient would be deaf until the next restart, or a removed one haunt the house."""
    telegram.add_chat(55, first_name="Eve")
    flow = await hass.config_entries.subentries.async_init(
        (loaded.entry_id, "recipient"), context={"source": SOURCE_USER}
    )
    flow = await hass.config_entries.subentries.async_configure(flow["flow_id"], {"next_step_id": "manual"})
    flow = await hass.config_entries.subentries.async_configure(flow["flow_id"], {"recipient": "55", "title": "Eve"})
    await hass.config_entries.subentries.async_configure(flow["flow_id"], {})  # no user of Home Assistant
    await hass.async_block_till_done()
    await arrive(hass, incoming(55))
    assert shown(hass, "event.eve_incoming_message").attributes["event_type"] == "message"

    [eve] = [key for key, item in loaded.subentries.items() if item.title == "Eve"]
    assert hass.config_entries.async_remove_subentry(loaded, eve)
    await hass.async_block_till_done()
    assert state(hass, "event.eve_incoming_message") is None
    assert er.async_get(hass).async_get_entity_id(EVENT_DOMAIN, DOMAIN, f"{loaded.entry_id}_{eve}_incoming") is None


async def test_what_people_write_is_not_kept_for_the_next_start(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Where somebody hides the key would lie in a file that every backup carries around."""
    await arrive(
        hass,
        incoming(
            ADA,
            text=SECRET,
            content=Content(
                args=SECRET,
                media=Media(type="photo", reference="1", name=SECRET),
                location=Location(latitude=1, longitude=2),
            ),
        ),
    )
    assert SECRET not in str(shown(hass).attributes)
    assert "latitude" not in shown(hass).attributes
    kept = async_get_restored(hass).async_get_stored_states()
    [extra] = [item.extra_data.as_dict() for item in kept if item.state.entity_id == ADA_EVENT and item.extra_data]
    assert SECRET not in str(extra)
    assert "latitude" not in str(extra)
    assert (extra["last_event_type"], extra["last_event_attributes"]["person"]) == ("message", "Ada")


async def test_the_last_event_is_still_there_after_a_start(
    hass: HomeAssistant, telegram: TelegramServer, entry: MockConfigEntry
) -> None:
    """A dashboard would forget with every restart when somebody wrote last."""
    then = "2026-11-01T12:00:00.000+00:00"
    extra = {"last_event_type": "command", "last_event_attributes": {"person": "Ada"}}
    mock_restore_cache_with_extra_data(hass, [(State(ADA_EVENT, then), extra)])
    await set_up(hass, entry)
    assert shown(hass).state == then
    assert (shown(hass).attributes["event_type"], shown(hass).attributes["person"]) == ("command", "Ada")
    await arrive(hass, incoming(BOB))
    assert shown(hass).state == then
