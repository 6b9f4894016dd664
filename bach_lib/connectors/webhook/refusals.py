"""Decides whether an address refuses us or a single message, by what was sent lately.

A question that changes nothing cannot tell: an address that answers HEAD with 401 may take every POST. So a refusal of
the question only counts while messages are refused in the same words and none is taken. That, too, may be one message
that nobody wants, so it counts for half an hour; then it takes twice as many different messages as before.
"""

from bach_lib.clock import Clock

CREDENTIALS = frozenset({401, 403})
"""The statuses by which an address refuses whoever asks."""
_SECONDS = 2000.0
_MOST = 64


class Refusals:
    """Recent refusals: those since a message was taken."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._status = 0
        self._refused: set[str] = set()
        self._enough = 1
        self._until: float | None = None

    def note(self, id_: str, status: int) -> None:
        """A message was answered."""
        if 200 <= status < 300:
            self._status, self._enough, self._until = 0, 1, None
            self._refused.clear()
        elif status in CREDENTIALS:
            if self._is_over():
                self._again()
            self._status = status
            if len(self._refused) < self._enough:
                self._refused.add(id_)
            if len(self._refused) >= self._enough and self._until is None:
                self._until = self._clock.monotonic() + _SECONDS

    def agree(self, status: int) -> bool:
        """Whether a question that was answered so was refused because of the credentials."""
        return status == self._status and self._until is not None and not self._is_over()

    def _is_over(self) -> bool:
        return self._until is not None and self._clock.monotonic() > self._until

    def _again(self) -> None:
        self._refused.clear()
        self._enough = min(2 * self._enough, _MOST)
        self._until = None
