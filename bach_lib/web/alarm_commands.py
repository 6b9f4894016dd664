"""What the web app asks about runs of routes: which are under way, who was told when, and that somebody has it.

Who may is judged by the route as a recipient, where it is one (in Home Assistant); else by whether nothing is hidden.
"""

from bach_lib.arguments import check_limit
from bach_lib.bach import Bach
from bach_lib.errors import UnknownRunError
from bach_lib.models.route import RouteRun, RouteStatus
from bach_lib.rest.answers import Json
from bach_lib.routes.deciding import step_of
from bach_lib.said import boxed
from bach_lib.web.viewer import ForbiddenError, Visit

_OPEN = frozenset({RouteStatus.UNDER_WAY, RouteStatus.EXHAUSTED})
_LOOKED_THROUGH = 200
"""Of the newest runs. At most a hundred are under way."""
_TOLD = 20
"""Of those who were told, the newest; the number of all stands beside."""
_SNOOZE = 3600.0
_ROUTES = "routes"
"""The type of the connection whose recipients are routes."""


async def alarms(visit: Visit, *, whole: bool = False, before: int | None = None, limit: int = 20) -> Json:
    """Runs that nobody has acknowledged, newest first; `whole`: a page of all that were started.

    `any`: whether there are some at all.
    """
    check_limit(limit)
    titles = _titles(visit)
    if whole:
        runs = await visit.bach.route_runs(before=before, limit=limit)
    else:
        runs = await visit.bach.route_runs(limit=_LOOKED_THROUGH)
    theirs = [run for run in runs if _may(visit, run)]
    return {
        "rows": [_view(visit, titles, run) for run in theirs if whole or run.status in _OPEN],
        "older": runs[-1].id if whole and len(runs) == limit else None,
        "any": bool(theirs),
    }


async def acknowledge(visit: Visit, *, run_id: int) -> Json:
    """The viewer has it: nobody is told any more."""
    await _require(visit, run_id)
    return _view(visit, _titles(visit), await visit.bach.acknowledge(run_id, visit.viewer.name))


async def call_off(visit: Visit, *, run_id: int) -> Json:
    """Nobody needs to know any more."""
    await _require(visit, run_id)
    return _view(visit, _titles(visit), await visit.bach.cancel_route(run_id))


async def snooze(visit: Visit, *, run_id: int) -> Json:
    """The viewer wants quiet for a while: for as long as the button below its messages says, or an hour."""
    await _require(visit, run_id)
    seconds = (await visit.bach.route_run(run_id)).said.snooze or _SNOOZE
    return _view(visit, _titles(visit), await visit.bach.snooze_route(run_id, seconds, visit.viewer.name))


async def unacknowledged(bach: Bach) -> int:
    """How many runs wait for somebody. Raises a `StorageError`."""
    return sum(run.status in _OPEN for run in await bach.route_runs(limit=_LOOKED_THROUGH))


def _may(visit: Visit, run: RouteRun) -> bool:
    return visit.viewer.sees_all or any(
        row.type == _ROUTES and visit.viewer.may(row.name, run.route) for row in visit.bach.registry.list()
    )


async def _require(visit: Visit, run_id: int) -> None:
    """Raise `ForbiddenError` unless they may decide about a run; about none, unless nothing is hidden from them."""
    try:
        is_theirs = _may(visit, await visit.bach.route_run(run_id))
    except UnknownRunError:
        if visit.viewer.sees_all:
            raise
        is_theirs = False
    if not is_theirs:
        raise ForbiddenError


def _titles(visit: Visit) -> dict[tuple[str, str], str]:
    """Of recipients."""
    return {(place.id, one.id): one.title for place in visit.viewer.places() for one in place.recipients}


def _view(visit: Visit, titles: dict[tuple[str, str], str], run: RouteRun) -> dict[str, Json]:
    return {
        "id": run.id,
        "route": visit.viewer.alarm(run.route),
        "title": run.said.title,
        "text": run.said.text,
        "files": len(run.said.files),
        "lost": [boxed(loss.reason) for loss in run.said.lost],
        "status": run.status,
        "started_at": run.started_at,
        "due_at": run.due_at,
        "next": _next(run),
        "ended_at": run.ended_at,
        "by": run.by,
        "snoozed_by": run.snoozed_by,
        "told": [
            {
                "name": titles.get((one.place.connection, one.place.recipient), one.place.recipient),
                "at": one.at,
                "message": one.message_id,
            }
            for one in run.tried[-_TOLD:]
        ],
        "told_in_all": len(run.tried),
    }


def _next(run: RouteRun) -> str | None:
    """What follows if nobody is heard of: the same people are told again, or others, or nobody is."""
    if run.stage is None:
        return None
    if run.told <= step_of(run, run.stage).repeats:
        return "reminder"
    if not run.left:
        return None
    same = {*run.stages[run.stage].places} == {*run.stages[run.left[0]].places}
    return "reminder" if same else "step"
