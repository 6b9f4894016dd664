"""Runs histories: from a seed to the complaints about it, and from those to the shortest history that earns them."""

import asyncio
import random
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import Field, dataclass, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import override

from tests.simulation.alarm_generator import alarm_history_of
from tests.simulation.alarm_judge import judge_alarms
from tests.simulation.alarm_steps import AlarmHistory
from tests.simulation.alarms import tell_alarms
from tests.simulation.asking import tell_asking
from tests.simulation.asking_generator import asking_history_of
from tests.simulation.asking_judge import judge_asking
from tests.simulation.asking_steps import AskingHistory
from tests.simulation.disk import CirclesError
from tests.simulation.generator import history_of
from tests.simulation.incoming import tell_incoming
from tests.simulation.incoming_generator import incoming_history_of
from tests.simulation.incoming_judge import judge_incoming
from tests.simulation.incoming_steps import IncomingHistory
from tests.simulation.judge import Complaint, judge
from tests.simulation.later import tell_later
from tests.simulation.later_generator import later_history_of
from tests.simulation.later_judge import judge_later
from tests.simulation.later_steps import LaterHistory
from tests.simulation.shrink import shrink
from tests.simulation.steps import History
from tests.simulation.world import tell

_MEMORY = Path("/dev/shm")
"""A disk that is none, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A history that breaks a promise, as short as it could be made."""

    kind: str
    seed: int
    complaints: tuple[Complaint, ...]
    history: tuple[object, ...]

    @override
    def __str__(self) -> str:
        """For a person, who may copy the steps into a test."""
        lines = [f"{self.kind}, seed {self.seed}:", *(f"  {complaint}" for complaint in self.complaints)]
        return "\n".join(
            [*lines, "  the shortest history that does it:", *(f"    {written(step)}," for step in self.history)]
        )


def written(step: object) -> str:
    """A step as it stands in a test: only what is not as usual."""
    if isinstance(step, StrEnum):
        return f"{type(step).__name__}.{step.name}"
    if isinstance(step, tuple):
        return f"({' '.join(f'{written(one)},' for one in step)})"
    if not is_dataclass(step):
        return repr(step)
    told = ((field.name, getattr(step, field.name)) for field in fields(step) if not _is_usual(step, field))
    return f"{type(step).__name__}({', '.join(f'{name}={written(value)}' for name, value in told)})"


def _is_usual(step: object, field: Field[object]) -> bool:
    value: object = getattr(step, field.name)
    return value == field.default


@dataclass(frozen=True, slots=True)
class Kind[S]:
    """One kind of histories: how a seed becomes one, and what is to complain of one."""

    invent: Callable[[int], tuple[S, ...]]
    complain: Callable[[tuple[S, ...], int], list[Complaint]]

    def fail(self, name: str, seed: int, shortest: bool) -> Failure | None:
        """What is wrong with the history of a seed; None if nothing is."""
        history = self.invent(seed)
        complaints = self.complain(history, seed)
        if complaints and shortest:
            rule = complaints[0].rule
            history = shrink(history, lambda one: any(found.rule == rule for found in self.complain(one, seed)))
            complaints = self.complain(history, seed)
        return Failure(kind=name, seed=seed, complaints=tuple(complaints), history=history) if complaints else None


def complaints_about(history: History, seed: int) -> list[Complaint]:
    """What there is to complain of in a history of sending."""
    return _complaints(lambda folder: tell(history, folder, seed), judge, seed)


def complaints_about_incoming(history: IncomingHistory, seed: int) -> list[Complaint]:
    """What there is to complain of in a history of receiving."""
    return _complaints(lambda folder: tell_incoming(history, folder, seed), judge_incoming, seed)


def complaints_about_asking(history: AskingHistory, seed: int) -> list[Complaint]:
    """What there is to complain of in a history of questions."""
    return _complaints(lambda folder: tell_asking(history, folder, seed), judge_asking, seed)


def complaints_about_alarms(history: AlarmHistory, seed: int) -> list[Complaint]:
    """What there is to complain of in a history of routes."""
    return _complaints(lambda folder: tell_alarms(history, folder, seed), judge_alarms, seed)


def complaints_about_later(history: LaterHistory, seed: int) -> list[Complaint]:
    """What there is to complain of in a history of messages that wait on purpose."""
    return _complaints(lambda folder: tell_later(history, folder, seed), judge_later, seed)


def _complaints[S](
    tell_in: Callable[[Path], Coroutine[object, object, S]], judge_it: Callable[[S], list[Complaint]], seed: int
) -> list[Complaint]:
    random.seed(seed)  # BACH takes its jitter from there
    with tempfile.TemporaryDirectory(prefix="bach-", dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        try:
            story = asyncio.run(tell_in(Path(folder)))
        except CirclesError as error:
            return [Complaint("bounded", str(error))]
    return judge_it(story)


_OUTGOING = Kind(history_of, complaints_about)
_INCOMING = Kind(incoming_history_of, complaints_about_incoming)
_ASKING = Kind(asking_history_of, complaints_about_asking)
_ALARMS = Kind(alarm_history_of, complaints_about_alarms)
_LATER = Kind(later_history_of, complaints_about_later)
KINDS: dict[str, Callable[[str, int, bool], Failure | None]] = {
    "outgoing": _OUTGOING.fail,
    "incoming": _INCOMING.fail,
    "asking": _ASKING.fail,
    "alarms": _ALARMS.fail,
    "later": _LATER.fail,
}


def try_seed(seed: int, kind: str, *, shortest: bool = True) -> Failure | None:
    """What is wrong with the history of a seed; None if nothing is."""
    return KINDS[kind](kind, seed, shortest)


def failures(seeds: Sequence[int], kind: str) -> list[Failure]:
    """All that are wrong."""
    return [failure for seed in seeds if (failure := try_seed(seed, kind))]
