"""What a person can ask a connection to do now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from bach_lib import Fault

from .const import DOMAIN
from .coordinator import BachConfigEntry, BachCoordinator
from .entity import BachEntity
from .errors import translated_errors
from .letter_actions import RETRY_SECONDS

PARALLEL_UPDATES = 0

CHECK_NOW: Final = "check_now"


@dataclass(frozen=True, kw_only=True)
class BachButtonDescription(ButtonEntityDescription):
    """A button, and what it does. `for_partners`: also for what has no queue."""

    press_fn: Callable[[BachCoordinator], Awaitable[None]]
    for_partners: bool = False


async def _retry_dead_letters(coordinator: BachCoordinator) -> None:
    """Whoever presses wants to know what came of it, so letters that are dead again are an error that says why."""
    retried = await coordinator.bach.retry_and_follow(coordinator.connection, wait=RETRY_SECONDS)
    if retried.dead:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="still_dead",
            translation_placeholders={
                "dead": str(retried.dead),
                "retried": str(retried.retried),
                "reason": retried.reasons[0],
            },
        )


async def _check_now(coordinator: BachCoordinator) -> None:
    """Whoever presses wants the answer, so a failed check is an error that says why."""
    result = await coordinator.bach.check(coordinator.connection)
    if isinstance(result, Fault):
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="check_failed",
            translation_placeholders={"name": coordinator.config_entry.title, "reason": result.text},
        )


BUTTONS = (
    BachButtonDescription(
        key="retry_dead_letters",
        translation_key="retry_dead_letters",
        entity_category=EntityCategory.CONFIG,
        press_fn=_retry_dead_letters,
    ),
    BachButtonDescription(
        key=CHECK_NOW,
        translation_key=CHECK_NOW,
        entity_category=EntityCategory.DIAGNOSTIC,
        press_fn=_check_now,
        for_partners=True,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: BachConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons of a connection."""
    coordinator = entry.runtime_data
    async_add_entities(
        BachButton(coordinator, description)
        for description in BUTTONS
        if description.for_partners or not coordinator.is_partner
    )


class BachButton(BachEntity, ButtonEntity):
    """Does one thing for a connection."""

    entity_description: BachButtonDescription

    @override
    async def async_press(self) -> None:
        with translated_errors(self.hass):
            await self.entity_description.press_fn(self.coordinator)
