"""Puts the parts of routes together: what they ask of messages, of what came in and of connections."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bach_lib.errors import UnknownConnectionError
from bach_lib.inbound.marked_answers import mark_answer
from bach_lib.models import BreakerState, ConnectionState, Direction, Message, Place, Status
from bach_lib.models.incoming import IncomingMessage
from bach_lib.questions.open_questions import Questions
from bach_lib.routes.book import RunBook
from bach_lib.routes.carrying import Carrying
from bach_lib.routes.defined import Routes
from bach_lib.routes.runner import RouteRunner
from bach_lib.routes.snoozing import SnoozeServices, Snoozing
from bach_lib.routes.surroundings import RouteServices
from bach_lib.runtime.answered import answered
from bach_lib.runtime.parts import Base, Parts

_NEWEST = 100
"""Of what came from a place, looked at after a start."""
_DOWN = frozenset({ConnectionState.AUTH_FAILED, ConnectionState.DISABLED, ConnectionState.DISCONNECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Routes, their runs, and what goes on with these."""

    routes: Routes
    book: RunBook
    runner: RouteRunner
    snoozing: Snoozing
    services: RouteServices


async def open_routing(base: Base, parts: Parts) -> Routing:
    """Read the routes and what is under way; `begin` of its runner goes on with that. Raises a `StorageError`."""
    book = RunBook(base.store)
    services = _services(base, parts, book)
    routing = Routing(
        routes=Routes(base.store, base.home.check, parts.registry.get),
        book=book,
        runner=RouteRunner(services),
        snoozing=Snoozing(_snooze_services(parts, services)),
        services=services,
    )
    parts.asking.questions.is_down = services.is_down
    await routing.routes.open()
    if not base.autostart:
        return routing
    if parts.sharing:
        neighbours = parts.sharing.neighbours
        routing.runner.tell = neighbours.run_written

        async def follow() -> None:
            await routing.routes.open()
            await routing.runner.look_again()

        neighbours.follow_runs = follow
    await routing.runner.open()
    return routing


def _services(base: Base, parts: Parts, book: RunBook) -> RouteServices:
    questions = Questions()
    questions.beside, parts.asking.questions.beside = parts.asking.questions, questions
    return RouteServices(
        bus=base.bus,
        clock=base.clock,
        registry=parts.registry,
        connectors=base.connectors,
        sender=parts.sender,
        book=book,
        carrying=Carrying(parts.queue.files, base.policy.file_bytes),
        questions=questions,
        those=parts.queue.those,
        cancel=parts.by_hand.cancel,
        prove=partial(answered, base.store, parts.proofs),
        mark=partial(mark_answer, base.store),
        incoming_at=partial(_incoming_at, parts),
        normal=parts.directory.normal,
        is_down=partial(_is_down, base, parts),
    )


async def _incoming_at(parts: Parts, connection: str, recipient: str) -> list[IncomingMessage]:
    forms = parts.directory.forms(connection, recipient)
    others = [(connection, form) for form in forms if form != recipient]
    return await _incoming(parts, connection, recipient, others)


async def _incoming(
    parts: Parts, connection: str | None, recipient: str | None, others: Sequence[tuple[str, str]]
) -> list[IncomingMessage]:
    return await parts.inbox_reader.page(
        connection=connection,
        status=None,
        sender=None,
        recipient=recipient,
        others=others,
        before=None,
        limit=_NEWEST,
        offset=0,
    )


def _snooze_services(parts: Parts, services: RouteServices) -> SnoozeServices:
    return SnoozeServices(
        routes=services,
        filled=parts.queue.files.filled,
        sent_to=partial(_sent_to, parts),
        lately=partial(_incoming, parts, None, None, ()),
        forms=parts.directory.spellings,
    )


async def _sent_to(parts: Parts, connection: str, recipient: str) -> list[Message]:
    forms = parts.directory.forms(connection, recipient)
    others = [(connection, form) for form in forms if form != recipient]
    page = partial(parts.history.messages, connection=connection, statuses=[Status.SENT], before=None, limit=_NEWEST)
    return await page(recipient=recipient, others=others)


def _is_down(base: Base, parts: Parts, place: Place) -> bool:
    """Whether it is known here that nothing goes there now."""
    try:
        row = parts.registry.get(place.connection)
    except UnknownConnectionError:
        return True
    if not row.is_active:
        return True
    if not parts.runtimes.has(row.name):  # another process has it, whose breaker stands in the row; or it cannot begin
        return parts.sharing is None or (row.disabled_until or 0.0) > base.clock.now()
    work = parts.runtimes.get(row.name)
    return work.breaker is BreakerState.OPEN or work.health(Direction.SENDING).state in _DOWN
