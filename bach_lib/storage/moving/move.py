"""The move: copies table by table, compares what arrived with what was there, and only then lets the new one be used.

It can be ended at any moment, and goes on when it is called again: how far it has come stands in the database that is
being filled, in the same commit as the rows. The other one is not changed before all has arrived. Then it is marked in
one commit as moved, and after that the new one may be used; in between neither is.
"""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from bach_lib.errors import (
    StoreDifferentError,
    StoreFillingError,
    StoreMissingError,
    StoreMovedError,
    StoreOccupiedError,
    StoreUnmovedError,
)
from bach_lib.storage.moved import FILLING, MOVED_FROM, MOVED_TO, Opening, source_of
from bach_lib.storage.moving.digest import Digest
from bach_lib.storage.moving.filling import Progress, progress_of
from bach_lib.storage.moving.open_side import Side, opened
from bach_lib.storage.moving.places import Place
from bach_lib.storage.moving.row_pages import OF_THE_PLACE, Page, Pages, Position
from bach_lib.storage.moving.table_shapes import META, Table, tables
from bach_lib.storage.runs import Runs
from bach_lib.storage.transaction import Transaction

type Bar = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Shows how much of a total is done."""


def no_bar(_: int) -> AbstractContextManager[Callable[[int], None]]:
    """For a move that nobody watches."""
    return nullcontext(lambda _: None)


_REFERENCES = "SELECT auth_config FROM connections"
_RUNS = "runs"
_AS_IT_IS = Opening(moves=True, creates=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a move has brought: rows by table, those left behind, and the files of secrets that it did not touch."""

    rows: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    secret_files: tuple[str, ...] = ()


class Move:
    """One move, or the rest of one. `leaves`: rows that no other database would take stay behind."""

    def __init__(self, source: Place, target: Place, bar: Bar, *, leaves: bool = False) -> None:
        self._source, self._target, self._bar, self._leaves = source, target, bar, leaves
        self._read: dict[str, Digest] = {}
        self._done = 0

    async def run(self) -> Ended:
        """Move all, or go on. Raises a `StorageError`; then neither is used before it is called again."""
        if self._source.is_same(self._target):
            raise StoreOccupiedError(path=self._target)
        async with opened(self._source, _AS_IT_IS) as source:
            known = await source.meta()
            if FILLING in known:
                raise StoreFillingError(path=self._source, source=source_of(known[FILLING]))
            moved_to = known.get(MOVED_TO)
            try:
                async with opened(self._target, Opening(moves=True, creates=moved_to is None)) as target:
                    return await self._go_on(source, target, known["instance"], moved_to)
            except StoreMissingError as error:
                raise StoreMovedError(path=self._source, target=moved_to or "") from error

    async def _go_on(self, source: Side, target: Side, instance: str, moved_to: str | None) -> Ended:
        known = await target.meta()
        if FILLING not in known:
            if moved_to is not None:
                if known.get(MOVED_FROM) != instance:
                    raise StoreMovedError(path=self._source, target=moved_to)
                return await self._ended(target, {})  # nobody was told
            await self._begin(target, known, instance)
            progress = Progress(str(self._source), instance)
        else:
            progress = progress_of(known[FILLING], self._target)
            if progress.instance != instance:
                raise StoreFillingError(path=self._target, source=progress.source)
        if moved_to is None:
            await self._fill(source, target, progress)
            await self._go_on_counting(source, target)
            await source.store.submit(lambda tx: tx.run("save_meta", key=MOVED_TO, value=str(self._target)))
        await target.store.submit(lambda tx: _complete(tx, instance))
        return await self._ended(target, progress.left)

    async def _begin(self, target: Side, known: dict[str, str], instance: str) -> None:
        """Let nobody else use it from here on. Raises `StoreOccupiedError`."""
        if MOVED_TO in known or await target.holds_anything():
            raise StoreOccupiedError(path=self._target)
        note = Runs(self._target.runs_file)
        number = await asyncio.to_thread(note.number, instance)  # of before, where it lay there once

        def work(tx: Transaction) -> None:
            Progress(str(self._source), instance).save(tx)
            tx.run("save_meta", key="instance", value=instance)
            if number:
                tx.run("save_meta", key=_RUNS, value=str(number))

        await target.store.submit(work)

    async def _fill(self, source: Side, target: Side, progress: Progress) -> None:
        total = sum([await source.count(table) for table in tables()])
        goes_on = progress.has_begun
        with self._bar(2 * total) as advance:
            await self._copy(source, target, progress, advance)
            different = await self._compare(source, target, advance)
            if different and goes_on:  # it was used in the meantime
                await self._empty(target, progress)
                await self._copy(source, target, progress, advance)
                different = await self._compare(source, target, advance)
        if different:
            table, here, there = different
            await self._empty(target, progress)
            raise StoreDifferentError(
                path=self._target, source=self._source, table=table.name, here=here.rows, there=there.rows
            )

    async def _copy(self, source: Side, target: Side, progress: Progress, advance: Callable[[int], None]) -> None:
        pages, self._done = Pages(source, target, leaves=self._leaves), 0
        for table in tables():
            position, digest = progress.positions[table.name], Digest()
            is_whole, before = not position.taken, position.taken
            self._done += before
            writing: asyncio.Future[None] | None = None
            try:
                async for page in pages.read(table, position):
                    if writing:  # the next one is read while this is written
                        await writing
                    writing = target.store.submit(_arrival(table, page, progress))
                    for row in page.rows:
                        digest.add(row)
                    self._done, before = self._done + page.then.taken - before, page.then.taken
                    advance(self._done)
            finally:
                if writing:
                    await writing
            if is_whole:
                self._read[table.name] = digest

    async def _compare(
        self, source: Side, target: Side, advance: Callable[[int], None]
    ) -> tuple[Table, Digest, Digest] | None:
        """The first table that is not the same, with what arrived and what was there."""
        for table in tables():
            there = self._read.pop(table.name, None)
            if there is None:
                there = await _digest(Pages(source, target, leaves=self._leaves), table, lambda _: None)
            here = await _digest(Pages(target, target, leaves=False), table, lambda rows: self._advance(advance, rows))
            if here.value != there.value:
                return table, here, there
        return None

    def _advance(self, advance: Callable[[int], None], rows: int) -> None:
        self._done += rows
        advance(self._done)

    async def _empty(self, target: Side, progress: Progress) -> None:
        """Begin anew."""
        progress.positions = Progress("", "").positions

        def work(tx: Transaction) -> None:
            for table in reversed(tables()):
                if table.name != META:
                    tx.change(table.emptying(), [()])
            for row in tx.rows("all_meta"):
                if str(row["key"]) not in OF_THE_PLACE | {"instance"}:
                    tx.run("delete_meta", key=row["key"])
            progress.save(tx)

        await target.store.submit(work)

    async def _go_on_counting(self, source: Side, target: Side) -> None:
        names = [table.name for table in tables() if table.counts_up]
        last = await source.store.read(lambda tx: self._source.last_ids(tx, names))
        counted = {name: last.get(name, 0) for name in names}
        await target.store.submit(lambda tx: self._target.go_on_after(tx, counted))

    async def _ended(self, target: Side, left: dict[str, int]) -> Ended:
        rows = await target.store.read(lambda tx: tx.ask(_REFERENCES))
        references = {reference for row in rows for reference in _references(str(row["auth_config"]))}
        return Ended(
            rows={table.name: await target.count(table) for table in tables() if table.name != META},
            left=left,
            secret_files=tuple(sorted(one.removeprefix("file:") for one in references if one.startswith("file:"))),
        )


