"""The disk of a simulated process, and its clock: a real SQLite file whose every commit waits for the simulation.

What BACH submits is collected. When nothing else can happen, it is handed to the real database at once and together,
and nothing of BACH runs until the answer is there: so a history with the same seed is the same history, although a
real thread writes a real file. Between collecting, writing and answering there is room for everything that can go
wrong with a disk.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import cast, override

from bach_lib.errors import NotOpenError, StorageError, StoreFailedError
from bach_lib.storage import Database, Store, Transaction
from bach_lib.storage.content_folder import ContentFolder, folder_of
from bach_lib.testing import FakeClock
from tests.simulation.steps import Cut

_ENDLESS = 2000
"""Turns of disk or loop without any time passing: something turns in circles."""
_STORE_RETRY = 5.0
"""Seconds after which BACH asks a full disk again."""


class CirclesError(Exception):
    """BACH is busy without end, and no time passes any more."""


class PowerCut(Exception):  # noqa: N818 - not an error: the history says so
    """The moment has come that `arm` waited for."""


@dataclass(slots=True)
class Asked:
    """What BACH wants from the disk, and who waits for the answer."""

    work: Callable[[Transaction], object]
    writes: bool
    future: asyncio.Future[object]
    monotonic: float
    wall: float

    def answer(self, found: object) -> None:
        """Tell who waits, if somebody does."""
        if self.future.done():  # the caller went away
            return
        if isinstance(found, BaseException):
            self.future.set_exception(found)
            self.future.exception()  # whoever does not look at it has gone
        else:
            self.future.set_result(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """When the disk was asked for what it answered `at` a time: the first and the last question (monotonic).

    `wall`: the earliest time on the wall clock at which it was asked.
    """

    at: float
    first: float
    last: float
    wall: float


class Disk(Store):
    """A database that answers when the simulation says so."""

    def __init__(self, path: Path, random: Random) -> None:
        self.path = path
        self.is_full = False
        self.is_slow = False
        self._ill_since = self._ill_until = -_STORE_RETRY  # monotonic
        self.is_busy = False
        """Whether a real thread is at work that the simulation has to wait for."""
        self.clock: FakeClock | None = None
        self._database: Store = self._opened_by_this_process()
        self._is_dead = False
        self._is_open = False
        self._random = random
        self._asked: list[Asked] = []
        self._cut: Cut | None = None
        self._commits_left = 0
        self._unanswered: list[Asked] = []
        self._answered: Decided | None = None

    def _opened_by_this_process(self) -> Store:
        return Database(self.path)

    @override
    async def open(self) -> None:
        self.is_busy = True
        try:
            await self._database.open()
        finally:
            self.is_busy = False
        self._is_open = True

    @override
    def watch(self, tell: Callable[[StorageError | None], None]) -> None:
        self._database.watch(tell)

    @override
    def submit[T](
        self, work: Callable[[Transaction], T], *, writes: bool = True, ends: bool = False, as_owner: bool = False
    ) -> asyncio.Future[T]:
        if not self._is_open:
            raise NotOpenError
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        clock = self.clock
        assert clock
        asked = Asked(work, writes, cast("asyncio.Future[object]", future), clock.monotonic(), clock.now())
        self._asked.append(asked)
        return future

    @override
    def read[T](self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        return self.submit(work, writes=False)

    @override
    async def stand_still(self) -> None:
        await self._database.stand_still()

    @override
    async def move_on(self) -> None:
        await self._database.move_on()

    @override
    async def backup(self, target: Path) -> None:
        await self._database.backup(target)

    @property
    def _contents(self) -> ContentFolder | None:
        return self._database._contents if isinstance(self._database, Database) else None

    @override
    async def keep(self, contents: Mapping[str, bytes]) -> bool:
        """At once, without a thread, so that the same seed tells the same history."""
        if (folder := self._contents) is None:
            return False
        if self.is_full or self._is_dead:
            raise StoreFailedError(path=self.path, reason="database or disk is full")
        folder.hold(contents)
        for digest, content in contents.items():
            folder.write(digest, content)
        return True

    @override
    def let_go(self, digests: Iterable[str], *, are_named: bool) -> None:
        if not self._is_dead:
            self._database.let_go(digests, are_named=are_named)

    @override
    async def kept(self, digests: Sequence[str]) -> dict[str, bytes]:
        found = {one: folder.read(one) for one in digests} if (folder := self._contents) else {}
        return {digest: content for digest, content in found.items() if content is not None}

    @override
    async def close(self) -> None:
        self._is_open = False
        self.is_busy = True
        try:
            while asked := self._take():
                for one, answer in zip(asked, await self._write(asked), strict=True):
                    one.answer(answer)
            await self._database.close()
        finally:
            self.is_busy = False

    def fall_ill(self, *, full: bool) -> None:
        """Refuse writes, or answer nothing any more."""
        assert self.clock
        if not (self.is_full or self.is_slow):
            self._ill_since = self.clock.monotonic()
        self.is_full, self.is_slow = self.is_full or full, self.is_slow or not full

    def recover(self) -> None:
        """Work again."""
        if self.clock and (self.is_full or self.is_slow):
            self._ill_until = self.clock.monotonic()
        self.is_full = self.is_slow = False

    def arm(self, commits: int, cut: Cut) -> None:
        """Cut the power at one of the next commits."""
        self._commits_left, self._cut = commits, cut

    def abandon(self) -> None:
        """The process is dead; what it still asks is of no interest, but must not hang."""
        self._cut = None
        self._is_dead = True
        self.recover()
        for asked in self._unanswered:
            asked.answer(StoreFailedError(path=self.path, reason="the process has ended"))
        self._unanswered = []

    def decided(self) -> Decided:
        """When what happens now was decided. A slow disk lies between."""
        assert self.clock
        now = self.clock.monotonic()
        if self._answered and self._answered.at == now:
            return self._answered
        return Decided(at=now, first=now, last=now, wall=self.clock.now())

    def chosen_at(self) -> float:
        """When what is handed over now was chosen, at the earliest (monotonic)."""
        assert self.clock
        now = self.clock.monotonic()
        decided = self.decided().first
        was_ill = self.is_full or self.is_slow or now <= self._ill_until + _STORE_RETRY
        return min(decided, self._ill_since) if was_ill else decided

    async def turn(self) -> bool:
        """Write and answer what has been asked; False if there is nothing to do."""
        if self.is_slow or not self._asked:
            return False
        asked = self._take()
        if self.is_full:
            refused = [one for one in asked if one.writes]
            for one in refused:
                one.answer(StoreFailedError(path=self.path, reason="database or disk is full"))
            asked = [one for one in asked if not one.writes]
        if self._cut and any(one.writes for one in asked):
            self._commits_left -= 1
            if self._commits_left <= 0:
                await self._cut_power(asked, self._cut)
        found = await self._write(asked)
        assert self.clock
        if asked:
            self._answered = Decided(
                at=self.clock.monotonic(),
                first=asked[0].monotonic,
                last=asked[-1].monotonic,
                wall=min(one.wall for one in asked),
            )
        for one, answer in zip(asked, found, strict=True):
            one.answer(answer)
        return True

    def _take(self) -> list[Asked]:
        asked, self._asked = self._asked, []
        return asked

    async def _write(self, asked: list[Asked]) -> list[object]:
        if self._is_dead:  # the next process may have the same database
            return [StoreFailedError(path=self.path, reason="the process has ended") for _ in asked]
        futures = [self._database.submit(one.work, writes=one.writes) for one in asked]
        return await asyncio.gather(*futures, return_exceptions=True)

    async def _cut_power(self, asked: list[Asked], cut: Cut) -> None:
        self._unanswered = asked
        if cut is not Cut.BEFORE:
            log = self.path.with_name(self.path.name + "-wal")
            self._files_before = self._files()
            before = log.read_bytes() if log.exists() else b""
            await self._write(asked)
            after = log.read_bytes() if log.exists() else b""
            if cut is Cut.TORN and len(after) > len(before) and after[:32] == before[:32]:
                self.torn_at = self._random.randrange(len(before), len(after))
            elif len(self._files_before) % 2:  # it died before what is not needed any more was gone
                self._files_before = {}
        raise PowerCut

    torn_at: int | None = None
    """Where the write-ahead log breaks off in the copy that a crash leaves."""

    _files_before: Mapping[str, bytes] = MappingProxyType({})
    """What else lay in the folder beside, in the copy that a crash leaves."""

    def _files(self) -> dict[str, bytes]:
        folder = folder_of(self.path)
        return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}

    @property
    def orphans(self) -> list[str]:
        """Files that no row names."""
        named = {str(digest) for (digest,) in self.look("SELECT digest FROM contents WHERE content IS NULL")}
        return [name for name in self._files() if Path(name).name not in named]

    def look(self, query: str) -> list[tuple[object, ...]]:
        """What somebody finds in it who has it open beside BACH."""
        with closing(sqlite3.connect(self.path)) as file:
            return file.execute(query).fetchall()

    def copy(self, path: Path) -> None:
        """The files as they are at this instant."""
        for suffix in ("", "-wal", ".mark"):
            source = self.path.with_name(self.path.name + suffix)
            if source.exists():
                shutil.copyfile(source, path.with_name(path.name + suffix))
        for name, content in {**self._files_before, **self._files()}.items():
            there = folder_of(path) / name
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(content)
        if self.torn_at is not None:
            with path.with_name(path.name + "-wal").open("r+b") as log:
                log.truncate(self.torn_at)


class Clock(FakeClock):
    """Time turned by hand that lets the disk have its turns. `watch` is called now and then, and may raise."""

    def __init__(self, disk: Disk, now: float, watch: Callable[[], None]) -> None:
        super().__init__(now)
        self._disk = disk
        self._watch = watch
        disk.clock = self

    @override
    async def settle(self) -> None:
        self._watch()
        for _ in range(_ENDLESS):
            await quiet()
            if not await self._disk.turn():
                return
        raise CirclesError("BACH asks the disk without end, and no time passes")


async def quiet() -> None:
    """Until nothing is left in the event loop that could run now; what waits for disk, time or threads may."""
    ready = cast("Sized", vars(asyncio.get_running_loop())["_ready"])
    for _ in range(_ENDLESS):
        await asyncio.sleep(0)
        if not ready:
            return
    raise CirclesError("the event loop never comes to rest")
