"""Those who call BACH: what each asked, when, and what came of it."""

import asyncio
from collections.abc import Callable, Coroutine

from bach_lib.errors import BachError
from tests.simulation.chronicle import Call, Chronicle
from tests.simulation.hand_steps import HandStep
from tests.simulation.process import Process
from tests.simulation.steps import Send


class Callers:
    """Starts calls and writes down how they end."""

    def __init__(self, story: Chronicle) -> None:
        self._story = story
        self._tasks: set[asyncio.Task[object]] = set()

    def call[T](
        self,
        process: Process,
        what: str,
        number: int,
        work: Callable[[], Coroutine[object, object, T]],
        *,
        send: Send | None = None,
        by_hand: HandStep | None = None,
        timeout: float | None = None,
    ) -> asyncio.Task[T]:
        """Somebody calls; they do not wait for each other."""
        call = Call(
            what=what,
            number=number,
            process=process.number,
            at=process.now,
            wall=process.clock.now(),
            moment=self._story.moment(),
            send=send,
            by_hand=by_hand,
            timeout=timeout,
        )
        self._story.calls.append(call)
        task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)

        def ended(done: asyncio.Task[T]) -> None:
            self._tasks.discard(done)
            self._ended(process, call, done)

        task.add_done_callback(ended)
        return task

    def _ended[T](self, process: Process, call: Call, done: asyncio.Task[T]) -> None:
        if done.cancelled():
            call.error = asyncio.CancelledError()
        elif error := done.exception():
            call.error = error
            if not isinstance(error, BachError) and process.is_alive:
                self._story.trouble.append(f"{call.what} of {call.number} raised {error!r}")
        else:
            call.result = done.result()
        if process.is_alive:
            call.ended_at, call.ended_moment = process.now, self._story.moment()

    def vanish(self) -> None:
        """The process in which they waited is gone."""
        for task in list(self._tasks):
            task.cancel()
