"""Loop of the storage's thread: transactions and errands in their order, and a look at the file while none comes.

Everybody who asks the storage waits for this thread. So whatever goes wrong in it (a disk that answers nonsense, memory
that is used up, a mistake of ours), whoever waits is told, and the thread goes on.
"""

from collections.abc import Callable
from queue import Empty, SimpleQueue

from bach_lib.field_logger import FieldLogger
from bach_lib.spans import span
from bach_lib.storage.request import Request
from bach_lib.storage.transaction import Transaction

_LOGGER = FieldLogger(__name__)

MAX_BATCH = 1000
"""Requests; a batch of this size is not made larger, which keeps the wait of its first below some 20 ms."""
QUIET = 1.0
"""Seconds without a request after which the log may be moved into the file."""

type Batch = list[Request[Transaction]]
type Errand = Callable[[], object]
"""Something to be done between two transactions. Never raises."""
type Requests = SimpleQueue[Batch | Errand | None]
"""What is to be done; None is the end."""


class RequestLoop:
    """The loop of one open database.

    `transact`: runs a batch, and answers it. `look`: what is to be done while nobody wants anything; seconds until it
    is again. `give_up`: what was not answered ends with this error.
    """

    def __init__(
        self,
        requests: Requests,
        transact: Callable[[Batch], None],
        look: Callable[[], float],
        give_up: Callable[[Batch, BaseException], None],
    ) -> None:
        self._requests = requests
        self._run = transact
        self._look_at_it = look
        self._give_up = give_up
        self._patience = QUIET

    def run(self) -> None:
        """Do what is handed over, until the end is."""
        item = self._next()
        while item is not None:
            if isinstance(item, list):
                item, following = self._enlarged(item)
                self._transact(item)
                item = self._next() if following == [] else following
            else:
                item()
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
            with span("bach.storage.transaction", {"bach.requests": len(batch)}):
                self._run(batch)
        except BaseException as error:  # noqa: BLE001 - whatever it is, somebody waits for an answer
            _tell(error)
            self._give_up(batch, error)

    def _next(self) -> Batch | Errand | None:
        """What is handed over next; while nothing is, look after log and file."""
        patience = QUIET  # without a look at the log: who has just been answered may come at once
        while True:
            try:
                return self._requests.get(timeout=patience)
            except Empty:
                patience = self._look()

    def _look(self) -> float:
        """Seconds until it should be looked at again."""
        try:
            self._patience = self._look_at_it()
        except BaseException as error:  # noqa: BLE001 - nobody waits for this, and it comes again
            _tell(error)
        return self._patience


def _tell(error: BaseException) -> None:
    _LOGGER.error("The storage goes on after an error: %s", type(error).__name__, exc_info=error)
