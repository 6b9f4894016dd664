"""Knows which routes nobody has acknowledged yet, and tells entities, triggers and conditions of what happens to runs.

What is open is read once when the connection is set up, and followed from then on.
"""

import logging
from collections.abc import Callable
from functools import partial

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.start import async_at_started
from homeassistant.util.hass_dict import HassKey

from bach_lib import Bach, BachError, IncomingMessage, RouteRun, RouteStatus
from bach_lib.events import RouteEvent
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.attribution import SIGNAL_RUN
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.roles import place
from custom_components.bach.home.whom import places_of

_LOGGER = logging.getLogger(__name__)
_OPEN = frozenset({RouteStatus.UNDER_WAY, RouteStatus.EXHAUSTED})
_NEWEST = 500
"""Runs that are looked at; a hundred are under way at most."""


type NameOf = Callable[[IncomingMessage], str | None]


class RouteRuns:
    """The runs that nobody has acknowledged, by the name of their route."""

    def __init__(self) -> None:
        self._open: dict[str, set[int]] = {}
        self._told_of: set[int] | None = None
        """While all are read: runs of which an event has told meanwhile, which is newer."""

    async def load(self, bach: Bach) -> None:
        """Read what is open. Raises a `StorageError`."""
        self._open, self._told_of = {}, (told_of := set[int]())
        try:
            for run in await bach.route_runs(limit=_NEWEST):
                if run.id not in told_of:
                    self._put(run)
        finally:
            self._told_of = None

    @callback
    def learn(self, run: RouteRun) -> None:
        """A run stands so now, as an event tells."""
        if self._told_of is not None:
            self._told_of.add(run.id)
        self._put(run)

    @callback
    def _put(self, run: RouteRun) -> None:
        found = self._open.setdefault(run.route, set())
        if run.status in _OPEN:
            found.add(run.id)
        else:
            found.discard(run.id)

    @callback
    def of(self, route: str) -> frozenset[int]:
        """The runs of a route that nobody has acknowledged."""
        return frozenset(self._open.get(route, ()))


ROUTE_RUNS: HassKey[RouteRuns] = HassKey(f"{DOMAIN}_route_runs")


async def async_follow_runs(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach, name_of: NameOf) -> None:
    """Follow the runs of an entry's routes until it is unloaded. Raises a `StorageError`.

    `name_of`: what whoever acknowledges is called here; None: they may not.
    """
    runs = hass.data.setdefault(ROUTE_RUNS, RouteRuns())

    @callback
    def happened(event: RouteEvent) -> None:
        runs.learn(event.run)
        if route := place(entry.subentries.values(), event.run.route):
            async_dispatcher_send(hass, SIGNAL_RUN, entry.entry_id, route.subentry_id, event)

    async def begin(_: HomeAssistant) -> None:
        """Only now: a connection that is not started yet would count as down, and its people be passed over."""
        try:
            await bach.begin_routes(name_of)
        except BachError as error:
            _LOGGER.warning("Alarms that are under way do not go on: %s", error)

    bach.let_places_mean(partial(places_of, hass))  # an alarm of the first seconds has to know it
    entry.async_on_unload(hass.data[HUB].follow(RouteEvent, happened))
    await runs.load(bach)
    entry.async_on_unload(async_at_started(hass, begin))
