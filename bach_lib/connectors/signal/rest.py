"""Client of signal-cli-rest-api, with limits on what comes back.

https://bbernhard.github.io/signal-cli-rest-api/ describes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import override

import orjson
from aiohttp import (
    ClientResponse,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSServerHandshakeError,
)

from bach_lib.common_sentences import HOST_REFUSES_THE_TOKEN, WHAT_ANSWERS_AT_HOST_IS_NO_SIGNAL_CLI_REST_API
from bach_lib.connectors.json_client import JsonClient
from bach_lib.connectors.network import BROKEN, broken, is_page, not_theirs, retry_after
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.request_body import JsonBody, NoBody
from bach_lib.connectors.signal.errors import refusal, too_much
from bach_lib.said import Sentence, together

_MAX_FRAME = 4 << 20
"""Bytes. A text has at most 64 KiB; quotes and thumbnails come with it."""
_NOT_THEIRS = Sentence("no_signal_cli_rest_api", "no signal-cli-rest-api")
_HEARTBEAT = 30.0
"""Seconds between two pings; a connection that died quietly is noticed with the second one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """Mode and version of a signal-cli REST server, as `/v1/about` tells them."""

    mode: str
    version: str | None

    @property
    def can_receive(self) -> bool:
        """Whether it has a WebSocket."""
        return self.mode.startswith("json-rpc")


class Rest(JsonClient):
    """The calls of one signal-cli-rest-api."""

    max_answer = 4 << 20

    async def call(
        self, method: str, *path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> object:
        """What the server answers; None for nothing. Raises `CallError`."""
        payload = NoBody() if body is None else JsonBody(orjson.dumps(body))
        return await self.request(method, path, payload, query=query)

    async def about(self) -> ServerInfo:
        """Whom we are talking to. Raises `CallError`."""
        match await self.call("GET", "v1", "about"):
            case {"mode": str(mode), **rest}:
                version = rest.get("version")
                return ServerInfo(
                    mode=mode[:20], version=version[:50] if isinstance(version, str) and version else None
                )
        raise CallError(
            "bad_answer", WHAT_ANSWERS_AT_HOST_IS_NO_SIGNAL_CLI_REST_API(host=self.host), Observation.NO_ANSWER
        )

    async def listen(self, *path: str) -> ClientWebSocketResponse:
        """A WebSocket. Raises `CallError`."""
        failure: CallError
        try:
            return await self._session().ws_connect(
                self._url(path),
                headers=self._headers,
                heartbeat=_HEARTBEAT,
                max_msg_size=_MAX_FRAME,
                timeout=ClientWSTimeout(ws_close=self._timeout.connect),
            )
        except WSServerHandshakeError as error:
            code = "auth_failed" if error.status in {401, 403} else "bad_answer"
            words = Sentence(
                "host_opens_no_websocket_http_status_status",
                "{host} opens no WebSocket (HTTP status {status}).",
                host=self.host,
                status=error.status,
            )
            failure = CallError(code, words, Observation.UNCLEAR)
        except BROKEN as error:
            failure = broken(error, self.host, written=False)
        raise failure

    @override
    def refused(self, response: ClientResponse, raw: bytes, answer: object) -> CallError | None:
        """The server's own answers are JSON; refusals by a proxy may be empty."""
        status = response.status
        foreign = is_page(response.content_type, raw)
        if 200 <= status < 300 and not foreign:
            if len(raw) > self.max_answer:
                return CallError(
                    "bad_answer",
                    Sentence("host_answers_with_too_much", "{host} answers with too much.", host=self.host),
                    Observation.NO_ANSWER,
                )
            if response.method != "GET" and status == HTTPStatus.OK and not _is_receipt(response.url.path, answer):
                return not_theirs(status, self.host, _NOT_THEIRS)
            return None
        match answer:
            case {"error": str(words)} if words.strip():
                said = words.strip()
            case _:
                said = ""
        wait = retry_after(response.headers, self.now())
        if status in {401, 403} and not foreign:
            return CallError(
                "auth_failed",
                together([HOST_REFUSES_THE_TOKEN(host=self.host), *([said] if said else [])]),
                Observation.UNCLEAR,
            )
        if status == 429 and said:
            return too_much(said, wait)
        if status >= 500 and said:
            return CallError("server_error", said, Observation.NO_ANSWER)
        if 400 <= status < 500 and said:
            return refusal(said, wait)
        return not_theirs(status, self.host, _NOT_THEIRS, wait=wait if status == 429 else None)


def _is_receipt(path: str, answer: object) -> bool:
    """Whether this is how the server says that something was sent, or, with a text, that it is pinned.

    Where its status alone says so, that is 201 or 204.
    """
    is_pinned = isinstance(answer, str) and path.endswith("/pin-message")
    return is_pinned or (isinstance(answer, dict) and "timestamp" in answer)
