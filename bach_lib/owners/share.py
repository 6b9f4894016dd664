"""Fair shares: how many connections each process works on, and what it takes or gives for that. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the database says at one moment."""

    processes: Collection[int]
    """The sessions of all processes that live."""
    connections: Collection[str]
    """All that somebody should work on."""
    owners: Mapping[str, int]
    """Who works on which; nobody, where one is missing or its process has ended."""

    def held_by(self, process: int) -> list[str]:
        """The connections of one process, by name."""
        return sorted(name for name, owner in self.owners.items() if owner == process and name in self.connections)

    @property
    def ownerless(self) -> list[str]:
        """The connections on which nobody works, by name."""
        return sorted(name for name in self.connections if self.owners.get(name) not in self.processes)

    @property
    def leader(self) -> int | None:
        """The process that does what only one needs to do, such as removing old messages: the oldest."""
        return min(self.processes, default=None)


NOTHING_SEEN = View(processes=(), connections=(), owners={})
"""Before the first look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one process does next for its fair share."""

    take: tuple[str, ...] = ()
    give: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What one process knows beyond that."""

    avoid: frozenset[str] = frozenset()
    """What it could not begin."""
    extra: frozenset[str] = frozenset()
    """What it takes beyond its share, as nobody else does."""
    keep: frozenset[str] = frozenset()
    """What it gives to nobody, as it was such a one."""


_NONE = Wishes()


def shares_of(view: View) -> dict[int, int]:
    """How many connections each process should have, so that all have the same number, give or take one.

    Who has more already keeps the one more, so that as few as possible move.
    """
    held = {one: len(view.held_by(one)) for one in view.processes}
    least, more = divmod(len(view.connections), len(held))
    first = sorted(held, key=lambda one: (-held[one], one))[:more]
    return {one: least + (one in first) for one in held}


def next_step(view: View, process: int, wishes: Wishes = _NONE) -> Step:
    """What a process takes of what nobody has, or gives of what it has too much of."""
    if process not in view.processes:
        return Step()
    shares, mine = shares_of(view), view.held_by(process)
    excess = len(mine) - shares[process]
    take = [name for name in _dealt(view, shares)[process] if name not in wishes.avoid]
    take += [name for name in view.ownerless if name in wishes.extra and name not in take]
    spare = [name for name in mine if name not in wishes.keep]
    give = spare[max(0, len(spare) - excess) :] if excess > 0 and not take else []
    return Step(take=tuple(take), give=tuple(give))


def _dealt(view: View, shares: Mapping[int, int]) -> dict[int, list[str]]:
    """What nobody has, dealt like cards to all that have less than their share.

    Processes that begin together see the same, and so none wants what another one takes: they would wait for each
    other, and all but one have done it for nothing.
    """
    hands: dict[int, list[str]] = {one: [] for one in shares}
    rounds = sorted((turn, one) for one in shares for turn in range(shares[one] - len(view.held_by(one))))
    for (_, one), name in zip(rounds, view.ownerless, strict=False):
        hands[one].append(name)
    return hands
