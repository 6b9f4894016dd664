"""Rows of routes and their runs, as the REST interface writes them, and as its client reads them again."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bach_lib.models.route import Place, Route, RouteRun, Step, Tried
from bach_lib.rest.answers import Json
from bach_lib.rest.exact import exact, made
from bach_lib.rest.outgoing_rows import iso

_TIMES = ("started_at", "ended_at", "due_at", "cleared_at", "snoozed_at")
_SAID = ("title", "format", "silent", "priority", "snooze", "files", "lost")


def route_line(route: Route) -> dict[str, Json]:
    """A route."""
    return {"name": route.name, "steps": [_step(step) for step in route.steps], "words": exact(route.words)}


def run_row(run: RouteRun) -> dict[str, Json]:
    """A run as it stands."""
    return {
        "id": run.id,
        "route": run.route,
        "content": run.said.text,
        "title": run.said.title,
        "format": run.said.format,
        "silent": run.said.silent,
        "priority": run.said.priority,
        "snooze": run.said.snooze,
        "files": [{"name": one.name, "mime_type": one.mime_type, "size": one.size} for one in run.said.files],
        "lost": exact(run.said.lost),
        "tag": run.tag,
        "caused_by": [place_row(one) for one in run.caused_by],
        "status": run.status,
        "by": run.by,
        "reached": run.reached,
        "started_at": iso(run.started_at),
        "due_at": _time(run.due_at),
        "ended_at": _time(run.ended_at),
        "cleared_at": _time(run.cleared_at),
        "superseded_by": run.superseded_by,
        "snoozed_by": run.snoozed_by,
        "snoozed_for": run.snoozed_for,
        "snoozed_at": _time(run.snoozed_at),
        "tried": [_tried(one) for one in run.tried],
        "steps": [_step(step) for step in run.steps],
        "words": exact(run.words),
        "stage": run.stage,
        "left": list(run.left),
        "told": run.told,
        "version": run.version,
    }


def _step(step: Step) -> Json:
    return {
        "places": [place_row(place) for place in step.places],
        "wait": step.wait,
        "in_turn": step.in_turn,
        "reached": step.reached,
        "repeats": step.repeats,
        "repeat_every": step.repeat_every,
        "but_cause": step.but_cause,
    }


def place_row(place: Place) -> dict[str, Json]:
    """Where something is told."""
    return {"connector": place.connection, "recipient": place.recipient}


def _tried(one: Tried) -> Json:
    return {**place_row(one.place), "stage": one.stage, "at": iso(one.at), "message_id": one.message_id}


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso(seconds)


def run_of(row: Json) -> RouteRun:
    """What a row tells of a run; times are whole seconds. Raises ValueError."""
    fields = _mapping(row)
    said = {name: fields.get(name) for name in _SAID}
    tried: list[Json] = [
        {**one, "place": _place_of(one), "at": datetime.fromisoformat(str(one.get("at"))).timestamp()}
        for one in map(_mapping, _list(fields.get("tried")))
    ]
    steps: list[Json] = [
        {**step, "places": [_place_of(_mapping(place)) for place in _list(step.get("places"))]}
        for step in map(_mapping, _list(fields.get("steps")))
    ]
    times: dict[str, Json] = {name: _seconds(fields.get(name)) for name in _TIMES}
    caused_by = [_place_of(_mapping(one)) for one in _list(fields.get("caused_by", []))]
    whole: dict[str, Json] = {**fields, **times, "tried": tried, "steps": steps, "caused_by": caused_by}
    return made(RouteRun, {**whole, "said": {**said, "text": fields.get("content")}})


def runs_of(page: Json) -> list[RouteRun]:
    """The runs of a page. Raises ValueError."""
    return [run_of(row) for row in _list(_mapping(page).get("runs"))]


def _place_of(row: Mapping[str, Json]) -> Json:
    return {"connection": row.get("connector"), "recipient": row.get("recipient")}


def _seconds(written: Json) -> float | None:
    return datetime.fromisoformat(written).timestamp() if isinstance(written, str) else None


def _mapping(found: Json) -> Mapping[str, Json]:
    if not isinstance(found, Mapping):
        raise ValueError("this is no run")
    return found


def _list(found: Json) -> Sequence[Json]:
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise ValueError("this is no list")
    return found
