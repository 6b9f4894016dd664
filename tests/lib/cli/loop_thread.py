"""A loop in a thread of its own: whoever is asked by a command, which has its own loop, has to run beside it."""

import asyncio
import threading
from collections.abc import Coroutine


class LoopThread:
    """Runs an event loop in a thread until `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def do[T](self, work: Coroutine[object, object, T], patience: float = 30.0) -> T:
        """Do this in the loop. Raises TimeoutError after `patience` seconds: what would wait for ever is a fault."""
        doing = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return doing.result(patience)
        except TimeoutError:
            doing.cancel()
            raise

    def close(self) -> None:
        """End the loop and the threads it lent: closing it waits for none, and what is left is blamed on the test."""
        self.do(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
