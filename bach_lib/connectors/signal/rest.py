"""Calls to a signal-cli-rest-api, with limits on what comes back.

https://bbernhard.github.io/signal-cli-rest-api/ describes them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from urllib.parse import quote

import orjson
from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSServerHandshakeError,
)
from yarl import URL

from bach_lib.connectors.network import JsonBody, not_connected, read_body
from bach_lib.connectors.signal.errors import RequestError, refusal

_MAX_ANSWER = 4 << 20
_MAX_FRAME = 4 << 20
"""Bytes. A text has at most 64 KiB; quotes and thumbnails come with it."""
_DOWNLOAD_SECONDS = 120.0
_HEARTBEAT = 30.0
"""Seconds between two pings; a connection that died quietly is noticed with the second one."""
_LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds for the phases of one request: until it is connected, the longest silence after that, all of it."""

    connect: float = 10.0
    read: float = 45.0
    total: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a server says about itself."""

    mode: str
    version: str | None

    @property
    def can_receive(self) -> bool:
        """Whether it has a WebSocket."""
        return self.mode.startswith("json-rpc")


class Rest:
    """One server. `session` returns what to call through, which stays its owner's."""

    def __init__(
        self, session: Callable[[], ClientSession], *, endpoint: str, token: str | None, timeouts: Timeouts
    ) -> None:
        self._session = session
        self._endpoint = endpoint.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = ClientTimeout(
            total=timeouts.total, connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.read
        )
        self.host = URL(self._endpoint).host_port_subcomponent or "the server"

    async def call(self, method: str, *path: str, body: object = None) -> object:
        """What the server answers; None for nothing. Raises `RequestError`."""
        payload = JsonBody(b"" if body is None else orjson.dumps(body))
        failure: RequestError | None
        try:
            async with self._session().request(
                method,
                self._url(path),
                data=None if body is None else payload,
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
                raise_for_status=False,
            ) as response:
                raw = await read_body(response, _MAX_ANSWER)
        except (ClientError, OSError, ValueError, RuntimeError) as error:  # RuntimeError: the session is closed
            failure = self._broken(error, written=payload.written)
        else:
            failure = self._refused(response, raw)
            if failure is None:
                return _decode(raw)
        raise failure  # out here, so that its `__context__` does not carry what aiohttp quotes

    async def about(self) -> About:
        """Whom we are talking to. Raises `RequestError`."""
        match await self.call("GET", "v1", "about"):
            case {"mode": str(mode), **rest}:
                version = rest.get("version")
                return About(mode=mode[:20], version=version[:50] if isinstance(version, str) and version else None)
        raise RequestError("bad_answer", f"What answers at {self.host} is no signal-cli-rest-api.")

    async def download(self, *path: str, limit: int) -> bytes | None:
        """The bytes of a file, None if there are more than `limit`. Raises `RequestError`."""
        timeout = ClientTimeout(
            total=_DOWNLOAD_SECONDS, connect=self._timeout.connect, sock_read=self._timeout.sock_read
        )
        failure: RequestError
        try:
            async with self._session().get(
                self._url(path), headers=self._headers, timeout=timeout, allow_redirects=False, raise_for_status=False
            ) as response:
                if response.status == 200:
                    content = await read_body(response, limit)
                    return content if len(content) <= limit else None
                failure = RequestError("not_fetched", f"{self.host} answered with HTTP status {response.status}.")
        except (ClientError, OSError, ValueError, RuntimeError) as error:
            failure = self._broken(error, written=False)
        raise failure

    async def listen(self, *path: str) -> ClientWebSocketResponse:
        """A WebSocket. Raises `RequestError`."""
        failure: RequestError
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
            failure = RequestError(code, f"{self.host} opens no WebSocket (HTTP status {error.status}).")
        except (ClientError, OSError, ValueError, RuntimeError) as error:
            failure = self._broken(error, written=False)
        raise failure

    def _url(self, path: tuple[str, ...]) -> URL:
        return URL("/".join((self._endpoint, *(quote(part, safe="") for part in path))), encoded=True)

    def _broken(self, error: Exception, *, written: bool) -> RequestError:
        if written and isinstance(error, TimeoutError):
            return RequestError("timeout", f"{self.host} did not answer in time.", lost=True)
        if written:
            return RequestError("unreachable", f"The connection to {self.host} broke before the answer.", lost=True)
        return RequestError(*not_connected(error, self.host))

    def _refused(self, response: ClientResponse, raw: bytes) -> RequestError | None:
        """What is wrong with an answer, or None."""
        status = response.status
        if 200 <= status < 300:
            too_much = len(raw) > _MAX_ANSWER
            return RequestError("bad_answer", f"{self.host} answers with too much.", lost=True) if too_much else None
        match _decode(raw):
            case {"error": str(words)} if words.strip():
                said = words.strip()
            case _:
                said = ""
        if status in {401, 403}:
            return RequestError("auth_failed", f"{self.host} refuses the token. {said}".strip())
        if status == 429:
            wait = _seconds(response.headers.get("Retry-After"))
            return RequestError("rate_limited", said or "Signal takes no more for a while.", retry_after=wait)
        if status >= 500:
            text = said or f"{self.host} answered with HTTP status {status}."
            return RequestError("server_error", text, lost=status == 504)  # a proxy that lost patience, not the server
        if said:
            return refusal(said)
        return RequestError("bad_answer", f"What answers at {self.host} (HTTP status {status}) is no Signal server.")


def _decode(raw: bytes) -> object:
    try:
        answer: object = orjson.loads(raw)
    except ValueError:
        return None
    return answer


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return min(value, _LONGEST_WAIT) if isfinite(value) and value > 0 else None
