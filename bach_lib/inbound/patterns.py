"""Matches regular expressions of people with a time-out, so that none stops the house.

Python's own `re` cannot be interrupted and holds all other threads up; the package `regex` looks at the time while it
searches, and lets others work meanwhile.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import regex

_EACH = 0.25
"""Seconds for one pattern. What ends at all needs less than a millisecond, but a busy machine may look away."""
_ALL = 1.0
"""Seconds for all patterns and one message."""


class BadPatternError(ValueError):
    """Why a pattern cannot be read, in words for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Found[T]:
    """What the patterns that matched stand for, and those that were given up."""

    hits: frozenset[T]
    cut_off: frozenset[T]


class Patterns[T]:
    """Patterns, each with what it stands for. They match anywhere in the text, in any case."""

    def __init__(self, patterns: Iterable[tuple[str, T]]) -> None:
        self._patterns: Sequence[tuple[regex.Pattern[str], T]] = [
            (compile_pattern(pattern), meaning) for pattern, meaning in patterns
        ]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def find(self, text: str) -> Found[T]:
        """Blocks for a second at most: call it in a thread."""
        hits: set[T] = set()
        cut_off: set[T] = set()
        end = time.monotonic() + _ALL
        for pattern, meaning in self._patterns:
            if meaning in hits:
                continue
            left = min(_EACH, end - time.monotonic())
            try:
                if left <= 0:
                    raise TimeoutError
                if pattern.search(text, timeout=left):
                    hits.add(meaning)
            except TimeoutError:
                cut_off.add(meaning)
        return Found(frozenset(hits), frozenset(cut_off - hits))


def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """Raises `BadPatternError`."""
    try:
        return regex.compile(pattern, regex.IGNORECASE | regex.VERSION0)
    except (regex.error, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise BadPatternError(str(error) or type(error).__name__) from error
