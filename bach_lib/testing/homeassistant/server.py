"""The server: one user, what can be notified, the events that are fired, and the letters that its BACH took.

```python
async with HomeAssistantServer(key="a token") as server:
    ...  # a client that calls f"{server.url}/api/websocket"
    server.fire("doorbell", {"message": "Somebody rings"})
    server.lost = 1  # the next command is carried out, and the line breaks before the answer
```

It answers as https://developers.home-assistant.io/docs/api/websocket says.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import override

import orjson
from aiohttp import WSMsgType
from aiohttp.web import BaseRequest, Response, StreamResponse, WebSocketResponse, json_response

from bach_lib.testing.partners.base import Asked, PartnerServer

type Fields = Mapping[str, object]

VERSION = "2026.10.4"
USER_ID = "0123456789abcdef0123456789abcdef"
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class RefusedError(Exception):
    """A command that is answered with an error."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An action that was called."""

    action: str
    data: Fields
    entity_id: object = None


@dataclass(slots=True, eq=False)
class _Client:
    """Somebody who is logged in: what is to be told, and the types of events by the numbers of the subscriptions."""

    request: BaseRequest
    frames: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    subscriptions: dict[int, str] = field(default_factory=dict)

    def tell(self, frame: Fields) -> None:
        """Send this after everything before."""
        self.frames.put_nowait(orjson.dumps(frame))

    def cut(self) -> None:
        """The line breaks."""
        if self.request.transport is not None:
            self.request.transport.abort()


