"""Letters: messages with words of their own, stored with what somebody else writes beside them, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bach_lib.errors import BachError, QueueFullError
from bach_lib.models import Message
from bach_lib.outbound.bundle import Bundle
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.queue import Put, Queue
from bach_lib.outbound.rows import Draft
from bach_lib.storage import Transaction

type Beside = Callable[[Transaction, Sequence[int | None]], None]
"""Writes something with the ids of the letters, in their order; None for one that was refused. May run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One of them. It has no files."""

    connection: str
    recipient: str
    text: str
    options: SendOptions


class Letters:
    """Stores letters. `check` makes a draft of one, or raises; `place` puts that into a bundle."""

    def __init__(
        self,
        queue: Queue,
        check: Callable[[str, str, str, SendOptions], Awaitable[Draft]],
        place: Callable[[Draft, None, Bundle], asyncio.Future[Put]],
    ) -> None:
        self._queue, self._check, self._place = queue, check, place

    async def put(self, letters: Sequence[Letter], beside: Beside) -> list[Message | BachError]:
        """Put these on disk in one transaction with what `beside` writes: all of it or nothing.

        One that is refused stops no other; its reason stands in its place. Raises as `beside` does, or a
        `StorageError`.
        """
        refused, drafts = dict[int, BachError](), dict[int, Draft]()
        for number, one in enumerate(letters):
            try:
                drafts[number] = await self._check(one.connection, one.recipient, one.text, one.options)
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
                return [refused.get(number) or messages[number] for number in range(len(letters))]

    async def _store(
        self, drafts: Mapping[int, Draft], write: Callable[[Transaction, Sequence[Put]], None]
    ) -> dict[int, Message]:
        bundle = Bundle(self._queue)
        try:
            places = {number: self._place(draft, None, bundle) for number, draft in drafts.items()}
        except BaseException:  # raised again: what stood ready for the others must be free
            bundle.abandon()
            raise
        await asyncio.shield(bundle.store(write))
        return {number: place.result().message for number, place in places.items()}


def _in_order(beside: Beside, placed: Sequence[int], count: int, tx: Transaction, puts: Sequence[Put]) -> None:
    ids = dict(zip(placed, (put.message.id for put in puts), strict=True))
    beside(tx, [ids.get(number) for number in range(count)])