async def take_back(place: Place) -> tuple[int, str]:
    """Let a database that has moved be used again; how many messages are held in it, and where it had moved.

    What waits in it is held, as it waits at the other place as well; and it gets a new name for its nonces, as both
    will give the same ids from here on. Raises a `StorageError`.
    """
    async with opened(place, _AS_IT_IS) as side:
        target = (await side.meta()).get(MOVED_TO)
        if target is None:
            raise StoreUnmovedError(path=place)

        def work(tx: Transaction) -> int:
            tx.run("delete_meta", key=MOVED_TO)
            tx.run("save_meta", key="instance", value=os.urandom(4).hex())
            return tx.run("hold_unfinished")

        return await side.store.submit(work), target


def _arrival(table: Table, page: Page, progress: Progress) -> Callable[[Transaction], None]:
    insertion = table.insertion()

    def work(tx: Transaction) -> None:
        if table.name == META:
            for key, value in page.rows:
                tx.run("save_meta", key=key, value=value)
        elif page.rows:
            tx.change(insertion, page.rows)
        progress.positions[table.name] = page.then
        progress.save(tx)

    return work


def _complete(tx: Transaction, instance: str) -> None:
    tx.run("delete_meta", key=FILLING)
    tx.run("save_meta", key=MOVED_FROM, value=instance)


async def _digest(pages: Pages, table: Table, tell: Callable[[int], None]) -> Digest:
    digest = Digest()
    async for page in pages.read(table, Position()):
        for row in page.rows:
            digest.add(row)
        tell(len(page.rows))
    return digest


def _references(auth_config: str) -> list[str]:
    try:
        found = json.loads(auth_config)
    except ValueError:
        return []
    return [str(one) for one in found.values()] if isinstance(found, dict) else []
