"""A process that moves a database, says when it has come far enough, and waits for its end there."""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bach_lib.storage.moving import Move, place


@contextmanager
def bar(_: int) -> Iterator[Callable[[int], None]]:
    """Waits at the row that was named."""

    def advance(done: int) -> None:
        if done >= int(sys.argv[3]):
            sys.stdout.write("far enough\n")
            sys.stdout.flush()
            signal.pause()

    yield advance


if __name__ == "__main__":
    asyncio.run(Move(place(sys.argv[1]), place(sys.argv[2]), bar).run())
