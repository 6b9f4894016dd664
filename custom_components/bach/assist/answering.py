"""Answers one chat message: transcribes voice, asks the conversation agent, shows "typing", and queues the answer.

The agent runs with the Home Assistant user that the person is mapped to. If anything fails, the person gets one
friendly sentence instead of silence.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from homeassistant.components import conversation
from homeassistant.core import HomeAssistant
from homeassistant.helpers.chat_session import async_get_chat_session
from homeassistant.helpers.intent import IntentResponseErrorCode
from homeassistant.util import dt as dt_util

from bach_lib import Bach, BachError, IncomingMessage
from bach_lib.errors import FileTooLargeError
from bach_lib.text.splitting import shortened
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.attribution import Received

from .conversations import Conversations, Lane
from .no_answer import NoAnswerError, in_words
from .partner_agent import PartnerChat
from .patience import patience
from .settings import ChatSettings
from .streaming import Listener, streamed
from .voice import MAX_BYTES, is_speech, transcribe

_LOGGER = logging.getLogger(__name__)

ANSWER_SECONDS: Final = 60
"""How long an answer may take, and longer only while somebody else is asked for it. A person has given up by then."""

MAX_ANSWER: Final = 16_000
"""Characters. What is longer is a book, not an answer."""

TYPING_SECONDS: Final = 4
"""Platforms show for about five seconds that an answer is coming."""

MAX_AGE: Final = 300
"""Seconds. "Open the gate" from this morning must not open it tonight."""


@dataclass(frozen=True, slots=True)
class Question:
    """A chat message that waits for an answer, with the chat settings of its recipient."""

    received: Received
    settings: ChatSettings

    @property
    def lane(self) -> Lane:
        """The key of the conversation: recipient and sender."""
        return self.received.message.recipient, self.received.message.sender_id


class Answering:
    """Answers the chat messages of one connection."""

    def __init__(self, hass: HomeAssistant, bach: Bach, connection: str) -> None:
        self._hass = hass
        self._bach = bach
        self._connection = connection
        self._conversations = Conversations[str]()
        self._partner_chat = PartnerChat(hass, bach)

    async def answer(self, question: Question) -> None:
        """Send the agent's answer, or a sentence that says why there is none."""
        try:
            answer = await self._in_time(question)
        except NoAnswerError as error:
            answer = await self._sentence(question, error)
        await self._send(question, answer)

    async def refuse(self, question: Question) -> None:
        """Tell a person who writes faster than the agent answers that it was too much."""
        error = NoAnswerError(translation_domain=DOMAIN, translation_key="chat_busy")
        await self._send(question, await self._sentence(question, error))

    async def _in_time(self, question: Question) -> str:
        try:
            async with patience(ANSWER_SECONDS), self._typing(question.received.message.recipient):
                return await self._find_answer(question)
        except TimeoutError as error:
            raise NoAnswerError(translation_domain=DOMAIN, translation_key="chat_timeout") from error

    async def _find_answer(self, question: Question) -> str:
        message = question.received.message
        if not message.is_own:  # whoever wrote them may not be heard here, and Assist would act for who passes them on
            raise NoAnswerError(translation_domain=DOMAIN, translation_key="chat_passed_on")
        if dt_util.utcnow().timestamp() - message.written_at > MAX_AGE:
            raise NoAnswerError(translation_domain=DOMAIN, translation_key="chat_too_late")
        if not is_speech(message.content.media):
            return await self._converse(question, message.text)
        text = await self._listen(question)
        try:
            answer = await self._converse(question, text)
        except NoAnswerError as error:
            answer = await self._sentence(question, error)
        return f"“{text}”\n\n{answer}"  # whoever speaks wants to know what was understood

    async def _listen(self, question: Question) -> str:
        """Fetch and transcribe the voice message."""
        settings = question.settings
        if settings.engine is None:  # such a message is no question
            raise NoAnswerError(translation_domain=DOMAIN, translation_key="voice_engine_missing")
        try:
            audio = await self._bach.fetch(question.received.message.id, MAX_BYTES)
        except FileTooLargeError as error:
            raise NoAnswerError(translation_domain=DOMAIN, translation_key="voice_too_large") from error
        except BachError as error:
            _LOGGER.warning("A voice message could not be fetched: %s", error)
            raise NoAnswerError(translation_domain=DOMAIN, translation_key="voice_failed") from error
        return await transcribe(self._hass, settings.engine, self._language(question), audio)

    async def _converse(self, question: Question, text: str) -> str:
        """Ask the conversation agent, or the AI partner if no agent is chosen."""
        agent, partner = question.settings.agent, question.settings.partner
        if agent is None and partner is not None:
            return await self._partner_chat.answer(question.lane, partner, text)
        return await self._ask_agent(question, agent, text)

    async def _ask_agent(self, question: Question, agent: str | None, text: str) -> str:
        if agent is None or conversation.DOMAIN not in self._hass.config.components or not _exists(self._hass, agent):
            raise NoAnswerError(translation_domain=DOMAIN, translation_key="chat_agent_missing")
        try:
            async with streamed(self._hass, partial(self._preview, question.received.message)) as listener:
                result = await self._streaming(question, agent, text, listener)
        except Exception as error:  # an agent is other people's code; its error is logged and the person told
            _LOGGER.exception("The conversation agent %s failed", agent)
            raise NoAnswerError(translation_domain=DOMAIN, translation_key="chat_failed") from error
        self._conversations.keep(question.lane, result.conversation_id)
        return _spoken(result, agent)

    async def _streaming(
        self, question: Question, agent: str, text: str, listener: Listener
    ) -> conversation.ConversationResult:
        """Ask the agent, with a listener to what it says meanwhile; as Home Assistant's own pipelines do."""
        with (
            async_get_chat_session(self._hass, self._conversations.get(question.lane)) as session,
            conversation.async_get_chat_log(self._hass, session, chat_log_delta_listener=listener),
        ):
            return await conversation.async_converse(
                self._hass,
                text,
                session.conversation_id,
                question.received.context,
                self._language(question),
                agent,
                extra_system_prompt=_hints(question),
            )

    async def _preview(self, message: IncomingMessage, text: str) -> bool:
        """Show what the answer will be, where the platform can."""
        try:
            return await self._bach.preview(self._connection, message.recipient, message.id, _sayable(text))
        except BachError as error:
            _LOGGER.debug("Nobody sees what the answer will be: %s", error)
            return False

    @asynccontextmanager
    async def _typing(self, recipient: str) -> AsyncIterator[None]:
        """Show the platform's "typing" indicator inside of this block."""

        async def show() -> None:
            while True:
                try:
                    await self._bach.typing(self._connection, recipient)
                except BachError as error:
                    _LOGGER.debug("Nobody sees that an answer is coming: %s", error)
                await asyncio.sleep(TYPING_SECONDS)

        showing = self._hass.async_create_background_task(show(), "bach: typing")
        try:
            yield
        finally:
            showing.cancel()

    async def _send(self, question: Question, answer: str) -> None:
        """Queue the answer as a reply."""
        message = question.received.message
        try:
            await self._bach.send(
                self._connection,
                message.recipient,
                shortened(_sayable(answer).strip(), MAX_ANSWER),
                reply_to=message.remote_id,
                context=question.received.context.id,
            )
        except BachError as error:
            _LOGGER.warning("An answer could not be sent: %s", error)

    async def _sentence(self, question: Question, error: NoAnswerError) -> str:
        return await in_words(self._hass, error, self._language(question))

    def _language(self, question: Question) -> str:
        return question.settings.language or self._hass.config.language


def _sayable(text: str) -> str:
    """Lone surrogates, which agents may produce, become question marks."""
    return text.encode(errors="replace").decode()


def _exists(hass: HomeAssistant, agent: str) -> bool:
    return conversation.async_get_agent_info(hass, agent) is not None


def _hints(question: Question) -> str | None:
    """The hints of the context rules that match the message, as an extra prompt."""
    hints = question.received.message.metadata.get("context_hints")
    return "\n".join(str(one) for one in hints) if isinstance(hints, list) and hints else None


def _spoken(result: conversation.ConversationResult, agent: str) -> str:
    """The text of an agent's result. Raises `NoAnswerError` if it is empty or an internal error."""
    response = result.response
    if response.error_code is IntentResponseErrorCode.UNKNOWN:  # its words are those of a program's error
        _LOGGER.warning("The conversation agent %s could not answer; its own log or trace says why", agent)
        raise NoAnswerError(translation_domain=DOMAIN, translation_key="chat_failed")
    words: str = response.speech.get("plain", {}).get("speech") or ""
    if not words.strip():
        raise NoAnswerError(translation_domain=DOMAIN, translation_key="chat_done")
    return words
