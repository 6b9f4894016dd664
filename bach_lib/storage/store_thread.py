"""The thread of a database, and the way to it and back: what one turn of the event loop asks goes there together."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import cast

from bach_lib.errors import NotOpenError
from bach_lib.storage.bell import Bell
from bach_lib.storage.collecting import TurnBatcher
from bach_lib.storage.request import Request, contained, settle, unforeseen
from bach_lib.storage.request_loop import Batch, RequestLoop, Requests
from bach_lib.storage.transaction import Transaction
from bach_lib.threads import WorkCounter, counter_of

type Loop = RequestLoop[None]


class StoreThread:
    """The thread of one database. `name`: of the database, for people; it must hold no secret.

    `begin`: opens it, in the thread; what runs the batches. `end`: closes it, also in the thread.
    """

    _bell: Bell

    def __init__(self, name: str, begin: Callable[[Requests[None]], Loop], end: Callable[[], None]) -> None:
        self._name = name
        self._begin = begin
        self._end = end
        self._collecting = TurnBatcher[Transaction](self._hand_over)
        self._requests: Requests[None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tally = WorkCounter()
        self._begun = self._done = 0

    @property
    def waiting(self) -> int:
        """Requests that were not answered yet."""
        return self._begun - self._done

    async def open(self) -> None:
        """Begin. Raises what `begin` raises; then nothing is left behind."""
        self._loop = asyncio.get_running_loop()
        self._tally = counter_of(self._loop)
        opened: asyncio.Future[None] = self._loop.create_future()
        requests: Requests[None] = SimpleQueue()
        self._requests = requests
        self._bell = bell = Bell(self._loop)
        thread = threading.Thread(
            target=self._serve, args=(opened, requests), name=f"bach-store-{self._name}", daemon=True
        )
        thread.start()
        try:
            await opened
        except BaseException:  # refused, or the caller was cancelled: leave neither thread nor lock behind
            requests.put(None)
            await asyncio.to_thread(thread.join)
            bell.close()
            raise
        self._thread = thread

    def request[T](
        self, work: Callable[[Transaction], T], *, writes: bool, ends: bool = False, session: int | None = None
    ) -> tuple[Request[Transaction], asyncio.Future[T]]:
        """A request, counted, and the future that waits for it. Raises `NotOpenError`."""
        if self._thread is None or self._loop is None:
            raise NotOpenError
        future: asyncio.Future[T] = self._loop.create_future()
        self._tally.begun += 1
        self._begun += 1
        return Request(work, writes, cast("asyncio.Future[object]", future), ends, session), future

    def submit(self, request: Request[Transaction]) -> None:
        """Hand this over at the end of this turn of the event loop."""
        if self._loop is not None:
            self._collecting.add(request, self._loop)

    async def close(self, before: Callable[[], None] = lambda: None) -> None:
        """Finish what was submitted, then end. `before`: is called when nothing more can be submitted."""
        if self._thread is None:
            return
        thread, self._thread = self._thread, None
        self._collecting.end()
        self._requests.put(None)
        before()
        await asyncio.to_thread(thread.join)
        self._bell.close()

    def call[*Args](self, callback: Callable[[*Args], object], *args: *Args) -> None:
        """Let the event loop call this; from any thread."""
        self._bell.call(callback, *args)

    def answer(self, batch: Sequence[Request[Transaction]]) -> None:
        """Tell all who wait; from any thread."""
        if self._loop is not None:
            self._bell.call(self._deliver, batch, self._loop)

    def give_up(self, batch: Sequence[Request[Transaction]], error: BaseException) -> None:
        """The same of an error to those who were not told anything."""
        if self._loop is not None:
            self._bell.call(self._refuse, batch, error, self._loop)

    def _hand_over(self, batch: Batch) -> None:
        self._requests.put(batch)

    def _serve(self, opened: asyncio.Future[None], requests: Requests[None]) -> None:
        try:
            loop = self._begin(requests)
        except BaseException as error:  # noqa: BLE001 - whatever it is, somebody waits for an answer
            self._bell.call(settle, opened, contained(error))
            return
        self._bell.call(settle, opened, None)
        try:
            loop.run(None)
        finally:
            self._end()

    def _refuse(
        self, batch: Sequence[Request[Transaction]], error: BaseException, loop: asyncio.AbstractEventLoop
    ) -> None:
        left = [request for request in batch if not request.is_answered]
        for request in left:
            request.error = unforeseen(error, self._name)
        self._deliver(left, loop)

    def _deliver(self, batch: Sequence[Request[Transaction]], loop: asyncio.AbstractEventLoop) -> None:
        self._tally.end(len(batch))
        self._done += len(batch)
        self._collecting.answer(batch, loop)
