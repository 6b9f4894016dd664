"""The first message to a recipient, and the button for another one: a person looks, and is told what became of it."""

import pytest
from homeassistant.auth.models import Group
from homeassistant.const import EntityCategory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib import Status
from bach_lib.testing.telegram_server import Fault, TelegramServer
from tests.component.conftest import ADA, ADA_ENTITY, CONNECTION, press, state, the_bach

BUTTON = "button.ada_send_test_message"


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits."""
    monkeypatch.setattr("custom_components.bach.button.RETRY_SECONDS", 0.01)


async def test_a_test_message(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """The first message to somebody would cost nine clicks in the tools for developers."""
    hass.config.location_name = "The Mill"
    await press(hass, BUTTON)
    await press(hass, BUTTON)
    assert [(message.chat_id, message.text) for message in await telegram.wait_for(2)] == [
        (ADA, "This is a test message from The Mill."),
    ] * 2
    registered = entity_registry.async_get(BUTTON)
    assert registered
    assert registered.entity_category is EntityCategory.DIAGNOSTIC
    assert registered.config_subentry_id in loaded.subentries


async def test_one_that_is_refused_says_why_and_leaves_nothing(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever looks for the reason would have to find the dead letter, which would stay."""
    telegram.fail(Fault.forbidden(), times=1)
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, BUTTON)
    assert raised.value.translation_key == "message_dead"
    assert str(raised.value) == "The message to Ada could not be delivered: Forbidden: bot was blocked by the user"
    [message] = await the_bach(hass).messages(connection=CONNECTION)
    assert message.status is Status.CANCELLED


async def test_one_that_cannot_go_yet_says_so(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, patience: None
) -> None:
    """No error would mean that it arrived; and a day later nobody wants it any more."""
    await telegram.pause()
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, BUTTON)
    assert raised.value.translation_key == "message_waits"
    [message] = await the_bach(hass).messages(connection=CONNECTION)
    assert not message.status.is_final
    assert message.expires_at == pytest.approx(message.created_at + 3600)
    await telegram.resume()


@pytest.mark.parametrize(("controls", "may"), [({BUTTON}, False), ({ADA_ENTITY}, False), ({BUTTON, ADA_ENTITY}, True)])
async def test_it_is_for_whoever_may_write_to_the_recipient(
    hass: HomeAssistant, loaded: MockConfigEntry, controls: set[str], may: bool
) -> None:
    """Who may press all buttons, as many tablets may, could write to people all the same."""
    user = MockUser(groups=[Group(name="made", id="made", policy={})]).add_to_hass(hass)
    user.mock_policy({"entities": {"entity_ids": {one: {"control": True} for one in controls}}})
    call = hass.services.async_call(
        "button", "press", {"entity_id": BUTTON}, blocking=True, context=Context(user_id=user.id)
    )
    if may:
        await call
    else:
        with pytest.raises(Unauthorized):
            await call
    assert len(await the_bach(hass).messages(connection=CONNECTION)) == may


async def test_the_button_goes_with_its_recipient(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A button would stay that leads nowhere."""
    ada = next(key for key, subentry in loaded.subentries.items() if subentry.title == "Ada")
    assert state(hass, BUTTON) == "unknown"
    hass.config_entries.async_remove_subentry(loaded, ada)
    await hass.async_block_till_done()
    assert state(hass, BUTTON) is None
