"""What code that is not ours may throw: connectors, subscribers, look-ups of secrets.

`except Exception` is no border against it. Reading the result of a future that somebody cancelled raises
`CancelledError`, and a library may raise any `BaseException` of its own.
"""

import asyncio


def let_through(error: BaseException) -> None:
    """Raise the error again if it is meant for us: the program ends, or our own task was cancelled."""
    if isinstance(error, KeyboardInterrupt | SystemExit):
        raise error
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise error
