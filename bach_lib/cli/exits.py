"""Errors of the command, and how they end it: exit code 1 and one sentence on stderr.

Every command runs inside of `border`: whatever comes out of it ends the same, with a daemon and without one.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from bach_lib.control.sentences import SentenceError
from bach_lib.redact import readable

INTERRUPTED = 130
DEBUG = "BACH_DEBUG"
"""The variable that lets tracebacks through, for whoever looks for a mistake of ours."""

_LONGEST, _END = 1200, 300
"""Characters of a sentence, and of its end, where it says what to do: what it repeats of what was given may be long.

It is cut between words.
"""


class UnsaidError(SentenceError):
    """It was done, and nobody can be told."""


@contextmanager
def sentences(*kinds: type[Exception]) -> Iterator[None]:
    """End the command with a sentence instead of a traceback for these errors."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, (SentenceError, *kinds)):
            raise
        note(str(error))
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def border() -> Iterator[None]:
    """Around a command: nothing leaves it but an exit code."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except RuntimeError as error:
        if isinstance(error, (typer.Exit, typer.Abort)) or _is_wanted(error):
            raise
        _end(error)
    except Exception as error:
        if isinstance(error, typer.BadParameter) or _is_wanted(error):
            raise
        _end(error)


def note(sentence: str) -> None:
    """A sentence about the answer and no part of it, so it goes to stderr, for people and for programs' logs."""
    if sys.stderr is not None:
        try:
            sys.stderr.write(f"{_bounded(readable(sentence))}\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass  # nobody is there any more, and there is no other place to say it


def _bounded(sentence: str) -> str:
    if len(sentence) <= _LONGEST:
        return sentence
    begin, end = sentence[: _LONGEST - _END - 3], sentence[-_END:]
    return f"{begin.rpartition(' ')[0] or begin} … {end.partition(' ')[2] or end}"


def _end(error: Exception) -> None:
    note(_sentence(error))
    raise typer.Exit(1) from None


def _is_wanted(error: Exception) -> bool:
    return bool(os.environ.get(DEBUG)) and not isinstance(error, SentenceError)


def _sentence(error: Exception) -> str:
    if isinstance(error, SentenceError) or hasattr(error, "placeholders"):  # a `BachError`, without loading the library
        return str(error)
    if isinstance(error, UnicodeError):
        return "What was given has broken characters. Write it in UTF-8."
    if isinstance(error, OSError):
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
        return f"{where}{error.strerror or type(error).__name__}."
    return f"An error inside BACH ({type(error).__name__}). Set {DEBUG}=1 to see where, and report it, please."
