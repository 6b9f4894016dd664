"""Pairing: finds out who a recipient is without a number: "write to the bot, then pick yourself".

What strangers send is dropped and only counted, except while somebody has opened a pairing; then their name and address
are offered, never their words. Whoever brings the code of the pairing comes first and is marked, whoever else writes
and however they call themselves. Who pressed *Start* some minutes before is offered too, as people do that first.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from bach_lib.clock import Clock, SystemClock
from bach_lib.connectors.base import Incoming
from bach_lib.inbound.pairing_codes import PAIRING_SECONDS, brings, is_start, new_code
from bach_lib.models import Candidate

_MAX_CANDIDATES = 50
"""A flood of strangers must not fill the memory, nor keep out the one who writes while a person waits for that."""
_MAX_KNOCKS: Final = 20
_MAX_OLD_CODES: Final = 100
_OLD_CODE_SECONDS: Final = 3600.0
"""So long a code that is worth nothing any more is still no command: a link may be opened late, or by two people."""


@dataclass(slots=True)
class Pairing:
    """Candidates of an open pairing, by recipient; who wrote last comes last, and stays when there are too many.

    Who brought the `code` comes first and stays (`Candidate.has_code`); it is good once, and for ten minutes.
    """

    candidates: dict[str, Candidate] = field(default_factory=dict)
    """By recipient."""
    code: str = field(default_factory=new_code, repr=False)
    expires_at: float = float("inf")
    """Until when the code is good."""
    is_used: bool = False
    """Whether somebody has brought it."""
    clock: Clock = field(default_factory=SystemClock, repr=False)
    """Tells whether its time is over."""

    @property
    def is_good(self) -> bool:
        """Whether the code is still worth something."""
        return not self.is_used and self.clock.monotonic() < self.expires_at

    def add(self, candidate: Candidate) -> bool:
        """Remember somebody; False if they are known already, as what they are now."""
        known = self.candidates.get(candidate.recipient)
        if known is not None and known.has_code:
            return False
        self.candidates.pop(candidate.recipient, None)
        if candidate.has_code:
            self.candidates = {candidate.recipient: candidate, **self.candidates}
        else:
            self.candidates[candidate.recipient] = candidate
        if len(self.candidates) > _MAX_CANDIDATES:
            del self.candidates[next(key for key, one in self.candidates.items() if not one.has_code)]
        return known is None or candidate.has_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What is left of the messages of a poll without those that bring a code: these are no messages to anybody.

    `expected`: how many of the `blocked` are nothing that a log should warn of.
    """

    allowed: Sequence[Incoming]
    blocked: Sequence[Incoming]
    codes: Sequence[Incoming]
    expected: int


class Pairings:
    """The pairings that are open now. `on_candidate(connection, candidate)` is told of each new one."""

    def __init__(self, on_candidate: Callable[[str, Candidate], None], clock: Clock | None = None) -> None:
        self._on_candidate = on_candidate
        self._clock = clock or SystemClock()
        self._open: list[tuple[str, Pairing]] = []
        self._knocks: dict[str, dict[str, tuple[Candidate, float]]] = {}
        self._old: list[tuple[str, str, float]] = []
        """Connection and code of pairings that are over, and until when the code is known."""

    @contextmanager
    def open(self, connection: str, code: str | None = None) -> Iterator[Pairing]:
        """Collect candidates of a connection while the context lasts."""
        self._forget(connection)
        knocked = {one.recipient: one for one, _ in self._knocks.get(connection, {}).values()}
        until = self._clock.monotonic() + PAIRING_SECONDS
        pairing = Pairing(candidates=knocked, code=code or new_code(), expires_at=until, clock=self._clock)
        entry = (connection, pairing)
        self._open.append(entry)
        try:
            yield pairing
        finally:
            self._open = [other for other in self._open if other is not entry]
            self._old = [*self._old, (connection, pairing.code, self._clock.monotonic() + _OLD_CODE_SECONDS)]
            self._old = self._old[-_MAX_OLD_CODES:]

    def sort(
        self, connection: str, allowed: Sequence[Incoming], blocked: Sequence[Incoming], *, is_anybody_let_in: bool
    ) -> Sorted:
        """Take out what brings a code. Nothing is spent: the messages may not reach the disk, and come again."""
        self._forget(connection)
        pairings = self._pairings(connection)
        # of all connections: a link may be opened with the wrong account, where it proves nothing and says nothing
        codes = [pairing.code for _, pairing in self._open] + [code for _, code, _ in self._old]
        found = [one for one in (*allowed, *blocked) if any(brings(one, code) for code in codes)] if codes else []
        others = [one for one in blocked if one not in found]
        is_new = not is_anybody_let_in
        return Sorted(
            allowed=[one for one in allowed if one not in found] if found else allowed,
            blocked=others,
            codes=found,
            expected=sum(bool(pairings) or (is_new and is_start(one)) for one in others),
        )

    def offer(self, connection: str, strangers: Iterable[Incoming], codes: Iterable[Incoming] = ()) -> None:
        """Somebody nobody allowed wrote; `codes`: somebody brought a code, allowed or not."""
        pairings = self._pairings(connection)
        new: dict[Candidate, None] = {}
        for message in (*codes, *strangers):
            candidate = _candidate(message)
            if [pairing for pairing in pairings if pairing.add(self._judged(pairing, message, candidate))]:
                new[candidate] = None
            if is_start(message):
                self._knock(connection, candidate)
        for candidate in new:
            now = [known for one in pairings if (known := one.candidates.get(candidate.recipient))]
            if now:  # not pushed out by others since
                self._on_candidate(connection, max(now, key=lambda one: one.has_code))

    def _pairings(self, connection: str) -> list[Pairing]:
        return [pairing for name, pairing in self._open if name == connection]

    @staticmethod
    def _judged(pairing: Pairing, message: Incoming, candidate: Candidate) -> Candidate:
        """The candidate, marked if they bring the code of this pairing, in time and as the first."""
        if not pairing.is_good or not brings(message, pairing.code):
            return candidate
        pairing.is_used = True
        return replace(candidate, has_code=True)

    def _knock(self, connection: str, candidate: Candidate) -> None:
        """Remember for some minutes who pressed *Start*: name and address, and of not more than a few."""
        knocks = self._knocks.setdefault(connection, {})
        knocks.pop(candidate.recipient, None)
        knocks[candidate.recipient] = (candidate, self._clock.monotonic() + PAIRING_SECONDS)
        if len(knocks) > _MAX_KNOCKS:
            del knocks[next(iter(knocks))]

    def _forget(self, connection: str) -> None:
        """What is too old; with each poll, so that nothing stays for long."""
        now = self._clock.monotonic()
        self._old = [one for one in self._old if one[2] > now]
        knocks = self._knocks.get(connection, {})
        for recipient in [key for key, (_, until) in knocks.items() if until <= now]:
            del knocks[recipient]


def _candidate(message: Incoming) -> Candidate:
    return Candidate(
        recipient=message.recipient,
        title=message.recipient_title,
        kind=str(message.metadata.get("chat_type", "")),
        language=message.language,
    )
