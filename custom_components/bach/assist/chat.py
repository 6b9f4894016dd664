"""Selects the incoming messages that a conversation agent answers, and queues them per person.

Only recipients with a chosen agent are answered. Unknown senders, commands, edited messages, answers to questions and
forwarded messages never reach an agent.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from bach_lib import Bach, IncomingMessage, Kind
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.attribution import SIGNAL_RECEIVED, Received, Role, is_claimed

from .answering import Answering, Question
from .settings import ChatSettings, chat_settings
from .voice import is_speech

_LOGGER = logging.getLogger(__name__)

_HOUR = 3600.0

MAX_WAITING: Final = 5
"""Messages of one person that wait for their answer."""

MAX_LANES: Final = 200
"""People of one connection who wait for an answer: a group may be as large as it likes."""

MAX_AT_ONCE: Final = 8
"""People of one connection who are answered at the same time."""


@callback
def async_chat(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach) -> None:
    """Answer the chat messages of an entry until it is unloaded."""
    chat = _Chat(hass, entry, Answering(hass, bach, entry.runtime_data.connection))
    entry.async_on_unload(async_dispatcher_connect(hass, SIGNAL_RECEIVED, chat.hear))


@dataclass(slots=True)
class _Lane:
    """The unanswered messages of one person in one chat. `refused` is the first that found the queue full."""

    questions: deque[Question] = field(default_factory=deque)
    refused: Question | None = None


class _Chat:
    """Queues and workers of one entry: in order per person, several people at a time."""

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, answering: Answering) -> None:
        self._hass = hass
        self._entry = entry
        self._answering = answering
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._free = asyncio.Semaphore(MAX_AT_ONCE)
        self._tell_at = 0.0

    @callback
    def hear(self, received: Received) -> None:
        """Queue a message if it is for an agent."""
        settings = self._settings(received)
        if settings is None or not self._is_for_agent(received, settings):
            return
        question = Question(received, settings)
        if lane := self._lanes.get(question.lane):
            self._append(lane, question)
            return
        if len(self._lanes) >= MAX_LANES:
            self._refuse()
            return
        self._lanes[question.lane] = lane = _Lane(deque([question]))
        self._entry.async_create_background_task(self._hass, self._work(question.lane, lane), "bach: chat")

    @callback
    def _refuse(self) -> None:
        """Log at most once an hour that more people wait than can be answered."""
        now = self._hass.loop.time()
        if now >= self._tell_at:
            self._tell_at = now + _HOUR
            _LOGGER.warning("More than %d people wait for an answer through %s", MAX_LANES, self._entry.title)

    def _settings(self, received: Received) -> ChatSettings | None:
        if received.entry_id != self._entry.entry_id or received.subentry_id is None:
            return None
        return chat_settings(self._entry.subentries.get(received.subentry_id))

    def _is_for_agent(self, received: Received, settings: ChatSettings) -> bool:
        message = received.message
        is_voice = message.kind is Kind.MEDIA and is_speech(message.content.media) and settings.engine is not None
        return (
            (message.kind is Kind.TEXT or is_voice)
            and (message.is_own or _is_persons_doing(message))
            and received.role.includes(Role.USER)
            and not is_claimed(self._hass, received)
        )

    def _append(self, lane: _Lane, question: Question) -> None:
        """Queue a message; the first one too many is told so, those after it are dropped."""
        if lane.refused:
            return
        if len(lane.questions) < MAX_WAITING:
            lane.questions.append(question)
        else:
            lane.refused = question

    async def _work(self, key: tuple[str, str], lane: _Lane) -> None:
        """Answer all messages of a lane, in order."""
        try:
            while lane.questions or lane.refused:
                async with self._free:
                    # a task of its own, because agents leave things behind in the context of theirs
                    await self._hass.async_create_background_task(self._next(lane), "bach: answer")
        finally:
            del self._lanes[key]

    async def _next(self, lane: _Lane) -> None:
        """Answer one message. An unexpected error costs this answer only."""
        try:
            if lane.questions:
                await self._answering.answer(lane.questions.popleft())
            elif lane.refused:
                refused, lane.refused = lane.refused, None
                await self._answering.refuse(refused)
        except Exception:
            _LOGGER.exception("A message could not be answered")


def _is_persons_doing(message: IncomingMessage) -> bool:
    """Whether a person, not a program, sent the message: programs would answer the refusal."""
    return not (message.metadata.get("automatic") or message.metadata.get("bot"))
