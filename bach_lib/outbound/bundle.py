"""Messages that are stored together or not at all, each in the lane of its own connection."""

import asyncio
from collections.abc import Callable, Sequence

from bach_lib.outbound.putting import Put
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.rows import Draft, Request
from bach_lib.storage import Transaction


class Bundle:
    """Takes drafts as `Queue.put` does; nothing is on its way to the disk before `store`."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._works: list[Callable[[Transaction], Put]] = []
        self._futures: list[asyncio.Future[Put]] = []

    def put(
        self,
        draft: Draft,
        *,
        leased: bool,
        request: Request | None = None,
        others: Sequence[str] = (),
        limit: int | None = None,
    ) -> asyncio.Future[Put]:
        """The future is done after the commit of all."""
        future: asyncio.Future[Put] = asyncio.get_running_loop().create_future()
        work = self._queue.putting(draft, leased=leased, request=request, others=others, limit=limit)
        self._works.append(work)
        self._futures.append(future)
        return future

    def store(self, beside: Callable[[Transaction, Sequence[Put]], None] | None = None) -> asyncio.Future[list[Put]]:
        """Write all, and what `beside` writes of it."""

        def work(tx: Transaction) -> list[Put]:
            puts = [one(tx) for one in self._works]
            if beside:
                beside(tx, puts)
            return puts

        stored = self._queue.put_all(work)
        stored.add_done_callback(self._deliver)
        return stored

    def abandon(self) -> None:
        """Write nothing; whoever stood ready for one of them is free again."""
        for future in self._futures:
            future.cancel()

    def _deliver(self, stored: asyncio.Future[list[Put]]) -> None:
        error = asyncio.CancelledError() if stored.cancelled() else stored.exception()
        if error is None:
            for future, put in zip(self._futures, stored.result(), strict=True):
                future.set_result(put)
            return
        for future in self._futures:
            if stored.cancelled():
                future.cancel()
            else:
                future.set_exception(error)
                future.exception()  # who stores it all hears of it there, and need not ask each for it
