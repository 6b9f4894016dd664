"""Progress bar for what takes longer than a second: on a terminal's stderr, and nowhere else."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

_PATIENCE = 1.0
"""Seconds before it shows; what is faster should not flicker."""


def steps[T](things: Sequence[T], title: str) -> Iterator[T]:
    """These, with a bar that grows with each."""
    with bar(title, len(things)) as advance:
        for number, thing in enumerate(things):
            yield thing
            advance(number + 1)


@contextmanager
def bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A function to tell how many of `total` are done."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    console = import_module("rich.console").Console(stderr=True)
    drawn = import_module("rich.progress").Progress(console=console, transient=True)
    task = drawn.add_task(title, total=total)
    began = time.monotonic()

    def advance(done: int) -> None:
        if not drawn.live.is_started and time.monotonic() - began > _PATIENCE:
            drawn.start()
        drawn.update(task, completed=done)

    try:
        yield advance
    finally:
        drawn.stop()
