"""Errors that say in a sentence what a person can correct, and text that can be shown safely."""

import unicodedata

_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not read but do something."""
_JOINER = "\u200d"
"""Makes one emoji out of several."""


class SentenceError(Exception):
    """Something a person can correct; `str()` says what."""


class UnansweredError(SentenceError):
    """Nobody said whether it was done: the daemon went away, or is frozen."""


def printable(text: str, *, lines: bool = True) -> str:
    """The text without characters that do something to a terminal."""
    kept = "\n\t" if lines else ""
    return "".join(
        one if one in kept or unicodedata.category(one) not in _ACTS or one == _JOINER else "�" for one in text
    )
