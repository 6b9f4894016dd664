"""HTTP transport for python-telegram-bot on aiohttp: its httpx client is slow, blocks the loop and can wait for ever.

It also finds out what the library cannot say: whether anything was written before the network failed, and whether a
Bot API answered at all. What it raises holds neither address nor token, in no link of the chain of exceptions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast, override
from urllib.parse import quote

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from telegram.request import BaseRequest, RequestData

from bach_lib.common_sentences import HOST_ANSWERED_WITH_HTTP_STATUS_STATUS
from bach_lib.connectors.observations import Observation
from bach_lib.connectors.request_body import FormBody, JsonBody, uploading
from bach_lib.connectors.telegram.bot import TOKEN_PLACEHOLDER, PlainRequest
from bach_lib.connectors.telegram.errors import RequestError
from bach_lib.connectors.telegram.network_faults import decode, network_failure, unreadable
from bach_lib.models import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds for the phases of one request.

    `connect` includes waiting for a place in the pool, DNS and TLS; `total` bounds all of it, writing included. `read`
    is the longest silence once the request is written. Without it `total` alone bounds a short call, which spares a
    timer at everything that comes; files have a bound for their silence all the same.
    """

    connect: float
    read: float | None = None
    total: float


_DOWNLOAD_SECONDS = 120.0
"""For 20 MB over a slow line."""
_SILENCE = 15.0
"""Seconds without a byte of a file, or without an answer to one."""


class _Answer(NamedTuple):
    """Answer of the Bot API. `read`: the JSON of the payload."""

    status: int
    payload: bytes
    read: object


class _Known(BaseRequest):
    """An answer that has come, for python-telegram-bot to make the right error of what it refuses."""

    __slots__ = ("_answer",)

    def __init__(self, answer: _Answer) -> None:
        self._answer = answer

    @property
    @override
    def read_timeout(self) -> float | None:
        return None

    @override
    async def initialize(self) -> None:
        """Nothing to do."""

    @override
    async def shutdown(self) -> None:
        """Nothing to do."""

    @override
    async def do_request(self, *_: object, **__: object) -> tuple[int, bytes]:
        return self._answer.status, self._answer.payload


class AiohttpRequest(PlainRequest):
    """Sends a bot's requests through the session that `session()` returns, which stays its owner's.

    `host` is what errors name. An answer of more than `max_answer` bytes is cut, which makes it unreadable.
    The time-outs that python-telegram-bot would pass for a single call are not used: its phases are httpx's.
    """

    __slots__ = ("_host", "_max_answer", "_now", "_path", "_session", "_timeout", "told")

    def __init__(
        self,
        session: Callable[[], ClientSession],
        *,
        token: str,
        host: str,
        timeouts: Timeouts,
        max_answer: int,
        now: Callable[[], float],
    ) -> None:
        self._session = session
        self._now = now
        self._path = f"/bot{quote(token, safe=':')}/"
        self._host = host
        self.told: Callable[[Mapping[str, str]], None] = lambda _: None
        """Gets the headers of every answer of the Bot API."""
        self._max_answer = max_answer
        self._timeout = ClientTimeout(
            total=timeouts.total, connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.read
        )

    @property
    @override
    def read_timeout(self) -> float | None:
        return self._timeout.sock_read

    @override
    async def initialize(self) -> None:
        """Nothing to do: the session is made by its owner."""

    @override
    async def shutdown(self) -> None:
        """Nothing to do: the session is closed by its owner."""

    @staticmethod
    @override
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Decode what `do_request` has found to be an answer of the Bot API."""
        return cast("dict[str, Any]", decode(payload))

    @override
    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body of an answer that python-telegram-bot can read. Raises `RequestError` for everything else."""
        body = _body(request_data)
        answer = await self._ask(url, body, self._longer(0.0, body.size or 0), method)
        return answer.status, answer.payload

    @override
    async def call(self, url: str, parameters: Mapping[str, object]) -> object:
        answer = await self._ask(url, JsonBody(orjson.dumps(parameters)), self._timeout)
        match answer:
            case _Answer(status, _, {"result": result}) if 200 <= status < 300:
                return result
        return await _Known(answer).post(url)  # which raises

    async def _ask(self, url: str, body: JsonBody | FormBody, timeout: ClientTimeout, method: str = "POST") -> _Answer:
        """An answer of the Bot API. Raises `RequestError` for what is none."""
        address = url.replace(f"/bot{TOKEN_PLACEHOLDER}/", self._path, 1)
        failure: RequestError | None
        try:
            async with self._session().request(
                method, address, data=body, timeout=timeout, allow_redirects=False, raise_for_status=False
            ) as response:
                status, payload = response.status, await _read(response, self._max_answer)
                headers = response.headers
        except (ClientError, OSError, ValueError, RuntimeError) as error:  # RuntimeError: the session is closed
            failure = network_failure(error, self._host, written=body.written, ended=body.ended)
        else:
            read = decode(payload)
            failure = unreadable(status, read, self._host, headers, self._now())
            if failure is None:
                self.told(headers)
                return _Answer(status, payload, read)
        raise failure  # out here, so that its `__context__` does not carry the address

    async def download(self, url: str, limit: int) -> bytes:
        """The bytes of a file, one more than `limit` if there are more. Raises `RequestError`."""
        address = url.replace(f"/file/bot{TOKEN_PLACEHOLDER}/", f"/file{self._path}", 1)
        timeout = self._longer(_DOWNLOAD_SECONDS)
        failure: RequestError
        try:
            async with self._session().get(
                address, timeout=timeout, allow_redirects=False, raise_for_status=False
            ) as response:
                if response.status == 200:
                    return await _read(response, limit + 1)
                failure = _not_fetched(self._host, response.status)
        except (ClientError, OSError, ValueError, RuntimeError) as error:
            failure = network_failure(error, self._host, written=False)
        raise failure  # out here, so that its `__context__` does not carry the address

    def _longer(self, total: float, size: int = 0) -> ClientTimeout:
        """The same time-outs for more bytes than usual, or for so many that go along."""
        usual = self._timeout
        patient = ClientTimeout(
            total=max(total, usual.total or 0.0),
            connect=usual.connect,
            sock_connect=usual.sock_connect,
            sock_read=_SILENCE if usual.sock_read is None else usual.sock_read,
        )
        return uploading(patient, size)


def _body(data: RequestData | None) -> JsonBody | FormBody:
    """A form where there are files. python-telegram-bot has found out what goes where."""
    if data is None or not data.contains_files:
        return JsonBody(orjson.dumps(data.parameters if data else {}))
    files = [
        (field, File(name=name, content=content, mime_type=mime_type))
        for field, (name, content, mime_type) in (data.multipart_data or {}).items()
        if isinstance(content, bytes)
    ]
    return FormBody(data.json_parameters, files)


def _not_fetched(host: str, status: int) -> RequestError:
    return RequestError(
        "not_fetched", HOST_ANSWERED_WITH_HTTP_STATUS_STATUS(host=host, status=status), Observation.UNCLEAR
    )


async def _read(response: ClientResponse, limit: int) -> bytes:
    """At most `limit` bytes of the body. A short one has come with the headers, in one piece."""
    content = response.content
    first = await content.readany()
    if content.at_eof():
        return first[:limit]
    body = bytearray(first)
    while len(body) <= limit and not content.at_eof():
        body += await content.readany()
    if len(body) > limit:
        response.close()
    return bytes(body[:limit])
