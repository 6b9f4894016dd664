"""Reading what was written while nobody heard it (https://discord.com/developers/docs/resources/message)."""

from collections.abc import Awaitable, Callable, Iterator

from bach_lib.connectors.base import Incoming, Unreadable
from bach_lib.connectors.discord.codec import Reader
from bach_lib.connectors.discord.reading import made_by
from bach_lib.connectors.discord.recipients import Target
from bach_lib.connectors.discord.rest import Rest
from bach_lib.connectors.elements import one
from bach_lib.connectors.seen import CallError
from bach_lib.errors import InvalidRecipientError

_PAGE = 100
_MAX_PAGES = 10
"""For one place: nobody acts upon the thousand-and-first message of an outage."""
_OVERLAP = 5000 << 22
"""Five seconds. Ids are made by many machines; what is read twice is recognised."""
_NO_PLACE = frozenset({"bad_request", "chat_not_found", "forbidden"})

type Missed = list[tuple[int, list[Incoming | Unreadable]]]


class History:
    """The history of the places that `allowed` names. `direct` returns the channel to a person."""

    def __init__(
        self,
        rest: Rest,
        reader: Reader,
        *,
        allowed: Callable[[], frozenset[str]],
        direct: Callable[[int], Awaitable[int]],
    ) -> None:
        self._rest = rest
        self._reader = reader
        self._allowed = allowed
        self._direct = direct

    async def since(self, snowflake: int) -> Missed:
        """The messages after this id, each with its own. Raises `CallError`."""
        missed: Missed = []
        for target in set(self._targets()):
            try:
                missed += await self._of(target, max(0, snowflake - _OVERLAP))
            except CallError as error:
                # who is allowed may be a person, whose id is no channel's; and bots are thrown out of channels
                if error.code not in _NO_PLACE:
                    raise
        return missed

    def _read(self, message: object, target: Target) -> list[Incoming | Unreadable]:
        is_direct = target.person is not None
        return one(message, lambda message: self._reader.read_again(message, is_direct=is_direct))

    def _targets(self) -> Iterator[Target]:
        for allowed in self._allowed():
            try:
                yield Target.parse(allowed.partition("#")[0])
            except InvalidRecipientError:
                continue

    async def _of(self, target: Target, after: int) -> Missed:
        place = target.place or await self._direct(target.person or 0)
        found: Missed = []
        for _ in range(_MAX_PAGES):
            page: object = await self._rest.logs_from(place, limit=_PAGE, after=after)
            if not isinstance(page, list):
                break
            read = [(made_by(message, self._rest.time), self._read(message, target)) for message in page]
            found += read
            after = max((snowflake for snowflake, _ in read), default=0)
            if len(page) < _PAGE or not after:
                break
        return found
