"""The calls of `Bach` that let something go out: send, change what was sent, ask, and wait for what becomes of it."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Unpack, overload

from bach_lib.arguments import seconds
from bach_lib.bach.call_group import CallGroup
from bach_lib.common_sentences import ONE_OF_BOTH
from bach_lib.errors import InvalidValueError, MissingLibraryError, UnknownConnectionError, UnknownTypeError
from bach_lib.home_loop import HomeLoop
from bach_lib.models import Message, Operation, Receipt
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.passing_on import original_come_in
from bach_lib.outbound.putting import receipt_of
from bach_lib.questions import Answer, Question
from bach_lib.questions.checking import checked
from bach_lib.questions.under_way import UnderWay
from bach_lib.said import Sentence

_MOST = 500
"""Messages of one call: they share a transaction, for which everybody else waits."""


class SendingCalls(CallGroup):
    """Mixin of `Bach` with the calls about sending; `Bach` knows the parts."""

    @property
    @abstractmethod
    def _home(self) -> HomeLoop:
        """The event loop that opened it."""

    async def send(self, connection: str, recipient: str | int, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Put a message on disk; it goes as soon as it can. Returns after the commit.

        A recipient that is a number is taken as its text, as Telegram calls chats.

        Options (`SendOptions`): `title`, `format` (plain, markdown, html), `silent`, `reply_to` (the platform's message
        id; a whole number is ours of one that came in), `priority` (-10 to 10), `tag` (a newer one with it replaces one
        not sent yet), `not_before` (a time with its zone, at which it is sent by the clock on the wall; the others to
        its recipient go meanwhile), `time_to_live` (seconds, from then on),
        `delivery` (at_least_once, at_most_once), `max_retries`, `context` (kept for the caller), `buttons` (rows),
        `files` (of `File`; then the text may be empty), `snooze` (a `Snooze`: a button, and who presses it gets the
        message again later), `idempotency_key` (who asks again under it gets the first
        receipt; keys are of the whole database, not of a connection). Raises an `InputError`, `QueueFullError` or
        `StorageError`; nothing is written then. Cancelling the caller does not take the message back.
        """
        return await self._open_parts.sender.send(connection, recipient, text, options)

    @overload
    async def send_all(
        self, targets: Iterable[tuple[str, str | int]], text: str, *, wait: None = None, **options: Unpack[SendOptions]
    ) -> list[Receipt]: ...

    @overload
    async def send_all(
        self, targets: Iterable[tuple[str, str | int]], text: str, *, wait: float, **options: Unpack[SendOptions]
    ) -> list[Message]: ...

    async def send_all(
        self,
        targets: Iterable[tuple[str, str | int]],
        text: str,
        *,
        wait: float | None = None,
        **options: Unpack[SendOptions],
    ) -> list[Receipt] | list[Message]:
        """Send the same to several (connection, recipient), at most 500: all are on disk when it returns, or none.

        Receipts in the order of `targets`; with `wait`, the messages when all have ended, or as they stand after so
        many seconds (one whose connection is removed meanwhile comes back cancelled). One recipient that is none, or a
        queue that is full, refuses all. Options as for `send`, raises like it; under an `idempotency_key` each of them
        has a place of its own, so the same call again brings the first receipts.
        """
        parts, limit = self._open_parts, None if wait is None else seconds("wait", wait)
        messages = await parts.sender.send_all(_pairs(targets), text, options)
        if limit is None:
            return [receipt_of(message) for message in messages]
        return await parts.waiters.wait_all(messages, limit)

    def send_threadsafe(
        self, connection: str, recipient: str | int, text: str, **options: Unpack[SendOptions]
    ) -> Receipt:
        """`send` for other threads than the event loop's: a callback of another library, a `logging.Handler`, Flask.

        Blocks until the message is on disk. Options and errors as for `send`; also `NotOpenError`, before `open` and
        after `close`, and `OwnThreadError` in the event loop's own thread, which would wait for itself.
        """
        return self._home.call(lambda: self.send(connection, recipient, text, **options))

    async def edit(self, message_id: int, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Give a sent message another text (and other buttons), in its turn. Durable like `send`, raises like it.

        Options as for `send`; without `buttons` none are left.
        """
        return await self._open_parts.sender.change(message_id, Operation.EDIT, text, options)

    async def delete(self, message_id: int, **options: Unpack[SendOptions]) -> Receipt:
        """Take a sent message away from the platform, in its turn. Durable like `send`, raises like it."""
        return await self._open_parts.sender.change(message_id, Operation.DELETE, "", options)

    async def react(self, message_id: int, emoji: str, **options: Unpack[SendOptions]) -> Receipt:
        """Put an emoji on a sent message, in its turn. Durable like `send`, raises like it."""
        return await self._open_parts.sender.change(message_id, Operation.REACT, emoji, options)

    async def react_to(self, incoming_id: int, emoji: str, **options: Unpack[SendOptions]) -> Receipt:
        """Put an emoji on a message that came in, in its turn. Durable like `send`, raises like it.

        Also `UnknownMessageError`.
        """
        parts = self._open_parts
        message = await parts.inbox.get(incoming_id)
        return await parts.sender.react_to(message.connection, message.recipient, message.subject, emoji, options)

    async def pin(
        self, message_id: int | None = None, *, incoming_id: int | None = None, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Keep a message that was sent, or one that came in, in sight at the top of its chat, in its turn.

        `silent`: nobody is told. Durable like `send`, raises like it; also `UnknownMessageError`, or
        `InvalidValueError` unless one of the two is named.
        """
        return await self._pinned(Operation.PIN, message_id, incoming_id, options)

    async def unpin(
        self, message_id: int | None = None, *, incoming_id: int | None = None, **options: Unpack[SendOptions]
    ) -> Receipt:
        """Let it go again, in its turn. As `pin`."""
        return await self._pinned(Operation.UNPIN, message_id, incoming_id, options)

    async def _pinned(
        self, operation: Operation, message_id: int | None, incoming_id: int | None, options: SendOptions
    ) -> Receipt:
        parts = self._open_parts
        if (number := one_of_both(message_id, incoming_id)) is not None:
            return await parts.sender.change(number, operation, "", options)
        message = await parts.inbox.get(incoming_id or 0)
        place = (message.connection, message.recipient)
        return await parts.sender.change_other(place, operation, message.subject, "", options)

    async def forward(
        self,
        connection: str,
        recipient: str | int,
        message_id: int | None = None,
        *,
        incoming_id: int | None = None,
        copy: bool = False,
        **options: Unpack[SendOptions],
    ) -> Receipt:
        """Pass a message on that was sent, or one that came in, with all that is in it, in its turn.

        The platform shows whose words they are, unless it is a `copy`. Where it does not pass messages on, or it is
        another connection, the words go as a new message (`degraded`). Of the options those that say when and how a
        message goes. Durable like `send`, raises like it; also `UnknownMessageError`, `CannotDoError` where there are
        no words, or `InvalidValueError` unless one of the two is named.
        """
        parts = self._open_parts
        if (number := one_of_both(message_id, incoming_id)) is not None:
            original = await parts.sender.original(number)
        else:
            original = original_come_in(await parts.inbox.get(incoming_id or 0))
        return await parts.sender.forward((connection, recipient), original, options, is_copy=copy)

    async def wait(self, message_id: int, timeout: float | None = None) -> Message:
        """The message when it has ended, or as it stands after `timeout` seconds.

        Raises `InvalidValueError`, or `UnknownMessageError`, also when it goes away meanwhile, with its connection.
        """
        timeout = None if timeout is None else seconds("timeout", timeout)
        return await self._open_parts.waiters.wait(message_id, timeout)

    async def ask(self, question: Question) -> Answer:
        """Ask people; the first answer of somebody who may give one. Raises an `UnansweredError`, or as `send` does.

        Where several processes share the database, the owner of each connection asks (else `OwnedElsewhereError`).
        """
        parts, question = self._open_parts, checked(question)
        if parts.sharing:
            for place in question.places:
                with suppress(UnknownConnectionError, UnknownTypeError, MissingLibraryError):  # told of with the place
                    parts.runtimes.get(place.connection)
        return await parts.asking.ask(question)

    def questions(self) -> list[UnderWay]:
        """The questions of this process that wait for an answer, in the order in which they were asked."""
        return self._open_parts.asking.under_way()


def one_of_both(message_id: int | None, incoming_id: int | None) -> int | None:
    """The number of the message that was sent; None: one that came in is meant. Raises `InvalidValueError`."""
    if (message_id is None) == (incoming_id is None):
        raise InvalidValueError(
            field="message_id", value="" if message_id is None else message_id, expected=ONE_OF_BOTH
        )
    return message_id


def _pairs(targets: object) -> list[tuple[str, str | int]]:
    """What is iterated may be a generator, and what is in it anything."""
    expected = Sentence(
        "at_most_number_pairs_of_a_connection", "at most {number} pairs of a connection and a recipient", number=_MOST
    )
    if isinstance(targets, str | bytes | Mapping) or not isinstance(targets, Iterable):
        raise InvalidValueError(field="targets", value=type(targets).__name__, expected=expected)
    pairs = list[tuple[str, str | int]]()
    for target in targets:
        if not isinstance(target, tuple | list) or len(target) != 2:
            raise InvalidValueError(field="targets", value=str(target)[:50], expected=expected)
        if len(pairs) == _MOST:
            raise InvalidValueError(
                field="targets",
                value=Sentence("more_than_number", "more than {number}", number=_MOST),
                expected=expected,
            )
        pairs.append((target[0], target[1]))
    return pairs
