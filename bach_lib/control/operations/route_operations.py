"""Operations on routes and their runs, which answer exactly: the command and programs beside the owner ask the same."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import fields

from bach_lib.arguments import recipient_text
from bach_lib.bach import Bach
from bach_lib.control.operations.paging import pages
from bach_lib.control.sentences import SentenceError
from bach_lib.errors import InvalidValueError
from bach_lib.events import RouteEvent
from bach_lib.models.route import Place, Route, RouteRun, RouteWords, Step
from bach_lib.redact import readable
from bach_lib.rest.answers import Json
from bach_lib.rest.exact import exact
from bach_lib.routes.starting import RouteOptions


async def routes(bach: Bach) -> Json:
    """All, by name."""
    return exact(bach.routes.list())


async def set_route(bach: Bach, route: Mapping[str, object], *, replaces: bool = False) -> Json:
    """Keep a new one; another of the same name only if it `replaces` that."""
    made = _route_of(route)
    if not replaces and any(one.name == made.name for one in bach.routes.list()):
        raise SentenceError(f'There is a route named "{made.name}". Say that the new one replaces it (--replace).')
    await bach.routes.set(made)
    return exact(made)


async def remove_route(bach: Bach, name: str) -> Json:
    """Forget one; what it was."""
    found = bach.routes.get(name)
    await bach.routes.remove(name)
    return exact(found)


async def start_route(bach: Bach, route: str, text: str, *, options: RouteOptions) -> Json:
    """Tell somebody, and whoever comes next; the run."""
    return exact(await bach.start_route(route, text, **options))


async def acknowledge(bach: Bach, run_id: int, by: str) -> Json:
    """Somebody has it; the run."""
    return exact(await bach.acknowledge(run_id, by))


async def cancel_route(bach: Bach, run_id: int) -> Json:
    """Call a run off."""
    return exact(await bach.cancel_route(run_id))


async def all_clear(bach: Bach, run_id: int, text: str) -> Json:
    """End a run, and say to all who were told that it is over."""
    return exact(await bach.all_clear(run_id, text))


async def route_run(bach: Bach, run_id: int) -> Json:
    """One run."""
    return exact(await bach.route_run(run_id))


async def route_runs(bach: Bach, route: str | None = None, before: int | None = None, limit: int = 50) -> Json:
    """The newest, newest first; as many pages as it takes."""

    async def page(size: int, last: int | None) -> Sequence[RouteRun]:
        return await bach.route_runs(route, before=before if last is None else last, limit=size)

    found = await pages(page, limit)
    if not found and route is not None:
        bach.routes.get(route)  # of a misspelt name nothing would be found, and nothing looks like good news
    return exact(found)


async def follow_run(bach: Bach, run_id: int, version: int, seconds: float) -> Json:
    """A run as soon as it is another than this version, or as it stands then."""
    changed = asyncio.Event()

    def note(event: RouteEvent) -> None:
        if event.run.id == run_id:
            changed.set()

    unsubscribe = bach.subscribe(RouteEvent, note)
    try:
        run = await bach.route_run(run_id)
        if run.version == version:
            try:
                async with asyncio.timeout(seconds):
                    await changed.wait()
            except TimeoutError:
                pass  # another process may have gone on with it all the same
            run = await bach.route_run(run_id)
        return exact(run)
    finally:
        unsubscribe()


def _route_of(given: Mapping[str, object]) -> Route:
    """What was written as JSON. What its values may be is `Routes.set`'s to say. Raises as `perform` does."""
    found = _known("a route", given, Route)
    steps = tuple(_step_of(one) for one in _listed("steps", found.get("steps")))
    words = _known("words", found.get("words", {}), RouteWords)
    texts = {name: _text(name, word) for name, word in words.items()}
    return Route(name=_text("name", found.get("name")), steps=steps, words=RouteWords(**texts))


def _step_of(given: object) -> Step:
    found = _known("a step", given, Step)
    places = tuple(_place_of(one) for one in _listed("places", found.pop("places", None)))
    return Step(places=places, **found)  # type: ignore[arg-type] # whatever it is, `Routes.set` refuses what it may not be


def _place_of(given: object) -> Place:
    found = _known("a place", given, Place)
    recipient = recipient_text(found.get("recipient"))
    return Place(connection=_text("connection", found.get("connection")), recipient=_text("recipient", recipient))


def _known(what: str, given: object, kind: type[Route | Step | Place | RouteWords]) -> dict[str, object]:
    if not isinstance(given, Mapping):
        raise InvalidValueError(field=what, value=_shown(given), expected="names with values")
    names = [one.name for one in fields(kind)]
    if unknown := given.keys() - set(names):
        strange = readable(str(min(unknown))[:50])
        raise SentenceError(f'There is no "{strange}" in {what}. There are: {", ".join(names)}.')
    return dict(given)


def _listed(field: str, given: object) -> Sequence[object]:
    if not isinstance(given, list | tuple):
        raise InvalidValueError(field=field, value=_shown(given), expected="a list")
    return given


def _text(field: str, given: object) -> str:
    if not isinstance(given, str):
        raise InvalidValueError(field=field, value=_shown(given), expected="a text")
    return given


def _shown(given: object) -> str:
    return "nothing" if given is None else type(given).__name__
