"""Backfill of missed messages from the history (https://discord.com/developers/docs/resources/message)."""

from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from bach_lib.connectors import bounds
from bach_lib.connectors.base import Incoming, Unreadable
from bach_lib.connectors.bounds import Cut, weight
from bach_lib.connectors.discord.codec import Reader
from bach_lib.connectors.discord.event_buffer import Told
from bach_lib.connectors.discord.finding import find_threads
from bach_lib.connectors.discord.json_fields import made_by, number
from bach_lib.connectors.discord.recipients import Target
from bach_lib.connectors.discord.rest import Rest
from bach_lib.connectors.observations import CallError
from bach_lib.connectors.tolerant import read_one
from bach_lib.errors import InvalidRecipientError

_PAGE = 100
_MAX_PAGES = 10
"""For one place: nobody acts upon the thousand-and-first message of an outage."""
_TOO_MANY: Final = (
    "a thousand and perhaps more in one place while it could not be heard; only the first thousand are read"
)
_MAX_THREADS = 50
_TOO_MANY_THREADS: Final = "in more threads than are looked through after an outage; the fifty with the newest are read"
_OVERLAP = 5000 << 22
"""Five seconds. Ids are made by many machines; what is read twice is recognised."""
_NO_PLACE = frozenset({"bad_request", "chat_not_found", "forbidden"})


@dataclass(frozen=True, slots=True)
class Missed:
    """Missed messages. `until`: behind this id are more than memory should hold at once."""

    found: list[Told]
    until: int | None = None


class _Oldest:
    """Bounded heap of the oldest messages of many channels."""

    def __init__(self) -> None:
        self._found: list[tuple[int, int, Told]] = []
        self._size = 0
        self.until: int | None = None

    def add(self, order: int, told: Told) -> None:
        """Keep this one unless those that are older take all the room. `order`: its id, or that of its neighbour."""
        if self.until is not None and order > self.until:
            return
        size = sum(map(weight, told[1]))
        self._found.append((order, size, told))
        self._size += size
        if len(self._found) > 2 * bounds.MAX_ROWS or self._size > 2 * bounds.MAX_BYTES:
            self._trim()

    def missed(self) -> Missed:
        """What is kept."""
        self._trim()
        return Missed([told for *_, told in self._found], self.until)

    def _trim(self) -> None:
        """A message goes with all of its order, so that what is read next begins behind them; one always stays."""
        self._found.sort(key=lambda one: one[0])
        while len(self._found) > 1 and (len(self._found) > bounds.MAX_ROWS or self._size > bounds.MAX_BYTES):
            order, size, _ = self._found.pop()
            self._size -= size
            self.until = min(order - 1, self.until if self.until is not None else order)
        while self.until is not None and len(self._found) > 1 and self._found[-1][0] > self.until:
            self._size -= self._found.pop()[1]


class Backfill:
    """Reads the history of the channels that `allowed` names. `direct` returns the channel to a person."""

    def __init__(
        self,
        rest: Rest,
        reader: Reader,
        *,
        allowed: Callable[[], frozenset[str]],
        direct: Callable[[int], Awaitable[int]],
        cut: Cut,
    ) -> None:
        self._cut = cut
        self._rest = rest
        self._reader = reader
        self._allowed = allowed
        self._direct = direct

    async def since(self, snowflake: int) -> Missed:
        """The messages after this id, each with its own, the oldest first. Raises `CallError`."""
        oldest, targets = _Oldest(), set(self._targets())
        for target in targets | await self._threads(targets, snowflake):
            try:
                await self._of(target, max(0, snowflake - _OVERLAP), oldest)
            except CallError as error:
                # who is allowed may be a person, whose id is no channel's; and bots are thrown out of channels
                if error.code not in _NO_PLACE:
                    raise
        return oldest.missed()

    def _read(self, message: object, target: Target) -> list[Incoming | Unreadable]:
        is_direct = target.person is not None
        return read_one(message, lambda message: self._reader.read_again(message, is_direct=is_direct))

    def _targets(self) -> Iterator[Target]:
        for allowed in self._allowed():
            try:
                yield Target.parse(allowed.partition("#")[0])
            except InvalidRecipientError:
                continue

    async def _threads(self, targets: Collection[Target], after: int) -> set[Target]:
        """The threads of allowed channels in which something was written; of a forum these are all there is."""
        channels = {target.channel for target in targets if target.channel and not target.thread}
        if not channels:
            return set()
        try:
            threads = await find_threads(self._rest)
        except CallError as error:
            if error.code not in _NO_PLACE:
                raise
            return set()
        found: dict[Target, int] = {}
        for thread in threads:
            thread_id, parent, last = (number(thread, field) for field in ("id", "parent_id", "last_message_id"))
            if thread_id and parent in channels and (last or thread_id) > max(0, after - _OVERLAP):
                self._reader.channels.learn(thread)
                found[Target(channel=parent, thread=thread_id)] = last or thread_id
        if len(found) > _MAX_THREADS:
            self._cut.add(_TOO_MANY_THREADS, 0)
        return set(sorted(found, key=lambda target: -found[target])[:_MAX_THREADS])

    async def _of(self, target: Target, after: int, oldest: _Oldest) -> None:
        place = target.place or await self._direct(target.person or 0)
        for _ in range(_MAX_PAGES):
            page: object = await self._rest.logs_from(place, limit=_PAGE, after=after)
            if not isinstance(page, list):
                return
            last = 0
            for message in page:
                snowflake = made_by(message, self._rest.time)
                last = max(last, snowflake)
                oldest.add(snowflake or last or after, (snowflake, self._read(message, target)))
            if len(page) < _PAGE or not last or (oldest.until is not None and last > oldest.until):
                return
            after = last
        self._cut.add(_TOO_MANY, 0)
