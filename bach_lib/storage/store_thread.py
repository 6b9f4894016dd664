"""The thread of a database, and the way to it and back: what one turn of the event loop asks goes there together."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import cast

from bach_lib.errors import NotOpenError, StoreInUseError
from bach_lib.field_logger import FieldLogger
from bach_lib.storage.bell import Bell
from bach_lib.storage.collecting import TurnBatcher
from bach_lib.storage.request import Request, contained, settle, unforeseen
from bach_lib.storage.request_loop import Batch, RequestLoop, Requests
from bach_lib.storage.transaction import Transaction
from bach_lib.threads import WorkCounter, counter_of

_LOGGER = FieldLogger(__name__)


class StoreThread:
    """The thread of one database. `place`: of the database, for people; it must hold no secret. `name`: the short one.

    `begin`: opens it, in the thread; what runs the batches. `end`: closes it, also in the thread.
    """

    _bell: Bell

    def __init__(
        self,
        place: Path | str,
        begin: Callable[[Requests], RequestLoop],
        end: Callable[[], None],
        *,
        name: str | None = None,
    ) -> None:
        self._place = place
        self._begin = begin
        self._end = end
        self._name = name or place
        self._collecting = TurnBatcher[Transaction](self._hand_over)
        self._requests: Requests = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tally = WorkCounter()
        self._begun = self._done = 0
        self._is_opening = False

    @property
    def is_open(self) -> bool:
        """Whether anything may be asked."""
        return self._thread is not None

    @property
    def waiting(self) -> int:
        """Requests that were not answered yet."""
        return self._begun - self._done

    async def open(self) -> None:
        """Begin. Raises what `begin` raises; then nothing is left behind, nor harmed what is open, or being opened."""
        if self.is_open or self._is_opening:
            raise StoreInUseError(path=self._place)
        self._is_opening = True
        try:
            await self._open()
        finally:
            self._is_opening = False

    async def _open(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        self._tally = counter_of(loop)
        opened: asyncio.Future[None] = loop.create_future()
        requests: Requests = SimpleQueue()
        bell = Bell(loop)
        thread = threading.Thread(
            target=self._work, args=(opened, requests, bell), name=f"bach-store-{self._name}", daemon=True
        )
        thread.start()
        try:
            await opened
        except BaseException:  # refused, or the caller was cancelled: leave neither thread nor lock behind
            requests.put(None)
            await asyncio.to_thread(thread.join)
            bell.close()
            raise
        self._requests, self._thread = requests, thread

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

    def run(self, errand: Callable[[], None]) -> asyncio.Future[None]:
        """Let the thread do something between two transactions. Raises `NotOpenError`; the future, what it raises."""
        if self._thread is None or self._loop is None:
            raise NotOpenError
        done: asyncio.Future[None] = self._loop.create_future()

        def run() -> None:
            error: Exception | None = None
            try:
                errand()
            except BaseException as raised:  # noqa: BLE001 - the thread must go on, and who asked must hear of it
                error = contained(raised)
            self._bell.call(settle, done, error)

        self._collecting.end()
        self._requests.put(run)
        return done

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

    def _work(self, opened: asyncio.Future[None], requests: Requests, bell: Bell) -> None:
        try:
            self._serve(opened, requests, bell)
        finally:
            bell.close_soon()  # whoever waits for the end of this thread may be cancelled

    def _serve(self, opened: asyncio.Future[None], requests: Requests, bell: Bell) -> None:
        try:
            loop = self._begin(requests)
        except BaseException as error:  # noqa: BLE001 - whatever it is, somebody waits for an answer
            bell.call(settle, opened, contained(error))
            return
        self._bell = bell
        bell.call(settle, opened, None)
        loop.run()
        try:
            self._end()
        except BaseException:  # all that was committed is there
            _LOGGER.exception("Closing %s failed", self._place)

    def _refuse(
        self, batch: Sequence[Request[Transaction]], error: BaseException, loop: asyncio.AbstractEventLoop
    ) -> None:
        left = [request for request in batch if not request.is_answered]
        for request in left:
            request.error = unforeseen(error, self._place)
        self._deliver(left, loop)

    def _deliver(self, batch: Sequence[Request[Transaction]], loop: asyncio.AbstractEventLoop) -> None:
        self._tally.end(len(batch))
        self._done += len(batch)
        self._collecting.answer(batch, loop)
