"""Sharing: how a process works on its share of the connections of a database that several processes have open."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bach_lib.errors import BachError, OwnedElsewhereError
from bach_lib.field_logger import FieldLogger
from bach_lib.metrics.snapshot import Shares
from bach_lib.outbound.bystander import Bystander
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outbound.loans import Loans
from bach_lib.outbound.services import DispatchServices
from bach_lib.owners.cluster import BEAT, Cluster, Work
from bach_lib.owners.membership import Membership, Process
from bach_lib.owners.share import NOTHING_SEEN
from bach_lib.runtime.neighbours import Neighbours, Shared
from bach_lib.said import Sentence
from bach_lib.storage import SharedStore

_LOGGER = FieldLogger(__name__)
_PROCESS = Sentence("process_number", "process {number}")
_NONE_YET = Sentence("none_yet", "none yet")


class Sharing:
    """This process among those that share the database. `takes_part`: it works on connections, too."""

    def __init__(
        self,
        store: SharedStore,
        shared: Shared,
        dispatching: DispatchServices,
        loans: Loans,
        *,
        name: str | None,
        takes_part: bool,
    ) -> None:
        self._store, self._dispatching, self._takes_part = store, dispatching, takes_part
        self._clock = shared.clock
        self._membership = Membership(store, name or f"{socket.gethostname()}:{os.getpid()}")
        self._work: Work | None = None
        self._cluster: Cluster | None = None
        self.neighbours: Neighbours = Neighbours(shared, tell=store.tell, poke=self._poke)
        self._bystanders: dict[str, Bystander] = {}
        self.loans: Loans = loans
        loans.session = lambda: self._cluster.session if self._cluster else 0
        loans.helpers = lambda: len(self._cluster.view.processes) - 1 if self._cluster else 0
        loans.offered, loans.returned = self.neighbours.offered, self.neighbours.returned
        self._begin_later: list[Callable[[], Awaitable[None]]] = []
        self._watching: asyncio.Task[None] | None = None
        self.taken: Callable[[], None] = lambda: None
        """Called when this process has begun to work on something: what came in there is for its programs now."""

    async def open(self, work: Work, own: Callable[[str], Dispatcher | None], offered: Callable[[str], None]) -> None:
        """Hear the others, and work on a first share. `own`, `offered`: as of `Neighbours.start`.

        Raises a `StorageError`.
        """
        self._store.listen(self.neighbours.hear, self.neighbours.missed)
        self.neighbours.start(own, offered)
        self._work = work
        if self._takes_part:
            await self._take_part(work)

    async def step_in(self) -> None:
        """Work on connections, too, if nobody else does, as a command while no daemon runs. Raises a `StorageError`."""
        if self._cluster is None and self._work and not await self._membership.is_anybody_there():
            await self._take_part(self._work)

    def step_in_later(self, begin: Callable[[], Awaitable[None]]) -> None:
        """Do this as soon as nobody works on connections: whoever seems to may have died a moment ago."""
        self._begin_later.append(begin)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="bach-step-in")

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(BEAT)
            with suppress(BachError):  # the database is away: looked at again
                if not await self._membership.is_anybody_there():
                    break
        self._watching, waiting, self._begin_later = None, self._begin_later, []
        for begin in waiting:
            try:
                await begin()
            except BachError as error:
                _LOGGER.warning("A connection that nobody works on could not be begun: %s", error)

    async def _take_part(self, work: Work) -> None:
        self._cluster = Cluster(self._membership, self._clock, work, self.neighbours.given)
        await self._cluster.open()

    async def close(self, grace: float) -> None:
        """Give all away; attempts under way have `grace` seconds."""
        try:
            if self._watching:
                self._watching.cancel()
                await asyncio.gather(self._watching, return_exceptions=True)
            if self._cluster:
                await self._cluster.close(grace)
        finally:
            await self.neighbours.close()

    @property
    def is_member(self) -> bool:
        """Whether the others know that this process lives, or need not, as it works on nothing."""
        return self._cluster is None or self._cluster.is_member

    @property
    def is_leader(self) -> bool:
        """Whether this process does what only one needs to do."""
        return self._cluster is not None and self._cluster.is_leader

    @property
    def shares(self) -> Shares:
        """How many processes there are, and what they work on, as it was seen last."""
        view = self._cluster.view if self._cluster else NOTHING_SEEN
        owned = sum(self.owns(name) for name in view.connections)
        return Shares(processes=len(view.processes), owned=owned, ownerless=len(view.ownerless))

    def owns(self, connection: str) -> bool:
        """Whether this process works on a connection."""
        return self._cluster is not None and self._cluster.owns(connection)

    def bystander(self, connection: str) -> Bystander:
        """The queue of a connection on which another process works."""
        if connection not in self._bystanders:
            self._bystanders[connection] = Bystander(connection, self._dispatching, self.neighbours.written)
        return self._bystanders[connection]

    def refusal(self, connection: str) -> OwnedElsewhereError:
        """What is to be raised where only the owner of a connection can do it."""
        session = self._cluster.view.owners.get(connection) if self._cluster else None
        return OwnedElsewhereError(connection=connection, owner=_PROCESS(number=session) if session else _NONE_YET)

    async def processes(self) -> list[Process]:
        """All processes, those that went lately too, and what they work on. Raises a `StorageError`."""
        return await self._membership.processes()

    async def look_now(self) -> None:
        """Take part in what has changed at once; returns when that is done."""
        if self._cluster:
            await self._cluster.look_now()

    def _poke(self) -> None:
        if self._cluster:
            self._cluster.poke()
