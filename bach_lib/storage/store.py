"""Storage interface: what the rest of BACH knows of storage, whatever lies behind it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from bach_lib.errors import StorageError
from bach_lib.storage.transaction import Transaction


class Store(Protocol):
    """Interface of a store: requests run in transactions."""

    async def open(self) -> None:
        """Open and, if needed, migrate. Raises a `StorageError`."""
        ...

    def watch(self, tell: Callable[[StorageError | None], None]) -> None:
        """Call `tell` with the reason when nothing can be written any more, and with None when it can again."""
        ...

    def submit[T](
        self, work: Callable[[Transaction], T], *, writes: bool = True, ends: bool = False, as_owner: bool = False
    ) -> asyncio.Future[T]:
        """Run `work` in a transaction, after everything submitted before. The future is done after the commit.

        `ends`: it only writes down what has happened already. `as_owner`: it may do so only while this process owns the
        connection it is about. Where several share the database and took it for dead, it is a `SessionEndedError`.
        """
        ...

    def read[T](self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Run `work`, which only reads, on what is committed when its turn comes. It never holds up what is submitted.

        So it sees whatever somebody was told before; what was only submitted may come first or not. It may run again
        if it has to give way, and ends early if its caller is cancelled.
        """
        ...

    async def stand_still(self) -> None:
        """Until `move_on`, change nothing on disk that is there already, so that anybody can copy it; only add to it.

        Everything works meanwhile, and is as durable. To be called before `open`, too, if the copy began before.
        """
        ...

    async def move_on(self) -> None:
        """The copy is made."""
        ...

    async def backup(self, target: Path) -> None:
        """Write all that is stored at this moment into a new file; everything goes on meanwhile.

        Raises a `BackupExistsError` or `StorageError`.
        """
        ...

    async def keep(self, contents: Mapping[str, bytes]) -> bool:
        """Have these, by their SHA-256, in files beside the database, on the disk and held there until `let_go`.

        False: it has no such place, and they belong into its rows. Raises a `StoreFailedError`; then none is held.
        """
        del contents
        return False

    def let_go(self, digests: Iterable[str], *, are_named: bool) -> None:
        """They are named in rows by now, or will not be."""
        del digests, are_named

    async def kept(self, digests: Sequence[str]) -> dict[str, bytes]:
        """Those of these that lie in files and are whole."""
        del digests
        return {}

    async def sweep(self) -> None:
        """Take away the contents that no message needs. What is ordinary is gone by itself; this is for the rest."""
        await self.submit(lambda tx: tx.run("drop_unneeded"))

    @property
    def ahead(self) -> float | None:
        """Seconds from `Clock.monotonic` to the time of all who share the database; None: the machine's own time."""
        return None

    @property
    def engine(self) -> str:
        """What has the database, for people; of a server with its version, once it is open."""
        return "SQLite"

    async def close(self) -> None:
        """Finish what was submitted, then close."""
        ...


@runtime_checkable
class SharedStore(Store, Protocol):
    """Interface of a store that several processes share: they call out to each other, and lose what they own."""

    def act_as(self, session: int) -> None:
        """From now on, what is submitted `as_owner` counts only while this session has not been ended.

        That is looked up in the transaction itself, so that who was asleep writes nothing (fencing).
        """
        ...

    def tell(self, notice: str) -> None:
        """Call this out to all processes, this one too, after what was submitted before is committed; once a turn.

        Never raises. It may be lost, when the database is away.
        """
        ...

    def listen(self, hear: Callable[[str], None], missed: Callable[[], None]) -> None:
        """Call `hear` in the event loop with each notice from now on; `missed` when some may have been lost."""
        ...
