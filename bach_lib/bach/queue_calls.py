"""The calls of `Bach` about queued and undelivered messages: retry, cancel, discard, amend, move."""

from collections.abc import Iterable
from typing import Unpack

from bach_lib.arguments import check_limit, seconds
from bach_lib.bach.call_group import CallGroup
from bach_lib.common_sentences import A_TEXT
from bach_lib.errors import InvalidValueError
from bach_lib.models import Attempt, Category, Message, PersonProof
from bach_lib.outbound.amending import Amendment
from bach_lib.outbound.fitting import short
from bach_lib.outbound.resending import Retried
from bach_lib.outbound.superseding import Cleared


class QueueCalls(CallGroup):
    """Mixin of `Bach` with the calls about queued messages and dead letters."""

    async def history(self, message_id: int) -> tuple[Message, list[Attempt]]:
        """One message with its attempts, oldest first (the newest hundred). Raises `UnknownMessageError`."""
        return await self._open_parts.corrections.history(message_id)

    async def proofs(self, message_id: int, *, limit: int = 100) -> list[PersonProof]:
        """What is known of a sent message and each person, as it became known; at most `limit`.

        Raises `UnknownMessageError`.
        """
        check_limit(limit)
        await self._open_parts.queue.get(message_id)
        return await self._open_parts.proofs.of(message_id, limit)

    async def cancel(self, message_id: int) -> Message:
        """Take a waiting message out of the queue. Raises `UnknownMessageError` or `NotCancellableError`."""
        return await self._open_parts.by_hand.cancel(message_id)

    async def send_now(self, message_id: int, wait: float = 0.0) -> Message:
        """Send a scheduled message without waiting for its time. `wait` as for `retry`.

        Raises `UnknownMessageError`, or `NotScheduledError` if it does not wait for one.
        """
        parts, wait = self._open_parts, seconds("wait", wait)
        return await parts.retrier.retry_one(message_id, lambda: parts.by_hand.send_now(message_id), wait)

    async def clear(self, connection: str, recipient: str | int, tag: str) -> Cleared:
        """Cancel what waits for a recipient with a tag, and have taken away what was sent within two days.

        What is taken away is queued, as a message of its own; where the platform takes nothing away, it stays. Raises
        an `InputError` or `StorageError`.
        """
        parts = self._open_parts
        if (checked := short("tag", tag)) is None:
            raise InvalidValueError(field="tag", value=tag, expected=A_TEXT)
        return await parts.superseding.clear(parts.registry.get(connection).name, str(recipient), checked)

    async def undo(self, message_id: int) -> Message:
        """Put back what this process has cancelled or discarded within the last minute: it stands as it stood.

        A dead letter is one again, and nothing is sent for that; what waited waits again. Raises `NotUndoableError` if
        it is too late, if anything was done to it since, or if a newer message with its tag has come.
        """
        return await self._open_parts.by_hand.undo(message_id)

    async def amend(self, message_id: int, wait: float = 0.0, **amendment: Unpack[Amendment]) -> Message:
        """Give a waiting or ended message another `recipient`, `text` or `connection`; it goes under its old id.

        Also `title`, `format`, `time_to_live` and `not_before` (another time; None: at once); what is not named stays
        as it was, but for the time to live of one that has ended. One that waits keeps its turn if its recipient stays;
        one that is being sent is refused. It is checked as `send` checks, gets all its retries, and keeps its files.
        `wait`: so many seconds for what becomes of it, as `retry` does. Raises an `InputError` or
        `StorageError`; nothing is written then.
        """
        parts, wait = self._open_parts, seconds("wait", wait)
        return await parts.retrier.retry_one(message_id, lambda: parts.amender.amend(message_id, amendment), wait)

    async def retry(self, message_id: int, wait: float = 0.0) -> Message:
        """Send an ended message again, with all its retries and without time to live. Raises an `InputError`.

        `wait`: return it when it has been tried (it is sent, dead, or says until when it waits), or after so many
        seconds as it stands then.
        """
        parts, wait = self._open_parts, seconds("wait", wait)
        return await parts.retrier.retry_one(message_id, lambda: parts.by_hand.retry(message_id), wait)

    async def retry_all(self, connection: str | None = None, *, recipient: str | None = None) -> int:
        """Send all dead letters again, of one connection (or one recipient there) or of all; return how many."""
        return (await self.retry_and_follow(connection, recipient=recipient)).retried

    async def retry_and_follow(
        self, connection: str | None = None, *, recipient: str | None = None, wait: float = 0.0
    ) -> Retried:
        """The same; returns what has become of them when all were tried, or after so many seconds."""
        return await self._open_parts.retrier.retry_all(self._places(connection, recipient), seconds("wait", wait))

    async def discard_messages(self, message_ids: Iterable[int]) -> int:
        """Give dead and uncertain messages up: they end as cancelled, with their reason; return how many.

        Raises `UnknownMessageError` or `NotDiscardableError` if one of them is something else; nothing is written then.
        """
        return await self._open_parts.by_hand.discard(message_ids)

    async def discard_all(self, connection: str | None = None, *, recipient: str | None = None) -> int:
        """Give all dead letters up, of one connection (or one recipient there) or of all; return how many."""
        return await self._open_parts.by_hand.discard_all(self._places(connection, recipient))

    async def held(self, connection: str | None = None, *, limit: int = 50) -> list[Message]:
        """What a restored database holds, of one connection or of all; oldest first, at most `limit`.

        Raises `UnknownConnectionError`.
        """
        parts, found = self._open_parts, list[Message]()
        for name in self._connectors(connection):
            found += await parts.corrections.held_messages(name, limit - len(found))
        return found

    async def release(self, connection: str | None = None) -> int:
        """Send what a restored database holds, of one connection or of all; return how many.

        What has a time to live that is over ends as expired. Raises `UnknownConnectionError`.
        """
        return await self._open_parts.by_hand.release(self._connectors(connection))

    async def discard_held(self, connection: str | None = None) -> int:
        """Give up what a restored database holds, of one connection or of all; return how many end as cancelled."""
        return await self._open_parts.by_hand.discard_held(self._connectors(connection))

    async def move(self, connection: str, old: str, new: str) -> int:
        """Let all that waits for a recipient, and its dead letters, have another address; return how many.

        What is under way goes there if its attempt fails. Dead letters stay dead: `retry_all` sends them. Edits stay
        with what they change. Raises an `InputError`.
        """
        return await self._open_parts.amender.move(connection, old, new)

    async def withdraw(self, connection: str, recipient: str) -> int:
        """Cancel all that waits for a recipient who is to get nothing more; return how many. Raises an `InputError`."""
        return await self._open_parts.amender.withdraw(connection, recipient)

    def _places(self, connection: str | None, recipient: str | None) -> dict[str, list[str] | None]:
        """The connections, each with all that a recipient is known by there, however somebody writes it."""
        forms = self._open_parts.directory.forms
        return {name: forms(name, recipient) if recipient else None for name in sorted(self._connectors(connection))}

    def _connectors(self, connection: str | None) -> list[str]:
        registry = self._open_parts.registry
        rows = [registry.get(connection)] if connection else registry.list(category=Category.CONNECTOR)
        return [row.name for row in rows]
