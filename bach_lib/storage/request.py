"""A storage request: a function of the open transaction, and the future that waits for it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bach_lib.common_sentences import (
    A_BROKEN_CHARACTER,
    A_NUMBER,
    A_SMALLER_ONE,
    A_TEXT,
    MORE_THAN_63_BITS,
    TEXT_WITHOUT_HALVES_OF_CHARACTERS,
)
from bach_lib.errors import BachError, InvalidValueError, StoreFailedError
from bach_lib.said import Sentence


@dataclass(slots=True)
class Single[T, R]:
    """Work that is one statement, which SQLite begins and commits with it: nothing may fail after that.

    So it needs no transaction around it where nobody shares one.
    """

    work: Callable[[T], R]

    def __call__(self, tx: T) -> R:
        """Run the statement."""
        return self.work(tx)


@dataclass(slots=True)
class Request[T]:
    """One request; `T` is what the work gets to work with."""

    work: Callable[[T], object]
    writes: bool
    future: asyncio.Future[object]
    ends: bool = False
    """Whether it only writes down what has happened already, which is welcome whatever the state of the file is."""
    session: int | None = None
    """The session of this process that must go on for it, where several share the database."""
    result: object = None
    error: Exception | None = None
    is_answered: bool = False
    """Whether who waits was told."""

    def deliver(self) -> None:
        """Tell who waits, in the event loop's thread."""
        self.is_answered = True
        if self.future.cancelled():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


def contained(error: BaseException) -> Exception:
    """What may be handed to whoever waits: an interrupt or a cancellation in here must not end a task out there."""
    if isinstance(error, Exception):
        return error
    wrapped = RuntimeError(f"A request to the storage ended with {type(error).__name__}")
    wrapped.__cause__ = error
    return wrapped


def unforeseen(error: BaseException, path: Path | str) -> BachError:
    """What failed in a request, as an error that all who ask know; where no error of ours says it, one that says where.

    Its own words are left out: they may hold anything. Whoever waits for a disk that takes nothing tries again.
    """
    if isinstance(error, BachError):
        return error
    reason = getattr(error, "strerror", None) or Sentence(
        "an_error_inside_bach_where", "an error inside BACH ({where})", where=f"{type(error).__name__}{_where(error)}"
    )
    failed = StoreFailedError(path=path, reason=reason)
    failed.__cause__ = error
    return failed


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f" in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace else ""


def broken_text() -> InvalidValueError:
    """For halves of characters; the text is not said, which may be anybody's secret."""
    return InvalidValueError(field=A_TEXT, value=A_BROKEN_CHARACTER, expected=TEXT_WITHOUT_HALVES_OF_CHARACTERS)


def too_large_a_number() -> InvalidValueError:
    """For one that no column holds."""
    return InvalidValueError(field=A_NUMBER, value=MORE_THAN_63_BITS, expected=A_SMALLER_ONE)


def has_writes[T](batch: Iterable[Request[T]]) -> bool:
    """Whether any of them writes; asked before every commit, so without a generator."""
    for request in batch:  # noqa: SIM110
        if request.writes:
            return True
    return False


def has_failed[T](batch: Iterable[Request[T]]) -> bool:
    """Whether any of them failed; asked after every commit."""
    for request in batch:  # noqa: SIM110
        if request.error is not None:
            return True
    return False


def is_single[T](batch: Sequence[Request[T]]) -> bool:
    """Whether this is one request of one statement."""
    return len(batch) == 1 and isinstance(batch[0].work, Single)


def deliver[T](batch: Iterable[Request[T]]) -> None:
    """Tell all who wait, in the event loop's thread."""
    for request in batch:
        request.deliver()


def settle(future: asyncio.Future[None], error: Exception | None) -> None:
    """Tell somebody who waits for no result."""
    if future.cancelled():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
