"""Incoming messages that wait for a program to deal with them, and how often one has begun to.

That is what is unread and was announced, so what a person has read nobody is given. A try is counted on disk before it
begins: what ends the whole process each time would else end it at every start.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bach_lib.clock import Clock
from bach_lib.inbound.rows import metadata_json, read_row
from bach_lib.models.incoming import ACTED_UPON, HANDLING, InboxStatus, IncomingMessage, Kind
from bach_lib.storage import Store, Transaction
from bach_lib.storage.values import integer

MOST_TRIES = 5
"""After so many, a message is set aside."""
_SET_BACK = -5.0
"""Seconds by which a time server may correct our clock since the message was stored."""
_DAMAGED = "unreadable"
"""The mark in the metadata of what stands in a row that nobody can read; it must not be written back."""


def is_over(message: IncomingMessage, now: float, max_age: float) -> bool:
    """Whether somebody asked for something so long ago that they do not want it any more."""
    # negative: our clock was set back since, perhaps by a power cut of hours
    return message.kind in ACTED_UPON and not _SET_BACK <= now - message.received_at <= max_age


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Page of those that wait, oldest first; all that are not behind `upto` have been looked at."""

    messages: Sequence[IncomingMessage]
    upto: int
    is_last: bool


class Unhandled:
    """Queue of what waits in one inbox. `max_age(connection)`: seconds after which a command is not acted upon."""

    def __init__(self, store: Store, clock: Clock, max_age: Callable[[str], float]) -> None:
        self._store = store
        self._clock = clock
        self._max_age = max_age
        self.owns: Callable[[str], bool] = lambda _: True
        """Whether this process deals with what comes through a connection, where several share the database."""

    async def page(self, connection: str | None, after: int, limit: int) -> Page:
        """Those with a higher number than `after`, of one connection or of all, without those that are set aside."""

        def work(tx: Transaction) -> Page:
            rows = tx.rows("unhandled", connection=connection, after=after, limit=limit)
            is_last = len(rows) < limit
            newest = tx.row("newest_incoming") if is_last else rows[-1]
            messages = [read_row(row) for row in rows]
            upto = integer(newest["id"]) if newest and newest["id"] is not None else after
            waiting = [one for one in messages if not one.is_set_aside and _DAMAGED not in one.metadata]
            waiting = [one for one in waiting if self.owns(one.connection)]
            return Page(messages=waiting, upto=max(after, upto), is_last=is_last)

        return await self._store.read(work)

    async def begin(self, incoming_id: int) -> IncomingMessage | None:
        """Count a try, and return the message as it is now; a command or press of long ago has expired.

        None: it was read, removed or set aside meanwhile. If it comes back set aside, that was one try too many.
        """

        def work(tx: Transaction) -> IncomingMessage | None:
            message = self._by_now(_waiting(tx, incoming_id))
            if message is None:
                return None
            if message.tries >= MOST_TRIES:
                return _note(tx, message, is_set_aside=True)
            return _note(tx, message, tries=message.tries + 1)

        return await self._store.submit(work, as_owner=True)

    async def done(self, incoming_id: int, following: int | None = None) -> bool:
        """It is read. In the same commit a try of the `following` one is counted; whether one was.

        Where that had its last try, nothing is: `begin` sets it aside.
        """

        def work(tx: Transaction) -> bool:
            tx.run("mark_incoming", ids=f"[{incoming_id}]", status=InboxStatus.READ)
            message = None if following is None else self._by_now(_waiting(tx, following))
            if message is None or message.tries >= MOST_TRIES:
                return False
            _note(tx, message, tries=message.tries + 1)
            return True

        return await self._store.submit(work, as_owner=True)

    async def begun(self, incoming_id: int) -> IncomingMessage | None:
        """One whose try is counted already, as it is now. None: it was read, removed or set aside meanwhile."""
        return self._by_now(await self._store.read(lambda tx: _waiting(tx, incoming_id)))

    async def failed(self, incoming_id: int, error: str) -> IncomingMessage | None:
        """The try has failed of an `error`. The message if that was the last one, and it is set aside."""

        def work(tx: Transaction) -> IncomingMessage | None:
            message = _waiting(tx, incoming_id)
            if message is None:
                return None
            message = _note(tx, message, error=error, is_set_aside=message.tries >= MOST_TRIES)
            return message if message.is_set_aside else None

        return await self._store.submit(work, as_owner=True)

    async def interrupted(self, incoming_id: int) -> None:
        """The try was broken off, which is not the message's fault, so it does not count."""

        def work(tx: Transaction) -> None:
            if message := _waiting(tx, incoming_id):
                _note(tx, message, tries=max(0, message.tries - 1))

        await self._store.submit(work, as_owner=True)

    def _by_now(self, message: IncomingMessage | None) -> IncomingMessage | None:
        if message and is_over(message, self._clock.now(), self._max_age(message.connection)):
            return replace(message, kind=Kind.EXPIRED)
        return message


def forget_tries(tx: Transaction, ids: str) -> None:
    """Somebody wants these to be dealt with again."""
    for row in tx.rows("tried_incoming", ids=ids):
        message = read_row(row)
        if _DAMAGED not in message.metadata:
            _write(tx, message, {key: value for key, value in message.metadata.items() if key != HANDLING})


def _waiting(tx: Transaction, incoming_id: int) -> IncomingMessage | None:
    row = tx.row("get_incoming", id=incoming_id)
    message = read_row(row) if row else None
    if message is None or message.status is not InboxStatus.UNREAD:
        return None
    return None if message.is_set_aside or _DAMAGED in message.metadata else message


def _note(tx: Transaction, message: IncomingMessage, **found: object) -> IncomingMessage:
    return _write(tx, message, {**message.metadata, HANDLING: {**message.handling, **found}})


def _write(tx: Transaction, message: IncomingMessage, metadata: Mapping[str, object]) -> IncomingMessage:
    values = {"kind": message.kind, "routed_at": message.routed_at, "metadata": metadata_json(metadata)}
    tx.run("save_routed", id=message.id, **values)
    return replace(message, metadata=metadata)
