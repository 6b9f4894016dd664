"""Cluster: keeps one process among those that share a database, and lets it work on its share of the connections.

It says every `BEAT` seconds that the process lives, takes what nobody has and gives away what is too much. A process
that was asleep, or cut off from the database, finds its session ended: it drops all it worked on, and begins anew.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Protocol

from bach_lib.clock import Clock
from bach_lib.errors import BachError
from bach_lib.field_logger import FieldLogger
from bach_lib.owners.membership import LEASE, Membership
from bach_lib.owners.returned import Returned
from bach_lib.owners.share import NOTHING_SEEN, View

_LOGGER = FieldLogger(__name__)

BEAT = 1.5
"""Seconds between two signs of life; three may be missed."""
_GIVE = 5.0
"""Seconds that attempts under way have when a connection is given to another process."""
_BEGUN_AT_ONCE = 16
"""Connections: a sign of life waits for all that they ask the database while they begin, at most twice."""


class Work(Protocol):
    """What there is to do for the connections that this process owns."""

    async def take(self, connection: str) -> bool:
        """Begin to work on it; False: something is missing here that another process may have. Never raises."""
        ...

    async def give(self, connection: str, grace: float) -> None:
        """Stop; attempts under way have `grace` seconds. Nothing about it is written afterwards."""
        ...

    async def let_go(self, grace: float) -> None:
        """The same for all that belongs to connections of others."""
        ...


class Cluster:
    """This process among the others. `given` is called when these can take what it has given away."""

    def __init__(self, membership: Membership, clock: Clock, work: Work, given: Callable[[], None]) -> None:
        self._membership, self._clock, self._work, self._given = membership, clock, work, given
        self._session = 0
        self._mine: set[str] = set()
        self._giving: set[str] = set()
        self._beginning = asyncio.Semaphore(_BEGUN_AT_ONCE)
        self._returned = Returned(clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._poked = asyncio.Event()
        self._looking: list[asyncio.Future[None]] = []
        self._last_beat: float | None = None
        self._even_since = -LEASE
        self.view: View = NOTHING_SEEN
        """As it was seen last."""

    @property
    def session(self) -> int:
        """Of this process; 0 before `open`."""
        return self._session

    @property
    def is_member(self) -> bool:
        """Whether the others have heard lately that this process lives."""
        lately = self._clock.monotonic() - LEASE
        return self._session != 0 and self._last_beat is not None and self._last_beat >= lately

    @property
    def is_leader(self) -> bool:
        """Whether it does what only one process needs to do."""
        return self._session != 0 and self.view.leader == self._session

    def owns(self, connection: str) -> bool:
        """Whether this process works on it."""
        return connection in self._mine

    async def open(self) -> None:
        """Join, and work on a first share. Raises a `StorageError`."""
        self._session = await self._membership.join()
        await self._turn()
        self._given()  # the others have too much now
        self._loop = asyncio.create_task(self._run(), name="bach-cluster")
        await asyncio.gather(*self._tasks)  # which may take longer than a lease

    async def close(self, grace: float) -> None:
        """Stop all work, then leave; others go on at once."""
        if self._loop:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        _let_go(self._looking)
        await self._drop_all(grace)
        with suppress(BachError):  # the database is away: its session ends by itself
            await self._membership.leave(self._session)
            self._given()
        self._session = 0

    def poke(self) -> None:
        """Something has changed among the processes or connections: look at once."""
        self._poked.set()

    async def look_now(self) -> None:
        """Look at once, and begin to work on what is found; returns when that is done, or could not be."""
        looked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._looking.append(looked)
        self._poked.set()
        await looked

    async def _run(self) -> None:
        while True:
            cancel = self._clock.call_later(BEAT, self._poked.set)
            try:
                await self._poked.wait()
            finally:
                cancel()
            self._poked.clear()
            looking, self._looking = self._looking, []
            try:
                await self._turn()
                if looking:
                    await asyncio.wait(self._tasks) if self._tasks else None
            except BachError as error:  # the database is away; whoever works needs it as well
                _LOGGER.debug("No sign of life could be given: %s", error)
            except Exception:  # there is a next turn
                _LOGGER.exception("A turn among the processes failed")
            finally:
                _let_go(looking)

    async def _turn(self) -> None:
        turn = await self._membership.turn(self._session, self._returned.wishes, self._is_even)
        if turn is None:
            _LOGGER.warning("This process did not say in time that it lives; it begins anew")
            await self._begin_anew()
            return
        self._last_beat, self.view = self._clock.monotonic(), turn.view
        owned = {*turn.view.held_by(self._session), *turn.step.take}
        for name in sorted(owned - self._mine - self._giving):
            self._mine.add(name)
            self._spawn(self._take(name))
        for name in (*turn.step.give, *self._returned.see(turn.view, turn.step.take)):
            self._begin_to_give(name)
        for name in self._mine - owned - self._giving:  # it was removed
            self._mine.discard(name)
            self._spawn(self._work.give(name, 0.0))

    async def _begin_anew(self) -> None:
        """Somebody else works on all it owned; whatever is under way ends first, so that nothing writes for both."""
        await self._drop_all(0.0)
        self._session = await self._membership.join()
        self._poked.set()

    async def _drop_all(self, grace: float) -> None:
        mine, self._mine = sorted(self._mine), set()  # what has not begun yet does not
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(self._work.let_go(grace), *(self._work.give(name, grace) for name in mine))

    async def _take(self, name: str) -> None:
        async with self._beginning:
            if name not in self._mine:  # it went while others began
                return
            has_begun = await self._work.take(name)
        if not has_begun and name in self._mine and self._returned.cannot(name):
            _LOGGER.warning("%s cannot be begun here, so it is left to another process", name, connection=name)
            self._begin_to_give(name)

    def _begin_to_give(self, name: str) -> None:
        if name in self._mine and name not in self._giving:
            self._giving.add(name)
            self._spawn(self._give(name))

    async def _give(self, name: str) -> None:
        try:
            await self._work.give(name, _GIVE)
            self._mine.discard(name)
            self._returned.gone(name)
            await self._membership.give(self._session, name)
            self._given()
        except BachError as error:  # the database is away: tried again in the next turn
            _LOGGER.debug("A connection could not be given away: %s", error, connection=name)
        finally:
            self._giving.discard(name)

    def _is_even(self) -> bool:
        """Who was cut off itself must not take the others for dead before they could say that they live.

        Asked in the storage's thread, while the turn runs.
        """
        now = self._clock.monotonic()
        if self._last_beat is not None and now - self._last_beat > LEASE / 2:
            self._even_since = now
        return now - self._even_since >= LEASE or self._last_beat is None

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work, name="bach-cluster-work")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _let_go(looking: list[asyncio.Future[None]]) -> None:
    for future in looking:
        if not future.done():  # else its caller has gone
            future.set_result(None)
