"""Tells other processes what became known of sent messages, and here what became known of ours elsewhere.

A platform tells it to the process that works on the connection. Whoever put the message, or waits for it, may be
another: it reads what is on disk and publishes what it has not told yet, once for each kind and person.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

from bach_lib.bus import Bus
from bach_lib.events import MessageProven, MessageQueued
from bach_lib.models import Message, PersonProof, ProofKind, Proven

_MOST: Final = 5_000
"""Messages of which something is to be told here: the newest that were put or waited for here."""
_MOST_PROOFS: Final = 3_000
"""Of one message: three kinds of as many people as are kept."""
_KINDS: Final = tuple(ProofKind)
_NEWEST: Final = 200
"""Messages that are looked at where notices were lost."""


class ProofsElsewhere:
    """What is known of messages, between processes.

    `tell(connection, ids)` calls out that something became known of messages; `those` and `of` read them and it.
    """

    def __init__(
        self,
        bus: Bus,
        *,
        tell: Callable[[str, Sequence[int]], None],
        those: Callable[[Sequence[int]], Awaitable[list[Message]]],
        of: Callable[[int, int], Awaitable[list[PersonProof]]],
    ) -> None:
        self._bus, self._tell, self._those, self._of = bus, tell, those, of
        self._told = OrderedDict[int, set[tuple[ProofKind, str]]]()
        self._is_telling = False
        self._unsubscribe = (
            bus.subscribe(MessageQueued, lambda event: self.note([event.message.id])),
            bus.subscribe(MessageProven, self._proven),
        )

    def close(self) -> None:
        """Hear and tell nothing more."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    def note(self, message_ids: Sequence[int]) -> None:
        """Somebody here wants to know of these."""
        for number in message_ids:
            self._told.setdefault(number, set())
        while len(self._told) > _MOST:
            self._told.popitem(last=False)

    async def follow(self, message_ids: Sequence[int]) -> None:
        """Publish what became known of these elsewhere, as far as it is wanted here. Raises a `StorageError`."""
        wanted = [number for number in message_ids if number in self._told]
        for message in await self._those(wanted) if wanted else ():
            rows = await self._of(message.id, _MOST_PROOFS)
            for proof in [*self._news(message.id, rows)]:
                self._publish(MessageProven(connection=message.connection, message=message, proof=proof))

    async def follow_all(self) -> None:
        """The same of all that are wanted here: what was called out may have been lost. Raises a `StorageError`."""
        await self.follow([*self._told][-_NEWEST:])

    def _proven(self, event: MessageProven) -> None:
        if self._is_telling:
            return
        if (told := self._told.get(event.message.id)) is not None:
            told.add((event.proof.kind, event.proof.person))
        self._tell(event.connection, [event.message.id])

    def _publish(self, event: MessageProven) -> None:
        self._is_telling = True  # it is not called out again
        try:
            self._bus.publish(event)
        finally:
            self._is_telling = False

    def _news(self, message_id: int, rows: Sequence[PersonProof]) -> Iterator[Proven]:
        told = self._told.get(message_id)
        if told is None:  # newer ones took its room while it was read
            return
        first = dict[ProofKind, float]()
        for row in sorted(rows, key=lambda row: (row.at, _KINDS.index(row.kind))):
            at = first.setdefault(row.kind, row.at)
            if (row.kind, row.person) in told:
                continue
            told.add((row.kind, row.person))
            people = sum(kind is row.kind for kind, _ in told)
            yield Proven(kind=row.kind, people=people, at=at, latest_at=row.at, person=row.person, name=row.name)
