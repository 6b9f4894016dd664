"""Receives gateway events, and backfills missed messages from the history of the allowed channels.

Whenever a session begins (not when one is resumed, which loses nothing), the messages that were missed are read from
the history of every allowed place, sorted by id among those that came meanwhile, and handed on with the same cursor.
Presses, reactions and corrections are in no history: those of an outage that could not be resumed are lost.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf, isfinite
from typing import Final

from discord import ConnectionClosed

from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.bounds import Cut
from bach_lib.connectors.discord import gateway
from bach_lib.connectors.discord.backfill import Backfill, Missed
from bach_lib.connectors.discord.channel_cache import TOLD, ChannelCache
from bach_lib.connectors.discord.codec import Reader
from bach_lib.connectors.discord.event_buffer import EventBuffer, HeldEvents
from bach_lib.connectors.discord.gateway import Gateway, Hear
from bach_lib.connectors.discord.json_fields import made_by, number, part, seconds_of, snowflake_at
from bach_lib.connectors.discord.session_starts import SessionStarts
from bach_lib.connectors.observations import CallError
from bach_lib.connectors.platform_time import PlatformTime
from bach_lib.connectors.tolerant import UnreadableError, read_one
from bach_lib.connectors.wakeup import Wakeup
from bach_lib.models import Fault
from bach_lib.said import Sentence

NO_TEXTS = Fault(
    code="intent_refused",
    text=Sentence(
        "discord_keeps_the_texts_in_channels_back",
        "Discord keeps the texts in channels back. Switch the Message Content Intent on in its developer portal.",
    ),
)

_ASK_EVERY, _LONGEST_UNTIL_ASKED = 600.0, 86_400.0
"""Seconds between two questions whether the intent is switched on now."""
_TOKEN_REFUSED, _TEXTS_REFUSED = 4004, 4014
"""Why the gateway closed: https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway."""

_AT_ONE_TIME: Final = "more than memory should hold, all of the same few seconds"


class GatewayReceiver:
    """One connection's incoming side. `connect` makes a gateway session; `history` reads what was missed.

    `starts` says when a session may begin, `may_read` whether Discord would hand out the texts in channels now. What
    had to be left out is told to `cut`.

    `connect_seconds`: how long a session may take to begin. `poll_seconds`: how long an idle poll may be held.
    """

    def __init__(
        self,
        *,
        connect: Callable[[Hear, bool], Gateway],
        history: Backfill,
        channels: ChannelCache,
        reader: Reader,
        clock: Clock,
        time: PlatformTime,
        cut: Cut,
        starts: SessionStarts,
        may_read: Callable[[], Awaitable[bool]],
        connect_seconds: float,
        poll_seconds: float,
    ) -> None:
        self._connect = connect
        self._history = history
        self._channels = channels
        self._reader = reader
        self._clock = clock
        self._time = time
        self._starts = starts
        self._may_read = may_read
        self._why: Fault | None = None
        """How the last session ended."""
        self._ask_every = _ASK_EVERY
        self._ask_at = inf
        self._connect_seconds = connect_seconds
        self._poll_seconds = poll_seconds
        self._cut = cut
        self._buffer = EventBuffer()
        self._session: asyncio.Task[None] | None = None
        self._wakeup = Wakeup(clock)
        self._is_up = False
        self._is_complete = False
        """Whether everything since the session began, and before it, is in the buffer."""
        self._held = HeldEvents(cut)
        """What came while that was not so."""
        self._texts = True
        self.own_id: int | None = None

    async def receive(self, cursor: str | None) -> Batch | Fault:
        """What came after `cursor`. The first poll of a session does not wait for messages."""
        self._buffer.confirm(cursor)
        if self._buffer:
            return self._batch()
        await self._ask_for_texts()
        if self._session is None and (pause := self._starts.pause(self._why)):
            return pause
        session = self._session = self._session or self._begin()
        if not self._is_up:
            await self._wakeup.until(lambda: self._is_up or session.done(), self._connect_seconds)
        if self._is_up and not session.done():
            if not self._is_complete:
                return await self._catch_up()
            await self._wakeup.until(
                lambda: bool(self._buffer) or session.done() or not self._is_complete, self._poll_seconds
            )
        if session.done():
            return await self._after(session, cursor)
        return (
            self._batch()
            if self._is_up
            else Fault(
                code="timeout",
                text=Sentence("the_gateway_did_not_answer_in_time", "The gateway did not answer in time."),
            )
        )

    async def reset(self) -> None:
        """End the session; the next poll begins another."""
        session, self._session = self._session, None
        self._is_up = self._is_complete = False
        if session is not None:
            session.cancel()
            await asyncio.wait([session])
            self._starts.over()

    async def _ask_for_texts(self) -> None:
        """Begin anew with the texts when somebody has switched them on meanwhile; the gateway does not tell."""
        now = self._clock.monotonic()
        if self._texts or now < self._ask_at:
            return
        self._ask_at = now + self._ask_every
        with suppress(CallError):
            if await self._may_read():
                self._texts = True
                await self.reset()
                self._starts.forgive()

    def _begin(self) -> asyncio.Task[None]:
        listener = self._connect(self._hear, self._texts)
        session = asyncio.create_task(listener.run_once(), name="bach-discord-gateway")
        session.add_done_callback(lambda _: self._wakeup.wake())
        self._is_up = self._is_complete = False
        return session

    async def _after(self, session: asyncio.Task[None], cursor: str | None) -> Batch | Fault:
        """What the end of a session means; one that Discord refuses because of the texts is begun again without."""
        if self._session is session:
            self._session = None
        self._is_up = self._is_complete = False
        if session.cancelled():
            return Fault(
                code="unreachable", text=Sentence("receiving_is_being_set_up_anew", "Receiving is being set up anew.")
            )
        error = session.exception()
        self._starts.over()
        if isinstance(error, ConnectionClosed) and error.code == _TEXTS_REFUSED and self._texts:
            self._texts = False
            self._ask_at = self._clock.monotonic() + self._ask_every
            self._ask_every = min(2 * self._ask_every, _LONGEST_UNTIL_ASKED)  # should what is told not be true
            self._starts.forgive()
            return await self.receive(cursor)
        self._why = _fault_of(error)
        return self._starts.pause(self._why) or self._why

    async def _catch_up(self) -> Batch | Fault:
        """Put what was missed before what has come meanwhile."""
        missed, before = Missed([]), self._buffer.highest
        if before:
            try:
                missed = await self._history.since(before)
            except CallError as error:
                return error.fault
        else:  # the very first time nothing was missed
            now = self._time.now()
            self._buffer.highest = snowflake_at(now if isfinite(now) else self._clock.now())
        is_stuck = missed.until is not None and missed.until <= before
        if is_stuck:
            self._cut.add(_AT_ONE_TIME, 0)
        self._is_complete = missed.until is None or is_stuck  # else the rest is read when these are stored
        for snowflake, messages in self._held.take(missed.found) if self._is_complete else missed.found:
            self._buffer.add(messages, snowflake)
        self._buffer.highest = max(self._buffer.highest, missed.until or 0)
        return self._batch()

    def _hear(self, event: str, data: object) -> None:
        for unread in read_one(data, lambda data: self._take(event, data)):
            self._add([unread], 0)
        self._wakeup.wake()

    def _take(self, event: str, data: object) -> Iterable[Incoming]:
        """Raises `UnreadableError`, and whatever else what is in an event brings with it."""
        if event == gateway.DAMAGED or not isinstance(data, dict):
            raise UnreadableError(f"a frame of the gateway that is damaged ({event})")
        match event:
            case "READY":
                self.own_id = number(part(data, "user"), "id")
                self._is_up, self._is_complete = True, False
                self._starts.up()
            case "RESUMED":
                self._is_up = True
            case gateway.DISCONNECTED:
                self._is_up = False
            case _ if event in TOLD:
                self._channels.follow(event, data)
            case _:
                made = made_by(data, self._time) if event in {"MESSAGE_CREATE", "INTERACTION_CREATE"} else 0
                if made:
                    self._time.saw(seconds_of(made))
                messages = read_one(data, lambda data: self._reader.read(event, data, now=self._clock.now()))
                self._add(messages, made if event == "MESSAGE_CREATE" else 0)
        return ()

    def _add(self, messages: Sequence[Incoming | Unreadable], snowflake: int) -> None:
        if self._is_complete and self._buffer.is_full:  # nobody stores anything: read it from the history later
            self._is_complete = False
        if self._is_complete:
            self._buffer.add(messages, snowflake)
        else:
            self._held.add(messages, snowflake)

    def _batch(self) -> Batch:
        if not self._buffer.is_full:
            self._buffer.add(self._cut.told(), 0)
        batch = self._buffer.batch(notice=None if self._texts else NO_TEXTS)
        return replace(batch, told_at=self._time.now(), is_complete=batch.is_complete and self._is_complete)


def _fault_of(error: BaseException | None) -> Fault:
    """Why a session is over. What discord.py stumbles over when a connection breaks early has many names."""
    match error:
        case CallError():
            return error.fault
        case ConnectionClosed(code=int(code)) if code == _TOKEN_REFUSED:
            return Fault(code="auth_failed", text=Sentence("discord_refuses_the_token", "Discord refuses the token."))
        case ConnectionClosed(code=int(code)):
            return Fault(
                code="unreachable",
                text=Sentence(
                    "discord_closed_the_connection_to_its_gateway",
                    "Discord closed the connection to its gateway ({code}).",
                    code=code,
                ),
            )
    return Fault(
        code="unreachable",
        text=Sentence("the_connection_to_discord_gateway_broke", "The connection to Discord's gateway broke."),
    )
