"""Waits for the server with an eye on the time: whoever asks it something hears of it, also while it says nothing."""

import time
from collections.abc import Callable, Generator


def attended[Wish, State, Result](
    waiting: Generator[Wish, State, Result], look: Callable[[], None], is_lost: Callable[[], bool], quiet: float
) -> Generator[Wish, State, Result]:
    """The driver's own waiting, which it resumes some times a second even if nothing came.

    `look` is called then; `is_lost`, each time that nothing came for `quiet` seconds. Raises `SilentError` if it is.
    """
    try:
        wish, heard = next(waiting), time.monotonic()
        while True:
            came = yield wish
            if came:
                heard = time.monotonic()
            else:
                look()
                if time.monotonic() - heard >= quiet:
                    if is_lost():
                        raise SilentError
                    heard = time.monotonic()
            wish = waiting.send(came)
    except StopIteration as end:
        result: Result = end.value
        return result


class SilentError(Exception):
    """Nobody answers there any more."""
