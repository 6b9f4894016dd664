"""How long whoever asks waits for a server that has gone: all of them until the same moment, whenever they came."""

import time

PATIENCE = 10.0
"""Seconds that a request waits for a server that has just gone."""
_AGAIN = 1.0
"""Seconds after a try in which those who come are told what it brought."""


class Outage:
    """The time for which one connection has been without its server, if it is."""

    def __init__(self) -> None:
        self._asked_at = self._tried_at = time.monotonic()
        self._since: float | None = None
        self.reason: str = ""
        """Why it does not answer."""

    def ask(self) -> float:
        """Somebody asks something; until when that waits."""
        if self._since is None:
            self._asked_at = time.monotonic()
        return self._asked_at + PATIENCE

    def goes_on(self, reason: str) -> None:
        """It does not answer; for the one who asked first it has not since."""
        self._tried_at, self.reason = time.monotonic(), reason.rstrip(".")
        if self._since is None:
            self._since = self._asked_at

    def ends(self) -> None:
        """It answers."""
        self._since = None

    @property
    def left(self) -> float:
        """Seconds until all who wait are told; less than 0 if that is over, and whoever comes is told at once."""
        return self._asked_at + PATIENCE - time.monotonic()

    @property
    def is_known(self) -> bool:
        """Whether it was found out just now, so that whoever comes need not wait for another try."""
        return self._since is not None and self.left <= 0 and time.monotonic() - self._tried_at < _AGAIN
