"""Gateway session through discord.py's `Client`: all events of one bot.

The library keeps the connection: heartbeats, resuming, zombies, close codes. What it would make of the events, objects
and caches, is left out: a field of a newer API that its classes cannot read would end the session, and with every new
one again. Events arrive as plain JSON and are read by `codec`. What is no JSON, or none that the library understands,
costs only itself (`DAMAGED`).
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self, override

import discord
from discord.gateway import DiscordWebSocket, KeepAliveHandler, ReconnectWebSocket
from discord.http import HTTPClient
from discord.state import ConnectionState

from bach_lib.connectors.discord.rest import Rest
from bach_lib.connectors.discord.session_starts import SessionStarts
from bach_lib.connectors.tolerant import decode

type Hear = Callable[[str, object], None]

HEARTBEAT_TIMEOUT = 60.0
"""Seconds of silence after which the connection is dead. Heartbeats are answered about every 41."""
_THREAD_SECONDS = 5.0
_CONNECT_SECONDS = 60.0

EVENTS = (
    "READY",
    "RESUMED",
    "GUILD_CREATE",
    "GUILD_UPDATE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "THREAD_LIST_SYNC",
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "MESSAGE_REACTION_ADD",
    "MESSAGE_REACTION_REMOVE",
    "MESSAGE_POLL_VOTE_ADD",
    "MESSAGE_POLL_VOTE_REMOVE",
    "INTERACTION_CREATE",
)
_TOLD = frozenset(EVENTS) - {"READY", "RESUMED"}
DISCONNECTED = "DISCONNECTED"
"""Not an event of the gateway, but of the connection to it."""
DAMAGED = "DAMAGED"
"""Neither: something came that cannot be understood; the data is what came."""


# BACH says nothing; so nobody needs to be warned about what is missing for that
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class _Socket(DiscordWebSocket):
    """discord.py's WebSocket, kept by a damaged frame: after a new beginning the same would be told again."""

    @override
    async def received_message(self, msg: Any, /) -> None:
        raw = self._decompressor.decompress(msg) if isinstance(msg, bytes) else msg
        if raw is None:  # the rest of it is to come
            return
        sequence = self.sequence
        try:
            await super().received_message(raw)
        except (AttributeError, LookupError, TypeError, ValueError):
            self.sequence = sequence
            self._repair(raw)
        told: object = self.sequence
        if not isinstance(told, int | None):
            self.sequence = sequence

    def _repair(self, raw: str) -> None:
        """Half a character is no JSON for the library."""
        frame: object = None
        with suppress(ValueError):
            frame = decode(raw)
        match frame:
            case {"op": self.DISPATCH, "t": str(event), "s": int(number), "d": data} if event in _TOLD:
                self.sequence = number
                self._discord_parsers[event](data)
            case _:
                self._discord_parsers[DAMAGED](raw)


class Gateway(discord.Client):
    """One life of a gateway session: `run_once` never returns, and raises when the session is over.

    `hear` is called for each of `EVENTS`. `texts`: ask for the privileged intent "message content". `starts` says when
    another session may begin.
    """

    ws: DiscordWebSocket
    http: HTTPClient

    def __init__(
        self,
        rest: Rest,
        hear: Hear,
        starts: SessionStarts,
        *,
        texts: bool,
        heartbeat_timeout: float = HEARTBEAT_TIMEOUT,
    ) -> None:
        self._rest = rest
        self._hear = hear
        self._starts = starts
        super().__init__(
            intents=_intents(texts=texts),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            heartbeat_timeout=heartbeat_timeout,
        )

    async def run_once(self) -> None:
        """Connect, and hear until the session is over. Raises what discord.py raises, and `CallError`."""
        async with self:
            try:
                await self._listen()
            finally:
                await self._end_connections()

    async def _listen(self) -> None:
        """discord.py's `connect(reconnect=False)`, on our socket."""
        options: dict[str, Any] = {"initial": True}
        while not self.is_closed():
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    self.ws = await _Socket.from_client(self, **options)
                while True:
                    await self.ws.poll_event()
            except ReconnectWebSocket as error:
                self.dispatch("disconnect")
                if not error.resume:
                    await self._starts.turn()
                options = {"sequence": self.ws.sequence, "resume": error.resume, "session": self.ws.session_id}
                if error.resume:
                    options["gateway"] = self.ws.gateway

    @override
    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """The library's would sleep for five seconds; when a session may begin is known before it connects."""
        self._starts.begun()

    @override
    def _get_state(self, **options: Any) -> ConnectionState[Self]:
        """The library's, but on our HTTP and with our ears."""
        self.http = self._rest
        state = super()._get_state(**options)
        state.parsers = {event: self._ear(event) for event in (*EVENTS, DAMAGED)}
        return state

    @override
    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Nothing of the library's own listens; only the loss of the connection is told by it alone."""
        if event == "disconnect":
            self._hear(DISCONNECTED, {})

    async def _end_connections(self) -> None:
        """Each connection has a thread for its heartbeats. discord.py forgets both of one that is not ready yet."""
        threads = [
            thread
            for thread in threading.enumerate()
            if isinstance(thread, KeepAliveHandler) and thread.ws._connection is self._connection
        ]
        for thread in threads:
            thread.stop()
            await thread.ws.close(code=1000)
            await asyncio.to_thread(thread.join, _THREAD_SECONDS)

    def _ear(self, event: str) -> Callable[[object], None]:
        return lambda data: self._hear(event, data)


def _intents(*, texts: bool) -> discord.Intents:
    intents = discord.Intents.none()
    intents.guilds = True
    intents.guild_messages = intents.dm_messages = True
    intents.guild_reactions = intents.dm_reactions = True
    intents.guild_polls = intents.dm_polls = True
    intents.message_content = texts
    return intents
