"""Selects the message to attempt next, by lanes, gate and free workers of one connection.

What is chosen is reserved at once (its lane, a worker, a permit, a place under the platform's limits), and given back
when it is finished.
"""

from bach_lib.connectors.base import Connector
from bach_lib.models import BreakerState
from bach_lib.outbound.entry import Entry
from bach_lib.outbound.gate import Gate
from bach_lib.outbound.job import Job, Lease
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.services import DispatchServices

_MOST_PARKED = 200
"""Lanes that are set aside in one turn of the loop because a limit stops them; the others wait a turn."""


class Choosing:
    """Chooser of one connection's next message.

    `lanes`: in which its messages wait. `workers`: how many are at work.
    """

    def __init__(self, lanes: Lanes, gate: Gate, services: DispatchServices) -> None:
        self.lanes = lanes
        self.workers: int = 0
        self._gate = gate
        self._clock = services.clock
        self._services = services

    @property
    def has_room(self) -> bool:
        """Whether a worker is free and nothing speaks against sending."""
        return not self._is_full() and self._gate.state is BreakerState.CLOSED

    def lease(self, connector: Connector, recipient: str) -> Lease | None:
        """A lane and a worker for a message that is still to be stored, if nothing stops it. Only if `has_room`."""
        if (place := self.lanes.occupy(recipient, self._clock.monotonic())) is None:
            return None
        permit = self._gate.admit()
        if permit is not None and not self._gate.reserve(connector, recipient):
            self.workers += 1
            return Lease(place, permit)
        if permit is not None:
            self._gate.release(permit)
        self.lanes.release(place.lane)
        return None

    def next_job(self, connector: Connector) -> Job | None:
        """The message that may go now, with its lane, its permit and its place under the platform's limits."""
        now = self._clock.monotonic()
        if self._is_full() or (permit := self._gate.admit()) is None:
            return None
        for _ in range(_MOST_PARKED):
            entry = self.lanes.take(now)
            if entry is None:
                break
            stop = self._gate.reserve(connector, entry.recipient)
            if stop is None:
                self.lanes.passed(entry.lane)
                self.workers += 1
                return Job(entry, permit)
            self.lanes.park(entry, stop, now)
        self._gate.release(permit)
        return None

    def surplus(self) -> Entry | None:
        """A message that could go if a worker were free, out of its lane; for another process to send."""
        if not self._is_full() or self._gate.seconds_closed != 0.0 or self._gate.state is not BreakerState.CLOSED:
            return None
        entry = self.lanes.take(self._clock.monotonic())
        if entry is None or not (entry.aside or entry.beside):
            return entry
        self.lanes.release(entry.lane, entry)  # what had trouble before needs whoever knows the others
        return None

    def wants_back(self, lent: int) -> int:
        """How many of these lanes, if nobody has begun them, are wanted: one a free worker; all, while none may go."""
        free = max(0, self._services.policy.parallel - self.workers)
        return min(free, lent) if self._gate.state is BreakerState.CLOSED else lent

    def next_change(self, now: float, *, is_sending: bool) -> float | None:
        """In how many seconds time alone may change what can be done."""
        moments = [] if (expiry := self.lanes.next_expiry()) is None else [expiry]
        due, closed = self.lanes.next_due(), self._gate.seconds_closed
        if due is not None and closed is not None and is_sending and not self._is_full():
            moments.append(max(due, now + closed))
        return min(moments) - now if moments else None

    def finish(self, job: Job, back: Entry | None, *, failed_probe: bool | None = None) -> None:
        """Give back what was reserved. `back`: the message waits again."""
        self.workers -= 1
        self._gate.release(job.permit)
        self.lanes.release(job.entry.lane, back, failed_probe=failed_probe)

    def _is_full(self) -> bool:
        return self.workers >= self._services.policy.parallel
