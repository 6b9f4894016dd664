"""Membership in the database: the processes that share it, and what each of them owns. The SQL side of `cluster`.

A process has a session, a number that only grows; it is the generation of every lease that the process holds. Who has
not said for `LEASE` seconds that it lives is ended by the others, and whatever it writes afterwards as an owner is
refused in the same transaction (`Store.submit`, `as_owner`). All times are the database's.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bach_lib.owners.share import Step, View, Wishes, next_step
from bach_lib.storage import SharedStore, Transaction
from bach_lib.storage.values import integer, real

LEASE = 5.0
"""Seconds after which a process that does not say that it lives is taken for dead."""
_REMEMBERED = 86_400.0
"""Seconds for which a process that has gone is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a turn has brought: what it saw, what this process owns from now on, and what it has to give away."""

    view: View
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One of the processes that share a database."""

    session: int
    """Its number; a process that was taken for dead and comes again gets a new one."""
    name: str
    """Of its machine, and its number there, unless it was given one."""
    started_at: float
    """Seconds since 1970, by the database's clock; the others too."""
    seen_at: float
    """When it said last that it lives."""
    ended_at: float | None
    """When it went or was taken for dead."""
    connections: tuple[str, ...]
    """What it works on, by name."""
    lanes: Mapping[str, int] = field(default_factory=dict)
    """How many lanes of connections of others it delivers at this moment, as their owners have no worker free."""


class Membership:
    """The calls of one process."""

    def __init__(self, store: SharedStore, name: str) -> None:
        self._store, self._name = store, name

    async def join(self) -> int:
        """Begin a session; its number. Raises a `StorageError`."""

        def work(tx: Transaction) -> int:
            tx.run("forget_processes", seconds=_REMEMBERED)
            row = tx.row("join_process", name=self._name)
            return integer(row["id"]) if row else 0

        session = await self._store.submit(work)
        self._store.act_as(session)
        return session

    async def turn(self, session: int, wishes: Wishes, may_bury: Callable[[], bool]) -> Turn | None:
        """Say that this process lives, look who else does, and take a fair share; None if the session was ended.

        `wishes`: what it knows beyond what stands there. `may_bury`: whether to end the sessions of those who do not
        say so any more; asked in the storage's thread, as the turn may have waited for the server. Raises a
        `StorageError`.
        """

        def work(tx: Transaction) -> Turn | None:
            if not tx.run("beat", id=session):
                return None
            if may_bury():
                tx.rows("cut_off", seconds=LEASE)
                tx.run("bury", seconds=LEASE)
            view = _view(tx)
            step = next_step(view, session, wishes)
            return Turn(view=view, step=Step(take=_taken(tx, session, step.take), give=step.give))

        return await self._store.submit(work)

    async def is_anybody_there(self) -> bool:
        """Whether any process lives. Raises a `StorageError`."""

        def work(tx: Transaction) -> bool:
            tx.run("bury", seconds=LEASE)
            return bool(tx.rows("live_processes"))

        return await self._store.submit(work)

    async def give(self, session: int, connection: str) -> None:
        """Own a connection no longer. Raises a `StorageError`."""
        await self._store.submit(lambda tx: tx.run("disown", connection=connection, process=session))

    async def leave(self, session: int) -> None:
        """End the session; all it owned is free. Raises a `StorageError`."""
        await self._store.submit(lambda tx: tx.run("leave_process", id=session))

    async def processes(self) -> list[Process]:
        """Those that live and those that went lately, in the order in which they came. Raises a `StorageError`."""

        def work(tx: Transaction) -> list[Process]:
            owners, lanes = _owners(tx), tx.rows("count_lanes_in_hand")
            return [
                Process(
                    session=(session := integer(row["id"])),
                    name=str(row["name"]),
                    started_at=real(row["started_at"]) or 0.0,
                    seen_at=real(row["seen_at"]) or 0.0,
                    ended_at=real(row["ended_at"]),
                    connections=tuple(sorted(name for name, owner in owners.items() if owner == session)),
                    lanes={
                        str(lane["connection"]): integer(lane["number"]) for lane in lanes if lane["process"] == session
                    },
                )
                for row in tx.rows("list_processes")
            ]

        return await self._store.read(work)


def _taken(tx: Transaction, session: int, names: Sequence[str]) -> tuple[str, ...]:
    """Own these; those of them that nobody else does by now."""
    if not names:
        return ()
    rows = tx.rows("own", connections=json.dumps(names), process=session)
    return tuple(str(row["connection"]) for row in rows)


def _view(tx: Transaction) -> View:
    return View(
        processes=frozenset(integer(row["id"]) for row in tx.rows("live_processes")),
        connections=frozenset(str(row["name"]) for row in tx.rows("owned_kinds")),
        owners=_owners(tx),
    )


def _owners(tx: Transaction) -> dict[str, int]:
    return {str(row["connection"]): integer(row["process"]) for row in tx.rows("list_owners")}
