"""The way in over HTTP: finds the bot and the call, lets faults strike, and answers as Discord does."""

from collections.abc import Collection, Mapping
from typing import override

import orjson
from aiohttp.web import BaseRequest, Response, StreamResponse

from bach_lib.clock import Clock, SystemClock
from bach_lib.testing.discord.arguments import read_body
from bach_lib.testing.discord.calls import Call
from bach_lib.testing.discord.errors import ApiError, not_found, unauthorized
from bach_lib.testing.discord.faults import Fault
from bach_lib.testing.discord.limits import VIA, told_to_wait
from bach_lib.testing.discord.models import Bot
from bach_lib.testing.discord.people import People
from bach_lib.testing.discord.routes import NAMES, Route, find
from bach_lib.testing.faults import ActiveFault, FaultScript
from bach_lib.testing.loopback import drop

JSON = "application/json"
API = "/api/v10"


class DiscordServer(People):
    """Discord on loopback, as a context manager or with `start` and `stop`.

    `port` 0 takes a free one, which is kept over `pause` and `resume`. `latency` (seconds) delays the answer to every
    message that was stored. `enforce_limits` answers 429 as the real limits do.
    """

    def __init__(self, *, port: int = 0, clock: Clock | None = None, enforce_limits: bool = False) -> None:
        super().__init__(port=port, clock=clock or SystemClock(), enforce_limits=enforce_limits)
        self.latency: float = 0.0
        self._faults = FaultScript()

    @property
    @override
    def url(self) -> str:
        """What stands before the paths of calls, in place of `https://discord.com/api/v10`."""
        return f"{self.origin}{API}"

    def fail(
        self, fault: Fault, *, times: int | None = 1, calls: Collection[str] = (), channel: int | None = None
    ) -> ActiveFault:
        """Let the next `times` calls (None: all) with these names (none given: any) for this channel fail.

        Several may be asked for; for each call the first that fits strikes. Raises ValueError for an unknown name.
        """
        if unknown := set(calls) - NAMES:
            raise ValueError(f"no such call: {', '.join(sorted(unknown))}; there are {', '.join(sorted(NAMES))}")
        place = None if channel is None else str(channel)
        return self._faults.add(ActiveFault(fault, times=times, calls=calls, place=place))

    def fails(self) -> None:
        """Every call fails with a 5xx of the platform's own, until it `works`."""
        self.fail(Fault.server_error(), times=None)

    def holds(self) -> None:
        """No call is answered, or has any effect, until it `works`."""
        self.fail(Fault.hang(), times=None)

    def works(self) -> None:
        """No call fails any more; those that hang go on."""
        self.clear_faults()

    def clear_faults(self) -> None:
        """No call fails any more; those that hang go on."""
        self._faults.clear()

    @override
    def time(self) -> float:
        return self.clock.now()

    @override
    async def handle(self, request: BaseRequest, /) -> StreamResponse:
        """Answer one request: a call, the gateway, or a file."""
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                if self.gateway.is_closed:
                    return Response(status=503)
                return await self.gateway.serve(request)
            if request.path.startswith("/attachments/"):
                return self._file(request.path)
            if request.path.startswith("/api/"):
                return await self._call(request)
            return await self.handle_other(request)
        except ApiError as error:
            headers = VIA | (told_to_wait(error) if error.status == 429 else {})
            return Response(status=error.status, body=orjson.dumps(error.as_json()), headers=headers, content_type=JSON)

    async def handle_other(self, _request: BaseRequest, /) -> StreamResponse:
        """Answer a request that is no call of Discord. Raises ApiError (404)."""
        raise not_found()

    async def _call(self, request: BaseRequest) -> StreamResponse:
        # version 10 is what is spoken here; without one, as in the addresses of webhooks, it is the platform's choice
        path = request.path.removeprefix(API) if request.path.startswith(API) else request.path.removeprefix("/api")
        found = find(request.method, path)
        if found is None:
            raise not_found()
        route, parts = found
        channel = str(int(parts["channel"])) if "channel" in parts else None
        if self._faults.before_read(route.name, channel) is not None:
            self.changed()
            return drop(request)
        caller = None if route.is_public else self._bot(request)
        call = Call(
            platform=self,
            caller=caller,
            ids={name: int(value) for name, value in parts.items() if value.isdecimal()},
            words=parts,
            query=request.query,
            body=await read_body(request),
        )
        self.heard(request, call.body.values, {f"files[{n}]": file for n, file in enumerate(call.body.files)})
        self.calls[route.name] += 1
        active = self._faults.after_read(route.name, channel)
        self.changed()
        if active is not None:
            return await active.answer(request, lambda: self._run(route, call), self.clock)
        response = await self._run(route, call)
        if self.latency and route.name in {"create_message", "execute_webhook"}:
            await self.clock.sleep(self.latency)
        return response

    async def _run(self, route: Route, call: Call) -> Response:
        who = call.caller.token if call.caller else call.words.get("token", "")
        place = call.ids.get("channel", call.ids.get("webhook"))
        headers = self.limits.count(route.name, who, place)
        result = route.run(call)
        self.changed()
        return _answer(result, headers)

    def _bot(self, request: BaseRequest) -> Bot:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        bot = self.bots.get(token) if kind == "Bot" else None
        if bot is None:
            raise unauthorized()
        return bot

    def _file(self, path: str) -> Response:
        """A file of a message; whoever knows the address gets it."""
        for channel in self.channels.values():
            for message in channel.messages.values():
                for file in message.attachments:
                    if path == f"/attachments/{channel.id}/{file.id}/{file.filename}":
                        return Response(body=file.content, content_type=file.content_type or "application/octet-stream")
        return Response(status=404, text="This content is no longer available.")


def _answer(result: object, headers: Mapping[str, str]) -> Response:
    if result is None:
        return Response(status=204, headers={**headers, **VIA})
    return Response(body=orjson.dumps(result), headers={**headers, **VIA}, content_type=JSON)
