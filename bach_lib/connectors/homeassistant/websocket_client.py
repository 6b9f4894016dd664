"""Manages the WebSocket to another Home Assistant: opened on demand, shared by sending and receiving.

https://developers.home-assistant.io/docs/api/websocket describes it. Where it does not open, the REST API tells whether
Home Assistant is there at all.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMsgType,
    WSServerHandshakeError,
)
from yarl import URL

from bach_lib.clock import Clock
from bach_lib.common_sentences import (
    HOST_ANSWERED_WITH_HTTP_STATUS_STATUS,
    HOST_DID_NOT_ANSWER_IN_TIME,
    HOST_REFUSES_THE_TOKEN,
    THE_SERVER,
)
from bach_lib.connectors.base import Incoming, Unreadable
from bach_lib.connectors.homeassistant.errors import answered
from bach_lib.connectors.homeassistant.websocket import Frame, HomeWebSocket, decode_frame
from bach_lib.connectors.network import not_connected, read_body
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.said import Sentence

_MAX_FRAME = 32 << 20
"""Bytes. The states and actions of a large home come in one frame each."""
_MAX_BODY = 1 << 20
_HEARTBEAT = 30.0
"""Seconds between two pings; a connection that died quietly is noticed with the second one."""
_CLOSING = 2.0
_REFUSED_SECONDS = 300.0
"""Home Assistant counts refused tokens and may ban who shows one again and again, so it is not asked sooner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds until a connection is there and logged in, and until a command is answered."""

    connect: float = 10.0
    command: float = 30.0


class WebSocketClient:
    """Client of one Home Assistant: one WebSocket, opened on demand, and REST where that says more.

    `session` stays its owner's and is never closed here.
    """

    def __init__(
        self,
        session: ClientSession,
        *,
        endpoint: str,
        token: str,
        timeouts: Timeouts,
        clock: Clock,
        told: Callable[[object], None],
        unread: Callable[[Incoming | Unreadable], None],
        ended: Callable[[], None],
    ) -> None:
        self._session = session
        self._endpoint = URL(endpoint.rstrip("/") + "/")
        self._token = token
        self._timeouts = timeouts
        self._clock = clock
        self._told = told
        self._unread = unread
        self._ended = ended
        self._socket: HomeWebSocket | None = None
        self._opening: asyncio.Task[HomeWebSocket] | None = None
        self._refused_at: float | None = None
        self.host: str = self._endpoint.host_port_subcomponent or THE_SERVER

    async def call(self, command: Frame) -> object:
        """The result of a command. Raises `CallError`."""
        socket = await self.socket()
        return await socket.call(command, self._timeouts.command)

    async def socket(self) -> HomeWebSocket:
        """The open WebSocket, opened first if need be; all callers share one attempt to open it. Raises `CallError`."""
        if self._socket and self._socket.is_open:
            return self._socket
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name="bach-homeassistant-open")
        opening = self._opening
        await asyncio.wait([opening])
        if self._opening is opening:
            self._opening = None
        if opening.cancelled():
            raise CallError(
                "unreachable",
                Sentence(
                    "the_connection_to_host_was_given_up", "The connection to {host} was given up.", host=self.host
                ),
                Observation.NOTHING_WRITTEN,
            )
        return opening.result()

    async def state(self, entity_id: str) -> str | None:
        """The state of an entity, None if there is none. Raises `CallError`."""
        await self.socket()  # proves the token; after that, a refusal concerns the entity
        status, body = await self._get(f"api/states/{entity_id}")
        match status, body:
            case HTTPStatus.OK, {"state": str(state)}:
                return state
            case HTTPStatus.NOT_FOUND, {"message": str()}:
                return None
            case HTTPStatus.UNAUTHORIZED, _:
                raise answered("unauthorized", "")
        raise self._no_home_assistant(status, Observation.UNCLEAR)

    async def reset(self) -> None:
        """Close the WebSocket, and cancel the attempt to open one."""
        opening, self._opening = self._opening, None
        socket, self._socket = self._socket, None
        if opening:
            opening.cancel()
            await asyncio.wait([opening])
        if socket:
            await socket.close()

    async def _open(self) -> HomeWebSocket:
        if self._refused_at is not None and self._clock.monotonic() - self._refused_at < _REFUSED_SECONDS:
            raise self._refused()
        socket: ClientWebSocketResponse | None = None
        try:
            async with asyncio.timeout(self._timeouts.connect):
                socket = await self._connect()
                version = await self._log_in(socket)
        except BaseException as error:  # also when cancelled: no socket may stay open
            if socket:
                await socket.close()
            if isinstance(error, TimeoutError):
                raise CallError(
                    "timeout", HOST_DID_NOT_ANSWER_IN_TIME(host=self.host), Observation.NOTHING_WRITTEN
                ) from None
            raise
        self._socket = HomeWebSocket(
            socket, version=version, host=self.host, told=self._told, unread=self._unread, ended=self._ended
        )
        return self._socket

    async def _connect(self) -> ClientWebSocketResponse:
        failure: CallError
        try:
            return await self._session.ws_connect(
                self._endpoint / "api/websocket",
                heartbeat=_HEARTBEAT,
                max_msg_size=_MAX_FRAME,
                timeout=ClientWSTimeout(ws_close=_CLOSING),
            )
        except WSServerHandshakeError as error:
            status = error.status
        except TimeoutError:
            raise
        except (ClientError, OSError, ValueError, RuntimeError) as error:  # RuntimeError: the session is closed
            failure = CallError(*not_connected(error, self.host), Observation.NOTHING_WRITTEN)
            raise failure from None
        raise await self._no_websocket(status)

    async def _log_in(self, socket: ClientWebSocketResponse) -> str:
        """The version of what answers."""
        while True:
            frame = await socket.receive()
            match decode_frame(frame.data) if frame.type is WSMsgType.TEXT else {}:
                case {"type": "auth_required"}:
                    await socket.send_json({"type": "auth", "access_token": self._token})
                case {"type": "auth_ok", **rest}:
                    return str(rest.get("ha_version") or "")[:50]
                case {"type": "auth_invalid"}:
                    self._refused_at = self._clock.monotonic()
                    raise self._refused()
                case _:
                    raise self._no_home_assistant(HTTPStatus.OK)

    async def _no_websocket(self, status: int) -> CallError:
        """Why no WebSocket opened: the REST API takes the same token."""
        if status == HTTPStatus.FORBIDDEN:
            text = Sentence(
                "host_forbids_the_access_it_may_have_banned",
                "{host} forbids the access; it may have banned this address.",
                host=self.host,
            )
            return CallError("auth_failed", text, Observation.NOTHING_WRITTEN)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self._no_home_assistant(status)
        rest, body = await self._get("api/")
        if rest == HTTPStatus.OK and isinstance(body, dict) and "message" in body:
            text = Sentence(
                "host_opens_no_websocket_http_status_status_let",
                "{host} opens no WebSocket (HTTP status {status}); let the proxy before it pass them.",
                host=self.host,
                status=status,
            )
            return CallError("no_websocket", text, Observation.NOTHING_WRITTEN)
        return self._refused() if rest == HTTPStatus.UNAUTHORIZED else self._no_home_assistant(rest)

    async def _get(self, path: str) -> tuple[int, object]:
        """Status and JSON of an answer of the REST API. Raises `CallError`."""
        timeout = ClientTimeout(total=self._timeouts.connect)
        try:
            async with self._session.get(
                self._endpoint / path,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=timeout,
                allow_redirects=False,
                raise_for_status=False,
            ) as response:
                return response.status, decode_frame(await read_body(response, _MAX_BODY))
        except (ClientError, OSError, ValueError, RuntimeError) as error:
            raise CallError(*not_connected(error, self.host), Observation.NOTHING_WRITTEN) from None

    def _no_home_assistant(self, status: int, seen: Observation = Observation.NOTHING_WRITTEN) -> CallError:
        """For pages of something else. Before the socket is open nothing of a message has been written."""
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            text = Sentence(
                "host_leads_somewhere_else_give_the_address",
                "{host} leads somewhere else; give the address it leads to.",
                host=self.host,
            )
            return CallError("bad_answer", text, seen)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return CallError("server_error", HOST_ANSWERED_WITH_HTTP_STATUS_STATUS(host=self.host, status=status), seen)
        text = Sentence(
            "what_answers_at_host_http_status_status_is_no",
            "What answers at {host} (HTTP status {status}) is no Home Assistant.",
            host=self.host,
            status=status,
        )
        return CallError("bad_answer", text, seen)

    def _refused(self) -> CallError:
        return CallError(
            "auth_failed",
            HOST_REFUSES_THE_TOKEN(host=self.host),
            Observation.NOTHING_WRITTEN,
        )
