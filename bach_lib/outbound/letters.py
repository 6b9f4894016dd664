"""Letters: messages, and changes of others, stored with what somebody else writes beside them, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bach_lib.errors import BachError, QueueFullError
from bach_lib.models import Message, Operation
from bach_lib.outbound.bundle import Bundle
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.file_keeper import Keeping
from bach_lib.outbound.putting import Put
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.rows import Draft
from bach_lib.storage import Transaction

type Beside = Callable[[Transaction, Sequence[int | None]], None]
"""Writes something with the ids of the letters, in their order; None for one that was refused. May run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One of them. `about`: the sent message that it changes, by this `operation`."""

    connection: str
    recipient: str
    text: str
    options: SendOptions
    operation: Operation = Operation.SEND
    about: Message | None = None


class Letters:
    """Stores letters.

    `check` makes a draft of one, or raises; `keep` has its files on the disk; `place` puts it into a bundle.
    """

    def __init__(
        self,
        queue: Queue,
        check: Callable[[Letter], Awaitable[Draft]],
        keep: Callable[[Draft], Awaitable[Keeping]],
        place: Callable[[Draft, None, Bundle], asyncio.Future[Put]],
    ) -> None:
        self._queue, self._check, self._keep, self._place = queue, check, keep, place

    async def put(self, letters: Sequence[Letter], beside: Beside) -> list[Message | BachError]:
        """Put these on disk in one transaction with what `beside` writes: all of it or nothing.

        One that is refused stops no other; its reason stands in its place. Cancelling the caller takes none back.
        Raises as `beside` does, or a `StorageError`.
        """
        return await asyncio.shield(asyncio.create_task(self._put(letters, beside), name="bach-letters"))

    async def _put(self, letters: Sequence[Letter], beside: Beside) -> list[Message | BachError]:
        refused, drafts, kept = dict[int, BachError](), dict[int, Draft](), dict[int, Keeping]()
        placed = frozenset[int]()
        try:
            for number, one in enumerate(letters):
                try:
                    draft = await self._check(one)
                    if draft.files:
                        kept[number] = await self._keep(draft)
                        draft = kept[number].draft
                    drafts[number] = draft
                except BachError as error:
                    refused[number] = error
            while True:
                try:
                    messages = await self._store(drafts, partial(_in_order, beside, tuple(drafts), len(letters)))
                except QueueFullError as error:  # here, or of a queue on which another process works
                    full = {number for number, draft in drafts.items() if draft.connection == error.connection}
                    refused |= dict.fromkeys(full, error)
                    drafts = {number: draft for number, draft in drafts.items() if number not in full}
                else:
                    placed = frozenset(messages)
                    return [refused.get(number) or messages[number] for number in range(len(letters))]
        finally:
            for number, one_kept in kept.items():
                one_kept.release(number in placed)

    async def _store(
        self, drafts: Mapping[int, Draft], write: Callable[[Transaction, Sequence[Put]], None]
    ) -> dict[int, Message]:
        bundle = Bundle(self._queue)
        try:
            places = {number: self._place(draft, None, bundle) for number, draft in drafts.items()}
        except BaseException:  # raised again: what stood ready for the others must be free
            bundle.abandon()
            raise
        await bundle.store(write)
        return {number: place.result().message for number, place in places.items()}


def _in_order(beside: Beside, placed: Sequence[int], count: int, tx: Transaction, puts: Sequence[Put]) -> None:
    ids = dict(zip(placed, (put.message.id for put in puts), strict=True))
    beside(tx, [ids.get(number) for number in range(count)])
