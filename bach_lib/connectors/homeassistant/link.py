"""The WebSocket to another Home Assistant: opened when somebody needs it, shared by sending and receiving.

https://developers.home-assistant.io/docs/api/websocket describes it. Where it does not open, the REST API tells whether
Home Assistant is there at all.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count

import orjson
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
from bach_lib.connectors.homeassistant.errors import PLATFORM_ERROR, answered
from bach_lib.connectors.network import not_connected, read_body
from bach_lib.connectors.seen import CallError, Seen

type Frame = Mapping[str, object]

_MAX_FRAME = 32 << 20
"""Bytes. The states and actions of a large home come in one frame each."""
_MAX_BODY = 1 << 20
_HEARTBEAT = 30.0
"""Seconds between two pings; a connection that died quietly is noticed with the second one."""
_CLOSING = 2.0
_REFUSED_SECONDS = 300.0
"""Home Assistant counts refused tokens and may ban who shows one again and again, so it is not asked sooner."""
_MAX_WORDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds until a connection is there and logged in, and until a command is answered."""

    connect: float = 10.0
    command: float = 30.0


class Line:
    """One WebSocket that is logged in. `told` gets each event of a subscription; `ended` is called at the end."""

    def __init__(
        self,
        socket: ClientWebSocketResponse,
        *,
        version: str,
        host: str,
        told: Callable[[Frame], None],
        ended: Callable[[], None],
    ) -> None:
        self.version = version
        self.subscriptions: dict[str, int] = {}
        """Event types, and the number by which Home Assistant names our subscription to each."""
        self.is_open = True
        self._socket = socket
        self._host = host
        self._told = told
        self._ended = ended
        self._numbers = count(1)
        self._answers: dict[int, asyncio.Future[object]] = {}
        self._reading = asyncio.create_task(self._read(), name="bach-homeassistant-websocket")

    async def call(self, command: Frame, seconds: float) -> object:
        """The result of a command. Raises `CallError`."""
        return await self._ask(next(self._numbers), command, seconds)

    async def subscribe(self, event_type: str, seconds: float) -> None:
        """Hear of events of this type. Raises `CallError`."""
        self.subscriptions[event_type] = number = next(self._numbers)
        try:
            await self._ask(number, {"type": "subscribe_events", "event_type": event_type}, seconds)
        except BaseException:  # also when cancelled: nobody may take the type for heard
            del self.subscriptions[event_type]
            raise

    async def unsubscribe(self, event_type: str, seconds: float) -> None:
        """Hear of them no more. Raises `CallError`."""
        number = self.subscriptions.pop(event_type)
        await self.call({"type": "unsubscribe_events", "subscription": number}, seconds)

    async def close(self) -> None:
        """End it; who waits for an answer gets none."""
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _ask(self, number: int, command: Frame, seconds: float) -> object:
        """Home Assistant takes no number that is not above the one before: nothing may wait between the two."""
        if not self.is_open:
            raise self._broken(Seen.NOTHING_WRITTEN)
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await self._socket.send_str(orjson.dumps({**command, "id": number}).decode())
                return await answer
        except TimeoutError:
            raise CallError("timeout", f"{self._host} did not answer in time.", Seen.NO_ANSWER) from None
        except ConnectionError:
            raise self._broken(Seen.NO_ANSWER) from None
        finally:
            del self._answers[number]

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                if frame.type is WSMsgType.TEXT:
                    self._take(_decode(frame.data))
        finally:
            self.is_open = False
            self._ended()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(self._broken(Seen.NO_ANSWER))
            await self._socket.close()

    def _take(self, frame: Frame) -> None:
        match frame:
            case {"type": "event", "event": dict(event)}:
                self._told(event)
            case {"type": "result", "id": int(number)} if (answer := self._answers.get(number)) and not answer.done():
                if frame.get("success") is True:
                    answer.set_result(frame.get("result"))
                else:
                    answer.set_exception(_refusal(frame.get("error")))

    def _broken(self, seen: Seen) -> CallError:
        return CallError("unreachable", f"The connection to {self._host} broke.", seen)


