"""Forwards a message's text to notify entities of other integrations that share a group with our recipients.

Whoever sends to a group means all its members, as with Home Assistant's own action. Buttons, files and waiting cannot
be passed on, which the response says.
"""

from collections.abc import Sequence
from typing import Final

from homeassistant.components.notify import (
    ATTR_MESSAGE,
    ATTR_TITLE,
    DOMAIN,
    SERVICE_SEND_MESSAGE,
    NotifyEntityFeature,
)
from homeassistant.const import ATTR_ENTITY_ID, ATTR_SUPPORTED_FEATURES, STATE_UNAVAILABLE
from homeassistant.core import ServiceCall, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util.json import JsonObjectType

from bach_lib import Loss
from custom_components.bach.const import DOMAIN as BACH

PASSED_ON: Final = "passed_on"
"""What stands as the status of somebody who got the words by another integration."""

_ONLY_WORDS: Final = "It went through notify.send_message, which takes words only."


async def async_pass_on(call: ServiceCall, entity_id: str, lost: Sequence[str]) -> JsonObjectType:
    """Call `notify.send_message` for the entity, and return its row of the response. Raises if that fails."""
    state = call.hass.states.get(entity_id)
    if state is None or state.state == STATE_UNAVAILABLE:
        raise _error(translation_key="other_unavailable", entity_id=entity_id)
    words = _words(state, call.data[ATTR_MESSAGE], call.data.get(ATTR_TITLE))
    if not words:
        raise _error(translation_key="other_takes_words", entity_id=entity_id)
    await call.hass.services.async_call(
        DOMAIN, SERVICE_SEND_MESSAGE, {ATTR_ENTITY_ID: entity_id, **words}, blocking=True, context=call.context
    )
    row: JsonObjectType = {ATTR_ENTITY_ID: entity_id, "status": PASSED_ON}
    losses = [Loss(what=what, reason=_ONLY_WORDS) for what in lost]
    if losses:
        row |= {"degraded": True, "lost": [{"what": loss.what, "reason": loss.reason} for loss in losses]}
    return row


def _words(state: State, message: str, title: str | None) -> dict[str, str]:
    """Title and message; joined for an entity without support for titles."""
    message, title = message.strip(), (title or "").strip()
    if message and title and state.attributes.get(ATTR_SUPPORTED_FEATURES, 0) & NotifyEntityFeature.TITLE:
        return {ATTR_TITLE: title, ATTR_MESSAGE: message}
    text = "\n".join(part for part in (title, message) if part)
    return {ATTR_MESSAGE: text} if text else {}


def _error(*, translation_key: str, entity_id: str) -> HomeAssistantError:
    return ServiceValidationError(
        translation_domain=BACH, translation_key=translation_key, translation_placeholders={"entity_id": entity_id}
    )
