"""Runs a command: loads what is heavy, asks, and turns errors into one sentence.

The modules with the commands load nothing of that, so that `bach --help` and completion are there at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from bach_lib.cli.exits import sentences
from bach_lib.cli.options import settings

if TYPE_CHECKING:
    from bach_lib.cli.console import Json
    from bach_lib.cli.session import Session


@contextmanager
def border_of_library() -> Iterator[None]:
    """End with a sentence for whatever the library raises."""
    with sentences(import_module("bach_lib.errors").BachError):
        yield


def run[T](work: Callable[[Session], Awaitable[T]], *, creates: bool = False) -> T:
    """Do this with the BACH that `--db` names. `creates`: with a new one, if there is none yet."""
    session = import_module("bach_lib.cli.session")
    with border_of_library():
        answer: T = session.run(work, settings().database, creates=creates)
        return answer


def ask(operation: str, *, creates: bool = False, **arguments: Json) -> Json:
    """Ask one thing."""

    async def work(session: Session) -> Json:
        return await session.ask(operation, **arguments)

    return run(work, creates=creates)
