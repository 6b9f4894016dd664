"""HTTP client of a server that speaks JSON: calls and downloads, with limits on time and on what comes back.

Signal's and ntfy's servers differ in what they answer and refuse, not in how one asks. What a call could not do is a
`CallError` that says whether anything had been written by then.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from aiohttp import ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from bach_lib.common_sentences import THE_SERVER
from bach_lib.connectors.network import BROKEN, broken, decoded, download, read_body
from bach_lib.connectors.observations import CallError
from bach_lib.connectors.request_body import Body, NoBody, uploading

_DOWNLOAD_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds for the phases of one request."""

    connect: float = 10.0
    """Until it is connected."""
    read: float = 45.0
    """The longest silence after that."""
    total: float = 60.0
    """All of it."""


class JsonClient(ABC):
    """Client of one server. `session` returns what to call through, which stays its owner's.

    `headers` go with every request; they may show who we are.
    """

    max_answer: ClassVar[int]
    """Bytes."""
    safe: ClassVar[str] = ""
    """Characters that stand in a path as they are."""

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
        self.now = now
        """Tells the time, by which dates in `Retry-After` are judged."""
        self._endpoint = endpoint.rstrip("/")
        self._headers = headers
        self._timeout = ClientTimeout(
            total=timeouts.total, connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.read
        )
        self.host: str = URL(self._endpoint).host_port_subcomponent or THE_SERVER
        """Where it asks, for sentences."""

    async def download(self, *path: str, limit: int) -> bytes | None:
        """The bytes of a file, None if there are more than `limit`. Raises `CallError`."""
        timeout = ClientTimeout(
            total=_DOWNLOAD_SECONDS, connect=self._timeout.connect, sock_read=self._timeout.sock_read
        )
        return await download(self._session(), self._url(path), self._headers, timeout, limit)

    async def request(
        self,
        method: str,
        path: tuple[str, ...],
        payload: Body,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> object:
        """The JSON that the server answers, None for nothing. Raises `CallError`."""
        failure: CallError | None
        try:
            async with self._session().request(
                method,
                self._url(path).with_query(query),
                data=None if method == "GET" else payload,
                skip_auto_headers=NoBody.SKIP if isinstance(payload, NoBody) else None,
                headers={**self._headers, **(headers or {})},
                timeout=uploading(self._timeout, payload.size or 0),
                allow_redirects=False,
                raise_for_status=False,
            ) as response:
                raw = await read_body(response, self.max_answer)
        except BROKEN as error:
            failure = broken(error, self.host, written=payload.written, ended=payload.ended)
        else:
            answer = decoded(raw)
            failure = self.refused(response, raw, answer)
            if failure is None:
                return answer
        raise failure  # out here, so that its `__context__` does not carry what aiohttp quotes

    def _url(self, path: tuple[str, ...]) -> URL:
        return URL("/".join((self._endpoint, *(quote(part, safe=self.safe) for part in path))), encoded=True)

    @abstractmethod
    def refused(self, response: ClientResponse, raw: bytes, answer: object) -> CallError | None:
        """What is wrong with an answer, or None."""
