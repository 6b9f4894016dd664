"""Client of an ntfy server, with limits on what comes back.

https://docs.ntfy.sh/publish/ and https://docs.ntfy.sh/subscribe/api/ describe them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import orjson
from aiohttp import ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from bach_lib.connectors.network import (
    BROKEN,
    Body,
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
from bach_lib.connectors.ntfy.errors import refusal
from bach_lib.connectors.observations import CallError

_MAX_ANSWER = 1 << 20
_NOT_THEIRS = "no ntfy server"
_DOWNLOAD_SECONDS = 120.0
_UPLOAD_SECONDS = 240.0
"""For all of a file on a slow line."""
_SILENCE = 120.0
"""Seconds without a line on a stream; the server says that it is there every 45."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds for the phases of one request: until it is connected, the longest silence after that, all of it."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 60.0


class Rest:
    """One server. `session` returns what to call through, which stays its owner's; `headers` show who we are."""

    def __init__(
        self,
        session: Callable[[], ClientSession],
        *,
        endpoint: str,
        headers: Mapping[str, str],
        timeouts: Timeouts,
        now: Callable[[], float],
    ) -> None:
        self._session = session
        self._now = now
        self._endpoint = endpoint.rstrip("/")
        self._headers = headers
        self._connect = timeouts.connect
        self._timeout = ClientTimeout(
            total=timeouts.total, connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.read
        )
        self.host = URL(self._endpoint).host_port_subcomponent or "the server"

    async def get(self, *path: str) -> object:
        """What the server says at this address. Raises `CallError`."""
        return await self._call("GET", path, NoBody(), {})

    async def publish(self, body: Mapping[str, object]) -> object:
        """Publish a text. Raises `CallError`."""
        return await self._call("POST", ("",), JsonBody(orjson.dumps(body)), {})

    async def upload(self, topic: str, headers: Mapping[str, str], content: bytes) -> object:
        """Publish a file. Raises `CallError`.

        The server takes PUT as well. But that one aiohttp repeats by itself where a kept connection breaks, and what
        had arrived would be there twice.
        """
        return await self._call("POST", (topic,), Body(content, content_type="application/octet-stream"), headers)

    async def download(self, *path: str, limit: int) -> bytes | None:
        """The bytes of a file, None if there are more than `limit`. Raises `CallError`."""
        timeout = ClientTimeout(total=_DOWNLOAD_SECONDS, connect=self._connect, sock_read=self._timeout.sock_read)
        return await download(self._session(), self._url(path), self._headers, timeout, limit)

    async def subscribe(self, topics: Sequence[str], since: str | None) -> ClientResponse:
        """A stream of lines, which whoever asks for it closes. Raises `CallError`."""
        timeout = ClientTimeout(total=None, connect=self._connect, sock_connect=self._connect, sock_read=_SILENCE)
        url = self._url((",".join(topics), "json")).with_query({} if since is None else {"since": since})
        failure: CallError
        try:
            response = await self._session().get(
                url, headers=self._headers, timeout=timeout, allow_redirects=False, raise_for_status=False
            )
            if response.status == 200 and response.content_type == "application/x-ndjson":
                return response
            async with response:
                raw = await read_body(response, _MAX_ANSWER)
            failure = self._refused(response, raw, decoded(raw)) or not_theirs(200, self.host, _NOT_THEIRS)
        except BROKEN as error:
            failure = broken(error, self.host, written=False)
        raise failure

    async def _call(self, method: str, path: tuple[str, ...], payload: Body, headers: Mapping[str, str]) -> object:
        timeout = self._timeout
        if headers:  # beside a file
            timeout = ClientTimeout(
                total=_UPLOAD_SECONDS, connect=self._connect, sock_connect=self._connect, sock_read=timeout.sock_read
            )
        failure: CallError | None
        try:
            async with self._session().request(
                method,
                self._url(path),
                data=None if method == "GET" else payload,
                headers={**self._headers, **headers},
                timeout=timeout,
                allow_redirects=False,
                raise_for_status=False,
            ) as response:
                raw = await read_body(response, _MAX_ANSWER)
        except BROKEN as error:
            failure = broken(error, self.host, written=payload.written)
        else:
            answer = decoded(raw)
            failure = self._refused(response, raw, answer)
            if failure is None:
                return answer
        raise failure  # out here, so that its `__context__` does not carry what aiohttp quotes

    def _url(self, path: tuple[str, ...]) -> URL:
        return URL("/".join((self._endpoint, *(quote(part, safe=",") for part in path))), encoded=True)

    def _refused(self, response: ClientResponse, raw: bytes, answer: object) -> CallError | None:
        """What is wrong with an answer, or None. The server's own are objects; what is good has the status 200."""
        status, foreign = response.status, is_page(response.content_type, raw)
        if status == 200 and not foreign and len(raw) <= _MAX_ANSWER and isinstance(answer, dict):
            return None
        wait = retry_after(response.headers, self._now())
        own = None if foreign else refusal(status, answer, self.host, wait)
        return own or not_theirs(status, self.host, _NOT_THEIRS, wait=wait if status == 429 else None)
