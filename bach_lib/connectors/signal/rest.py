"""Client of signal-cli-rest-api, with limits on what comes back.

https://bbernhard.github.io/signal-cli-rest-api/ describes them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

import orjson
from aiohttp import (
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSServerHandshakeError,
)
from yarl import URL

from bach_lib.connectors.network import (
    BROKEN,
    JsonBody,
    NoBody,
    broken,
    decoded,
    download,
    is_page,
    not_theirs,
    read_body,
    retry_after,
)
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.signal.errors import refusal, too_much

_MAX_ANSWER = 4 << 20
_MAX_FRAME = 4 << 20
"""Bytes. A text has at most 64 KiB; quotes and thumbnails come with it."""
_NOT_THEIRS = "no signal-cli-rest-api"
_DOWNLOAD_SECONDS = 120.0
_HEARTBEAT = 30.0
"""Seconds between two pings; a connection that died quietly is noticed with the second one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds for the phases of one request: until it is connected, the longest silence after that, all of it."""

    connect: float = 10.0
    read: float = 45.0
    total: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """Mode and version of a signal-cli REST server, as `/v1/about` tells them."""

    mode: str
    version: str | None

    @property
    def can_receive(self) -> bool:
        """Whether it has a WebSocket."""
        return self.mode.startswith("json-rpc")


class Rest:
    """One server. `session` returns what to call through, which stays its owner's."""

    def __init__(
        self,
        session: Callable[[], ClientSession],
        *,
        endpoint: str,
        token: str | None,
        timeouts: Timeouts,
        now: Callable[[], float],
    ) -> None:
        self._session = session
        self._now = now
        self._endpoint = endpoint.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = ClientTimeout(
            total=timeouts.total, connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.read
        )
        self.host = URL(self._endpoint).host_port_subcomponent or "the server"

    async def call(
        self, method: str, *path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> object:
        """What the server answers; None for nothing. Raises `CallError`."""
        payload = NoBody() if body is None else JsonBody(orjson.dumps(body))
        failure: CallError | None
        try:
            async with self._session().request(
                method,
                self._url(path).with_query(query),
                data=None if method == "GET" else payload,
                skip_auto_headers=NoBody.SKIP if body is None else None,
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
                raise_for_status=False,
            ) as response:
                raw = await read_body(response, _MAX_ANSWER)
        except BROKEN as error:
            failure = broken(error, self.host, written=payload.written)
        else:
            answer = decoded(raw)
            failure = self._refused(response, raw, answer)
            if failure is None and method != "GET" and response.status == HTTPStatus.OK and not _is_receipt(answer):
                failure = not_theirs(response.status, self.host, _NOT_THEIRS)
            if failure is None:
                return answer
        raise failure  # out here, so that its `__context__` does not carry what aiohttp quotes

    async def about(self) -> ServerInfo:
        """Whom we are talking to. Raises `CallError`."""
        match await self.call("GET", "v1", "about"):
            case {"mode": str(mode), **rest}:
                version = rest.get("version")
                return ServerInfo(
                    mode=mode[:20], version=version[:50] if isinstance(version, str) and version else None
                )
        raise CallError("bad_answer", f"What answers at {self.host} is no signal-cli-rest-api.", Observation.NO_ANSWER)

    async def download(self, *path: str, limit: int) -> bytes | None:
        """The bytes of a file, None if there are more than `limit`. Raises `CallError`."""
        timeout = ClientTimeout(
            total=_DOWNLOAD_SECONDS, connect=self._timeout.connect, sock_read=self._timeout.sock_read
        )
        return await download(self._session(), self._url(path), self._headers, timeout, limit)

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
            words = f"{self.host} opens no WebSocket (HTTP status {error.status})."
            failure = CallError(code, words, Observation.UNCLEAR)
        except BROKEN as error:
            failure = broken(error, self.host, written=False)
        raise failure

    def _url(self, path: tuple[str, ...]) -> URL:
        return URL("/".join((self._endpoint, *(quote(part, safe="") for part in path))), encoded=True)

    def _refused(self, response: ClientResponse, raw: bytes, answer: object) -> CallError | None:
        """What is wrong with an answer, or None. The server's own are JSON; refusals by a proxy may be empty."""
        status = response.status
        foreign = is_page(response.content_type, raw)
        if 200 <= status < 300 and not foreign:
            if len(raw) > _MAX_ANSWER:
                return CallError("bad_answer", f"{self.host} answers with too much.", Observation.NO_ANSWER)
            return None
        match answer:
            case {"error": str(words)} if words.strip():
                said = words.strip()
            case _:
                said = ""
        wait = retry_after(response.headers, self._now())
        if status in {401, 403} and not foreign:
            return CallError("auth_failed", f"{self.host} refuses the token. {said}".strip(), Observation.UNCLEAR)
        if status == 429 and said:
            return too_much(said, wait)
        if status >= 500 and said:
            return CallError("server_error", said, Observation.NO_ANSWER)
        if 400 <= status < 500 and said:
            return refusal(said, wait)
        return not_theirs(status, self.host, _NOT_THEIRS, wait=wait if status == 429 else None)


def _is_receipt(answer: object) -> bool:
    """Whether this is how the server says that something was sent. Where its status alone says so, that is 201."""
    return isinstance(answer, dict) and "timestamp" in answer
