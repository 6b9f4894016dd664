"""Cuts a failing history down to what it needs to fail: fewer steps, then simpler ones."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

MAX_TRIES = 250
"""Histories told while one is shrunk; a smaller one is worth a minute, not an hour."""


def shrink[S](history: tuple[S, ...], fails: Callable[[tuple[S, ...]], bool]) -> tuple[S, ...]:
    """A part of the history that still fails, without a step that it could spare."""
    tries = 0

    def still_fails(candidate: tuple[S, ...]) -> bool:
        nonlocal tries
        tries += 1
        return tries <= MAX_TRIES and fails(candidate)

    size = max(len(history) // 2, 1)
    while size:
        shorter = _without_one_part(history, size, still_fails)
        if shorter is None:
            size //= 2
        else:
            history, size = shorter, min(size, max(len(shorter) // 2, 1))
    return _simplified(history, still_fails)


def _without_one_part[S](
    history: tuple[S, ...], size: int, fails: Callable[[tuple[S, ...]], bool]
) -> tuple[S, ...] | None:
    for start in range(0, len(history), size):
        candidate = history[:start] + history[start + size :]
        if candidate and fails(candidate):
            return candidate
    return None


def _simplified[S](history: tuple[S, ...], fails: Callable[[tuple[S, ...]], bool]) -> tuple[S, ...]:
    for index in range(len(history)):
        for simpler in _simpler(history[index]):
            candidate = (*history[:index], simpler, *history[index + 1 :])
            if fails(candidate):
                history = candidate
    return history


def _simpler[S](step: S) -> Iterator[S]:
    """The step with one of its fields as it is by default."""
    if not is_dataclass(step):
        return
    for field in fields(step):
        if field.init and field.default is not getattr(step, field.name) and _has_default(field.default):
            yield cast("S", replace(cast("Any", step), **{field.name: field.default}))


def _has_default(default: object) -> bool:
    return isinstance(default, str | int | float | tuple | None)
