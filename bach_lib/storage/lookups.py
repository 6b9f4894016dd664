"""Reader thread of the database, so that no listing, however long, holds up what is written.

It has a connection of its own. SQLite's log lets both work at the same time; only a checkpoint that wants all of the
log moved must not be looked past, and for its time the lookup under way is ended and begun again afterwards.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from queue import SimpleQueue
from typing import Protocol

from bach_lib.storage.request import Request
from bach_lib.storage.transaction import Transaction

type _Lookup = Request[Transaction]


class OpenReader(Protocol):
    """A connection that only reads; used from one thread."""

    def look_up(self, request: _Lookup) -> bool:
        """Run the request on what is committed at this moment; False if it was ended before. Never raises."""
        ...

    def close(self) -> None:
        """Close."""
        ...


class Lookups:
    """Reader thread of one open database. `connect`: makes the reader, which asks now and then whether to end.

    `committing` is held from each commit until those who wait for it are told, so nobody finds in a lookup what the
    events have not told yet. `deliver` answers a request.
    """

    def __init__(
        self,
        connect: Callable[[Callable[[], bool]], OpenReader],
        name: str,
        committing: AbstractContextManager[object],
        deliver: Callable[[list[_Lookup]], None],
    ) -> None:
        self._committing = committing
        self._deliver = deliver
        self._requests: SimpleQueue[_Lookup | None] = SimpleQueue()
        self._current: _Lookup | None = None
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        self._at_work = threading.Lock()
        self._reader = connect(self._is_unwanted)
        self._thread = threading.Thread(target=self._serve, name=f"bach-lookup-{name}", daemon=True)
        self._thread.start()

    def submit(self, lookup: _Lookup) -> None:
        """Answer this when its turn comes."""
        self._requests.put(lookup)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While this lasts, nothing looks at the database."""
        self._may_go_on.clear()
        try:
            with self._at_work:
                yield
        finally:
            self._may_go_on.set()

    def close(self) -> None:
        """Answer what was submitted, then close."""
        self._requests.put(None)
        self._thread.join()
        self._reader.close()

    def _is_unwanted(self) -> bool:
        return not self._may_go_on.is_set() or (self._current is not None and self._current.future.cancelled())

    def _serve(self) -> None:
        while (lookup := self._requests.get()) is not None:
            self._current = lookup
            while not lookup.future.cancelled() and not self._look_up(lookup):
                pass
            with self._committing:
                self._deliver([lookup])

    def _look_up(self, lookup: _Lookup) -> bool:
        self._may_go_on.wait()
        with self._at_work:
            return self._reader.look_up(lookup)
