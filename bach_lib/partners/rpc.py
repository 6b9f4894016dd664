"""JSON-RPC client over streamable HTTP: one POST a call, answered with JSON or with a stream of events.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
"""

from collections.abc import Mapping
from contextlib import suppress

import orjson
from aiohttp import ClientResponse

from bach_lib.common_sentences import HOST_ANSWERS_WITH_MORE_THAN_NUMBER_MIB
from bach_lib.partners.faults import FaultError, status_error
from bach_lib.partners.http import ASK_SECONDS, MAX_ANSWER, HttpClient, decode, read
from bach_lib.partners.sse import EventReader
from bach_lib.said import Sentence

METHOD_NOT_FOUND = -32601
STATELESS = "2026-07-28"
"""The first version without sessions; it says with every call what was agreed upon before."""

_ABOUT_US = {
    "io.modelcontextprotocol/protocolVersion": STATELESS,
    "io.modelcontextprotocol/clientInfo": {"name": "bach", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_GOODBYE_SECONDS = 2.0
_MAX_SESSION_ID = 1000
_MAX_TALK = 4 * MAX_ANSWER
"""Bytes of a whole conversation: each page of a list may be as long as one answer."""
_MOST_LINES = 200_000
"""Of the streams of a whole conversation. Two bytes can be an event of their own, and take as long as a long one."""
_REFUSING = frozenset({400, 404, 405})
"""Statuses of a server that refuses a call in JSON."""


class RefusedError(Exception):
    """The server understood the call and refuses it."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.data = data


class SessionLostError(FaultError):
    """The server does not know the session that it gave; a client has to begin anew then."""

    def __init__(self, host: str) -> None:
        text = Sentence(
            "host_forgets_the_session_that_it_has_given",
            "{host} forgets the session that it has given. Are there several servers behind the address, each with its"
            " own?",
            host=host,
        )
        super().__init__("bad_answer", text)


class Conversation:
    """Calls to one server. `version` is what both agreed on, None before that; `is_understood`: it has answered one."""

    def __init__(self, link: HttpClient, *, version: str | None = None) -> None:
        self._link = link
        self._session: str | None = None
        self._last_id = 0
        self._bytes = self._lines = 0
        self.is_understood: bool = False
        self.version = version

    async def call(self, method: str, params: Mapping[str, object] | None = None) -> Mapping[str, object]:
        """The result of a call. Raises `FaultError` or `RefusedError`."""
        self._last_id += 1
        asked = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": self._params(params)}
        async with self._link.raw("POST", "", self._headers(method), orjson.dumps(asked), ASK_SECONDS) as response:
            await self._require_success(response)
            session = response.headers.get("Mcp-Session-Id")
            if session and len(session) <= _MAX_SESSION_ID:
                self._session = session
            result = result_of(await self._answer(response), self._link.host)
            self.is_understood = True
            return result

    async def tell(self, method: str) -> None:
        """Something that needs no answer. Raises `FaultError` or `RefusedError`."""
        told = orjson.dumps({"jsonrpc": "2.0", "method": method})
        async with self._link.raw("POST", "", self._headers(method), told, ASK_SECONDS) as response:
            await self._require_success(response)

    async def end(self) -> None:
        """Let the server forget the session. It may refuse, or be gone; it forgets by itself some day."""
        if self._session is None:
            return
        with suppress(FaultError):
            async with self._link.raw("DELETE", "", self._headers("DELETE"), None, _GOODBYE_SECONDS):
                self._session = None

    def _headers(self, method: str) -> dict[str, str]:
        headers = {"Accept": "application/json, text/event-stream"}
        if self.version is not None:
            headers["MCP-Protocol-Version"] = self.version
        if self.version == STATELESS:
            headers["Mcp-Method"] = method
        if self._session is not None:
            headers["Mcp-Session-Id"] = self._session
        return headers

    def _params(self, params: Mapping[str, object] | None) -> Mapping[str, object]:
        return {**(params or {}), **({"_meta": _ABOUT_US} if self.version == STATELESS else {})}

    async def _require_success(self, response: ClientResponse) -> None:
        if 200 <= response.status < 300:
            return
        answer = decode(await read(response, MAX_ANSWER))
        if response.status == 404 and self._session is not None:
            raise SessionLostError(self._link.host)
        match answer:
            case {"error": {"code": int(code), "message": str(message)} as error} if response.status in _REFUSING:
                raise RefusedError(code, message, error.get("data"))
        raise status_error(response.status, response.headers, answer, self._link.host)

    async def _answer(self, response: ClientResponse) -> object:
        """The message that answers the last call; a stream may bring others before it."""
        if response.content_type != "text/event-stream":
            raw = await read(response, MAX_ANSWER)
            self._require_bound(len(raw), len(raw), 0)
            return answer_in(decode(raw), self._last_id)
        events, size, lines = EventReader(), 0, 0
        async for piece in response.content.iter_any():
            found, size = events.feed(piece), size + len(piece)
            self._require_bound(size, len(piece), events.lines - lines)
            lines = events.lines
            for data in found:
                if (answer := answer_in(decode(data.encode()), self._last_id)) is not None:
                    return answer
        raise FaultError(
            "bad_answer",
            Sentence(
                "host_ended_its_stream_of_events",
                "{host} ended its stream of events before the answer came.",
                host=self._link.host,
            ),
        )

    def _require_bound(self, size: int, more: int, lines: int) -> None:
        """`size`: of this answer so far; `more` and `lines`: what has come of the conversation just now."""
        self._bytes, self._lines = self._bytes + more, self._lines + lines
        if size > MAX_ANSWER:
            raise FaultError(
                "bad_answer", HOST_ANSWERS_WITH_MORE_THAN_NUMBER_MIB(host=self._link.host, number=MAX_ANSWER >> 20)
            )
        if self._bytes > _MAX_TALK:
            raise FaultError(
                "bad_answer",
                Sentence(
                    "host_answers_with_more_than_number_mib_in_all",
                    "{host} answers with more than {number} MiB in all.",
                    host=self._link.host,
                    number=_MAX_TALK >> 20,
                ),
            )
        if self._lines > _MOST_LINES:
            raise FaultError(
                "bad_answer",
                Sentence(
                    "host_sends_more_than_number_lines_of_events",
                    "{host} sends more than {number} lines of events.",
                    host=self._link.host,
                    number=f"{_MOST_LINES:,}",
                ),
            )


def answer_in(message: object, call_id: int) -> object:
    """The answer to a call, in a message or in a list of them, which older versions allow; None if it is not there."""
    messages: list[object] = message if isinstance(message, list) else [message]
    for one in messages:
        match one:
            case {"id": int(found), "result": _} | {"id": int(found), "error": _} if found == call_id:
                return one
            case {"id": None, "error": _}:  # so little was understood that not even the id was
                return one
    return None


def result_of(answer: object, host: str) -> Mapping[str, object]:
    """What was asked for. Raises `FaultError` or `RefusedError`."""
    match answer:
        case {"error": {"code": int(code), "message": str(message)} as error}:
            raise RefusedError(code, message, error.get("data"))
        case {"result": dict(result)}:
            return result
    raise FaultError(
        "bad_answer",
        Sentence(
            "host_answers_but_not_as_an_mcp_server",
            "{host} answers, but not as an MCP server. Is the endpoint right?",
            host=host,
        ),
    )
