"""What the command itself refuses, in one sentence, and how errors end it: exit code 1 and that sentence on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


class SentenceError(Exception):
    """Something a person can correct; `str()` says what."""


class UnansweredError(SentenceError):
    """Nobody said whether it was done: the daemon went away, or is frozen."""


@contextmanager
def sentences(*kinds: type[Exception]) -> Iterator[None]:
    """End the command with a sentence instead of a traceback for these errors."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, (SentenceError, *kinds)):
            raise
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
