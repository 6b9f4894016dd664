"""Age of incoming messages. Doors open by commands, so an age that nobody can know is too old.

An age is never the difference of two clocks. A message's date is held against what the same platform's clock said when
it handed the message over. Where it said nothing, there is one more witness: what was not there when everything had
been read came after that. Only for platforms that know no time at all do their dates count by the clock of this
machine, as their connectors promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite

from bach_lib.clock import Clock
from bach_lib.connectors.base import Incoming, Proof
from bach_lib.field_logger import FieldLogger

_LOGGER = FieldLogger(__name__)
_AHEAD = 60.0
"""Seconds that a date may lie ahead of what it is held against; beyond, the two do not belong to the same clock."""
_JUST_NOW = 60.0
"""Seconds that a poll is held at most, or little more: what came by it is as new as can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """What is known about time when a poll is stored, `now` by our clock.

    `told_at`: what the platform's clock said, as in `Batch`. `caught_up_at`: when everything before had been read, by
    the same clock as `told_at`, or by ours where that says nothing.
    """

    now: float
    told_at: float | None = None
    caught_up_at: float | None = None

    def by_date(self, message: Incoming | Proof) -> float | None:
        """Seconds; None if the date says nothing."""
        told_at = self.told_at if message.told_at is None else message.told_at
        return _between(message.sent_at, self.now if told_at is None else told_at)

    def at_most(self, message: Incoming, asked_at: float | None) -> float:
        """Seconds; infinitely many if nobody knows. `asked_at`: when our message that it is about went out."""
        ages = [self.by_date(message), self._since_caught_up]
        if message.sent_at is None:
            ages.append(_between(message.not_before, self._reference))
            if self.told_at is None and message.told_at is None:  # there is one clock only, so it may judge ours too
                ages.append(_between(asked_at, self.now))
        return min((age for age in ages if age is not None), default=inf)

    def age(self, message: Incoming | Proof) -> float | None:
        """Seconds, infinitely many if nobody knows; None for what has no date."""
        if message.sent_at is None:
            return None
        if (age := self.by_date(message)) is not None:
            return age
        bound = self._since_caught_up
        return 0.0 if bound is not None and bound <= _JUST_NOW else inf

    @property
    def _reference(self) -> float:
        return self.told_at if self.told_at is not None and isfinite(self.told_at) else self.now

    @property
    def _since_caught_up(self) -> float | None:
        return _between(self.caught_up_at, self._reference)


class CaughtUp:
    """Time at which everything that a platform had was read last: `at` by its own clock if it tells, else by ours.

    `counted`: the same moment as this process counts time, which does not see clocks that are set.
    """

    def __init__(self, clock: Clock, *, at: float | None = None, counted: float | None = None) -> None:
        self._clock = clock
        self.at = at
        self._counted = counted

    def now(self, told_at: float | None) -> CaughtUp:
        """What is true once everything that has just been read is stored. `told_at` as in `Batch`."""
        at = self.at
        if told_at is None:
            at = self._clock.now()
        elif isfinite(told_at):
            at = told_at
        return CaughtUp(self._clock, at=at, counted=self._clock.monotonic())

    def before(self, told_at: float | None) -> float | None:
        """When that was, for a batch of which the platform says `told_at`; None if nobody knows."""
        if told_at is not None and isfinite(told_at):
            return self.at
        now = self._clock.now()
        counted = None if self._counted is None else now - (self._clock.monotonic() - self._counted)
        if told_at is not None:
            return counted
        # our clock may have been set meanwhile, and our count stands still while the machine sleeps: the older is safe
        return min((at for at in (self.at, counted) if at is not None), default=None)


class ClockNotice:
    """A line in the log, once in each process, when the clocks of this machine and of the platform are far apart."""

    def __init__(self, connection: str, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._is_told = False

    def hold_against(self, told_at: float | None) -> None:
        """The platform's clock said this just now, as in `Batch`."""
        if self._is_told or told_at is None or not isfinite(told_at):
            return
        ahead = self._clock.now() - told_at
        if abs(ahead) > _AHEAD:
            self._is_told = True
            where = "ahead of" if ahead > 0 else "behind"
            text = "The clock of this machine is %.0f s %s that of the platform of %s, which counts for what comes in"
            _LOGGER.warning(text, abs(ahead), where, self._connection, connection=self._connection)


def _between(earlier: float | None, later: float) -> float | None:
    """Seconds; None where the two can not be of one clock."""
    if earlier is None or not isfinite(later - earlier) or later - earlier < -_AHEAD:
        return None
    return max(later - earlier, 0.0)
