"""The runs on disk. What a run comes to and the messages it puts are one commit; of two processes, one makes it."""

from collections.abc import Sequence
from dataclasses import replace

from bach_lib.errors import RunChangedError, UnknownRunError
from bach_lib.field_logger import FieldLogger
from bach_lib.models.route import RouteRun, Tried
from bach_lib.outbound.file_rows import add_run_files
from bach_lib.routes.carrying import without_contents
from bach_lib.routes.deciding import Decision
from bach_lib.routes.limits import LATE
from bach_lib.routes.route_rows import begin_run, run_from_row, save_run
from bach_lib.storage import Row, Store, Transaction
from bach_lib.storage.columns import UNREADABLE
from bach_lib.storage.values import upper_bound

_LOGGER = FieldLogger(__name__)


class RunBook:
    """The runs of one database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open_runs(self, since: float = 0.0) -> list[RouteRun]:
        """Those about which something is to be done, oldest first; of the exhausted ones those that ended since.

        Raises a `StorageError`.
        """
        return _readable(await self._store.read(lambda tx: tx.rows("open_runs", since=since)))

    async def get(self, run_id: int) -> RouteRun:
        """One. Raises `UnknownRunError` or a `StorageError`."""
        row = await self._store.read(lambda tx: tx.row("get_run", id=upper_bound(run_id)))
        runs = _readable([row] if row else [])
        if not runs:
            raise UnknownRunError(id=run_id)
        return runs[0]

    async def by_key(self, key: str) -> RouteRun | None:
        """The run that was begun under a key. One that is damaged keeps none. Raises a `StorageError`."""
        row = await self._store.read(lambda tx: tx.row("keyed_run", request_key=key))
        runs = _readable([row] if row else [])
        if row and not runs:  # else nothing could ever be begun under it
            await self._store.submit(lambda tx: tx.run("forget_key_of_run", request_key=key))
        return runs[0] if runs else None

    async def page(self, route: str | None, before: int | None, limit: int) -> list[RouteRun]:
        """A page, newest first. Raises a `StorageError`."""
        most = upper_bound(before)
        return _readable(await self._store.read(lambda tx: tx.rows("list_runs", route=route, before=most, limit=limit)))

    async def close(self, run: RouteRun) -> RouteRun:
        """Nothing is to be done about it any more. Raises `RunChangedError` or a `StorageError`."""
        closed = replace(run, version=run.version + 1)
        await self._store.submit(lambda tx: _save(tx, closed, is_open=False))
        return closed

    async def purge(self, before: float, now: float) -> int:
        """Remove those that ended before a time; how many. Raises a `StorageError`.

        And let go of those of which nobody did when it was time, as no process was there: their files would stay.
        """

        def work(tx: Transaction) -> int:
            tx.run("let_go_of_runs", before=now - 2 * LATE)
            return tx.run("purge_runs", before=before)

        return await self._store.submit(work)


class Writing:
    """Writes what was decided beside the messages that tell of it; `run` is what it became.

    `key`: of one that begins. `in_rows`: where what is in its files is kept.
    """

    def __init__(self, decision: Decision, now: float, key: str | None = None, *, in_rows: bool = True) -> None:
        self._decision, self._now, self._key, self._in_rows = decision, now, key, in_rows
        self.run: RouteRun = decision.run

    def __call__(self, tx: Transaction, ids: Sequence[int | None]) -> None:
        """Write it, with the ids of the messages; None for one that was refused. May run again.

        Raises `RunChangedError`, also where another process has just begun one under the same key.
        """
        run, told = self._decision.run, zip(self._decision.tell, ids, strict=True)
        tried = tuple(
            Tried(place=place, stage=run.stage or 0, at=self._now, message_id=number)
            for place, number in told
            if number is not None and self._decision.text is None
        )
        run = replace(run, tried=run.tried + tried, version=run.version + 1)
        if run.id == 0:
            if (run_id := begin_run(tx, run, self._key)) is None:
                raise RunChangedError(id=0)
            add_run_files(tx, run_id, run.said.files, in_rows=self._in_rows)
            run = without_contents(replace(run, id=run_id))
        else:
            _save(tx, run, is_open=True)
        self.run = run


def _save(tx: Transaction, run: RouteRun, *, is_open: bool) -> None:
    if not save_run(tx, run, is_open=is_open):
        raise RunChangedError(id=run.id)


def _readable(rows: Sequence[Row]) -> list[RouteRun]:
    """One that is damaged costs itself."""
    runs = list[RouteRun]()
    for row in rows:
        try:
            runs.append(run_from_row(row))
        except UNREADABLE:
            _LOGGER.error("The run %s of a route is damaged in the database, and is left out", row["id"])  # noqa: TRY400 - the sentence says all
    return runs