class Link:
    """The way to one Home Assistant. `session` stays its owner's; the line in it is ours."""

    def __init__(
        self,
        session: ClientSession,
        *,
        endpoint: str,
        token: str,
        timeouts: Timeouts,
        clock: Clock,
        told: Callable[[Frame], None],
        ended: Callable[[], None],
    ) -> None:
        self._session = session
        self._endpoint = URL(endpoint.rstrip("/") + "/")
        self._token = token
        self._timeouts = timeouts
        self._clock = clock
        self._told = told
        self._ended = ended
        self._line: Line | None = None
        self._opening: asyncio.Task[Line] | None = None
        self._refused_at: float | None = None
        self.host = self._endpoint.host_port_subcomponent or "the server"

    async def call(self, command: Frame) -> object:
        """The result of a command. Raises `CallError`."""
        line = await self.line()
        return await line.call(command, self._timeouts.command)

    async def line(self) -> Line:
        """The open line; who comes while it is being opened waits for the same one. Raises `CallError`."""
        if self._line and self._line.is_open:
            return self._line
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name="bach-homeassistant-open")
        opening = self._opening
        await asyncio.wait([opening])
        if self._opening is opening:
            self._opening = None
        if opening.cancelled():
            raise CallError("unreachable", f"The connection to {self.host} was given up.", Seen.NOTHING_WRITTEN)
        return opening.result()

    async def state(self, entity_id: str) -> str | None:
        """The state of an entity, None if there is none. Raises `CallError`."""
        await self.line()  # proves the token; after that, a refusal concerns the entity
        status, body = await self._get(f"api/states/{entity_id}")
        match status, body:
            case HTTPStatus.OK, {"state": str(state)}:
                return state
            case HTTPStatus.NOT_FOUND, {"message": str()}:
                return None
            case HTTPStatus.UNAUTHORIZED, _:
                raise answered("unauthorized", "")
        raise self._no_home_assistant(status, Seen.UNCLEAR)

    async def reset(self) -> None:
        """Give up the line, and the attempt to open one."""
        opening, self._opening = self._opening, None
        line, self._line = self._line, None
        if opening:
            opening.cancel()
            await asyncio.wait([opening])
        if line:
            await line.close()

    async def _open(self) -> Line:
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
                raise CallError("timeout", f"{self.host} did not answer in time.", Seen.NOTHING_WRITTEN) from None
            raise
        self._line = Line(socket, version=version, host=self.host, told=self._told, ended=self._ended)
        return self._line

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
            failure = CallError(*not_connected(error, self.host), Seen.NOTHING_WRITTEN)
            raise failure from None
        raise await self._no_websocket(status)

    async def _log_in(self, socket: ClientWebSocketResponse) -> str:
        """The version of what answers."""
        while True:
            frame = await socket.receive()
            match _decode(frame.data) if frame.type is WSMsgType.TEXT else {}:
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
            text = f"{self.host} forbids the access; it may have banned this address."
            return CallError("auth_failed", text, Seen.NOTHING_WRITTEN)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self._no_home_assistant(status)
        rest, body = await self._get("api/")
        if rest == HTTPStatus.OK and isinstance(body, dict) and "message" in body:
            text = f"{self.host} opens no WebSocket (HTTP status {status}); let the proxy before it pass them."
            return CallError("no_websocket", text, Seen.NOTHING_WRITTEN)
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
                return response.status, _decode(await read_body(response, _MAX_BODY))
        except (ClientError, OSError, ValueError, RuntimeError) as error:
            raise CallError(*not_connected(error, self.host), Seen.NOTHING_WRITTEN) from None

    def _no_home_assistant(self, status: int, seen: Seen = Seen.NOTHING_WRITTEN) -> CallError:
        """For pages of something else. Before the line is open nothing of a message has been written."""
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            text = f"{self.host} leads somewhere else; give the address it leads to."
            return CallError("bad_answer", text, seen)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return CallError("server_error", f"{self.host} answered with HTTP status {status}.", seen)
        text = f"What answers at {self.host} (HTTP status {status}) is no Home Assistant."
        return CallError("bad_answer", text, seen)

    def _refused(self) -> CallError:
        return CallError("auth_failed", f"{self.host} refuses the token.", Seen.NOTHING_WRITTEN)


def _decode(raw: str | bytes) -> Frame:
    """An object; an empty one for whatever is none."""
    try:
        found: object = orjson.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refusal(error: object) -> CallError:
    match error:
        case {"code": str(code), "message": str(words)}:
            return answered(code, words[:_MAX_WORDS])
    return answered(PLATFORM_ERROR, "Home Assistant gives no reason.")
