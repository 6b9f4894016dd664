"""Doing much in small transactions, so that whoever sends meanwhile waits for one of them at most."""

import time

_GOAL = 0.005
"""Seconds that a portion should take."""
_SMALLEST, _FIRST, _LARGEST = 10, 50, 200


class Portions:
    """How many rows the next transaction should take, judged by how long the last one did."""

    def __init__(self) -> None:
        self.size = _FIRST
        self._began = 0.0

    def begin(self) -> None:
        """The transaction's work begins (now, in the storage's thread)."""
        self._began = time.perf_counter()

    def end(self) -> None:
        """It is done."""
        took = time.perf_counter() - self._began
        if took > 2 * _GOAL:
            self.size = max(_SMALLEST, self.size // 2)
        elif took < _GOAL / 2:
            self.size = min(_LARGEST, self.size * 2)
