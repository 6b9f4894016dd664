"""Discord's HTTP API for discord.py, on the caller's aiohttp session.

discord.py's own way would sleep up to 25 seconds inside of a call (on 429, on 5xx, and after the last call that a
bucket allows), which is the queue's work here; and it cannot say whether a request was written before the network
failed, which decides between "try again" and "nobody knows". So its `HTTPClient` knows the routes, and this class makes
the calls. What it raises holds neither address nor token, in no link of the chain of exceptions.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, override

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, ClientWebSocketResponse, ClientWSTimeout
from discord import File
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, MultipartParameters, Route
from discord.utils import MISSING
from yarl import URL

from bach_lib.clock import Clock
from bach_lib.connectors.discord.errors import NOT_DISCORD, refusal
from bach_lib.connectors.discord.rate_limits import RateLimits
from bach_lib.connectors.discord.session_starts import may_begin
from bach_lib.connectors.endpoint import host_of
from bach_lib.connectors.network import broken, not_connected, not_theirs
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.platform_time import PlatformTime
from bach_lib.connectors.request_body import FormBody, JsonBody, NoBody, uploading
from bach_lib.connectors.tolerant import decode
from bach_lib.models import File as Attachment
from bach_lib.said import Sentence

PUBLIC_ENDPOINT = "https://discord.com/api/v10"

_MAX_ANSWER = 16 << 20
"""Bytes. A hundred messages of 4,000 escaped characters, with embeds and what they answer, stay below."""


_MAX_CONNECTS, _CONNECTS_SECONDS = 10, 60.0
"""discord.py comes again without a pause when the gateway closes a connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds for the phases of one request.

    `connect` includes waiting for a place in the pool, DNS and TLS; `read` is the longest silence once the request is
    written; `total` bounds all of it, writing included.
    """

    connect: float = 10.0
    read: float = 15.0
    total: float = 20.0


class Rest(HTTPClient):
    """Calls Discord at `endpoint` with the bot's `token` (None: where the address is the secret).

    `gateway_session` makes the session for the gateway, which is closed with `close`.
    """

    def __init__(
        self,
        session: Callable[[], ClientSession],
        *,
        endpoint: str | None,
        token: str | None,
        clock: Clock,
        timeouts: Timeouts,
        gateway_session: Callable[[], ClientSession] | None = None,
    ) -> None:
        super().__init__(MISSING)  # the loop, which only its own way of calling would use
        self.token = token
        self.endpoint: str = (endpoint or PUBLIC_ENDPOINT).rstrip("/")
        self.host: str = host_of(self.endpoint)
        self._caller_session = session
        self._new_gateway_session = gateway_session or session
        self._gateway_session: ClientSession | None = None
        self._socket: ClientWebSocketResponse | None = None
        self._clock = clock
        self._waits = RateLimits(clock)
        self.time: PlatformTime = PlatformTime(clock)
        self._connects: deque[float] = deque()
        self._timeout = ClientTimeout(
            total=timeouts.total, connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.read
        )

    @override
    async def request(
        self,
        route: Route,
        *,
        files: Sequence[File] | None = None,
        form: Iterable[dict[str, Any]] | None = None,
        **kwargs: Any,
    ) -> Any:
        """One call: the parsed JSON of its answer. `attachments` go along with `json`. Raises `CallError`."""
        key = f"{route.key}:{route.major_parameters}"
        self._waits.check(key)
        body = _body(kwargs.get("json"), kwargs.get("attachments", ()), has_effect=route.method != "GET")
        timeout = uploading(self._timeout, body.size or 0) if isinstance(body, FormBody) else self._timeout
        failure: CallError
        try:
            async with self._caller_session().request(
                route.method,
                URL(route.url.replace(Route.BASE, self.endpoint, 1), encoded=True),
                params=kwargs.get("params"),
                data=body,
                skip_auto_headers=NoBody.SKIP if isinstance(body, NoBody) else None,
                headers=self._headers(),
                timeout=timeout,
                allow_redirects=False,
                raise_for_status=False,
            ) as response:
                payload = await self._read(response)
        except (ClientError, OSError, ValueError, RuntimeError) as error:  # RuntimeError: the session is closed
            failure = broken(
                error, self.host, written=body is not None and body.written, ended=body is None or body.ended
            )
        else:
            self._waits.learn(key, response)
            found = self._understand(key, response, payload)
            if not isinstance(found, CallError):
                self.time.learn(response.headers)
                return found
            failure = found
        raise failure  # out here, so that its `__context__` does not carry the address

    @override
    async def ws_connect(self, url: str, *, compress: int = 0) -> ClientWebSocketResponse:
        """The gateway at `url`; for a new session, where Discord says that it is. Raises `CallError`."""
        if not self._may_connect():
            raise CallError(
                "unreachable",
                Sentence("the_gateway_closes_every_connection_at_once", "The gateway closes every connection at once."),
                Observation.UNCLEAR,
            )
        if url.startswith(str(DiscordWebSocket.DEFAULT_GATEWAY)):
            url = str(URL(await self._gateway_address()).with_query(URL(url).query))
        failure: CallError
        if self._gateway_session is None:
            self._gateway_session = self._new_gateway_session()
        try:
            self._socket = await self._gateway_session.ws_connect(
                url,
                max_msg_size=_MAX_ANSWER,
                timeout=ClientWSTimeout(ws_close=2.0),
                autoclose=False,
                headers={"User-Agent": self.user_agent},
                compress=compress,
            )
        except (ClientError, OSError, ValueError, RuntimeError) as error:
            failure = CallError(
                *not_connected(error, URL(url).host or Sentence("the_gateway", "the gateway")),
                Observation.NOTHING_WRITTEN,
            )
        else:
            return self._socket
        raise failure

    @override
    async def close(self) -> None:
        """Close what was made for the gateway. discord.py forgets a connection that nobody greeted."""
        socket, self._socket = self._socket, None
        session, self._gateway_session = self._gateway_session, None
        if socket is not None:
            await socket.close(code=1000)
        if session is not None:
            await session.close()

    async def download(self, url: str, limit: int) -> bytes | None:
        """A file, without showing the token to anybody; None if it has more than `limit` bytes.

        Raises `CallError`.
        """
        failure: CallError
        try:
            async with self._caller_session().get(url, timeout=self._timeout, raise_for_status=False) as response:
                if response.status == 200:
                    return await _at_most(response, limit)
                words = Sentence(
                    "the_file_cannot_be_fetched_http_status_status",
                    "The file cannot be fetched (HTTP status {status}).",
                    status=response.status,
                )
                failure = CallError("bad_request", words, Observation.REFUSED)
        except (ClientError, OSError, ValueError, RuntimeError) as error:
            failure = broken(error, self.host, written=False)
        raise failure

    async def _gateway_address(self) -> str:
        """Ask where the gateway is, and whether a session may be begun. Raises `CallError`."""
        match await self.request(Route("GET", "/gateway/bot")):
            case {"url": str(address), "session_start_limit": {"remaining": int(left), "reset_after": int(wait)}}:
                may_begin(left, wait / 1000)
                return address
        raise CallError(
            "bad_answer",
            Sentence(
                "host_does_not_say_where_the_gateway", "{host} does not say where the gateway is.", host=self.host
            ),
            Observation.NO_ANSWER,
        )

    def _may_connect(self) -> bool:
        """False when connecting again and again has led to nothing."""
        now = self._clock.monotonic()
        while self._connects and self._connects[0] < now - _CONNECTS_SECONDS:
            self._connects.popleft()
        self._connects.append(now)
        return len(self._connects) <= _MAX_CONNECTS

    def _headers(self) -> dict[str, str]:
        about = {"User-Agent": self.user_agent}
        return about if self.token is None else about | {"Authorization": f"Bot {self.token}"}

    async def _read(self, response: ClientResponse) -> bytes:
        return await _at_most(response, _MAX_ANSWER) or b""

    def _understand(self, key: str, response: ClientResponse, payload: bytes) -> object:
        """What an answer brings, or a `CallError` for what is wrong with it."""
        status, is_json = response.status, response.content_type == "application/json"
        answer = _decode(payload) if is_json else None
        if status == 204 or (200 <= status < 300 and answer is not None):
            return answer
        if status == 429:
            return self._waits.told(key, response, answer, self.host)
        if status >= 400:
            return refusal(status, answer, self.host)
        return not_theirs(status, self.host, NOT_DISCORD)


def as_json(body: dict[str, object]) -> MultipartParameters:
    """A message without files, as discord.py hands it on."""
    return MultipartParameters(payload=body, multipart=None, files=None)


def _body(json: object, attachments: Sequence[Attachment], *, has_effect: bool) -> JsonBody | FormBody | None:
    """JSON, in a form if files go along (https://discord.com/developers/docs/reference#uploading-files)."""
    if json is None:
        return NoBody() if has_effect else None
    raw = orjson.dumps(json)
    if not attachments:
        return JsonBody(raw)
    return FormBody({"payload_json": raw.decode()}, [(f"files[{at}]", file) for at, file in enumerate(attachments)])


async def _at_most(response: ClientResponse, limit: int) -> bytes | None:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            response.close()
            return None
    return bytes(body)


def _decode(payload: bytes) -> object:
    with suppress(ValueError):
        return decode(payload)
    return None
