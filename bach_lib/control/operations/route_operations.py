"""Operations on routes and their runs, which answer exactly: the command and programs beside the owner ask the same."""

import asyncio
from collections.abc import Mapping, Sequence

from bach_lib.bach import Bach
from bach_lib.control.operations.given import known_fields, listed, place_of, text_in
from bach_lib.control.operations.given_files import files_in, losses_given, read_paths
from bach_lib.control.operations.paging import pages
from bach_lib.control.sentences import SentenceError
from bach_lib.events import RouteEvent
from bach_lib.models.route import Route, RouteRun, RouteWords, Step
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


async def start_route(
    bach: Bach,
    route: str,
    text: str,
    *,
    options: RouteOptions,
    files: Sequence[Mapping[str, object]] = (),
    paths: Sequence[str] = (),
) -> Json:
    """Tell somebody, and whoever comes next, with files whose contents came along, and those at `paths`; the run."""
    read, missing = await read_paths(paths, has_words=True)
    whole = RouteOptions(**options)
    whole["lost"] = [*losses_given(options.get("lost", [])), *missing]
    if "caused_by" in options:
        whole["caused_by"] = [place_of(one) for one in listed("caused_by", options["caused_by"])]
    if carried := [*files_in(files), *read]:
        whole["files"] = carried
    return exact(await bach.start_route(route, text, **whole))


async def acknowledge(bach: Bach, run_id: int, by: str) -> Json:
    """Somebody has it; the run."""
    return exact(await bach.acknowledge(run_id, by))


async def snooze_route(bach: Bach, run_id: int, seconds: float, by: str) -> Json:
    """Somebody wants quiet for a while; the run."""
    return exact(await bach.snooze_route(run_id, seconds, by))


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
    found = known_fields("a route", given, Route)
    steps = tuple(_step_of(one) for one in listed("steps", found.get("steps")))
    words = known_fields("words", found.get("words", {}), RouteWords)
    texts = {name: text_in(name, word) for name, word in words.items()}
    return Route(name=text_in("name", found.get("name")), steps=steps, words=RouteWords(**texts))


def _step_of(given: object) -> Step:
    found = known_fields("a step", given, Step)
    places = tuple(place_of(one) for one in listed("places", found.pop("places", None)))
    return Step(places=places, **found)  # type: ignore[arg-type] # whatever it is, `Routes.set` refuses what it may not be
