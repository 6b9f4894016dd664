"""Makes the messages of a run: its words with a button where the platform hears of it, or without one at the end.

And the events by which everybody else hears of it.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from bach_lib.connectors import Connectors
from bach_lib.errors import BachError
from bach_lib.events import RouteAcknowledged, RouteCancelled, RouteEvent, RouteExhausted, RouteSnoozed, RouteStepped
from bach_lib.field_logger import FieldLogger
from bach_lib.models import Message
from bach_lib.models.route import Place, RouteRun, RouteStatus
from bach_lib.outbound.draft import SendOptions
from bach_lib.outbound.letters import Letter
from bach_lib.registry import Registry
from bach_lib.routes.carrying import Carried, Carrying
from bach_lib.routes.deciding import Decision
from bach_lib.routes.listening import choices
from bach_lib.routes.withdrawal import options_of

_LOGGER = FieldLogger(__name__)
_ENDS: dict[RouteStatus, type[RouteEvent]] = {
    RouteStatus.ACKNOWLEDGED: RouteAcknowledged,
    RouteStatus.EXHAUSTED: RouteExhausted,
    RouteStatus.CANCELLED: RouteCancelled,
}


class Telling:
    """Makes messages of what was decided."""

    def __init__(self, registry: Registry, connectors: Connectors, carrying: Carrying) -> None:
        self._registry, self._connectors, self._carrying = registry, connectors, carrying

    async def letters(self, decision: Decision) -> list[Letter]:
        """One for each who is told. Raises a `StorageError`."""
        tells = decision.tell and decision.text is None
        carried = await self._carrying.of(decision.run) if tells else Carried((), ())
        return [await self._letter(decision, place, carried) for place in decision.tell]

    async def _letter(self, decision: Decision, place: Place, carried: Carried) -> Letter:
        run, options = decision.run, options_of(decision.run)
        if decision.text is not None:
            text = decision.text
        else:
            text = run.said.text
            options |= SendOptions(files=carried.files, lost=carried.lost)
            with suppress(BachError):  # then it is refused when it is put
                connector = await self._connectors.load(self._registry.get(place.connection).type)
                if connector.capabilities.receives:
                    options["buttons"] = tuple((replace(one, value=str(n)),) for n, one in enumerate(choices(run)))
        return Letter(connection=place.connection, recipient=place.recipient, text=text, options=options)


def stored(decision: Decision, puts: Sequence[Message | BachError]) -> list[Message]:
    """What stands in the queue now; who could not be told is named in the log."""
    for place, put in zip(decision.tell, puts, strict=True):
        if isinstance(put, BachError):
            _LOGGER.warning(
                "The route %s could not tell %s through %s: %s",
                decision.run.route,
                place.recipient,
                place.connection,
                put,
                connection=place.connection,
            )
    return [put for put in puts if isinstance(put, Message)]


def announced(decision: Decision, before: RouteRun, run: RouteRun) -> Iterator[RouteEvent]:
    """What is to be heard of a decision that was written; `run`: as it stands since."""
    if decision.tell and run.status is RouteStatus.UNDER_WAY:
        yield RouteStepped(connection="", run=run)
    if run.snoozed_at != before.snoozed_at:
        yield RouteSnoozed(connection="", run=run)
    elif run.status is not before.status:
        yield _ENDS[run.status](connection="", run=run)
