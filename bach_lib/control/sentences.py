"""Errors that say in a sentence what a person can correct, and text that can be shown safely."""

import unicodedata

_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not read but do something."""
_JOINER = "\u200d"
"""Makes one emoji out of several."""


class SentenceError(Exception):
    """Something a person can correct; `str()` says what."""


class TooMuchError(SentenceError):
    """More than can be asked at once; nothing was."""

    def __init__(self, size: int, most: int) -> None:
        super().__init__("This is more than a command can say. Send it in parts, or as a file.")
        self.size: str = f"{size} bytes"
        self.most: str = f"at most {most} bytes"


class UnansweredError(SentenceError):
    """Nobody said whether it was done: the daemon went away, or is frozen."""


def printable(text: str, *, lines: bool = True) -> str:
    """The text without characters that do something to a terminal."""
    kept = "\n\t" if lines else ""
    return "".join(
        one if one in kept or unicodedata.category(one) not in _ACTS or one == _JOINER else "�" for one in text
    )
