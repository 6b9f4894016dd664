"""Buttons: retry dead letters and check now for a connection, send a test message for a recipient.

Each waits for the result, and raises an error that says why if there was no success.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, override

from homeassistant.components.button import DOMAIN as BUTTON
from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from bach_lib import Fault, Status

from .actions.dead_letters import RETRY_SECONDS
from .alerts.alert import alerts_of
from .alerts.entities import BUTTONS as ALERTS
from .alerts.entities import AlertButton
from .const import CHECK_NOW, CONF_RECIPIENT, DOMAIN, TYPE_ROUTES
from .coordinator import BachConfigEntry, BachCoordinator
from .entity import BachEntity, BachEntityDescription, async_keep_only, for_senders, recipient_device
from .home.entry import alert_unique_id
from .home.errors import translated_errors
from .home.language import in_home_language
from .home.loop_prevention import LOOP_PREVENTION
from .home.origin import context_to_keep
from .home.permissions import require_connection_control, require_recipient_control
from .home.recipient_subentries import recipient_subentries
from .kinds.partners import type_of
from .lifecycle.recipients import async_add_for_recipients
from .messages.hello import async_say
from .messages.undelivered_error import undelivered_error

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class BachButtonDescription(BachEntityDescription, ButtonEntityDescription):
    """Button description with the function to call."""

    press_fn: Callable[[BachCoordinator, Context | None], Awaitable[None]]


async def _retry_dead_letters(coordinator: BachCoordinator, context: Context | None) -> None:
    """Retry all dead letters if the user may control all of them, and raise an error if some failed again."""
    await require_connection_control(coordinator.hass, context or Context(), coordinator.config_entry)
    coordinator.hass.data[LOOP_PREVENTION].require_pause(context, coordinator.connection)
    retried = await coordinator.bach.retry_and_follow(coordinator.connection, wait=RETRY_SECONDS)
    if retried.dead:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="still_dead",
            translation_placeholders={
                "dead": str(retried.dead),
                "retried": str(retried.retried),
                "reason": in_home_language(coordinator.hass, retried.reasons[0]),
            },
        )


async def _check_now(coordinator: BachCoordinator, _: Context | None) -> None:
    """Run a health check, and raise an error with the reason if it failed."""
    result = await coordinator.bach.check(coordinator.connection)
    if isinstance(result, Fault):
        hops = await coordinator.bach.hops(coordinator.connection, result)
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=f"check_failed_{hops[-1].name}" if hops else "check_failed",
            translation_placeholders={
                "name": coordinator.config_entry.title,
                "reason": _ended(in_home_language(coordinator.hass, result.text)),
            },
        )


def _ended(words: str) -> str:
    """A platform's own words with a full stop, as advice follows them."""
    return words if words.endswith((".", "!", "?")) else f"{words}."


BUTTONS = (
    BachButtonDescription(
        key="retry_dead_letters",
        entity_category=EntityCategory.CONFIG,
        exists_fn=for_senders,
        press_fn=_retry_dead_letters,
    ),
    BachButtonDescription(
        key=CHECK_NOW,
        exists_fn=lambda _: True,
        press_fn=_check_now,
    ),
)

TEST_MESSAGE: Final = ButtonEntityDescription(
    key="test_message", translation_key="test_message", entity_category=EntityCategory.DIAGNOSTIC
)


async def async_setup_entry(
    hass: HomeAssistant, entry: BachConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons of a connection and of each recipient that can be sent to."""
    coordinator = entry.runtime_data
    entities = [BachButton(coordinator, one) for one in BUTTONS if one.exists_fn(coordinator)]
    recipients = recipient_subentries(entry) if for_senders(coordinator) else ()
    tests = {_test_message_id(entry, subentry) for subentry in recipients}
    alerts = {alert_unique_id(entry, one.subentry_id, button.key) for one in alerts_of(entry) for button in ALERTS}
    async_keep_only(hass, entry, BUTTON, {entity.unique_id for entity in entities} | tests | alerts)
    async_add_entities(entities)
    if type_of(entry.data) == TYPE_ROUTES:
        for button in ALERTS:
            make = partial(AlertButton, description=button)
            async_add_for_recipients(hass, entry, async_add_entities, make, those=alerts_of)
    if for_senders(coordinator):
        async_add_for_recipients(hass, entry, async_add_entities, TestMessageButton)


def _test_message_id(entry: BachConfigEntry, subentry: ConfigSubentry) -> str:
    return f"{entry.entry_id}_{subentry.subentry_id}_{TEST_MESSAGE.key}"


class BachButton(BachEntity, ButtonEntity):
    """Button of a connection."""

    entity_description: BachButtonDescription

    @override
    async def async_press(self) -> None:
        with translated_errors(self.hass):
            await self.entity_description.press_fn(self.coordinator, self._context)


class TestMessageButton(ButtonEntity):
    """Button that sends a test message to one recipient; no error means that the platform took it."""

    __test__ = False  # no test case, whatever the name begins with
    entity_description = TEST_MESSAGE
    _attr_has_entity_name = True

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry) -> None:
        self._attr_unique_id = _test_message_id(entry, subentry)
        self._attr_device_info = recipient_device(hass, entry, subentry)
        self._entry = entry
        self._subentry_id = subentry.subentry_id

    @override
    async def async_press(self) -> None:
        """Send a test message if the user may control the recipient, and raise an error unless it was sent."""
        subentry = self._entry.subentries[self._subentry_id]
        recipient, context = subentry.data[CONF_RECIPIENT], self._context or Context()
        await require_recipient_control(self.hass, context, self._entry, recipient)
        with translated_errors(self.hass):
            told = await async_say(
                self.hass,
                self._entry,
                recipient,
                "test_message",
                seconds=RETRY_SECONDS,
                context=context_to_keep(context),
            )
        if not told.status.is_final:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="message_waits",
                translation_placeholders={"name": subentry.title, "reason": told.reason or "-"},
            )
        if told.status is not Status.SENT:
            raise undelivered_error(subentry.title, told.id, told.status, told.reason)
