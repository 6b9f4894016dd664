"""How long runs are waited for and listened to, and which of many are no longer. Pure, like what decides."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from bach_lib.errors import RouteKeyReusedError
from bach_lib.models.route import RouteRun, RouteStatus
from bach_lib.routes.deciding import OPEN, longest_wait

MOST_RUNS: Final = 100
"""Under way at a time. Each tells people again and again; a home with so many has a fault of its own."""
MOST_EXHAUSTED: Final = 200
"""That are listened to yet; the oldest of more are let go."""
LATE: Final = 86_400.0
"""Seconds for which a run that nobody acknowledged in time listens whether somebody does after all."""


def seconds_left(run: RouteRun, now: float) -> float | None:
    """Until it goes on, or nobody is listened to any more; None: it waits for nothing.

    Never longer than that can take, whatever a clock shows that was set.
    """
    if run.status is RouteStatus.EXHAUSTED:
        return min(max((run.ended_at or 0.0) + LATE - now, 0.0), LATE)
    return None if run.due_at is None else min(max(run.due_at - now, 0.0), longest_wait(run))


def same(known: RouteRun, run: RouteRun, key: str) -> RouteRun:
    """The one that was begun under a key, if this tells the same; what a camera shows is another at each try.

    Raises `RouteKeyReusedError`.
    """
    words = [(one.route, one.tag, replace(one.said, files=(), lost=())) for one in (known, run)]
    if words[0] != words[1]:
        raise RouteKeyReusedError(key=key, id=known.id)
    return known


def overtaken(runs: Sequence[RouteRun]) -> Iterator[tuple[RouteRun, int]]:
    """Those that can still be acknowledged although a newer one has their tag, and which."""
    newest = dict[str, int]()
    for run in runs:
        if run.tag is not None:
            newest[run.tag] = max(newest.get(run.tag, 0), run.id)
    for run in runs:
        if run.tag is not None and run.status in OPEN and newest[run.tag] > run.id:
            yield run, newest[run.tag]


def too_many(runs: Sequence[RouteRun]) -> Sequence[RouteRun]:
    """The oldest exhausted ones, if there are more than are listened to."""
    exhausted = sorted((run for run in runs if run.status is RouteStatus.EXHAUSTED), key=lambda run: run.id)
    return exhausted[:-MOST_EXHAUSTED]
