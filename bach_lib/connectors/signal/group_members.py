"""Groups that an account is in, and who is in them: only a member can have got what was sent to a group.

https://bbernhard.github.io/signal-cli-rest-api, GET /v1/groups/{number}
"""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from bach_lib.clock import Clock
from bach_lib.connectors.base import Proof
from bach_lib.connectors.observations import CallError
from bach_lib.connectors.signal.recipients import person
from bach_lib.models.spellings import Sighting

_FRESH = 600.0
"""Seconds for which the list of groups is believed."""
_MOST_GROUPS = 1_000


class Groups:
    """The members of every group. `ask` lists the groups; it may raise `CallError`."""

    def __init__(self, ask: Callable[[], Awaitable[object]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._members: dict[str, frozenset[str]] = {}
        self._others: dict[str, frozenset[str]] = {}
        self._asked_at: float | None = None

    def know(self, contacts: Iterable[Sighting]) -> None:
        """These are the names of people: a list of members has the number of one and the id of another."""
        for contact in contacts:
            self._others[contact.id] = frozenset(contact.names)

    def written_to(self, recipient: str) -> None:
        """Something goes there; a group that is not known is new."""
        if recipient.startswith("group.") and recipient not in self._members:
            self._asked_at = None

    async def placed(self, proofs: Iterable[Proof]) -> tuple[Proof, ...]:
        """The same, with the groups in which each person is."""
        found = tuple(proofs)
        if found:
            await self._look()
        return tuple(replace(proof, places=(*proof.places, *self._groups_of(proof))) for proof in found)

    def _groups_of(self, proof: Proof) -> list[str]:
        names = {*proof.places, *self._others.get(proof.sender_id, ())}
        return [group for group, members in self._members.items() if not members.isdisjoint(names)]

    async def _look(self) -> None:
        now = self._clock.monotonic()
        if self._asked_at is not None and now - self._asked_at < _FRESH:
            return
        self._asked_at = now
        with suppress(CallError):  # what is known stays so
            self._members = _members(await self._ask())


def _members(groups: object) -> dict[str, frozenset[str]]:
    """Nothing for an answer of another form."""
    found: dict[str, frozenset[str]] = {}
    for group in groups[:_MOST_GROUPS] if isinstance(groups, list) else ():
        match group:
            case {"id": str(named), "members": [*members]}:
                found[named] = frozenset(one for member in members if (one := person(member)))
    return found
