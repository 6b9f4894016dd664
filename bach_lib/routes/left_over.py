"""Says of what came in before a start whether it is for a run that goes on: the run hears of it a moment later.

It was announced, and the process died before it was written down whom it answered. Whoever looks at it first, such as
a bridge, must not take it for talk.
"""

from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.route import RouteRun
from bach_lib.outbound.putting import receipt_of
from bach_lib.questions.question import Asked, Question
from bach_lib.routes.limits import LATE
from bach_lib.routes.listening import choices, may_be_news
from bach_lib.routes.surroundings import RouteServices


async def is_for_a_run(services: RouteServices, written: IncomingMessage) -> bool:
    """Whether a run that is under way on disk will take it for an answer. Raises a `StorageError`."""
    for run in await services.book.open_runs(services.clock.now() - LATE):
        if may_be_news(run, written) and await _is_meant(services, run, written):
            return True
    return False


async def _is_meant(services: RouteServices, run: RouteRun, written: IncomingMessage) -> bool:
    places = {one.message_id: one.place for one in run.tried if one.place.connection == written.connection}
    question = Question(text="", places=tuple(places.values()), timeout=1.0, answers=(choices(run),))
    asked = Asked(question, lambda _: None, services.normal)
    for message in await services.those(tuple(places)):
        asked.put(places[message.id], receipt_of(message))
        asked.happened(message)
    if asked.is_addressed(written):
        asked.take(written)
    return asked.answer is not None
