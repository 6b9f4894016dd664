"""A way to drive the double from another process: `/control` takes and gives JSON. Ids are text, as everywhere.

| call | what it does |
|---|---|
| `GET /control/sent?count=3&timeout=5` | the stored messages, waiting until there are `count` (else 408) |
| `GET /control/calls` | how often each call was made |
| `GET /control/places` | guilds, channels, users and webhooks with their ids |
| `POST /control/guilds`, `/users` | add a guild or a person: name |
| `POST /control/channels`, `/threads`, `/webhooks` | add one: guild or channel, name |
| `POST /control/texts` | somebody writes: channel (or `to`: a bot's user id, for a direct message), user, text |
| `POST /control/presses` | somebody presses a button: message, value (the custom_id), user |
| `POST /control/gateway` | do: reconnect, invalidate, cut, close (code), deafen, hear, refuse, admit |
| `POST /control/faults` | `fail`: name, times (0: for ever), calls, channel, and what the fault itself takes |
| `DELETE /control/faults` | no call fails any more |

There is no pause: kill the process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import override

import orjson
from aiohttp.web import BaseRequest, Response, StreamResponse

from bach_lib.testing.discord import payloads
from bach_lib.testing.discord.arguments import read_body
from bach_lib.testing.discord.errors import ApiError, not_found
from bach_lib.testing.discord.faults import Fault
from bach_lib.testing.discord.models import Channel, User
from bach_lib.testing.discord.server import JSON, DiscordServer


@dataclass(frozen=True, slots=True)
class Command:
    """One control call."""

    server: ControlledServer
    options: Mapping[str, object]

    def text(self, name: str, default: str = "") -> str:
        """An option as text."""
        value = self.options.get(name)
        return default if value is None else str(value)

    def number(self, name: str, default: float = 0) -> float:
        """An option as a number. Raises ValueError."""
        return float(self.text(name) or default)

    def channel(self) -> Channel:
        """The channel that is named. Raises KeyError."""
        return self.server.channels[int(self.text("channel", "0"))]

    def user(self) -> User:
        """The person who is named. Raises KeyError."""
        return self.server.users[int(self.text("user", "0"))]


FAULTS: Mapping[str, Callable[[Command], Fault]] = {
    "banned": lambda _: Fault.banned(),
    "drop_after_store": lambda _: Fault.drop_after_store(),
    "drop_before_read": lambda _: Fault.drop_before_read(),
    "forbidden": lambda _: Fault.forbidden(),
    "garbage": lambda _: Fault.garbage(),
    "hang": lambda command: Fault.hang(store=bool(command.options.get("store"))),
    "latency": lambda command: Fault.latency(command.number("seconds", 1)),
    "redirect": lambda command: Fault.redirect(command.text("location", "/")),
    "server_error": lambda command: Fault.server_error(int(command.number("status", 502))),
    "too_many_requests": lambda command: Fault.too_many_requests(
        command.number("retry_after", 1), everywhere=bool(command.options.get("everywhere"))
    ),
    "unauthorized": lambda _: Fault.unauthorized(),
    "unknown": lambda command: Fault.unknown(command.text("what", "Channel")),
}


class ControlledServer(DiscordServer):
    """A Discord with the `/control` calls."""

    @override
    async def handle_other(self, request: BaseRequest, /) -> StreamResponse:
        """Answer a control call. Raises ApiError when it is none or makes no sense."""
        run = ROUTES.get((request.method, request.path))
        if run is None:
            raise not_found()
        options = dict(request.query) | dict((await read_body(request)).values)
        try:
            answer = await run(Command(self, options))
        except (ValueError, KeyError) as error:
            raise ApiError(400, 0, f"{type(error).__name__}: {error}") from None
        return Response(body=orjson.dumps(answer), content_type=JSON)


async def _sent(command: Command) -> object:
    try:
        sent = await command.server.wait_for(int(command.number("count")), command.number("timeout", 5))
    except TimeoutError as error:
        raise ApiError(408, 0, str(error)) from None
    return [payloads.message(message, command.server.origin) for message in sent]


async def _calls(command: Command) -> object:
    return dict(command.server.calls)


async def _places(command: Command) -> object:
    server = command.server
    return {
        "guilds": {guild.name: str(guild.id) for guild in server.guilds.values()},
        "channels": {channel.name or str(channel.id): str(channel.id) for channel in server.channels.values()},
        "users": {user.username: str(user.id) for user in server.users.values()},
        "webhooks": {hook.name: server.webhook_url(hook) for hook in server.webhooks.values()},
    }


async def _add_guild(command: Command) -> object:
    return {"id": str(command.server.add_guild(command.text("name", "Home")).id)}


async def _add_user(command: Command) -> object:
    user = command.server.add_user(command.text("name", "ada"))
    for guild in command.server.guilds.values():
        guild.members.append(user)
    return {"id": str(user.id)}


async def _add_channel(command: Command) -> object:
    guild = command.server.guilds[int(command.text("guild", "0"))]
    return {"id": str(command.server.add_channel(guild, command.text("name", "general")).id)}


async def _add_thread(command: Command) -> object:
    return {"id": str(command.server.add_thread(command.channel(), command.text("name", "thread")).id)}


async def _add_webhook(command: Command) -> object:
    hook = command.server.add_webhook(command.channel(), command.text("name", "Home"))
    return {"id": str(hook.id), "url": command.server.webhook_url(hook)}


async def _write(command: Command) -> object:
    server, author = command.server, command.user()
    to = command.text("to")
    channel = server.direct(server.users[int(to)], author) if to else command.channel()
    return payloads.message(server.says(command.text("text"), channel=channel, sender=author), server.origin)


async def _press(command: Command) -> object:
    number = int(command.text("message", "0"))
    message = next((sent for sent in command.server.sent if sent.id == number), None)
    if message is None:
        raise ValueError("no such message")
    return {"id": str(command.server.presses(message, command.text("value"), sender=command.user()).id)}


async def _gateway(command: Command) -> object:
    gateway, what = command.server.gateway, command.text("do")
    actions: Mapping[str, Callable[[], None]] = {
        "reconnect": gateway.ask_to_reconnect,
        "invalidate": gateway.invalidate,
        "cut": gateway.cut,
        "close": lambda: gateway.close(code=int(command.number("code", 4000))),
    }
    if what in actions:
        actions[what]()
    elif what in {"deafen", "hear"}:
        gateway.is_deaf = what == "deafen"
    elif what in {"refuse", "admit"}:
        gateway.is_closed = what == "refuse"
    else:
        raise ValueError("no such thing to do")
    return {"connected": len(gateway.connected), "identified": gateway.identified}


async def _fail(command: Command) -> object:
    build = FAULTS.get(command.text("name"))
    if build is None:
        raise ValueError(f"no such fault; there are {', '.join(FAULTS)}")
    calls = command.options.get("calls")
    command.server.fail(
        build(command),
        times=int(command.number("times", 1)) or None,
        calls=[str(call) for call in calls] if isinstance(calls, list) else (),
        channel=int(command.text("channel", "0")) or None,
    )
    return {}


async def _clear_faults(command: Command) -> object:
    command.server.clear_faults()
    return {}


ROUTES: Mapping[tuple[str, str], Callable[[Command], Awaitable[object]]] = {
    ("GET", "/control/sent"): _sent,
    ("GET", "/control/calls"): _calls,
    ("GET", "/control/places"): _places,
    ("POST", "/control/guilds"): _add_guild,
    ("POST", "/control/users"): _add_user,
    ("POST", "/control/channels"): _add_channel,
    ("POST", "/control/threads"): _add_thread,
    ("POST", "/control/webhooks"): _add_webhook,
    ("POST", "/control/texts"): _write,
    ("POST", "/control/presses"): _press,
    ("POST", "/control/gateway"): _gateway,
    ("POST", "/control/faults"): _fail,
    ("DELETE", "/control/faults"): _clear_faults,
}
