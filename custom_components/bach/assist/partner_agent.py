"""Chats with an AI partner, with a history per person.

It only talks: unlike a conversation agent, it cannot control the home.
"""

import logging
from typing import Final

from homeassistant.core import HomeAssistant

from bach_lib import Bach, BachError, ChatMessage, Fault, Role
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.language import in_home_language
from custom_components.bach.kinds.partners import can_chat
from custom_components.bach.lifecycle.status import loaded_entry

from .conversations import Conversations, Lane
from .no_answer import NoAnswerError

_LOGGER = logging.getLogger(__name__)

HISTORY: Final = 10
"""Exchanges before a question that the partner is told again."""

_SECONDS: Final = 55
"""A little less than an answer may take altogether, so that the partner's own reason is known."""


class PartnerChat:
    """Chat with AI partners that keeps the history of each person apart."""

    def __init__(self, hass: HomeAssistant, bach: Bach) -> None:
        self._hass = hass
        self._bach = bach
        self._conversations = Conversations[tuple[ChatMessage, ...]]()

    async def answer(self, lane: Lane, entry_id: str, text: str) -> str:
        """Ask the AI partner, and return its answer. Raises `NoAnswerError`."""
        entry = loaded_entry(self._hass, entry_id)
        if entry is None or not can_chat(entry):
            raise NoAnswerError(translation_domain=DOMAIN, translation_key="chat_agent_missing")
        said = (*(self._conversations.get(lane) or ()), ChatMessage(role=Role.USER, text=text))
        try:
            reply = await self._bach.chat(entry.runtime_data.connection, said, history=HISTORY, timeout=_SECONDS)
        except BachError as error:
            raise _failed(entry.title, in_home_language(self._hass, error.sentence)) from error
        if isinstance(reply, Fault):
            raise _failed(entry.title, in_home_language(self._hass, reply.text))
        said = (*said, ChatMessage(role=Role.ASSISTANT, text=reply.text))
        self._conversations.keep(lane, said[-2 * HISTORY :])
        return reply.text


def _failed(name: str, reason: str) -> NoAnswerError:
    _LOGGER.warning("%s did not answer: %s", name, reason)
    return NoAnswerError(translation_domain=DOMAIN, translation_key="chat_failed")
