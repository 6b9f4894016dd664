"""Row mapping of routes and their runs. What is asked by column stands in columns of its own, the rest in one JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace

from bach_lib.models.route import Place, Reached, Route, RouteRun, RouteStatus, RouteWords, Said, Step, Tried
from bach_lib.outbound.cells import files_read, files_written
from bach_lib.outbound.reasons import losses_of, losses_written
from bach_lib.storage import Row, Transaction, Value
from bach_lib.storage.columns import Columns
from bach_lib.storage.values import fields, integer, listed, mapping, number, real, whole, word


def write_route(tx: Transaction, route: Route) -> None:
    """Write a route, which is checked."""
    tx.run("save_route", name=route.name, steps=_steps_json(route.steps), words=json.dumps(asdict(route.words)))


def route_from_row(row: Row) -> Route:
    """The route of a row. Raises what `columns.UNREADABLE` names."""
    return Route(
        name=word(row["name"]), steps=_steps(listed(row["steps"])), words=RouteWords(**_texts(fields(row["words"])))
    )


def begin_run(tx: Transaction, run: RouteRun, key: str | None) -> int | None:
    """Write a new run; its id, or None if one was begun under this key."""
    row = tx.row("begin_run", route=run.route, started_at=run.started_at, request_key=key, **_changing(run))
    return integer(row["id"]) if row else None


def save_run(tx: Transaction, run: RouteRun, *, is_open: bool) -> bool:
    """Write a run whose version was counted up; False: another process has gone on with it."""
    return bool(tx.run("save_run", id=run.id, **_changing(run, is_open=is_open)))


def run_from_row(row: Row) -> RouteRun:
    """The run of a row. Raises what `columns.UNREADABLE` names."""
    state = fields(row["state"])
    stage, due_at, told = (number(state[key]) for key in ("stage", "due_at", "told"))
    steps = _steps(_list(state["steps"]))
    run = RouteRun(
        id=integer(row["id"]),
        route=word(row["route"]),
        said=_said(mapping(state["said"])),
        steps=steps,
        words=RouteWords(**_texts(mapping(state["words"]))),
        started_at=real(row["started_at"]) or 0.0,
        status=RouteStatus(word(row["status"])),
        ended_at=real(row["ended_at"]),
        left=tuple(whole(one) for one in _list(state["left"])),
        stage=None if stage is None else int(stage),
        told=int(told or 0),
        due_at=due_at,
        tried=tuple(_tried(_list(one)) for one in _list(state["tried"])),
        by=_maybe(word, state["by"]),
        reached=_maybe(lambda found: Reached(word(found)), state["reached"]),
        tag=_maybe(word, state.get("tag")),  # runs of layout 19 have none of these
        caused_by=tuple(Place(**_texts(mapping(one))) for one in _list(state.get("caused_by", []))),
        reminds=state.get("reminds") is True,
        superseded_by=_maybe(whole, state.get("superseded_by")),
        cleared_at=number(state.get("cleared_at")),
        snoozed_by=_maybe(word, state.get("snoozed_by")),
        snoozed_for=number(state.get("snoozed_for")),
        snoozed_at=number(state.get("snoozed_at")),
        version=integer(row["version"]),
    )
    named = {*run.left, *(one.stage for one in run.tried), *(() if run.stage is None else (run.stage,))}
    if not named <= set(range(len(run.stages))):
        raise ValueError("a stage that it does not have")
    return run


ROUTE_COLUMNS = Columns(
    {
        "name": (word, ""),
        "steps": (lambda value: _steps(listed(value)), "[]"),
        "words": (lambda value: RouteWords(**_texts(fields(value))), "{}"),
    }
)


def _changing(run: RouteRun, *, is_open: bool = True) -> dict[str, Value]:
    tried = [[one.place.connection, one.place.recipient, one.stage, one.at, one.message_id] for one in run.tried]
    state = {
        "said": _said_written(run.said),
        "steps": json.loads(_steps_json(run.steps)),
        "words": asdict(run.words),
        "left": run.left,
        "stage": run.stage,
        "told": run.told,
        "due_at": run.due_at,
        "tried": tried,
        "by": run.by,
        "reached": run.reached,
        "tag": run.tag,
        "caused_by": [asdict(place) for place in run.caused_by],
        "reminds": run.reminds,
        "superseded_by": run.superseded_by,
        "cleared_at": run.cleared_at,
        "snoozed_by": run.snoozed_by,
        "snoozed_for": run.snoozed_for,
        "snoozed_at": run.snoozed_at,
    }
    return {
        "status": run.status,
        "version": run.version,
        "is_open": is_open,
        "ended_at": run.ended_at,
        "state": json.dumps(state, ensure_ascii=False),
    }


def _steps_json(steps: Sequence[Step]) -> str:
    return json.dumps([asdict(step) for step in steps], ensure_ascii=False)


def _steps(found: Sequence[object]) -> tuple[Step, ...]:
    return tuple(_step(mapping(one)) for one in found)


def _step(found: Mapping[str, object]) -> Step:
    return Step(
        places=tuple(Place(**_texts(mapping(one))) for one in _list(found["places"])),
        wait=number(found["wait"]) or 0.0,
        in_turn=found["in_turn"] is True,
        reached=Reached(word(found["reached"])),
        repeats=whole(found["repeats"]),
        repeat_every=number(found["repeat_every"]) or 0.0,
        but_cause=found.get("but_cause") is True,  # steps of earlier versions do not have it
    )


def _said(found: Mapping[str, object]) -> Said:
    return Said(
        text=word(found["text"]),
        title=_maybe(word, found["title"]),
        format=word(found["format"]),
        silent=found["silent"] is True,
        priority=whole(found["priority"]),
        snooze=number(found.get("snooze")),
        files=_maybe(lambda written: files_read(word(written)), found.get("files")) or (),
        lost=losses_of(_maybe(word, found.get("lost"))),
    )


def _said_written(said: Said) -> dict[str, object]:
    """Without what is in its files, which rows of their own name in the same order."""
    files = files_written(said.files) if said.files else None
    return asdict(replace(said, files=(), lost=())) | {"files": files, "lost": losses_written(said.lost)}


def _tried(found: Sequence[object]) -> Tried:
    connection, recipient, stage, at, message_id = found
    place = Place(connection=word(connection), recipient=word(recipient))
    return Tried(place=place, stage=whole(stage), at=number(at) or 0.0, message_id=whole(message_id))


def _maybe[T](read: Callable[[object], T], found: object) -> T | None:
    return None if found is None else read(found)


def _list(found: object) -> list[object]:
    if not isinstance(found, list):
        raise TypeError("no list")
    return found


def _texts(found: Mapping[str, object]) -> dict[str, str]:
    return {name: word(value) for name, value in found.items()}
