"""Reads the inbox: its pages, and the files in it, which are fetched on demand."""

from collections.abc import Awaitable, Callable, Sequence

from bach_lib.arguments import check_limit, one_of
from bach_lib.connectors import Connectors
from bach_lib.errors import FileTooLargeError, InvalidValueError, NoFileError, NotFetchedError
from bach_lib.inbound.inbox import Inbox
from bach_lib.models import Fault
from bach_lib.models.incoming import InboxStatus, IncomingMessage, Media
from bach_lib.registry import Registry
from bach_lib.registry.directory import Directory
from bach_lib.said import Sentence

type Fetch = Callable[[str, Media, int], Awaitable[bytes | Fault]]
"""Fetches at most so many bytes of a file through the connection of this name."""


class InboxReader:
    """Reads the inbox for the caller."""

    def __init__(
        self, inbox: Inbox, directory: Directory, registry: Registry, connectors: Connectors, fetch: Fetch
    ) -> None:
        self._inbox = inbox
        self._directory = directory
        self._registry = registry
        self._connectors = connectors
        self._fetch = fetch

    async def page(
        self,
        *,
        connection: str | None,
        status: InboxStatus | None,
        sender: str | None,
        recipient: str | None,
        others: Sequence[tuple[str, str]],
        before: int | None,
        limit: int,
        offset: int,
    ) -> list[IncomingMessage]:
        """A page, newest first. `others`: what else the recipient is called. Raises `InvalidValueError`."""
        check_limit(limit)
        of_connection, sender_id = _sender(sender)
        if None not in (connection, of_connection) and connection != of_connection:
            return []
        return await self._inbox.pages.page(
            connection=of_connection or connection,
            sender_id=sender_id,
            aliases=self._aliases(of_connection, sender_id),
            recipient=recipient,
            others=others,
            status=_status(status),
            before=before,
            limit=limit,
            offset=offset,
        )

    async def count(self, *, connection: str | None, status: InboxStatus | None, sender: str | None) -> int:
        """How many there are in all pages. Raises `InvalidValueError`."""
        of_connection, sender_id = _sender(sender)
        if None not in (connection, of_connection) and connection != of_connection:
            return 0
        return await self._inbox.pages.count(
            connection=of_connection or connection,
            sender_id=sender_id,
            aliases=self._aliases(of_connection, sender_id),
            status=_status(status),
        )

    async def unread(self) -> dict[str, int]:
        """How many nobody read, by the name of the connection where there are any."""
        return await self._inbox.pages.unread()

    def _aliases(self, connection: str | None, sender_id: str | None) -> list[str]:
        """What else a sender is known by."""
        if connection is None or sender_id is None:
            return []
        return [form for form in self._directory.sender_forms(connection, sender_id) if form != sender_id]

    async def fetch(self, incoming_id: int, limit: int | None) -> bytes:
        """The bytes of a file. Raises an `InputError` or `NotFetchedError`."""
        message = await self._inbox.get(incoming_id)
        media = message.content.media
        if media is None:
            raise NoFileError(id=incoming_id)
        connector = await self._connectors.load(self._registry.get(message.connection).type)
        most = connector.capabilities.fetch_bytes
        limit = most if limit is None else min(limit, most)
        if media.size is not None and media.size > limit:
            raise FileTooLargeError(id=incoming_id, size=media.size, limit=limit)
        answer = await self._fetch(message.connection, media, limit)
        if isinstance(answer, Fault):
            raise NotFetchedError(id=incoming_id, reason=answer.text)
        return answer


def _status(status: InboxStatus | None) -> InboxStatus | None:
    return None if status is None else one_of(InboxStatus, "status", status)


def _sender(sender: str | None) -> tuple[str | None, str | None]:
    """Connection and id of "connection:sender_id". Raises `InvalidValueError`."""
    if sender is None:
        return None, None
    connection, _, sender_id = sender.partition(":")
    if not connection or not sender_id:
        raise InvalidValueError(
            field="sender", value=sender[:50], expected=Sentence("connection_sender_id", "connection:sender_id")
        )
    return connection, sender_id
