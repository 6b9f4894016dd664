"""The error that whoever waited for a message is told when it ended undelivered, with the way to its page."""

from homeassistant.exceptions import HomeAssistantError

from bach_lib import Status
from custom_components.bach.const import DOMAIN
from custom_components.bach.web.message_page import message_page


def undelivered_error(name: str, message_id: int, status: Status, reason: str | None) -> HomeAssistantError:
    """In a sentence for each status. `name`: of whom it was for."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=f"message_{status.value}",
        translation_placeholders={"name": name, "reason": reason or "-", "url": message_page(message_id)},
    )