class HomeAssistantServer(PartnerServer):
    """A Home Assistant that takes the token `key`. Without a `bach` (its version) there is no BACH in it.

    `states` are those of its entities, `actions` the names of what can be called. `refusals` are the codes and words
    with which the next calls, events and letters are refused. While it is `silent`, nobody who is logged in gets an
    answer. `takes_letters`: its BACH does.
    """

    lost: int

    def __init__(self, *, key: str = "token", bach: str | None = "1.0.0", port: int = 0) -> None:
        super().__init__(key=key, port=port)
        self.bach = bach
        self.takes_letters = True
        self.opens_websockets = True
        """Whether it opens one; otherwise it answers as a proxy does that knows none."""
        self.running = "RUNNING"
        """The state that it tells of itself."""
        self.may: set[str] | None = None
        """The types of events that the user may hear of; None: all."""
        self.states: dict[str, str] = {"notify.kitchen": "unknown"}
        self.actions: set[str] = {"notify.send_message", "notify.mobile_app_phone", "script.wake_up"}
        self.called: list[Call] = []
        """The actions that were performed, oldest first."""
        self.fired: list[tuple[str, Fields]] = []
        """The events that were fired, each with its data."""
        self.letters: dict[str, Fields] = {}
        """What another BACH wrote, by the id of the letter."""
        self.commands: list[Fields] = []
        """What was asked through the websocket, oldest first."""
        self.refusals: deque[tuple[str, str]] = deque()
        self.silent = False
        self._clients: list[_Client] = []
        self._unheard: list[tuple[str, Fields]] = []
        self._contexts = count(1)

    async def until(self, number: int, timeout: float = 30.0) -> None:
        """Wait until so many commands came in. Raises TimeoutError after `timeout` seconds."""
        await self._waiting.until(lambda: len(self.commands) >= number, timeout)

    def fire(self, event_type: str, data: Fields, context: str | None = None) -> int:
        """Fire an event; how many hear of it."""
        number = next(self._contexts)
        event: Fields = {
            "event_type": event_type,
            "data": data,
            "origin": "LOCAL",
            "time_fired": (_BEGINNING + timedelta(microseconds=number)).isoformat(),
            "context": {"id": context or f"context-{number}", "parent_id": None, "user_id": None},
        }
        return self.push(event_type, event)

    def push(self, event_type: str, event: object) -> int:
        """Tell those who hear of such events something that need not be an event; how many those are."""
        heard = 0
        for client in self._clients:
            for number, wanted in client.subscriptions.items():
                if wanted == event_type:
                    heard += 1
                    client.tell({"id": number, "type": "event", "event": event})
        return heard

    def when_heard(self, event_type: str, data: Fields) -> None:
        """Fire it now, or as soon as somebody hears of such events."""
        if not self.fire(event_type, data):
            self._unheard.append((event_type, data))

    def cut(self) -> None:
        """Every line breaks."""
        for client in self._clients:
            client.cut()

    @override
    def accepts(self, asked: Asked) -> bool:
        """The WebSocket asks for the token itself."""
        return asked.path == "/api/websocket" or super().accepts(asked)

    @override
    def refusal(self) -> Response:
        return Response(status=401, text="401: Unauthorized")

    @override
    async def respond(self, asked: Asked, request: BaseRequest, /) -> StreamResponse:
        match asked.path.split("/"):
            case ["", "api", "websocket"] if self.opens_websockets:
                return await self._serve(request)
            case ["", "api", ""]:
                return json_response({"message": "API running."})
            case ["", "api", "states", name] if name in self.states:
                return json_response({"entity_id": name, "state": self.states[name], "attributes": {}})
            case ["", "api", "states", _]:
                return json_response({"message": "Entity not found."}, status=404)
        return Response(status=404, text="404: Not Found")

    async def _serve(self, request: BaseRequest) -> WebSocketResponse:
        socket = WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required", "ha_version": VERSION})
        shown = await socket.receive_json()
        if not isinstance(shown, dict) or shown.get("access_token") != self.key:
            await socket.send_json({"type": "auth_invalid", "message": "Invalid access token or password"})
            await socket.close()
            return socket
        await socket.send_json({"type": "auth_ok", "ha_version": VERSION})
        client = _Client(request)
        self._clients.append(client)
        telling = asyncio.create_task(_tell(socket, client.frames))
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._obey(client, orjson.loads(frame.data))
        finally:
            self._clients.remove(client)
            telling.cancel()
        return socket

    def _obey(self, client: _Client, command: Mapping[str, object]) -> None:
        self.commands.append(command)
        self._waiting.changed()
        if self.silent:
            return
        number = command["id"]
        try:
            result = self._result(client, command)
        except RefusedError as error:
            refusal = {"code": error.code, "message": error.words}
            client.tell({"id": number, "type": "result", "success": False, "error": refusal})
            return
        if self.lost and command["type"] in _EFFECTIVE:
            self.lost -= 1
            client.cut()
            return
        client.tell({"id": number, "type": "result", "success": True, "result": result})

    def _result(self, client: _Client, command: Mapping[str, object]) -> object:
        match command:
            case {"type": "get_config"}:
                return {"location_name": "Summer house", "version": VERSION, "state": self.running}
            case {"type": "auth/current_user"}:
                return {"id": USER_ID, "name": "BACH", "is_admin": True}
            case {"type": "get_states"}:
                return [{"entity_id": name, "state": state, "attributes": {}} for name, state in self.states.items()]
            case {"type": "get_services"}:
                return self._services()
            case {"type": "subscribe_events", "id": int(number), "event_type": str(event_type)}:
                return self._subscribe(client, number, event_type)
            case {"type": "unsubscribe_events", "subscription": int(number)} if number in client.subscriptions:
                client.subscriptions.pop(number)
                return None
            case {"type": "bach/hello"} if self.bach:
                return {"version": self.bach, "accepts": self.takes_letters}
        if self.refusals:
            raise RefusedError(*self.refusals.popleft())
        return self._effect(command)

    def _effect(self, command: Mapping[str, object]) -> object:
        match command:
            case {"type": "call_service", "domain": str(domain), "service": str(service), "service_data": dict(data)}:
                return self._call(f"{domain}.{service}", data, command.get("target"))
            case {"type": "fire_event", "event_type": str(event_type), "event_data": dict(data)}:
                context = f"context-of-client-{next(self._contexts)}"
                self.fired.append((event_type, data))
                self.fire(event_type, data, context)
                return _context(context)
            case {"type": "bach/deliver", "letter": dict(letter)} if self.bach:
                if not self.takes_letters:
                    raise RefusedError("not_accepted", "No connection here takes letters from this user.")
                self.letters.setdefault(str(letter["id"]), letter)
                return {"id": letter["id"]}
        raise RefusedError("unknown_command", "Unknown command.")

    def _subscribe(self, client: _Client, number: int, event_type: str) -> object:
        if self.may is not None and event_type not in self.may:
            raise RefusedError("unauthorized", "Unauthorized")
        client.subscriptions[number] = event_type
        waiting, self._unheard = self._unheard, []
        for unheard in waiting:
            self.when_heard(*unheard)
        return None

    def _call(self, action: str, data: Fields, target: object) -> Fields:
        if action not in self.actions:
            raise RefusedError("not_found", f"Service {action} not found.")
        entity_id = target.get("entity_id") if isinstance(target, dict) else None
        if action != "notify.send_message" or self.states.get(str(entity_id), "unavailable") != "unavailable":
            self.called.append(Call(action=action, data=data, entity_id=entity_id))
        return _context(f"context-of-client-{next(self._contexts)}")

    def _services(self) -> Fields:
        services: dict[str, dict[str, object]] = {}
        for action in sorted(self.actions):
            domain, _, service = action.partition(".")
            services.setdefault(domain, {})[service] = {}
        return services


_EFFECTIVE = frozenset({"bach/deliver", "call_service", "fire_event"})
"""The commands that do something, which may be lost or refused."""


def _context(number: str) -> Fields:
    return {"context": {"id": number, "parent_id": None, "user_id": USER_ID}}


async def _tell(socket: WebSocketResponse, frames: asyncio.Queue[bytes]) -> None:
    with suppress(ConnectionError):
        while True:
            await socket.send_str((await frames.get()).decode())
