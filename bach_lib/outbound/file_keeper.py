"""Keeps what is in files while messages and runs need it: on the disk before these are, once each, within a budget.

It is read again for the attempt and no sooner, so what waits takes no memory. What cannot be kept, or is not there any
more, costs the file and not the words.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256

from bach_lib.errors import StoreFailedError
from bach_lib.models import File, Loss, Message
from bach_lib.outbound.files import left_out, no_file_goes
from bach_lib.outbound.rows import Draft
from bach_lib.said import Sentence
from bach_lib.storage import Row, Store, Transaction
from bach_lib.storage.values import integer
from bach_lib.threads import in_thread

_SMALL = 100_000
"""Bytes that are hashed at once; more of them in a thread."""
MOST_LOADED = 64_000_000
"""Bytes of files that may be in memory for attempts at the same time; a larger message goes alone."""
_NOT_THERE = Sentence("it_is_not_on_the_disk_any_more", "it is not on the disk any more, or damaged")
_DISK = Sentence("the_disk_did_not_take_it", "the disk did not take it ({reason})")
_FULL = Sentence(
    "the_room_for_files_is_used_up",
    "it has {size} bytes, and of the {limit} that files of {name} may take on the disk {used} are used",
)
_FULL_OF_RUNS = Sentence(
    "the_room_for_files_of_routes_is_used_up",
    "it has {size} bytes, and of the {limit} that files of routes under way may take on the disk {used} are used",
)


@dataclass(frozen=True, slots=True)
class Keeping:
    """A draft whose files are kept; what could not be is among what it lost.

    `asked`: the same with all files that it was to have. `release`: to be called after its commit, with whether there
    was one.
    """

    draft: Draft
    asked: Draft
    release: Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """Files that lie on the disk, or come with the rows that name them; why others do not; and `release` as above."""

    files: tuple[File, ...]
    lost: tuple[Loss, ...]
    release: Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class _Room:
    """How much there is for the files of a connection's messages; `connection` None: of all runs of routes."""

    connection: str | None
    limit: int

    def used(self, tx: Transaction) -> int:
        """Bytes that are taken."""
        if self.connection is None:
            [row] = tx.rows("run_content_bytes")
        else:
            [row] = tx.rows("content_bytes", connection=self.connection)
        return integer(row["size"])

    def free(self, tx: Transaction) -> None:
        """What nobody waits for any more gives its room. Runs have given it when they were over."""
        if self.connection is not None:
            tx.run("free_ended", connection=self.connection)

    def said(self, size: int, used: int) -> str:
        """That there is none for a file of this size."""
        if self.connection is None:
            return _FULL_OF_RUNS(size=size, limit=self.limit, used=used)
        return _FULL(size=size, limit=self.limit, used=used, name=self.connection)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A message with what is in its files, and what is missing. `release`: to be called after the attempt."""

    message: Message
    lost: tuple[Loss, ...]
    release: Callable[[], None]


class FileKeeper:
    """What is in the files of the messages of one database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._coming: Counter[str] = Counter()
        self._sizes: dict[str, int] = {}
        self._memory = _Memory()
        self.in_rows: bool = True
        """Whether contents lie in rows, as nothing but the database itself can be had by all who use it."""

    # -- before a message is stored -----------------------------------------------------------------------------------

    async def keep(self, draft: Draft, budget: int) -> Keeping:
        """Have its files on the disk. Raises `InvalidValueError` if none can be, and it has no words."""
        asked = replace(draft, files=tuple(await _hashed(draft.files)))
        kept = await self._keep(asked.files, _Room(draft.connection, budget))
        if kept.lost and not kept.files and not draft.text:
            kept.release(False)
            raise no_file_goes(kept.lost)
        return Keeping(replace(draft, files=kept.files, lost=(*draft.lost, *kept.lost)), asked, kept.release)

    async def keep_for_run(self, files: Sequence[File], budget: int) -> Kept:
        """Have the files of a run on the disk; what cannot be costs the file, as a run has words. As `keep`."""
        return await self._keep(await _hashed(files), _Room(None, budget))

    async def _keep(self, files: Iterable[File], room: _Room) -> Kept:
        kept, lost, held = list[File](), list[Loss](), list[str]()

        def release(are_named: bool) -> None:
            self._store.let_go(held, are_named=are_named)
            self._coming.subtract(held)
            self._coming += Counter()
            for digest in [one for one in self._sizes if one not in self._coming]:
                del self._sizes[digest]

        try:
            for file in files:
                reason = await self._full(file, room)
                if reason is None:
                    self._coming[file.digest] += 1
                    self._sizes[file.digest] = file.size
                    reason = await self._written(file, held)
                if reason is None:
                    kept.append(file)
                else:
                    lost.append(left_out(file.name, reason))
        except BaseException:  # raised again: nothing names what is there by now
            release(False)
            raise
        return Kept(tuple(kept), tuple(lost), release)

    async def _written(self, file: File, held: list[str]) -> str | None:
        """Why it could not be; None: it lies in a file that is held, or will lie in a row."""
        try:
            self.in_rows = not await self._store.keep({file.digest: file.content})
        except StoreFailedError as error:
            self._coming[file.digest] -= 1
            return _DISK(reason=error.reason)
        except BaseException:  # raised again: it does not come
            self._coming[file.digest] -= 1
            raise
        held.append(file.digest)
        return None

    async def _full(self, file: File, room: _Room) -> str | None:
        """Why there is no room for it. What nobody waits for any more gives its room."""
        used = await self._used_beside(file, room)
        if used is not None and used + file.size > room.limit:
            await self._store.submit(room.free)
            used = await self._used_beside(file, room)
        if used is None or used + file.size <= room.limit:
            return None
        return room.said(file.size, used)

    async def _used_beside(self, file: File, room: _Room) -> int | None:
        """Bytes that others take, or are about to; None if it is there already and costs nothing."""

        def work(tx: Transaction) -> tuple[set[str], int]:
            asked = json.dumps([file.digest, *self._sizes])
            return {str(one["digest"]) for one in tx.rows("known_contents", digests=asked)}, room.used(tx)

        known, used = await self._store.read(work)
        if file.digest in known or file.digest in self._coming:
            return None
        return used + sum(size for digest, size in self._sizes.items() if digest not in known)

    # -- before an attempt --------------------------------------------------------------------------------------------

    async def load(self, message: Message) -> Loaded:
        """With what is in its files, unless that was never put down. Raises a `StorageError`."""
        if all(file.content for file in message.files):
            return Loaded(message, (), lambda: None)
        size = sum(file.size for file in message.files)
        await self._memory.take(size)
        try:
            whole, lost = await self.filled(message)
        except BaseException:  # raised again: others wait for the room
            self._memory.give_back(size)
            raise
        return Loaded(whole, lost, lambda: self._memory.give_back(size))

    async def filled(self, message: Message) -> tuple[Message, tuple[Loss, ...]]:
        """The same, however much is in memory already."""
        if not message.files:
            return message, ()
        files, lost = await self._whole(message.files, partial(_rows_of_message, message_id=message.id))
        return replace(message, files=files), lost

    async def of_run(self, run_id: int, files: Sequence[File]) -> tuple[tuple[File, ...], tuple[Loss, ...]]:
        """What a run carries, with what is in it, and what is missing. Raises a `StorageError`."""
        return await self._whole(files, partial(_rows_of_run, run_id=run_id))

    async def _whole(
        self, files: Sequence[File], rows_of: Callable[[Transaction], list[Row]]
    ) -> tuple[tuple[File, ...], tuple[Loss, ...]]:
        rows = await self._store.read(rows_of)
        found = {row["position"]: row["content"] for row in rows if isinstance(row["content"], bytes)}
        digests = {row["position"]: str(row["digest"]) for row in rows if row["content"] is None}
        beside = await self._store.kept(list(dict.fromkeys(digests.values())))
        contents = found | {at: beside[digest] for at, digest in digests.items() if digest in beside}
        there = {at: content for at, content in contents.items() if isinstance(content, bytes)}
        able = [replace(file, content=there[at]) for at, file in enumerate(files) if at in there]
        lost = [left_out(file.name, _NOT_THERE) for at, file in enumerate(files) if at not in there]
        return tuple(able), tuple(lost)


def _rows_of_message(tx: Transaction, message_id: int) -> list[Row]:
    return tx.rows("files_of", message_id=message_id)


def _rows_of_run(tx: Transaction, run_id: int) -> list[Row]:
    return tx.rows("files_of_run", run_id=run_id)


class _Memory:
    """How much may be loaded at once. Who fits in goes in; a large one that would wait for ever goes in alone."""

    def __init__(self) -> None:
        self._taken = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> None:
        if self._fits(size):
            self._taken += size
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # it was let in just now
                self.give_back(size)
            raise

    def give_back(self, size: int) -> None:
        self._taken -= size
        for one in list(self._waiting):
            wanted, future = one
            if future.done() or self._fits(wanted):
                self._waiting.remove(one)
                if not future.done():
                    self._taken += wanted
                    future.set_result(None)

    def _fits(self, size: int) -> bool:
        return not self._taken or self._taken + size <= MOST_LOADED


async def _hashed(files: Sequence[File]) -> list[File]:
    def work() -> list[File]:
        return [replace(file, digest=file.digest or sha256(file.content).hexdigest()) for file in files]

    return work() if sum(file.size for file in files) < _SMALL else await in_thread(work)
