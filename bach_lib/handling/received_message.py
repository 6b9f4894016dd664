"""An incoming message in a program's hand: it can be answered, reacted to, and called done.

Whoever is given it a second time, after a crash or an error, answers once all the same: the key of each answer is the
message's number and which answer it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from typing import Protocol, Unpack

from bach_lib.errors import IdempotencyKeyReusedError, InvalidValueError
from bach_lib.inbound.inbox import Inbox
from bach_lib.models import Message, Operation, Receipt
from bach_lib.models.incoming import IncomingMessage
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.putting import receipt_of
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.sender import Sender


class Work(Protocol):
    """Parts that exist while BACH is open."""

    @property
    def inbox(self) -> Inbox:
        """What came in."""

    @property
    def queue(self) -> Queue:
        """What goes out."""

    @property
    def sender(self) -> Sender:
        """Puts it there."""


@dataclass(slots=True)
class Hand:
    """State of one try to deal with a message, and how much of that was done in it."""

    work: Callable[[], Work]
    finish: Callable[[int], Awaitable[None]]
    """Mark a message as read, on disk."""
    counts: dict[str, int] = field(default_factory=dict)

    def next(self, what: str) -> int:
        """Which of its kind it is."""
        self.counts[what] = self.counts.get(what, 0) + 1
        return self.counts[what]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage(IncomingMessage):
    """An incoming message that a program deals with (`Bach.received`, `Bach.on_command`)."""

    _hand: Hand = field(init=False, repr=False, compare=False)

    async def answer(self, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Send to the place it came from, through the connection it came by. Options and errors as for `Bach.send`.

        The same answer of the same message is sent once, also by a handler that runs again: it gets the first receipt,
        whatever the text is by now. Which is the same is told by its place: the first, the second … of this message.
        An `idempotency_key` of your own replaces that, None sends each time.
        """
        key = self._key("answer")
        wanted = SendOptions(**{"idempotency_key": key, **options})
        sender = self._hand.work().sender
        return await self._once(key, lambda: sender.send(self.connection, self.recipient, text, wanted, is_awake=True))

    async def edit(self, text: str, **options: Unpack[SendOptions]) -> Receipt:
        """Give the message of ours that it is about another text: whose button was pressed, or that it replies to.

        Raises `InvalidValueError` if it is about none, else as `Bach.edit`. Once, as `answer`.
        """
        if self.message_id is None:
            raise InvalidValueError(field="a message to edit", value=self.id, expected="one that is about one of ours")
        key, number = self._key("edit"), self.message_id
        wanted = SendOptions(**{"idempotency_key": key, **options})
        sender = self._hand.work().sender
        return await self._once(key, lambda: sender.change(number, Operation.EDIT, text, wanted))

    async def react(self, emoji: str, **options: Unpack[SendOptions]) -> Receipt:
        """Put an emoji on it; of a press, on the message with the button. Raises as `Bach.react`. Once, as `answer`."""
        key = self._key("react")
        wanted = SendOptions(**{"idempotency_key": key, **options})
        sender, number = self._hand.work().sender, self.message_id
        if self.content.value is not None and number is not None:
            return await self._once(key, lambda: sender.change(number, Operation.REACT, emoji, wanted))
        place = (self.connection, self.recipient, self.subject)
        return await self._once(key, lambda: sender.react_to(*place, emoji, wanted))

    async def done(self) -> None:
        """It is dealt with, and does not come again: it is read. Returns after the commit. Raises a `StorageError`."""
        await self._hand.finish(self.id)

    def _key(self, what: str) -> str:
        return f"bach:{what}:{self.id}:{self._hand.next(what)}"

    async def _once(self, key: str, put: Callable[[], Awaitable[Receipt]]) -> Receipt:
        try:
            return await put()
        except IdempotencyKeyReusedError as error:
            if error.key != key:
                raise
            message: Message = await self._hand.work().queue.get(error.id)
            return receipt_of(message)


def in_hand(message: IncomingMessage, hand: Hand) -> ReceivedMessage:
    """The same message, to be dealt with."""
    values = {one.name: getattr(message, one.name) for one in fields(IncomingMessage)}
    received = ReceivedMessage(**values)
    object.__setattr__(received, "_hand", hand)
    return received
