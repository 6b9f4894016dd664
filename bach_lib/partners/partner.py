"""One AI partner, MCP server or API: asks it, and gives back whatever goes wrong as a fault without secrets."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from aiohttp import ClientSession

from bach_lib.clock import Clock
from bach_lib.common_sentences import ANSWER, HOST_DID_NOT_ANSWER_IN_TIME
from bach_lib.errors import CannotDoError
from bach_lib.models import Connection, Fault, Report
from bach_lib.models.chat import ChatMessage, ChatOptions, Question, Reply, cut, question, thinking_in, tokens_in
from bach_lib.models.health import internal_fault
from bach_lib.partners import claude, gemini, mcp, ollama, openai, web
from bach_lib.partners.credentials import Credentials, StaticCredentials
from bach_lib.partners.faults import FaultError
from bach_lib.partners.http import HttpClient
from bach_lib.partners.oauth import OAuthCredentials
from bach_lib.redact import readable
from bach_lib.registry.partner_types import Auth, auth_of, check_partner, endpoint_of, expected_statuses
from bach_lib.registry.secrets import Secrets

_CHECK_SECONDS = 45.0
"""A last net above the time-outs of the single requests."""


class _Probe(Protocol):
    """Question that proves that all is well. Raises `FaultError`."""

    async def __call__(self, link: HttpClient, *, accepted: bool | None) -> Report: ...


_PROBES: dict[str, _Probe] = {
    "claude": claude.probe,
    "gemini": gemini.probe,
    "mcp": mcp.probe,
    "ollama": ollama.probe,
    "openai-compatible": openai.probe,
}
_CHATS: dict[str, Callable[[HttpClient, Question], Awaitable[Reply]]] = {
    "claude": claude.chat,
    "gemini": gemini.chat,
    "ollama": ollama.chat,
    "openai-compatible": openai.chat,
}


class Partner:
    """Made from a connection as it is now. Raises an `InputError` for settings that cannot be right."""

    def __init__(self, connection: Connection, *, session: ClientSession, secrets: Secrets, clock: Clock) -> None:
        check_partner(connection, secrets)
        self._connection = connection
        self.credentials: Credentials = _credentials(connection, session, secrets, clock)
        self._link = HttpClient(
            session=session, endpoint=endpoint_of(connection), credentials=self.credentials, clock=clock
        )

    async def check(self) -> Report | Fault:
        """Whether it answers and takes our credentials, and what it offers."""
        accepted = None if auth_of(self._connection) is Auth.NONE else True
        answer = await self._without_raising(self._probe(accepted), _CHECK_SECONDS)
        return self.credentials.redactor().within(answer)  # with all that was shown meanwhile

    def question(self, messages: Sequence[ChatMessage], options: ChatOptions) -> Question:
        """What would be asked. Raises an `InputError`."""
        if self._connection.type not in _CHATS:
            raise CannotDoError(type=self._connection.type, operation=ANSWER)
        settings = self._connection.settings
        defaults = ChatOptions()
        if isinstance(model := settings.get("model"), str):
            defaults["model"] = model
        if isinstance(system := settings.get("system"), str):
            defaults["system"] = system
        if (most := tokens_in("max_tokens", settings.get("max_tokens"))) is not None:
            defaults["max_tokens"] = most
        if (context := tokens_in("num_ctx", settings.get("num_ctx"))) is not None:
            defaults["num_ctx"] = context
        if (thinking := thinking_in(settings.get("thinking"))) is not None:
            defaults["thinking"] = thinking
        return question(messages, defaults, options)

    async def chat(self, asked: Question) -> Reply | Fault:
        """One turn."""
        answer = await self._without_raising(self._chat(asked), asked.timeout + 5.0)
        redact = self.credentials.redactor()
        if isinstance(answer, Fault):
            return redact.within(answer)
        return replace(answer, text=redact.masked(readable(answer.text, lines=True)))

    async def close(self) -> None:
        """Let what must not be broken off come to its end. The session is the caller's."""
        await self.credentials.settle()

    async def _probe(self, accepted: bool | None) -> Report:
        if self._connection.type == "http":
            return await web.probe(
                self._link,
                accepted=accepted,
                method=str(self._connection.settings.get("method", "GET")),
                expected=expected_statuses(self._connection),
            )
        return await _PROBES[self._connection.type](self._link, accepted=accepted)

    async def _chat(self, asked: Question) -> Reply:
        return cut(await _CHATS[self._connection.type](self._link, asked), asked.max_characters)

    async def _without_raising[Found](self, asking: Awaitable[Found], seconds: float) -> Found | Fault:
        try:
            async with asyncio.timeout(seconds):
                return await asking
        except FaultError as error:
            return error.fault
        except TimeoutError:
            return Fault(code="timeout", text=HOST_DID_NOT_ANSWER_IN_TIME(host=self._link.host))
        except Exception as error:  # noqa: BLE001 - a border: what comes from outside must not end the checks
            return internal_fault(error)


def _credentials(connection: Connection, session: ClientSession, secrets: Secrets, clock: Clock) -> Credentials:
    if auth_of(connection) is Auth.OAUTH:
        return OAuthCredentials(connection, session=session, secrets=secrets, clock=clock)
    return StaticCredentials(connection, secrets)
