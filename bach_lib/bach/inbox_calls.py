"""The calls of `Bach` about incoming messages: list, mark, fetch files, pair, rules."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager

from bach_lib.arguments import one_of
from bach_lib.bach.call_group import CallGroup
from bach_lib.connectors.base import Incoming, Invitation, Unreadable
from bach_lib.errors import CannotReceiveError, OwnedElsewhereError
from bach_lib.events import InboxChanged
from bach_lib.handling.programs import Programs
from bach_lib.inbound.pairing import Pairing
from bach_lib.inbound.pushed import Refusal
from bach_lib.inbound.rules import Rules
from bach_lib.models import Category
from bach_lib.models.incoming import InboxStatus, IncomingMessage


class InboxCalls(CallGroup):
    """Mixin of `Bach` with the calls about incoming messages."""

    @property
    @abstractmethod
    def _programs(self) -> Programs:
        """What programs have asked for."""

    async def inbox(
        self,
        *,
        connection: str | None = None,
        status: InboxStatus | None = None,
        sender: str | None = None,
        recipient: str | None = None,
        before: int | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[IncomingMessage]:
        """A page of incoming messages, newest first; the last id of a page is the next page's `before`.

        `sender`: `connection:sender_id`; `recipient`: the place it came from; both in any spelling. `limit`: 1 to 500;
        `offset`: so many more are passed over. Raises `InvalidValueError`.
        """
        return await self._open_parts.inbox_reader.page(
            connection=connection,
            status=status,
            sender=sender,
            recipient=recipient,
            others=self._others(connection, recipient),
            before=before,
            limit=limit,
            offset=offset,
        )

    async def count_inbox(
        self, *, connection: str | None = None, status: InboxStatus | None = None, sender: str | None = None
    ) -> int:
        """How many incoming messages all pages have together. Raises `InvalidValueError`."""
        return await self._open_parts.inbox_reader.count(connection=connection, status=status, sender=sender)

    async def incoming(self, incoming_id: int) -> IncomingMessage:
        """One incoming message. Raises `UnknownMessageError`."""
        return await self._open_parts.inbox.get(incoming_id)

    async def mark(self, ids: Iterable[int], status: InboxStatus) -> int:
        """Mark incoming messages as read, archived or unread; return how many were something else before.

        What is unread again is given to the program again (`received`, `on_command`), also what was set aside.
        """
        ids, status = list(ids), one_of(InboxStatus, "status", status)
        changed = await self._open_parts.inbox.mark(ids, status)
        self._tell_of(changed)
        if status is InboxStatus.UNREAD:
            for incoming_id in sorted(ids, reverse=True):
                self._programs.told(incoming_id, is_again=True)
        return changed

    async def discard(self, ids: Iterable[int]) -> int:
        """Delete incoming messages; return how many there were."""
        deleted = await self._open_parts.inbox.delete(ids)
        self._tell_of(deleted)
        return deleted

    def _tell_of(self, changed: int) -> None:
        """Others who show the inbox look again."""
        if changed:
            self._open_parts.bus.publish(InboxChanged(connection=""))

    async def route(self) -> int:
        """Announce what came in and was stored, but never announced (a crash came between); return how many."""
        return await self._open_parts.runtimes.route()

    async def push(
        self, connection: str, headers: Mapping[str, str], body: bytes, *, address: str | None = None
    ) -> IncomingMessage | None:
        """Take in what a request to a webhook brought; returns after the commit. None if it is known or a stranger's.

        Where there are several messages in it, the first of them is returned; events tell of all.
        Whoever serves the address calls this, and says from which IP `address` the request comes; the request has to
        prove here that it may. Raises `UnknownConnectionError`, `CannotReceiveError`, `PushRefusedError` or a
        `StorageError`.
        """
        return await self._open_parts.runtimes.get(connection).push(headers, body, address)

    def refused(self, connection: str) -> Refusal | None:
        """The last request to a webhook that this process refused, and why. Raises `UnknownConnectionError`."""
        try:
            return self._open_parts.runtimes.get(connection).refused
        except OwnedElsewhereError:
            return None

    async def take(self, connection: str, message: Incoming) -> IncomingMessage | None:
        """Take in a message that reached the application by a way of its own; returns after the commit.

        The caller vouches for its sender: nothing in the message is proved. None if it is known or a stranger's. Raises
        `UnknownConnectionError`, `CannotReceiveError` or a `StorageError`.
        """
        return await self._open_parts.runtimes.get(connection).take(message)

    async def fetch(self, incoming_id: int, limit: int | None = None) -> bytes:
        """The bytes of the file in an incoming message, at most `limit` of them.

        Raises `UnknownMessageError`, `NoFileError`, `FileTooLargeError` or `NotFetchedError`.
        """
        return await self._open_parts.inbox_reader.fetch(incoming_id, limit)

    async def unreadable(self, connection: str) -> list[Unreadable]:
        """What came in and could not be understood, newest first, at most 100; without secrets."""
        return await self._open_parts.inbox.unreadable(connection)

    @property
    def rules(self) -> Rules:
        """The context rules, whose names the router writes into the metadata of what matches."""
        return self._open_parts.rules

    def normal(self, connection: str, recipient: str) -> str:
        """The one form of an address: what its form tells, and what the platform has told since.

        Raises `UnknownConnectionError`, `UnknownTypeError` or `InvalidRecipientError`.
        """
        parts = self._open_parts
        wanted = parts.connectors.get(parts.registry.get(connection).type).normalize_recipient(recipient)
        return parts.directory.normal(connection, wanted)

    def _others(self, connection: str | None, recipient: str | None) -> list[tuple[str, str]]:
        """What a recipient that somebody names is called besides, in one connection or wherever that is so."""
        parts = self._open_parts
        if recipient is None:
            return []
        names = [connection] if connection else [row.name for row in parts.registry.list(category=Category.CONNECTOR)]
        return [(name, form) for name in names for form in parts.directory.forms(name, recipient) if form != recipient]

    def pairing(self, connection: str, code: str | None = None) -> AbstractContextManager[Pairing]:
        """Collect who writes without being allowed, to pick a recipient from. Raises `CannotReceiveError`.

        Who brings the code, which is made if none is given (`new_code`), comes first and is marked.
        """
        if not self._open_parts.runtimes.get(connection).receiver.is_running:
            raise CannotReceiveError(name=connection)
        return self._open_parts.pairings.open(connection, code)

    def invitation(self, connection: str, code: str, link: str | None = None) -> Invitation | None:
        """How somebody brings the code of a pairing; None where nobody writes. Raises `UnknownConnectionError`.

        `link`: of the account, where BACH does not know it yet.
        """
        parts = self._open_parts
        known = parts.runtimes.get(connection).identity
        connector = parts.connectors.get(parts.registry.get(connection).type)
        return connector.invitation(code, link or (known.link if known else None))
