"""What is promised of messages that are sent at a later time: never before it, by what the wall has shown."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import dropwhile
from math import inf

from tests.simulation.story import FINISHED, Handed, Story

_ROUNDING = 0.01


def time_at(wall: float, seconds: float | None) -> datetime | None:
    """So many seconds after what the wall shows, as callers say it."""
    return None if seconds is None else datetime.fromtimestamp(wall + seconds, UTC)


def due(story: Story, number: int) -> list[float]:
    """The true times at which the wall began to show the time of a message, or later; the first is when it was sent."""
    send, call = story.sends[number], story.send_calls[number]
    if send.not_before is None:
        return [call.at]
    time, found = call.wall + send.not_before, list[float]()
    jumps = [*zip(story.walls[::2], story.walls[1::2], strict=True)]
    jumps = [*dropwhile(lambda jump: jump[0][0] <= call.at and jump[0] != (call.at, call.wall), jumps)]
    begins = [(call.at, call.wall), *(after for _, after in jumps)]
    ends = [*(at for (at, _), _ in jumps), inf]
    shows = call.wall - _ROUNDING  # before it was sent, it was not due
    for (start, shown), end in zip(begins, ends, strict=True):
        if shown >= time > shows:
            found.append(start)
        elif shown < time and start + time - shown <= end:
            found.append(start + time - shown)
        shows = shown + (end - start)
    return found


def passed(story: Story, number: int) -> float:
    """Seconds of its life that were over when a message was due at first: a clock that was set went past its time."""
    send, call, times = story.sends[number], story.send_calls[number], due(story, number)
    if send.not_before is None or not times:
        return 0.0
    jumps = [wall for at, wall in story.walls[1::2] if at == times[0]]
    return max([wall - call.wall - send.not_before for wall in jumps], default=0.0)


def nothing_is_early(story: Story) -> Iterator[str]:
    """What is meant for seven would wake people at night."""
    for one in story.handed:
        times = due(story, one.number)
        first = times[0] if times else inf
        if one.at < first - _ROUNDING and not _is_hurried(story, one):
            yield f"m{one.number} was handed over at {one.at:.1f}, {first - one.at:.1f} s before its time"


def _is_hurried(story: Story, one: Handed) -> bool:
    """Whether a person did not want to wait: they said so, or sent what had been taken back."""
    for call in story.calls:
        if call.moment > one.moment or not call.may_have_worked:
            continue
        if call.what in {"send_now", "retry"} and call.number == one.number:
            return True
        ended = any(note.name in FINISHED for note in story.told(one.number) if note.moment < one.moment)
        if (call.what == "amend" and call.number == one.number and ended) or call.what == "retry_all":
            return True
    return False
