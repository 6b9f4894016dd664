"""Keeps one alert: begins telling when what it watches has been so for long enough, and ends it when it is not.

How far telling has come is known by the run of the route, and since when it is on by `remembered`. Everything follows
from these two and from what is watched now, looked at again whenever one of them changes. So nothing has to be done
over after a crash: the next look does what is missing, and a run that is begun under a key is begun once.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from bach_lib import Bach, BachError, InputError, Place, RouteOptions, RouteRun, RouteStatus
from bach_lib.errors import InvalidRecipientError, RouteKeyReusedError, UnknownRunError
from bach_lib.events import RouteEvent
from bach_lib.routes.limits import LATE
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.run_causes import causes_in

from .alert import Alert
from .nobody_issue import async_report_nobody, async_settle_told
from .remembered import Episode, Episodes
from .saying import done_message, message, named_route, options_for, route_for
from .watching import follow, holds

_LOGGER = logging.getLogger(__name__)
OPEN: Final = frozenset({RouteStatus.UNDER_WAY, RouteStatus.EXHAUSTED})
_AGAIN: Final = 30.0
"""Seconds after which what failed is tried again."""
_NEWEST: Final = 200


class AlertState(StrEnum):
    """How an alert stands."""

    IDLE = "idle"
    """All is well."""
    PENDING = "pending"
    """It is so, but not for long enough."""
    ON = "on"
    """It is so, and nobody has acknowledged it."""
    SNOOZED = "snoozed"
    """The same, and somebody wants quiet for a while."""
    ACKNOWLEDGED = "acknowledged"
    """It is so, and somebody has it."""


class AlertKeeper:
    """One alert at work. `tell` is called when it stands otherwise."""

    def __init__(self, hass: HomeAssistant, alert: Alert, episodes: Episodes) -> None:
        self._hass, self.alert, self._episodes = hass, alert, episodes
        self.tell: Callable[[], None] = lambda: None
        self.run: RouteRun | None = None
        self.problem: BachError | None = None
        self._called_off: int | None = None
        """A run that was called off while this listened."""
        self._holds: bool | None = None
        self._caused_by: tuple[Place, ...] = ()
        self._lock = asyncio.Lock()
        self._is_closed = False
        self._unfollow: list[CALLBACK_TYPE] = []
        self._stop_watching: CALLBACK_TYPE = lambda: None
        self._cancel_timer: CALLBACK_TYPE = lambda: None

    @property
    def episode(self) -> Episode | None:
        """Since when it is on; None: it is not."""
        return self._episodes.of(self.alert.id)

    @property
    def state(self) -> AlertState:
        """How it stands."""
        episode, run = self.episode, self.run
        if episode is None:
            return AlertState.IDLE
        if run is None and episode.run is None:
            return AlertState.PENDING if self._left(episode) > 0 else AlertState.ON
        if run is None or run.status not in OPEN:  # a run that is forgotten has been over for long
            return AlertState.ACKNOWLEDGED
        return AlertState.ON if run.snoozed_for is None else AlertState.SNOOZED

    @property
    def _bach(self) -> Bach:
        return self._hass.data[HUB].bach

    async def begin(self) -> None:
        """Take up how it stood, and watch once Home Assistant has started. Raises a `BachError`."""
        if episode := self.episode:
            self.run = await self._run_of(episode)
        self._unfollow = [
            self._hass.data[HUB].follow(RouteEvent, self._happened),
            async_at_started(self._hass, self._watch),
        ]

    @callback
    def change(self, alert: Alert) -> None:
        """It is another now; who is told already goes on being told as it began."""
        is_watched_anew = alert.condition != self.alert.condition
        self.alert = alert
        if is_watched_anew and self._hass.is_running:
            self._watch(self._hass)

    @callback
    def close(self) -> None:
        """Watch no more. How it stands is on disk."""
        self._is_closed = True
        async_settle_told(self._hass, self.alert)
        self._stop_watching()
        self._cancel_timer()
        for unfollow in self._unfollow:
            unfollow()

    async def remove(self) -> None:
        """It is no alert any more: nobody is told further."""
        self.close()
        async with self._lock:
            if self.run and self.run.status in OPEN:
                await self._bach.cancel_route(self.run.id)
            await self._episodes.put(self.alert.id, None)

    async def acknowledge(self, by: str) -> RouteRun | None:
        """Somebody has it; None: there is nothing to have. Raises a `BachError`."""
        return await self._bach.acknowledge(self.run.id, by) if self._is_open() and self.run else None

    async def snooze(self, seconds: float, by: str) -> RouteRun | None:
        """Somebody wants quiet for a while; None: it is quiet. Raises a `BachError`."""
        return await self._bach.snooze_route(self.run.id, seconds, by) if self._is_open() and self.run else None

    def _is_open(self) -> bool:
        return self.run is not None and self.run.status in OPEN and self.episode is not None

    # -- what happens --------------------------------------------------------------------------------------------------

    @callback
    def _watch(self, _: HomeAssistant) -> None:
        self._stop_watching()
        self._holds, self._caused_by = holds(self._hass, self.alert.condition), ()
        self._stop_watching = follow(self._hass, self.alert.condition, self._changed)
        self._wake()

    @callback
    def _changed(self, now_holds: bool | None, context: Context | None) -> None:
        if now_holds is not None and not self._hass.is_stopping:
            self._caused_by = causes_in(self._hass, context) if not self._holds else self._caused_by
            self._holds = now_holds
            self._wake()

    @callback
    def _happened(self, event: RouteEvent) -> None:
        run, known = event.run, self.run
        if run.tag != self.alert.tag or (known and (run.id, run.version) <= (known.id, known.version)):
            return
        self.run = run
        if run.status is RouteStatus.CANCELLED:
            self._called_off = run.id
        self._wake()

    @callback
    def _wake(self, _: datetime | None = None) -> None:
        if not self._is_closed:
            self._hass.async_create_task(self._look(), f"bach: {self.alert.title}")

    # -- what follows --------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        async with self._lock:
            if self._is_closed:
                return
            self._cancel_timer()
            seconds: float | None
            try:
                seconds = await self._settle()
                self.problem = None
                async_settle_told(self._hass, self.alert)
            except BachError as error:
                seconds = self._failed(error)
            if seconds is not None:
                self._cancel_timer = async_call_later(self._hass, seconds, self._wake)
            self.tell()

    def _failed(self, error: BachError) -> float:
        """Seconds until it is tried again. Said in the log once, until it has worked."""
        if self.problem is None:
            _LOGGER.error('The alert "%s" could not be told, and is tried again: %s', self.alert.title, error)
        self.problem = error
        if isinstance(error, InvalidRecipientError) and not self._is_closed:
            async_report_nobody(self._hass, self.alert)
        return _AGAIN

    async def _settle(self) -> float | None:
        """Do what is to be done now; seconds until something has to be."""
        episode = self.episode
        if self._holds is False or (self._holds is None and episode is None):
            await self._end(episode)
            return None
        if episode is None:
            self.run = None
            await self._episodes.put(self.alert.id, episode := Episode(since=_now(), caused_by=self._caused_by))
        if episode.run is None:
            if (left := self._left(episode)) > 0:
                return left
            await self._start(episode, None)
        elif self.run and self.run.status is RouteStatus.CANCELLED:
            await self._take_up(episode, self.run)
        elif self.run and (again := self._until_again(self.run)) is not None:
            if again > 0:
                return again
            await self._start(episode, self.run)
        return None

    def _left(self, episode: Episode) -> float:
        """Seconds until somebody is told; a clock that was set costs the whole time at most."""
        waits = self.alert.condition.hold
        if self.alert.skip_first and self.alert.reminders:
            waits += self.alert.reminders[0]
        return min(episode.since + waits - _now(), waits)

    def _until_again(self, run: RouteRun) -> float | None:
        """Seconds until it is begun anew because all were told in vain; None: it is not."""
        if run.status is not RouteStatus.EXHAUSTED or not self.alert.reminders:
            return None
        last, ended = self.alert.reminders[-1], run.ended_at or 0.0
        is_named = named_route(self._hass, self.alert.told) is not None
        at = ended + last if is_named else max(ended, run.started_at + last)
        return min(at - _now(), last)

    async def _start(self, episode: Episode, previous: RouteRun | None) -> None:
        alert = self.alert
        options = await options_for(self._hass, alert, shows=not _keeps_pictures(previous)) | RouteOptions(
            reminds=previous is not None,
            caused_by=episode.caused_by,
            idempotency_key=f"{alert.tag} {episode.since} {previous.id if previous else 0}",
        )
        route = route_for(self._hass, alert, is_again=previous is not None)
        try:
            run = await self._bach.start_route(route, message(self._hass, alert), **options)
        except RouteKeyReusedError as error:  # it was begun before a crash, when its words were others
            run = await self._bach.route_run(error.id)
        if self.run is None or self.run.id < run.id:
            self.run = run
        await self._episodes.put(alert.id, replace(episode, run=run.id))

    async def _take_up(self, episode: Episode, run: RouteRun) -> None:
        """Of a run that was cancelled while nobody listened, nobody knows why: a restored database does so with all."""
        if run.id == self._called_off and not episode.is_called_off:
            await self._episodes.put(self.alert.id, replace(episode, is_called_off=True))
        elif not episode.is_called_off:
            await self._start(episode, run)

    async def _end(self, episode: Episode | None) -> None:
        if episode is None:
            return
        if self.run and self.run.status is not RouteStatus.CANCELLED:
            await self._say_it_is_over(self.run)
        await self._episodes.put(self.alert.id, None)
        self.run = None

    async def _say_it_is_over(self, run: RouteRun) -> None:
        if text := done_message(self._hass, self.alert):
            try:
                await self._bach.all_clear(run.id, text)
            except InputError as error:
                _LOGGER.warning('That the alert "%s" is over could not be told: %s', self.alert.title, error)
            else:
                return
        await self._bach.cancel_route(run.id)

    async def _run_of(self, episode: Episode) -> RouteRun | None:
        """The newest run that tells of it, also one that was begun just before a crash."""
        if episode.run is None:
            runs = await self._bach.route_runs(limit=_NEWEST)
            return next((one for one in runs if self._is_mine(one, episode)), None)
        try:
            run = await self._bach.route_run(episode.run)
            while run.superseded_by is not None:
                run = await self._bach.route_run(run.superseded_by)
        except UnknownRunError:
            return None
        return run

    def _is_mine(self, run: RouteRun, episode: Episode) -> bool:
        return run.tag == self.alert.tag and run.started_at >= episode.since


def _keeps_pictures(run: RouteRun | None) -> bool:
    """Whether what it showed can be shown once more: nothing is kept of one that is over, or was long ago."""
    return run is not None and run.status in OPEN and _now() - (run.ended_at or _now()) < LATE


def _now() -> float:
    return dt_util.utcnow().timestamp()
