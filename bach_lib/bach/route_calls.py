"""The calls of `Bach` about routes: define them, start one, say that somebody has it, and look who was told when."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Unpack

from bach_lib.arguments import check_limit
from bach_lib.bach.call_group import CallGroup
from bach_lib.common_sentences import A_TIME_WITH_ITS_ZONE_WITHIN_A_YEAR
from bach_lib.errors import InvalidValueError
from bach_lib.models import Receipt
from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.route import Place, Route, RouteRun
from bach_lib.outbound.fitting import bounded, short, text_of
from bach_lib.routes.deciding import Acknowledged, CalledOff, Snoozed
from bach_lib.routes.defined import Routes
from bach_lib.routes.starting import RouteOptions, bounded_span, bounded_text, new_run
from bach_lib.runtime.routing import Routing


class RouteCalls(CallGroup):
    """Mixin of `Bach` with the calls about routes."""

    @property
    def _routing(self) -> Routing:
        """The routes of what is open. Raises `NotOpenError`."""
        return self._open_lasting.routing

    @property
    def routes(self) -> Routes:
        """All routes: `list`, `get`, `set`, `remove`."""
        return self._routing.routes

    def let_places_mean(self, who_is: Callable[[Place, Sequence[Place]], Sequence[Place]]) -> None:
        """Say whom a place of a route means, as long as this is open: itself, or where a person is reached now.

        It is asked each time that somebody is told, and given whom to leave out: who caused it (`caused_by`), where the
        step says so. Where a step means nobody, the next one follows. It must not raise. Raises `NotOpenError`.
        """
        self._routing.runner.who_is = who_is

    async def begin_routes(self, name_of: Callable[[IncomingMessage], str | None] | None = None) -> None:
        """Go on with all runs that are under way, where nothing begins by itself (`autostart=False`).

        Call it once the connections are started that people are told through: those that are not count as down.
        `name_of`: what whoever wrote a message is called, for all to read; None: they may not acknowledge. Without it
        whoever is let in may, under the name they gave themselves. Raises a `StorageError`.
        """
        runner = self._routing.runner
        if not runner.is_open:
            await runner.open(name_of)
            runner.begin()

    def begin_snoozes(self, name_of: Callable[[IncomingMessage], str | None] | None = None) -> None:
        """Let people put messages off (`snooze`) where nothing begins by itself (`autostart=False`).

        `name_of`: as for `begin_routes`; whoever has no name may put nothing off. Raises `NotOpenError`.
        """
        self._routing.snoozing.open(name_of)

    async def put_off(
        self, message_id: int, until: datetime | str, by: str, *, idempotency_key: str | None = None
    ) -> Receipt:
        """Let a message that people can put off (`snooze`) come again at a time, as if somebody had pressed its button.

        `until`: as `not_before` of `send`. `by`: what whoever wants that is called; below the message everybody reads
        it. Raises `UnknownMessageError`, another `InputError` or a `StorageError`; nothing is sent then.
        """
        routing, parts = self._routing, self._open_parts
        name, key = bounded("by", text_of("by", by)), short("idempotency_key", idempotency_key)
        _check_moment(until)
        return await routing.snoozing.put_off(await parts.queue.get(message_id), until, name, key)

    async def start_route(self, route: str | Route, text: str, **options: Unpack[RouteOptions]) -> RouteRun:
        """Tell somebody, and whoever comes next while nobody is heard of; the run as it stands when the first are told.

        It goes on by itself, also after a restart, until somebody acknowledges it or all were told. `route`: the name
        of one that is kept in `routes`, or one that is told here and need not be kept. Options (`RouteOptions`):
        `title`, `format`, `silent`, `priority`, `snooze`; `files` (of `File`), which go with each message of it and are
        kept until nobody can be told any more, and `lost`; `tag` (an earlier run with it is over; see `reminds`),
        `caused_by` and `idempotency_key`. A file that cannot be kept costs no words: the run's `said.lost` says why.
        Raises an `InputError`, `TooManyRunsError` or a `StorageError`; nothing is written then.
        """
        routing = self._routing
        run = new_run(routing.routes.meant(route), text, options, self._open_parts.clock.now())
        key = short("idempotency_key", options.get("idempotency_key"))
        return await routing.runner.start(run, key)

    async def acknowledge(self, run_id: int, by: str) -> RouteRun:
        """Somebody has it: nobody is told any more, and those who were can read who has it. The run as it stands then.

        `by`: what they are called. One that is over stays as it is. Raises `UnknownRunError`, `InvalidValueError` or a
        `StorageError`.
        """
        routing, name = self._routing, bounded("by", text_of("by", by))
        return await routing.runner.handle(await routing.book.get(run_id), Acknowledged(name))

    async def snooze_route(self, run_id: int, seconds: float, by: str) -> RouteRun:
        """Somebody wants to hear no more of it for a while: nobody is told until then. The run as it stands then.

        Afterwards those who were told last are told again, and it goes on from there; one that was exhausted begins
        anew. One that is over stays as it is. `seconds`: at most 7 days. Raises as `acknowledge`.
        """
        routing, name = self._routing, bounded("by", text_of("by", by))
        happening = Snoozed(name, bounded_span("seconds", seconds))
        return await routing.runner.handle(await routing.book.get(run_id), happening)

    async def cancel_route(self, run_id: int) -> RouteRun:
        """Call a run off: nobody needs to know any more. One that is over stays as it is. Raises as `acknowledge`."""
        routing = self._routing
        return await routing.runner.handle(await routing.book.get(run_id), CalledOff())

    async def all_clear(self, run_id: int, text: str) -> RouteRun:
        """End a run, and say once to all who were told of it that it is over. The run as it stands then.

        Who has not been told yet hears nothing. One of which that was said already stays as it is. Raises an
        `InputError` or a `StorageError`.
        """
        routing, text = self._routing, bounded_text(text)
        return await routing.runner.all_clear(await routing.book.get(run_id), text)

    async def route_run(self, run_id: int) -> RouteRun:
        """A run as it stands. Raises `UnknownRunError` or a `StorageError`."""
        return await self._routing.book.get(run_id)

    async def route_runs(
        self, route: str | None = None, *, before: int | None = None, limit: int = 50
    ) -> list[RouteRun]:
        """A page of runs, of one route or of all, newest first; the last id of a page is the next page's `before`."""
        check_limit(limit)
        return await self._routing.book.page(route, before, limit)


def _check_moment(given: object) -> None:
    """Nothing would be taken for "at once", as `send` takes it."""
    if not isinstance(given, datetime | str):
        expected = A_TIME_WITH_ITS_ZONE_WITHIN_A_YEAR
        raise InvalidValueError(field="until", value=type(given).__name__, expected=expected)
