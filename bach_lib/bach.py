"""BACH itself: opens the store, owns every part, and is the one object an application talks to."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from aiohttp import ClientSession

from bach_lib.bus import Bus, Unsubscribe
from bach_lib.clock import Cancel, Clock, SystemClock
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Connector
from bach_lib.drafting import SendOptions, make_draft
from bach_lib.errors import BachError, CannotReceiveError, InvalidValueError, NotOpenError, UnknownTypeError
from bach_lib.events import ConnectionAdded, ConnectionRemoved, ConnectionUpdated, Event, MessageFinished, SenderBlocked
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.pairing import Pairing, Pairings
from bach_lib.models import (
    BreakerState,
    Candidate,
    Category,
    Direction,
    Fault,
    Health,
    Identity,
    IncomingMessage,
    Message,
    QueueStatus,
    Receipt,
    Status,
)
from bach_lib.outbound.dispatcher import Tools
from bach_lib.outbound.history import History
from bach_lib.outbound.queue import Queue
from bach_lib.policy import Policy
from bach_lib.registry import Registry
from bach_lib.runtime import ConnectionRuntime, Services
from bach_lib.secrets import Lookup, Secrets
from bach_lib.storage import Database, Store

_LOGGER = logging.getLogger(__name__)
_MAX_PAGE = 500
_PURGE_SECONDS = 6 * 3600.0
_PURGED = (Status.SENT, Status.EXPIRED, Status.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What exists while BACH is open."""

    store: Store
    queue: Queue
    history: History
    pairings: Pairings
    services: Services


