"""Carries the files of a run to each of its steps: on the disk before the run is, and read again when somebody is told.

Where they came from may be gone by then, and the process may have ended in between. A content lies there once, however
many messages and runs need it, and goes with the last of these.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bach_lib.models import File, Loss
from bach_lib.models.route import RouteRun
from bach_lib.outbound.file_keeper import FileKeeper
from bach_lib.routes.deciding import OPEN


@dataclass(frozen=True, slots=True)
class Carried:
    """What the messages of a run have beside words, and what they go without."""

    files: tuple[File, ...]
    lost: tuple[Loss, ...]


class Carrying:
    """The files of all runs. `budget`: bytes that they may take on the disk, all together."""

    def __init__(self, keeper: FileKeeper, budget: int) -> None:
        self._keeper, self._budget = keeper, budget

    @property
    def in_rows(self) -> bool:
        """Whether contents lie in rows, and not in files beside the database."""
        return self._keeper.in_rows

    async def keep(self, run: RouteRun) -> tuple[RouteRun, Callable[[bool], None]]:
        """Have them on the disk before the run is; what cannot be is among what it lost.

        Call what comes back once it is written, with whether it was. Raises a `StorageError`.
        """
        kept = await self._keeper.keep_for_run(run.said.files, self._budget)
        said = replace(run.said, files=kept.files, lost=(*run.said.lost, *kept.lost))
        return replace(run, said=said), kept.release

    async def of(self, run: RouteRun) -> Carried:
        """What goes with its next messages. Raises a `StorageError`."""
        said = run.said
        if all(file.content for file in said.files):  # it has none, or begins
            return Carried(said.files, said.lost)
        files, missing = await self._keeper.of_run(run.id, said.files)
        return Carried(files, (*said.lost, *missing))

    async def taken_over(self, run: RouteRun, others: Iterable[RouteRun]) -> RouteRun:
        """With the files of the run that it reminds of, if it does and has none of its own. Raises a `StorageError`."""
        if not run.reminds or run.tag is None or run.said.files:
            return run
        before = [one for one in others if one.tag == run.tag and one.status in OPEN]  # what is over has let them go
        if not before:
            return run
        carried = await self.of(max(before, key=lambda one: one.id))
        return replace(run, said=replace(run.said, files=carried.files, lost=(*run.said.lost, *carried.lost)))


def without_contents(run: RouteRun) -> RouteRun:
    """The same once it is on disk: it knows what its files are called, and no more."""
    files = tuple(replace(file, content=b"") for file in run.said.files)
    return replace(run, said=replace(run.said, files=files)) if files else run
