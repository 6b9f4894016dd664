"""What is promised of a message's history: every attempt that a platform saw has its row, and the row tells the truth.

A process may end between an attempt and the commit that tells of it. Then the next start writes the row, and says that
the attempt was interrupted; that is the only gap there may be. It also writes one for what was about to be tried.
"""

from collections.abc import Iterator

from bach_lib.models import Attempt
from tests.simulation.places import chain
from tests.simulation.steps import Says
from tests.simulation.story import Handed, Story, is_untried

_INTERRUPTED = "interrupted"
_ROUNDING = 0.01
_KEPT = 100
"""Rows of one message; of more the newest."""
_OUTCOMES: dict[Says, str] = {
    Says.SENT: "sent",
    **dict.fromkeys((Says.LOST, Says.UNSURE, Says.BROKEN), "uncertain"),
    **dict.fromkeys((Says.BUSY, Says.CHAT, Says.DOWN, Says.UNREACHED), "retry"),
    **dict.fromkeys((Says.WAIT_CHAT, Says.WAIT_ALL), "wait"),
    Says.REFUSED: "dead",
}


def every_attempt_has_its_row(story: Story) -> Iterator[str]:
    """Nobody could find out why a message came late, twice or not at all."""
    for number in story.messages:
        rows, attempts = story.rows.get(number, []), story.attempts(number)
        numbers = [row.number for row in rows]
        if numbers and (numbers != list(range(numbers[0], numbers[0] + len(rows))) or len(rows) > _KEPT):
            yield f"the rows of m{number} have the numbers {numbers}"
        elif rows and rows[0].number > 1:
            if len(rows) < _KEPT:
                yield f"the first rows of m{number} are gone"
        else:
            yield from _held_together(story, number, attempts, list(rows))


def _held_together(story: Story, number: int, attempts: list[Handed], rows: list[Attempt]) -> Iterator[str]:
    """Rows of what was about to be tried may stand in between: they fit if there is any way in which they do."""
    may_be_extra = [
        is_untried(story, number, row) or (_is_interrupted(row) and _was_ever_interrupted(story)) for row in rows
    ]
    ways = [{0}]
    for attempt in attempts:
        reached = set[int]()
        for begin in ways[-1]:
            at = begin
            while at < len(rows):
                if _wrong_in(story, attempt, rows[at]) is None:
                    reached.add(at + 1)
                if not may_be_extra[at]:
                    break
                at += 1
        if not reached:
            at = max(ways[-1])
            wrong = _wrong_in(story, attempt, rows[at]) if at < len(rows) else None
            has = f"a row with {wrong}" if wrong else "no row"
            yield f"the attempt of m{number} at {attempt.at:.2f} ({attempt.says}) has {has}"
            return
        ways.append(reached)
    if not any(all(may_be_extra[end:]) for end in ways[-1]):
        row = rows[max(ways[-1])] if max(ways[-1]) < len(rows) else rows[-1]
        yield f"m{number} has a row of an attempt that nobody saw: {row.outcome}, {row.started_at}"


def _was_ever_interrupted(story: Story) -> bool:
    return bool(story.ends[:-1]) or story.was_interrupted(0.0, story.ended_at)


def _wrong_in(story: Story, attempt: Handed, row: Attempt) -> str | None:
    may_be_older = _is_interrupted(row) and attempt.recipient in chain(story.told_forms, row.recipient)
    if row.recipient != attempt.recipient and not may_be_older:
        return f"the recipient {row.recipient}"
    if not _began_at(story, attempt, row):
        return f"the time {row.started_at}, and it was {attempt.decided_wall} to {attempt.wall}"
    if row.outcome != "sent" and row.error is None:
        return "no reason"
    if _is_interrupted(row):
        return None if _may_be_interrupted(story, attempt) else "an interruption that there was not"
    if attempt.answered_at is None:  # given up from outside
        return None if row.outcome == "uncertain" else f"the outcome {row.outcome}, and nobody heard one"
    if row.outcome != _OUTCOMES[attempt.says]:
        return f"the outcome {row.outcome}"
    took = attempt.answered_at - attempt.at
    longer = 0.0 if row.seconds is None else row.seconds - took
    if (
        row.seconds is None
        or longer < -_ROUNDING
        or (longer > _ROUNDING and not story.sends[attempt.number].is_prepared)
    ):
        return f"{row.seconds} s, and it took {took:.2f}"
    return None


def _is_interrupted(row: Attempt) -> bool:
    return row.outcome == "uncertain" and row.error is not None and row.error.code == _INTERRUPTED


def _may_be_interrupted(story: Story, attempt: Handed) -> bool:
    """Whether its process ended, or its connection was stopped, before it was written down."""
    later = next((one for one in story.attempts(attempt.number) if one.moment > attempt.moment), None)
    if attempt.process < (later.process if later else story.process):
        return True
    return story.was_interrupted(attempt.at, later.at if later else story.ended_at)


def _began_at(story: Story, attempt: Handed, row: Attempt) -> bool:
    """Whether the row names a time at which it was decided, however the clock jumped meanwhile."""
    if row.started_at is None:
        return False
    decided_at = attempt.decided_at
    if story.sends[attempt.number].is_prepared:  # which asks the disk once more
        decided_at = min(decided_at, story.send_calls[attempt.number].at)
    walls = [wall for at, wall in story.walls if decided_at - _ROUNDING <= at <= attempt.at + _ROUNDING]
    earliest = min(attempt.decided_wall, attempt.wall, *walls)
    latest = max(attempt.decided_wall, attempt.wall, *walls)
    return earliest - _ROUNDING <= row.started_at <= latest + _ROUNDING
