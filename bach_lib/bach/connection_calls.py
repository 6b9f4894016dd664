"""The calls of `Bach` about connections: start, stop, check, state, lookups, chat with AI partners."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Unpack

from bach_lib.bach.call_group import CallGroup
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.errors import OwnedElsewhereError
from bach_lib.events import ConnectionChecked, UploadAdvanced
from bach_lib.models import BreakerState, Candidate, ConnectionState, Direction, Fault, Health, Identity
from bach_lib.models.chat import ChatMessage, ChatOptions, Reply
from bach_lib.models.hop import Hop
from bach_lib.owners.membership import Process
from bach_lib.runtime.connection_runtime import ConnectionRuntime
from bach_lib.runtime.ways import with_answer

_MAX_QUERY = 250


class ConnectionCalls(CallGroup):
    """Mixin of `Bach` with the calls about connections."""

    async def start(self, connection: str) -> None:
        """Let a connection work (if it is active) with its present secrets.

        Also one that could not when BACH was opened, because a library was missing: it may have come since. Where
        another process works on it, nothing happens, unless all who work end. Raises `UnknownConnectionError`,
        `UnknownTypeError` or `MissingLibraryError`.
        """
        parts = self._open_parts
        try:
            work = await parts.begin(connection)
        except OwnedElsewhereError:
            if parts.sharing:
                parts.sharing.step_in_later(partial(self.start, connection))
            return
        await work.restart(wanted=True)

    async def stop(self, connection: str) -> None:
        """Let a connection rest until `start`; what is sent waits. Raises `UnknownConnectionError`."""
        await self._open_parts.at_work(connection).restart(wanted=False)

    async def typing(self, connection: str, recipient: str) -> None:
        """Show there for a few seconds that an answer is coming. Best effort; raises `UnknownConnectionError`."""
        await self._runtime(connection).typing(recipient)

    async def preview(self, connection: str, recipient: str, number: int, text: str) -> bool:
        """Show there what an answer will say, as far as it is known, where the platform can (`True`).

        It is no message: not stored, not repeated, gone by itself. The next one of the same `number` (above 0) takes
        its place; ask once a second at most, and no more after `False`. The answer itself is sent as ever. Raises
        `UnknownConnectionError`.
        """
        return await self._runtime(connection).preview(recipient, number, text)

    def upload(self, connection: str, message_id: int) -> UploadAdvanced | None:
        """How far the files of a message are that this process is sending; None: it is not, or they are not large.

        Raises `UnknownConnectionError`.
        """
        return self._runtime(connection).upload(message_id)

    async def check(self, connection: str) -> Identity | Fault:
        """Ask now whether route and credentials are good. What is no chat platform answers with a `Report`.

        Raises `UnknownConnectionError`.
        """
        return await self._open_parts.at_work(connection).check()

    async def hops(self, connection: str, answer: Identity | Fault | None = None) -> list[Hop]:
        """The way to the platform, hop by hop with seconds, up to the one that fails, which has the fault.

        `answer`: what a check has found just now; else it is asked. Hops of the network are missing where nobody is
        asked, such as at what only takes posts; there are none if the connection is switched off, or cannot work here.
        Raises `UnknownConnectionError`.
        """
        walk = self._open_parts.runtimes.ways.walk(connection)
        if answer is not None:
            return with_answer(await walk, answer)
        walked, found = await asyncio.gather(walk, self.check(connection))
        return with_answer(walked, found)

    def identity(self, connection: str) -> Identity | None:
        """Who we are on the platform, as the last good check found it. Raises `UnknownConnectionError`."""
        return self._runtime(connection).identity

    def checked(self, connection: str) -> ConnectionChecked | None:
        """The last check of an AI partner, an MCP server or an API. Raises an `InputError`."""
        return self._open_parts.probers.get(connection).last

    async def chat(
        self, connection: str, messages: Sequence[ChatMessage], **options: Unpack[ChatOptions]
    ) -> Reply | Fault:
        """Say something to an AI partner. Raises an `InputError`; whatever fails there is a `Fault`.

        Options (`ChatOptions`): `model`, `system` (default: the connection's settings), `history` (exchanges before the
        last message that are passed on), `timeout` (seconds), `max_tokens`, `max_characters` (of the answer).
        """
        return await self._open_parts.probers.get(connection).chat(messages, options)

    async def find(self, connection: str, query: str = "") -> list[Candidate] | Fault:
        """Whom a connection could write to: all places, or with a `query` who is called so or begins so or has this id.

        Nothing where the platform does not tell (`Capabilities.finds_recipients`). Raises `UnknownConnectionError`.
        """
        return await self._runtime(connection).find(query.strip()[:_MAX_QUERY])

    def health(self, connection: str, direction: Direction = Direction.SENDING) -> Health:
        """How one direction of a connection stands, as far as this process knows. Raises `UnknownConnectionError`."""
        try:
            return self._open_parts.at_work(connection).health(direction)
        except OwnedElsewhereError as error:
            return Health(state=ConnectionState.STARTING, fault=Fault(code=error.code, text=error.sentence))

    def breaker(self, connection: str) -> BreakerState:
        """The state of a connection's circuit breaker. Raises `UnknownConnectionError` or `OwnedElsewhereError`."""
        return self._open_parts.at_work(connection).breaker

    async def capabilities(self, connection: str) -> Capabilities:
        """What its platform can do. Raises `UnknownConnectionError`, `UnknownTypeError` or `MissingLibraryError`."""
        parts = self._open_parts
        row = parts.registry.get(connection)
        return (await parts.connectors.load(row.type)).capabilities_of(row)

    def limit(self, connection: str, recipient: str) -> Rate | None:
        """The widest limit that its platform publishes for what goes there: mostly that of the whole account.

        None: it publishes none, or the connection is not at work. Raises `UnknownConnectionError` or
        `OwnedElsewhereError`.
        """
        return self._runtime(connection).limit(recipient)

    async def processes(self) -> list[Process]:
        """The processes that share the database, those of the last day, and what each works on; none: it is a file.

        Raises a `StorageError`.
        """
        sharing = self._open_parts.sharing
        return await sharing.processes() if sharing else []

    def _runtime(self, name: str) -> ConnectionRuntime:
        return self._open_parts.runtimes.get(name)
