"""The gateway: the WebSocket by which a bot learns what happens (https://discord.com/developers/docs/events/gateway).

A session is made by Identify and outlives its connection: what happens meanwhile is kept and replayed to a Resume.
"""

from __future__ import annotations

import asyncio
import sys
import zlib
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Protocol

import orjson
from aiohttp import WSMsgType
from aiohttp.web import BaseRequest, WebSocketResponse

from bach_lib.testing.discord import payloads
from bach_lib.testing.discord.models import Bot, Channel, Guild

if sys.version_info >= (3, 14):  # where discord.py asks for it, unless somebody has installed `zstandard`
    from compression import zstd

HEARTBEAT_SECONDS = 41.25
MAX_KEPT = 1000

_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT, _INVALID, _HELLO, _ACK = 0, 1, 2, 6, 7, 9, 10, 11
_GUILD_EVENTS = {
    "MESSAGE": 1 << 9,
    "MESSAGE_REACTION": 1 << 10,
    "MESSAGE_POLL": 1 << 24,
    "GUILD": 1 << 0,
    "CHANNEL": 1 << 0,
    "THREAD": 1 << 0,
}
_DIRECT_EVENTS = {"MESSAGE": 1 << 12, "MESSAGE_REACTION": 1 << 13, "MESSAGE_POLL": 1 << 25}
_PRIVILEGED_TEXTS = 1 << 15

type Compress = Callable[[bytes], bytes]
type Make = Callable[[Bot, int], object]


class World(Protocol):
    """What the gateway needs of the platform."""

    bots: dict[str, Bot]

    @property
    def origin(self) -> str:
        """Where the server is."""

    def guilds_of(self, bot: Bot) -> list[Guild]:
        """The servers a bot is in."""

    def guild_json(self, guild: Guild, bot: Bot) -> dict[str, object]:
        """A server as GUILD_CREATE brings it."""

    def changed(self) -> None:
        """Let those who wait look again."""

    def tell(self, line: object) -> None:
        """Show a witness what is said."""


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """What a bot identified for. `connection` is None while it is away."""

    id: str
    bot: Bot
    intents: int
    sequence: int = 0
    kept: list[tuple[int, bytes]] = field(default_factory=list, repr=False)
    connection: Connection | None = field(default=None, repr=False)
    resumed: int = 0
    tell: Callable[[object], None] = field(repr=False)

    def push(self, event: str, data: object) -> None:
        """Send an event, and keep it for a Resume."""
        self.sequence += 1
        self.tell({"t": event, "d": data})
        raw = orjson.dumps({"op": _DISPATCH, "t": event, "s": self.sequence, "d": data})
        self.kept = [*self.kept[-MAX_KEPT + 1 :], (self.sequence, raw)]
        if self.connection is not None:
            self.connection.send_raw(raw)


class Connection:
    """One WebSocket. What is sent goes through a queue, so that everybody may send at any time."""

    def __init__(self, socket: WebSocketResponse, compress: Compress | None) -> None:
        self.socket = socket
        self._compress = compress
        self._outbox: asyncio.Queue[bytes | int] = asyncio.Queue()

    def send(self, op: int, data: object = None) -> None:
        """Send what is no event."""
        self.send_raw(orjson.dumps({"op": op, "d": data, "s": None, "t": None}))

    def send_raw(self, raw: bytes) -> None:
        """Send a frame."""
        self._outbox.put_nowait(raw)

    def close(self, code: int) -> None:
        """Close after what waits was sent."""
        self._outbox.put_nowait(code)

    async def write(self) -> None:
        """Send what comes into the queue, until it is closed."""
        with suppress(ConnectionError):
            while True:
                item = await self._outbox.get()
                if isinstance(item, int):
                    await self.socket.close(code=item)
                    return
                if self._compress is None:
                    await self.socket.send_str(item.decode())
                else:
                    await self.socket.send_bytes(self._compress(item))


