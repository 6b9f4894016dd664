"""Errors that say in a sentence what a person can correct."""


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
