"""Shows a change of the code at once: while one works on BACH, its Home Assistant starts again with each file saved.

Python does not forget a module that it has imported, so loading the integration anew would go on with the old code.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from demo.process import ROOT, EndedError
from demo.screen import Screen
from demo.waiting import NotInTimeError
from demo.world import World

FOLDERS: Final = (ROOT / "bach_lib", ROOT / "custom_components" / "bach")
_SUFFIXES = frozenset({".py", ".json", ".yaml", ".sql"})
_PAUSE = 0.3
"""Seconds between two looks. Editors write a file in steps, so nothing is done until a look finds no change."""
_RECORDS = 10

type _Seen = dict[Path, tuple[int, int]]


class Sources:
    """The files of which BACH is made, and which of them were changed since the last look."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders or FOLDERS
        self._seen = self._look()

    def changed(self) -> list[Path]:
        """Those that were written, added or removed since the last call."""
        old, self._seen = self._seen, self._look()
        return sorted(path for path in old.keys() | self._seen.keys() if old.get(path) != self._seen.get(path))

    def _look(self) -> _Seen:
        return dict(self._stamps())

    def _stamps(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        for path in (path for folder in self._folders for path in folder.rglob("*")):
            if path.suffix in _SUFFIXES and "_vendor" not in path.parts:
                try:
                    found = path.stat()
                except FileNotFoundError:  # an editor's, and gone again
                    continue
                yield path, (found.st_mtime_ns, found.st_size)


def mistake_in(paths: list[Path]) -> str | None:
    """Why Python could not even read one of these files: its place and what is wrong there."""
    for path in paths:
        if path.suffix == ".py" and path.exists():
            try:
                compile(path.read_bytes(), path, "exec", dont_inherit=True)
            except SyntaxError as error:
                return f"{path.name}:{error.lineno}: {error.msg}"
    return None


async def watch(world: World, screen: Screen, sources: Sources) -> None:
    """Start Home Assistant again whenever something has changed, until Ctrl-C."""
    changed: set[Path] = set()
    while True:
        await asyncio.sleep(_PAUSE)
        if changed_now := sources.changed():
            changed.update(changed_now)
        elif changed:
            await _start_again(world, screen, sorted(changed))
            changed.clear()


async def _start_again(world: World, screen: Screen, changed: list[Path]) -> None:
    names = ", ".join(str(path.relative_to(ROOT)) for path in changed[:3]) + (", …" if len(changed) > 3 else "")
    if mistake := mistake_in(changed):
        screen.line(f"{names}: not started again: {mistake}")
        return
    began, before = time.monotonic(), len(world.home.log.read_bytes())
    try:
        await world.home.restart()
        trouble = not await world.person()
    except EndedError, NotInTimeError:
        trouble = True
    screen.line(f"{names}: Home Assistant started again in {time.monotonic() - began:.0f} s")
    if trouble:
        screen.line("BACH does not work. The last that the log says about it:")
        for record in world.home.tail(_RECORDS, after=before):
            screen.line(record)
