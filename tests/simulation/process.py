"""A process of BACH, as the world around it knows it."""

from tests.simulation.disk import Clock, Disk


class Process:
    """It has a disk and a clock of its own, and one day it ends."""

    def __init__(self, number: int, disk: Disk, clock: Clock, started_at: float) -> None:
        self.number = number
        self.disk = disk
        self.clock = clock
        self.is_alive = True
        self._offset = started_at - clock.monotonic()

    def true_time(self, monotonic: float) -> float:
        """The time that goes on through crashes."""
        return monotonic + self._offset

    @property
    def now(self) -> float:
        """The true time."""
        return self.true_time(self.clock.monotonic())
