"""Housekeeping: removes what is old, so that no disk carries it for ever. Dead letters stay: they wait for a person."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from bach_lib.clock import Cancel, Clock
from bach_lib.errors import BachError
from bach_lib.field_logger import FieldLogger
from bach_lib.foreign import guarded
from bach_lib.inbound.inbox import Inbox
from bach_lib.models import Status
from bach_lib.outbound.history import History
from bach_lib.storage.removal import Removals

_LOGGER = FieldLogger(__name__)
_EVERY = 6 * 3600.0

_PLAUSIBLE = 7 * 86_400.0
"""Seconds that a house may have been silent before a start without raising doubts about the clock."""
_AGREED = 3 * 86_400.0
"""Seconds of even running after which a clock is believed all the same."""
_DRIFT = 3600.0
"""Seconds by which the two clocks may differ; more is a jump."""

PURGED = (Status.SENT, Status.EXPIRED, Status.CANCELLED)
"""Messages nobody has to look at any more."""


class Housekeeping:
    """Removes finished and incoming messages older than `keep_seconds`, at the start and every six hours.

    `own`: the seconds of single connections. And what is left of removed connections, however old. `is_ours`: where
    several processes share the database, only one of them does it. `sweep`: takes away files that no message needs.
    `purge_runs`: removes runs of routes that ended before a time, and lets go of those that are listened to no more at
    another, which is now.
    """

    def __init__(
        self,
        history: History,
        inbox: Inbox,
        removals: Removals,
        clock: Clock,
        keep_seconds: float,
        *,
        own: Callable[[], Mapping[str, float]] = dict,
        is_ours: Callable[[], bool] = lambda: True,
        sweep: Callable[[], Awaitable[None]] | None = None,
        purge_runs: Callable[[float, float], Awaitable[object]] | None = None,
    ) -> None:
        self._history = history
        self._inbox = inbox
        self._removals = removals
        self._clock = clock
        self._keep_seconds, self._own = keep_seconds, own
        self._is_ours, self._sweep, self._purge_runs = is_ours, sweep, purge_runs
        self._task: asyncio.Task[None] | None = None
        self._cancel_timer: Cancel | None = None
        self._wall, self._monotonic = clock.now(), clock.monotonic()
        self._is_plausible: bool | None = None

    def start(self) -> None:
        """Clean up now and from time to time."""
        self._cancel_timer = self._clock.call_later(_EVERY, self.start)
        self._task = asyncio.create_task(self._run(), name="bach-housekeeping")

    async def stop(self) -> None:
        """End, in the middle if need be."""
        if self._cancel_timer:
            self._cancel_timer()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        if not self._is_ours():
            return
        now = self._clock.now()
        before, own = now - self._keep_seconds, {name: now - seconds for name, seconds in self._own().items()}
        await self._try(self._removals.finish_all())
        if await self._try(self._is_clock_believed()):
            await self._try(self._history.purge(before, PURGED, own))
            await self._try(self._inbox.purge(before, own))
            if self._purge_runs:
                await self._try(self._purge_runs(before, now))
        if self._sweep:
            await self._try(self._sweep())

    async def _try[T](self, work: Awaitable[T]) -> T | None:
        """What one step returns; None if it fails. It costs no other step, and there is a next time."""
        try:
            return await guarded(work)
        except BachError as error:  # the disk
            _LOGGER.warning("Old messages could not be removed: %s", error)
        except Exception:  # one row that nobody can read; or the disk would fill for its sake
            _LOGGER.exception("Old messages could not be removed")
        return None

    async def _is_clock_believed(self) -> bool:
        """A machine without a clock of its own may start a year ahead; that must not empty its history.

        The wall clock is believed if it goes on soon after what was written last before the start, or when it has gone
        evenly for days.
        """
        wall, monotonic = self._clock.now(), self._clock.monotonic()
        if abs((wall - self._wall) - (monotonic - self._monotonic)) > _DRIFT:
            self._wall, self._monotonic, self._is_plausible = wall, monotonic, False
        if self._is_plausible is None:
            last = await self._history.last_before(self._wall)
            self._is_plausible = last is None or self._wall - last < _PLAUSIBLE
        return self._is_plausible or monotonic - self._monotonic >= _AGREED
