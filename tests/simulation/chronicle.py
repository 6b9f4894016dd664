"""What every kind of history has: who called BACH, when processes ended, and how the clock was set."""

from dataclasses import dataclass, field

from tests.simulation.hand_steps import HandStep
from tests.simulation.steps import Send


@dataclass(slots=True, kw_only=True)
class Call:
    """Somebody called BACH. `result` or `error` when it has ended; neither if the process did not live so long."""

    what: str
    number: int
    process: int
    at: float
    wall: float
    moment: int
    send: Send | None = None
    by_hand: HandStep | None = None
    timeout: float | None = None
    result: object = None
    error: BaseException | None = None
    ended_at: float | None = None
    ended_moment: int = 0

    @property
    def may_have_worked(self) -> bool:
        """Whether it was not refused, as far as anybody can tell: its process may have ended in the middle."""
        return self.error is None or self.ended_at is None

    def is_done(self, moment: float) -> bool:
        """Whether it had worked before that moment, for all to see."""
        return self.error is None and self.ended_at is not None and self.ended_moment < moment


SET_UP = frozenset({"stop", "start", "reload", "remove", "add"})
"""Calls in which a connection comes to rest, or begins."""


@dataclass
class Chronicle:
    """What every kind of history has."""

    calls: list[Call] = field(default_factory=list)
    walls: list[tuple[float, float]] = field(default_factory=list)
    """True time and wall clock before and after every jump of the latter."""
    ends: list[float] = field(default_factory=list)
    """When processes ended, by crash or in peace."""
    closed: list[tuple[float, float]] = field(default_factory=list)
    """From when to when each process that was not killed came to its end."""
    moments: int = 0
    process: int = 0
    trouble: list[str] = field(default_factory=list)
    """What went wrong while the history was told: BACH raised what it should not."""
    tasks_left: list[str] = field(default_factory=list)
    ended_at: float = 0.0
    seen: int = 0
    """The moment of the last look, just before BACH was closed."""

    def moment(self) -> int:
        """The number of what happens now."""
        self.moments += 1
        return self.moments
