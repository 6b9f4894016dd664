"""Loop of the storage's thread: transactions and errands in their order, and a look at the file while none comes.

Everybody who asks the storage waits for this thread. So whatever goes wrong in it (a disk that answers nonsense, memory
that is used up, a mistake of ours), whoever waits is told, and the thread goes on.
"""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from bach_lib.field_logger import FieldLogger
from bach_lib.storage.guard import Guard
from bach_lib.storage.log_keeper import LogKeeper
from bach_lib.storage.request import Request
from bach_lib.storage.sqlite import Connection, Transaction

_LOGGER = FieldLogger(__name__)

MAX_BATCH = 1000
"""Requests; a batch of this size is not made larger, which keeps the wait of its first below some 20 ms."""
_QUIET = 1.0
"""Seconds without a request after which the log may be moved into the file."""

type Batch = list[Request[Transaction]]
type Errand = Callable[[Connection], None]
"""Something to be done between two transactions. Never raises."""
type Requests = SimpleQueue[Batch | Errand | None]
"""What is to be done; None is the end."""


class RequestLoop:
    """The loop of one open database. `answer`: what is done. `give_up`: what was not answered ends with this error."""

    def __init__(
        self,
        requests: Requests,
        guard: Guard,
        keeper: LogKeeper,
        answer: Callable[[Sequence[Request[Transaction]]], None],
        give_up: Callable[[Batch, BaseException], None],
    ) -> None:
        self._requests = requests
        self._guard = guard
        self._keeper = keeper
        self._answer = answer
        self._give_up = give_up

    def run(self, connection: Connection) -> None:
        """Do what is handed over, until the end is."""
        item = self._next()
        while item is not None:
            if isinstance(item, list):
                item, following = self._enlarged(item)
                self._transact(item)
                item = self._next() if following == [] else following
            else:
                item(connection)
                item = self._next()

    def _enlarged(self, batch: Batch) -> tuple[Batch, Batch | Errand | None]:
        """With all that has come meanwhile, and what comes after it: nothing yet (an empty batch), or no batch."""
        while len(batch) < MAX_BATCH and not self._requests.empty():
            following = self._requests.get()
            if not isinstance(following, list):
                return batch, following
            batch += following
        return batch, []

    def _transact(self, batch: Batch) -> None:
        try:
            self._guard.run(batch, self._answer)
            self._keeper.after_writing()
        except BaseException as error:  # noqa: BLE001 - whatever it is, somebody waits for an answer
            _tell(error)
            self._give_up(batch, error)

    def _next(self) -> Batch | Errand | None:
        """What is handed over next; while nothing is, look after log and file."""
        patience = _QUIET  # without a look at the log: who has just been answered may come at once
        while True:
            try:
                return self._requests.get(timeout=patience)
            except Empty:
                patience = self._look()

    def _look(self) -> float:
        """Seconds until it should be looked at again."""
        try:
            self._guard.look()
            self._keeper.when_quiet()
            return _QUIET if self._keeper.wants_quiet else self._guard.patience
        except BaseException as error:  # noqa: BLE001 - nobody waits for this, and it comes again
            _tell(error)
            return self._guard.patience


def _tell(error: BaseException) -> None:
    _LOGGER.error("The storage goes on after an error: %s", type(error).__name__, exc_info=error)