class Gateway:
    """All sessions. `heartbeat` is the interval that Hello tells; `identified` and `heartbeats` count.

    While `is_deaf`, nothing that a client sends is answered: its heartbeats stay without an answer (a zombie).
    `is_mute`: nobody is greeted. `is_closed`: nobody is let in (503), while the rest of the platform works.
    `turns_away`: the code with which every connection is closed as soon as it is there.
    """

    def __init__(self, world: World) -> None:
        self.sessions: dict[str, Session] = {}
        self.heartbeat = HEARTBEAT_SECONDS
        self.is_deaf = False
        self.is_closed = False
        self.is_mute = False
        self.turns_away: int | None = None
        self.identified: int = 0
        self.heartbeats: int = 0
        self._world = world
        self._connections: set[Connection] = set()

    @property
    def connected(self) -> list[Session]:
        """The sessions that somebody listens to."""
        return [session for session in self.sessions.values() if session.connection is not None]

    def dispatch(self, event: str, make: Make, to: Collection[Bot], *, channel: Channel | None = None) -> None:
        """Tell the sessions of these bots, if they want to know. `make` gets the bot and the session's intents."""
        for session in self.sessions.values():
            if session.bot in to and _wants(session.intents, event, channel):
                session.push(event, make(session.bot, session.intents))

    def ask_to_reconnect(self) -> None:
        """Tell all clients to come again (Reconnect, op 7), as before every maintenance."""
        for connection in self._connections:
            connection.send(_RECONNECT)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tell all clients that their session is over (Invalid Session, op 9)."""
        if not resumable:
            self._forget()
        for connection in self._connections:
            connection.send(_INVALID, resumable)

    def close(self, only: Bot | None = None, code: int = 4000) -> None:
        """Close the connections, by default of all bots."""
        for session in list(self.connected):
            if session.connection is not None and only in {None, session.bot}:
                session.connection.close(code)

    def cut(self, *, forget: bool = False) -> None:
        """Break all connections without a word; with `forget` the sessions are lost, and cannot be resumed."""
        if forget:
            self._forget()
        for connection in list(self._connections):
            transport = connection.socket.get_extra_info("transport") or getattr(connection.socket, "_req", None)
            transport = getattr(transport, "transport", transport)
            if transport is not None:
                transport.abort()

    async def serve(self, request: BaseRequest) -> WebSocketResponse:
        """Talk to one client until it or we go."""
        socket = WebSocketResponse(autoping=True, max_msg_size=1 << 16)
        await socket.prepare(request)
        connection = Connection(socket, _compression(request.query.get("compress", "")))
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write())
        if not self.is_mute:
            connection.send(_HELLO, {"heartbeat_interval": int(self.heartbeat * 1000), "_trace": []})
        if self.turns_away is not None:
            connection.close(self.turns_away)
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    continue
                if not self.is_deaf:
                    self._handle(connection, frame.data)
        finally:
            writer.cancel()
            self._leave(connection)
        return socket

    def _handle(self, connection: Connection, raw: str) -> None:
        try:
            frame = orjson.loads(raw)
        except ValueError:
            connection.close(4002)
            return
        match frame:
            case {"op": 1}:
                self.heartbeats += 1
                connection.send(_ACK)
                self._world.changed()
            case {"op": 2, "d": {"token": str(token), "intents": int(intents)}}:
                self._identify(connection, token, intents)
            case {"op": 6, "d": {"token": str(token), "session_id": str(session_id), "seq": int(sequence)}}:
                self._resume(connection, token, session_id, sequence)
            case {"op": 2 | 6}:
                connection.close(4002)
            case {"op": 3 | 4 | 8}:
                pass
            case _:
                connection.close(4001)

    def _identify(self, connection: Connection, token: str, intents: int) -> None:
        bot = self._world.bots.get(token)
        if bot is None:
            connection.close(4004)
            return
        if intents & _PRIVILEGED_TEXTS and not bot.may_read_texts:
            connection.close(4014)
            return
        session = Session(id=token_hex(16), bot=bot, intents=intents, connection=connection, tell=self._world.tell)
        self.sessions[session.id] = session
        self.identified += 1
        guilds = self._world.guilds_of(bot)
        session.push(
            "READY",
            {
                "v": 10,
                "user": payloads.myself(bot.user),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "resume_gateway_url": self._world.origin.replace("http", "ws", 1),
                "application": {"id": str(bot.user.id), "flags": 0},
            },
        )
        for guild in guilds:
            session.push("GUILD_CREATE", self._world.guild_json(guild, bot))
        self._world.changed()

    def _resume(self, connection: Connection, token: str, session_id: str, sequence: int) -> None:
        session = self.sessions.get(session_id)
        if session is None or session.bot.token != token or token not in self._world.bots:
            connection.send(_INVALID, False)
            return
        session.connection = connection
        for number, raw in session.kept:
            if number > sequence:
                connection.send_raw(raw)
        session.resumed += 1
        session.push("RESUMED", {})
        self._world.changed()

    def _leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        for session in list(self.sessions.values()):
            if session.connection is connection:
                session.connection = None
                if connection.socket.close_code in {1000, 1001}:  # said good-bye: the session ends with it
                    self.sessions.pop(session.id, None)
        self._world.changed()

    def _forget(self) -> None:
        for session in self.sessions.values():
            session.connection = None
        self.sessions.clear()


def _wants(intents: int, event: str, channel: Channel | None) -> bool:
    kind = next((one for one in ("MESSAGE_REACTION", "MESSAGE_POLL") if event.startswith(one)), event.partition("_")[0])
    table = _DIRECT_EVENTS if channel is not None and channel.is_direct else _GUILD_EVENTS
    return kind == "INTERACTION" or bool(intents & table.get(kind, 0))


def _compression(name: str) -> Compress | None:
    """Whole messages, flushed, in one stream for each connection."""
    if name == "zlib-stream":
        stream = zlib.compressobj()
        return lambda raw: stream.compress(raw) + stream.flush(zlib.Z_SYNC_FLUSH)
    if name == "zstd-stream" and sys.version_info >= (3, 14):
        frames = zstd.ZstdCompressor()
        return lambda raw: frames.compress(raw, zstd.ZstdCompressor.FLUSH_BLOCK)
    return None
