"""HTTP client of one endpoint, with limits on everything from outside.

Redirects are followed only to the same host, and never from https to http: nobody else gets to see the credentials.
"""

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import (
    ClientError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    ServerDisconnectedError,
)
from yarl import URL

from bach_lib.clock import Clock
from bach_lib.common_sentences import (
    HOST_ANSWERS_WITH_MORE_THAN_NUMBER_MIB,
    HOST_DID_NOT_ANSWER_IN_TIME,
    THE_CONNECTION_TO_HOST_BROKE_BEFORE_THE_ANSWER,
)
from bach_lib.connectors.network import not_connected
from bach_lib.errors import BachError
from bach_lib.partners.credentials import Credentials
from bach_lib.partners.faults import FaultError, status_error
from bach_lib.said import Sentence

CONNECT_SECONDS = 10.0
ASK_SECONDS = 15.0
MAX_ANSWER = 4 << 20
"""Bytes. A list of a thousand models with all they can do stays below 2 MiB."""

_MAX_REDIRECTS = 3
_MAX_ERROR = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, as far as the limits allow. `seconds`: from the question to the last byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    seconds: float
    host: str

    def json(self) -> object:
        """The body. Raises `FaultError`."""
        answer = decode(self.body)
        if answer is None:
            raise FaultError(
                "bad_answer",
                Sentence(
                    "host_answers_but_not_with_json_is_the_endpoint",
                    "{host} answers, but not with JSON. Is the endpoint right?",
                    host=self.host,
                ),
            )
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpClient:
    """One endpoint, asked through a shared session with one connection's credentials."""

    session: ClientSession
    endpoint: str
    credentials: Credentials
    clock: Clock

    @property
    def host(self) -> str:
        """Host and port, for people."""
        return URL(self.endpoint).host_port_subcomponent or self.endpoint

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for something. Raises `FaultError`, also for a status that is no success."""
        return await self._ask("GET", path, headers, None, ASK_SECONDS)

    async def post(
        self, path: str, body: object, headers: Mapping[str, str] | None = None, seconds: float = ASK_SECONDS
    ) -> Answer:
        """Tell JSON. Raises as `get` does."""
        return await self._ask("POST", path, headers, orjson.dumps(body), seconds)

    async def _ask(
        self, method: str, path: str, headers: Mapping[str, str] | None, body: bytes | None, seconds: float
    ) -> Answer:
        start = self.clock.monotonic()
        async with self.open(method, path, headers, body, seconds) as response:
            raw = await read(response, MAX_ANSWER)
            if len(raw) > MAX_ANSWER:
                raise FaultError(
                    "bad_answer", HOST_ANSWERS_WITH_MORE_THAN_NUMBER_MIB(host=self.host, number=MAX_ANSWER >> 20)
                )
            return Answer(
                status=response.status,
                headers=response.headers,
                body=raw,
                seconds=self.clock.monotonic() - start,
                host=self.host,
            )

    @asynccontextmanager
    async def open(
        self, method: str, path: str, headers: Mapping[str, str] | None, body: bytes | None, seconds: float
    ) -> AsyncIterator[ClientResponse]:
        """A response of a good status, still to be read; the time-out covers reading. Raises `FaultError`."""
        async with self.raw(method, path, headers, body, seconds) as response:
            if not 200 <= response.status < 300:
                answer = _refusal((await read(response, _MAX_ERROR))[:_MAX_ERROR])
                raise status_error(response.status, response.headers, answer, self.host)
            yield response

    @asynccontextmanager
    async def raw(
        self, method: str, path: str, headers: Mapping[str, str] | None, body: bytes | None, seconds: float
    ) -> AsyncIterator[ClientResponse]:
        """A response of any status; one 401 is answered with fresher credentials, if there are some."""
        failure: FaultError | None
        try:
            response = await self._request(method, path, headers, body, seconds)
            try:
                if response.status == 401 and await _or_fault(self.credentials.renew()):
                    response.close()
                    response = await self._request(method, path, headers, body, seconds)
                yield response
            finally:
                response.close()
        except (ClientError, OSError, ValueError, RuntimeError) as error:  # RuntimeError: the session is closed
            failure = _failure(error, self.host)
        else:
            return
        raise failure  # out here, so that its `__context__` does not carry what the error quotes

    async def _request(
        self, method: str, path: str, headers: Mapping[str, str] | None, body: bytes | None, seconds: float
    ) -> ClientResponse:
        address = URL(self.endpoint + path)
        every = {"Accept": "application/json", **(headers or {}), **await _or_fault(self.credentials.headers())}
        if body is not None:
            every.setdefault("Content-Type", "application/json")
        for _ in range(_MAX_REDIRECTS + 1):
            response = await self.session.request(
                method,
                address,
                headers=every,
                data=body,
                timeout=ClientTimeout(total=seconds, connect=CONNECT_SECONDS),
                allow_redirects=False,
                raise_for_status=False,
            )
            target = _redirect(response, address, method)
            if target is None:
                return response
            response.close()
            address = target
        raise FaultError(
            "redirected", Sentence("host_redirects_in_circles", "{host} redirects in circles.", host=self.host)
        )


async def _or_fault[Found](asking: Awaitable[Found]) -> Found:
    """What credentials answer. A secret that has gone waits for a person."""
    try:
        return await asking
    except BachError as error:
        raise FaultError("auth_failed", error.sentence) from None


async def read(response: ClientResponse, limit: int) -> bytes:
    """The body; longer than `limit` (by one chunk at most) if there is more of it."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            break
    return bytes(body)


def decode(raw: bytes) -> object:
    """The JSON, or None."""
    try:
        answer: object = orjson.loads(raw)
    except ValueError:
        return None
    return answer


def _refusal(raw: bytes) -> object:
    """The JSON, or what a server says in a text of its own; a page is for browsers."""
    answer = decode(raw)
    if answer is None:
        text = " ".join(raw.decode(errors="ignore").split())
        return text if text.isprintable() and not text.startswith("<") else None
    return answer


def _failure(error: Exception, host: str) -> FaultError:
    """What ended a request; aiohttp's own texts are not quoted, for they may hold what was sent."""
    match error:
        case ConnectionTimeoutError():
            return FaultError(*not_connected(error, host))
        case TimeoutError():
            return FaultError("timeout", HOST_DID_NOT_ANSWER_IN_TIME(host=host))
        case ServerDisconnectedError() | ClientPayloadError():
            return FaultError("unreachable", THE_CONNECTION_TO_HOST_BROKE_BEFORE_THE_ANSWER(host=host))
        case ClientResponseError():
            return FaultError(
                "bad_answer",
                Sentence(
                    "what_answers_at_host_does_not_speak_http",
                    "What answers at {host} does not speak HTTP as it should.",
                    host=host,
                ),
            )
        case _:
            return FaultError(*not_connected(error, host))


def _redirect(response: ClientResponse, address: URL, method: str) -> URL | None:
    """Where to ask again, if that is the same place. What is told (POST) is told again only where that was asked."""
    if response.status not in ({307, 308} if method == "POST" else {301, 302, 307, 308}):
        return None
    try:
        target = address.join(URL(response.headers.get("Location", "")))
    except ValueError:
        return None
    same_host = target.host == address.host and target.user is None and target != address
    upgraded = address.scheme == "http" and target.scheme == "https"
    return target if same_host and (target.origin() == address.origin() or upgraded) else None
