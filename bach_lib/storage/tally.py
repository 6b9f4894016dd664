"""Success and error counters of connections: written once at the end of a transaction."""

from collections.abc import Iterator


class DeliveryCounts:
    """Successes and errors by connection, and when the last of them was."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int, float]] = {}

    def clear(self) -> None:
        """A transaction begins."""
        self._counts.clear()

    def count(self, connection: str, delivered: bool, now: float) -> None:
        """A message of this connection got through, or failed."""
        successes, errors, _ = self._counts.get(connection, (0, 0, now))
        self._counts[connection] = (successes + delivered, errors + (not delivered), now)

    def sums(self) -> Iterator[dict[str, str | float]]:
        """The values of `count_delivered` for each connection."""
        for name, (successes, errors, now) in self._counts.items():
            yield {"name": name, "successes": successes, "errors": errors, "now": now}
