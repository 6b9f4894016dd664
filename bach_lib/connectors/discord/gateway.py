"""The gateway through discord.py's `Client`: one session for everything a bot hears.

The library keeps the connection: heartbeats, resuming, zombies, close codes. What it would make of the events, objects
and caches, is left out: a field of a newer API that its classes cannot read would end the session, and with every new
one again. Events arrive as plain JSON and are read by `codec`, which never raises.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any, Self, override

import discord
from discord.gateway import KeepAliveHandler
from discord.state import ConnectionState

from bach_lib.connectors.discord.rest import Rest

type Hear = Callable[[str, Mapping[str, object]], None]

HEARTBEAT_TIMEOUT = 60.0
"""Seconds of silence after which the connection is dead. Heartbeats are answered about every 41."""
_THREAD_SECONDS = 5.0

EVENTS = (
    "READY",
    "RESUMED",
    "GUILD_CREATE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "THREAD_LIST_SYNC",
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_REACTION_ADD",
    "MESSAGE_REACTION_REMOVE",
    "INTERACTION_CREATE",
)
DISCONNECTED = "DISCONNECTED"
"""Not an event of the gateway, but of the connection to it."""


# BACH says nothing; so nobody needs to be warned about what is missing for that
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class Gateway(discord.Client):
    """One life of a gateway session: `run_once` never returns, and raises when the session is over.

    `hear` is called for each of `EVENTS`. `texts`: ask for the privileged intent "message content".
    """

    def __init__(self, rest: Rest, hear: Hear, *, texts: bool, heartbeat_timeout: float = HEARTBEAT_TIMEOUT) -> None:
        self._rest = rest
        self._hear = hear
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
                await self.connect(reconnect=False)
            finally:
                await self._end_connections()

    @override
    def _get_state(self, **options: Any) -> ConnectionState[Self]:
        """The library's, but on our HTTP and with our ears."""
        self.http = self._rest
        state = super()._get_state(**options)
        state.parsers = {event: self._ear(event) for event in EVENTS}
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

    def _ear(self, event: str) -> Callable[[Any], None]:
        return lambda data: self._hear(event, data if isinstance(data, dict) else {})


def _intents(*, texts: bool) -> discord.Intents:
    intents = discord.Intents.none()
    intents.guilds = True
    intents.guild_messages = intents.dm_messages = True
    intents.guild_reactions = intents.dm_reactions = True
    intents.message_content = texts
    return intents
