"""Returned connections: what a process owned and cannot begin, because a secret or a library is missing on its machine.

It gives such a connection back, and another process takes it, even one that has its share. Where nobody can begin it,
the one that has tried twice keeps it, so that its state says why. A process that comes or goes is a reason to try anew.
"""

from bach_lib.clock import Clock
from bach_lib.owners.share import View, Wishes

_LEFT_FOR_OTHERS = 4.0
"""Seconds for which nobody has a connection before who has enough already takes it."""
_LEFT_BY_ALL = 15.0
"""The same, before who could not begin it takes it again."""


class Returned:
    """What one process remembers of this."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._processes: frozenset[int] = frozenset()
        self._unable: set[str] = set()
        self._stuck: set[str] = set()
        self._ownerless: dict[str, float] = {}
        self._rescued: set[str] = set()

    @property
    def wishes(self) -> Wishes:
        """For the next turn."""
        now = self._clock.monotonic()
        left = {name: now - since for name, since in self._ownerless.items()}
        patience = {True: _LEFT_BY_ALL, False: _LEFT_FOR_OTHERS}
        return Wishes(
            avoid=frozenset(self._unable),
            extra=frozenset(name for name, seconds in left.items() if seconds >= patience[name in self._unable]),
            keep=frozenset(self._rescued),
        )

    def see(self, view: View, taken: tuple[str, ...]) -> list[str]:
        """What a turn has shown, and what was taken in it; what is to be given back now."""
        now, stuck = self._clock.monotonic(), list[str]()
        if (processes := frozenset(view.processes)) != self._processes:
            stuck = sorted(self._stuck) if len(processes) > 1 else []
            self._processes = processes
            self._stuck -= {*stuck}
            self._unable, self._rescued = {*stuck}, set()
        self._rescued |= {*taken} & self.wishes.extra
        free = {*view.ownerless} - {*taken}
        self._ownerless = {name: self._ownerless.get(name, now) for name in free}
        return stuck

    def cannot(self, name: str) -> bool:
        """This process cannot begin it; whether another one may be able to."""
        if len(self._processes) > 1 and name not in self._unable:
            self._unable.add(name)
            self._rescued.discard(name)
            return True
        self._stuck.add(name)
        return False

    def gone(self, name: str) -> None:
        """It is not this process's any more."""
        self._stuck.discard(name)