class Bach:
    """One database and everything that works on it. Use it as `async with Bach("bach.db") as bach`.

    `session` is shared and stays the caller's; `new_session` makes one where a connector needs its own. `secrets` adds
    schemes for references (`{"entry": lookup}` serves `entry:…`), `connectors` adds or replaces connector types.
    """

    def __init__(
        self,
        path: str | PathLike[str] | Store,
        *,
        session: ClientSession | None = None,
        new_session: Callable[[], ClientSession] = ClientSession,
        clock: Clock | None = None,
        secrets: Mapping[str, Lookup] | None = None,
        connectors: Mapping[str, type[Connector]] | None = None,
        policy: Policy | None = None,
    ) -> None:
        self._store: Store = Database(Path(path)) if isinstance(path, str | PathLike) else path
        self._session = session
        self._own_session: ClientSession | None = None
        self._new_session = new_session
        self._clock = clock or SystemClock()
        self._secrets = Secrets(secrets)
        self._connectors = Connectors(connectors)
        self._policy = policy or Policy()
        self._bus = Bus()
        self._parts: _Parts | None = None
        self._runtimes: dict[str, ConnectionRuntime] = {}
        self._waiters: dict[int, set[asyncio.Future[Message]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._cancel_purge: Cancel | None = None
        self._bus.subscribe(ConnectionAdded, self._added)
        self._bus.subscribe(ConnectionUpdated, self._updated)
        self._bus.subscribe(ConnectionRemoved, self._removed)
        self._bus.subscribe(MessageFinished, self._finished)

    async def __aenter__(self) -> Self:
        """Open."""
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def open(self) -> None:
        """Open the database and start every active connection. Raises a `StorageError`. Needs no network."""
        await self._store.open()
        try:
            self._parts = parts = await self._assemble()
            await parts.services.registry.open()
            rows = parts.services.registry.list(category=Category.CONNECTOR)
            await asyncio.gather(*(self._begin(row.name, row.type) for row in rows))
        except BaseException:
            await self.close()
            raise
        self._purge_by_age()

    async def close(self, grace: float = 5.0) -> None:
        """Give attempts under way `grace` seconds, then stop everything. What waits is on disk."""
        if self._cancel_purge:
            self._cancel_purge()
        runtimes, self._runtimes = list(self._runtimes.values()), {}
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(runtime.stop(grace) for runtime in runtimes))
        await self._store.close()
        if self._own_session:
            await self._own_session.close()
            self._own_session = None
        for futures in self._waiters.values():
            for future in futures:
                future.cancel()
        self._parts = None

    @property
    def registry(self) -> Registry:
        """All connections."""
        return self._open_parts.services.registry

    async def send(self, connection: str, recipient: str, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Put a message on disk; it goes as soon as it can. Returns after the commit.

        Options (`SendOptions`): `title`, `format` (plain, markdown, html), `silent`, `reply_to` (the platform's message
        id), `priority` (-10 to 10), `tag` (a newer message with it replaces a waiting one), `time_to_live` (seconds),
        `delivery` (at_least_once, at_most_once), `max_retries`, `context` (kept for the caller). Raises an
        `InputError`, `QueueFullError` or `StorageError`; nothing is written then. Cancelling the caller does not take
        the message back.
        """
        row = self.registry.get(connection)
        connector = await self._connectors.load(row.type)
        draft = make_draft(
            row, connector, recipient, text, options, now=self._clock.now(), max_retries=self._policy.retry.max_retries
        )
        put = await asyncio.shield(self._runtime(connection).dispatcher.put(draft))
        message = put.message
        return Receipt(id=message.id, connection=message.connection, recipient=message.recipient, status=message.status)

    async def wait(self, message_id: int, timeout: float | None = None) -> Message:
        """The message when nothing more happens to it, or as it stands after `timeout` seconds.

        Raises `UnknownMessageError`.
        """
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(message_id, set()).add(future)
        cancel = None if timeout is None else self._clock.call_later(timeout, partial(_give_up, future))
        try:
            message = await self.get(message_id)
            if message.status.is_final:
                return message
            await asyncio.wait([future])
            return await self.get(message_id) if future.cancelled() else future.result()
        finally:
            if cancel:
                cancel()
            self._forget_waiter(message_id, future)

    async def get(self, message_id: int) -> Message:
        """One message. Raises `UnknownMessageError`."""
        return await self._open_parts.queue.get(message_id)

    async def messages(
        self,
        *,
        connection: str | None = None,
        recipient: str | None = None,
        status: Iterable[Status] | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """A page of messages, newest first; the last id of a page is the next page's `before`. `limit`: 1 to 500."""
        _check_limit(limit)
        return await self._open_parts.history.messages(
            connection=connection, recipient=recipient, statuses=status, before=before, limit=limit
        )

    async def queue_status(self) -> dict[str, QueueStatus]:
        """How the queue of each connection stands, by name."""
        return await self._open_parts.history.status(self.registry.list(category=Category.CONNECTOR))

    async def cancel(self, message_id: int) -> Message:
        """Take a waiting message out of the queue. Raises `UnknownMessageError` or `NotCancellableError`."""
        message = await self._open_parts.queue.cancel(message_id)
        self._runtime(message.connection).dispatcher.forget(message)
        return message

    async def retry(self, message_id: int) -> Message:
        """Send an ended message again, with all its retries and without time to live. Raises an `InputError`."""
        message = await self._open_parts.queue.retry(message_id)
        self._runtime(message.connection).dispatcher.waits_again(message)
        return message

    async def retry_all(self, connection: str | None = None) -> int:
        """Send all dead letters again, of one connection or of all; return how many."""
        names = [self.registry.get(connection).name] if connection else list(self._runtimes)
        revived = [message for name in names for message in await self._open_parts.queue.retry_all(name)]
        for message in revived:
            self._runtime(message.connection).dispatcher.waits_again(message)
        return len(revived)

    async def purge(self, older_than: float, statuses: Iterable[Status] = _PURGED) -> int:
        """Remove finished messages that were queued more than `older_than` seconds ago; return how many.

        Raises `InvalidValueError`.
        """
        statuses = frozenset(statuses)
        if unfinished := sorted(status for status in statuses if not status.is_final):
            raise InvalidValueError(
                field="statuses", value=unfinished[0], expected="statuses of messages that have ended"
            )
        return await self._open_parts.history.purge(self._clock.now() - older_than, statuses)

    async def inbox(
        self, *, connection: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[IncomingMessage]:
        """A page of incoming messages, newest first. `limit`: 1 to 500."""
        _check_limit(limit)
        return await self._open_parts.services.inbox.page(connection=connection, before=before, limit=limit)

    async def check(self, connection: str) -> Identity | Fault:
        """Ask the platform now whether route and credentials are good. Raises `UnknownConnectionError`."""
        return await self._runtime(connection).check()

    def health(self, connection: str, direction: Direction) -> Health:
        """How one direction of a connection stands. Raises `UnknownConnectionError`."""
        return self._runtime(connection).health(direction)

    def breaker(self, connection: str) -> BreakerState:
        """The state of a connection's circuit breaker. Raises `UnknownConnectionError`."""
        return self._runtime(connection).dispatcher.breaker.state

    def subscribe[E: Event](self, event_type: type[E], callback: Callable[[E], None]) -> Unsubscribe:
        """Call `callback`, in the event loop, for every event of this type until the returned function is called."""
        return self._bus.subscribe(event_type, callback)

    def pairing(self, connection: str) -> AbstractContextManager[Pairing]:
        """Collect who writes to a connection without being allowed, to pick a recipient from.

        Raises `CannotReceiveError`.
        """
        if not self._runtime(connection).receiver.is_running:
            raise CannotReceiveError(name=connection)
        return self._open_parts.pairings.open(connection)

    # -- parts and their life -----------------------------------------------------------------------------------------

    @property
    def _open_parts(self) -> _Parts:
        if self._parts is None:
            raise NotOpenError
        return self._parts

    async def _assemble(self) -> _Parts:
        row = await self._store.submit(lambda tx: tx.row("instance"), writes=False)
        instance = str(row["value"]) if row else ""
        if self._session is None:
            self._own_session = self._new_session()
        registry = Registry(self._store, self._bus, self._connectors, self._secrets)
        pairings = Pairings(self._stranger_wrote)
        queue = Queue(self._store, self._clock, instance)
        services = Services(
            registry=registry,
            inbox=Inbox(self._store, self._clock, pairings),
            bus=self._bus,
            connectors=self._connectors,
            secrets=self._secrets,
            session=self._session or self._own_session or self._new_session(),
            new_session=self._new_session,
            tools=Tools(
                queue=queue,
                bus=self._bus,
                clock=self._clock,
                policy=self._policy,
                random=random.random,
                save_breaker=registry.save_breaker,
                count=lambda name, delivered: registry.count(name, delivered, self._clock.now()),
            ),
        )
        return _Parts(
            store=self._store, queue=queue, history=History(self._store, instance), pairings=pairings, services=services
        )

    async def _begin(self, name: str, type_: str) -> None:
        try:
            await self._connectors.load(type_)
        except BachError as error:  # one connection whose library is gone must not stop the others
            _LOGGER.error("The connection %s cannot start: %s", name, error)  # noqa: TRY400 - the sentence says all
            return
        self._runtimes[name] = runtime = ConnectionRuntime(name, self._open_parts.services)
        await runtime.start()

    def _runtime(self, name: str) -> ConnectionRuntime:
        row = self.registry.get(name)
        try:
            return self._runtimes[name]
        except KeyError:
            raise UnknownTypeError(type=row.type, known=", ".join(self._connectors.types)) from None

    def _added(self, event: ConnectionAdded) -> None:
        if event.row.category is Category.CONNECTOR:
            self._runtimes[event.connection] = runtime = ConnectionRuntime(event.connection, self._open_parts.services)
            self._spawn(runtime.start())

    def _updated(self, event: ConnectionUpdated) -> None:
        runtime = self._runtimes.get(event.connection)
        if runtime is None or event.changed == {"allowed"}:
            return
        if event.changed & {"endpoint", "auth_type", "auth_config"}:
            runtime.dispatcher.reset_breaker()
        self._spawn(runtime.restart(grace=1.0))

    def _removed(self, event: ConnectionRemoved) -> None:
        if runtime := self._runtimes.pop(event.connection, None):
            self._spawn(runtime.stop(grace=0.0))

    def _finished(self, event: MessageFinished) -> None:
        for future in self._waiters.get(event.message.id, ()):
            if not future.done():
                future.set_result(event.message)

    def _forget_waiter(self, message_id: int, future: asyncio.Future[Message]) -> None:
        waiters = self._waiters.get(message_id, set())
        waiters.discard(future)
        if not waiters:
            self._waiters.pop(message_id, None)

    def _stranger_wrote(self, connection: str, candidate: Candidate) -> None:
        self._bus.publish(SenderBlocked(connection=connection, candidate=candidate))

    def _purge_by_age(self) -> None:
        """Forget what is old, now and every few hours."""
        self._cancel_purge = self._clock.call_later(_PURGE_SECONDS, self._purge_by_age)
        self._spawn(self._purge_once())

    async def _purge_once(self) -> None:
        try:
            await self.purge(self._policy.keep_seconds)
            await self._open_parts.services.inbox.purge(self._clock.now() - self._policy.keep_seconds)
        except BachError as error:  # the disk; there is a next time
            _LOGGER.warning("Old messages could not be removed: %s", error)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work, name="bach")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _give_up(future: asyncio.Future[Message]) -> None:
    future.cancel()


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= _MAX_PAGE:
        raise InvalidValueError(field="limit", value=limit, expected=f"a whole number from 1 to {_MAX_PAGE}")
