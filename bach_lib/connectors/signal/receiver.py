"""Receives from signal-cli-rest-api's WebSocket, and keeps what came until it is stored.

Signal's servers forget a message when signal-cli has fetched it, and the REST server hands it to whoever listens at
that moment, once. So there is nothing to ask again. When nobody stores what came, reading stops; what the server cannot
hand over then, it drops.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import ClientWebSocketResponse, WSMsgType

from bach_lib.clock import Clock
from bach_lib.connectors.backlog import Backlog
from bach_lib.connectors.base import Batch, Incoming, Proof, Unreadable
from bach_lib.connectors.observations import CallError
from bach_lib.connectors.tolerant import read_each
from bach_lib.connectors.wakeup import Wakeup
from bach_lib.models import Fault
from bach_lib.said import Sentence


class SocketReceiver:
    """One account's incoming side. `connect` opens a WebSocket, `read` understands a frame of it.

    `name` is the connection's. `poll_seconds`: how long an idle poll may be held.
    """

    def __init__(
        self,
        *,
        name: str,
        connect: Callable[[], Awaitable[ClientWebSocketResponse]],
        read: Callable[[str], Sequence[Incoming | Unreadable | Proof]],
        clock: Clock,
        poll_seconds: float,
    ) -> None:
        self._connect = connect
        self._read = read
        self._poll_seconds = poll_seconds
        self._backlog = Backlog(name, clock, is_live=False)
        self._listening: asyncio.Task[None] | None = None
        self._wakeup = Wakeup(clock)
        self._has_room = asyncio.Event()
        self._has_room.set()

    async def receive(self, cursor: str | None) -> Batch | Fault:
        """What came after `cursor`. The poll that opens the WebSocket does not wait for messages."""
        self._confirm(cursor)
        if self._backlog:
            return self._backlog.batch()
        if self._listening is None:
            try:
                self._listening = self._listen(await self._connect())
            except CallError as error:
                return error.fault
            return self._backlog.batch()
        listening = self._listening
        await self._wakeup.until(lambda: bool(self._backlog) or listening.done(), self._poll_seconds)
        if not self._backlog and listening.done():
            if self._listening is listening:
                self._listening = None
            return Fault(
                code="unreachable",
                text=Sentence(
                    "the_connection_that_brings_signal_messages", "The connection that brings Signal's messages broke."
                ),
            )
        return self._backlog.batch()

    async def reset(self) -> None:
        """End the WebSocket; what it brought stays."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.wait([listening])

    def _listen(self, socket: ClientWebSocketResponse) -> asyncio.Task[None]:
        listening = asyncio.create_task(self._hear(socket), name="bach-signal-websocket")
        listening.add_done_callback(lambda _: self._wakeup.wake())
        return listening

    async def _hear(self, socket: ClientWebSocketResponse) -> None:
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    for one in read_each([frame.data], self._read):
                        self._backlog.add(one)
                    self._wakeup.wake()
                if self._backlog.is_full:
                    self._has_room.clear()
                    await self._has_room.wait()
        finally:
            await socket.close()

    def _confirm(self, cursor: str | None) -> None:
        self._backlog.confirm(cursor)
        if not self._backlog.is_full:
            self._has_room.set()
