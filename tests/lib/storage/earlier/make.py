"""Makes the databases of earlier versions, with the code of each, from the history of the repository.

Run it as `.venv/bin/python -m tests.lib.storage.earlier.make`, with names of what to make, or without for all. Of each
layout it is the last commit that had it. What is made lies beside this file and is kept: a history may be cut off, and
a program of long ago need not start for ever. A new layout brings a line here for the one before it.
"""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.lib.storage.postgresql.backups import Backups
from tests.servers import Server, a_folder

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
FILES: Mapping[str, str] = {
    "layout01": "815d8b51",
    "layout03": "570f5439",
    "layout04": "a575577a",
    "layout08": "0e22ba3c",
    "layout09": "b28adaac",
    "layout10": "bf04799a",
    "layout11": "2e85bb2a",
    "layout12": "0788de50",
    "layout13": "53dc6f3e",
    "layout14": "eba057fa",
    "layout15": "9b70187d",
    "layout16": "96260791",
    "layout17": "7d173c4b",
    "layout18": "3ab00f38",
    "layout19": "839014dc",
    "layout20": "4c1ec5fe",
    "layout21": "473d0981",
    "layout22": "8f95a29c",
    "layout23": "39788498",
    "layout24": "efe30c8b",
}
"""Layouts that are missing here were never the last one of a commit."""
UNFINISHED: Mapping[str, str] = {"unfinished02": "24ad6fce", "unfinished07": "80075a89"}
"""Made while a layout was still being drawn: it had its number already, but not its shape."""
SERVERS: Mapping[str, str] = {
    "server1": "e28b3c4a",
    "server2": "fd8cf922",
    "server3": "0788de50",
    "server4": "53dc6f3e",
    "server5": "eba057fa",
    "server6": "9b70187d",
    "server7": "96260791",
    "server8": "7d173c4b",
    "server9": "3ab00f38",
    "server10": "839014dc",
    "server11": "4c1ec5fe",
    "server12": "473d0981",
    "server13": "8f95a29c",
    "server14": "39788498",
    "server15": "efe30c8b",
}
PARTS = ("", "-wal", ".mark")
"""What a database consists of, and what it knows itself by; from layout 18 on, also what is in files beside it."""


def code_of(commit: str, folder: Path) -> None:
    """Put the library of a commit there. Raises a `CalledProcessError` where there is no such commit."""
    packed = subprocess.run(["git", "archive", commit, "bach_lib"], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")


def as_then(what: str, place: str, folder: Path) -> str:
    """Run `as_then.py` with the library of this folder, and return what it says."""
    command = [sys.executable, str(HERE / "as_then.py"), what, place]
    env = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def unpack(name: str, folder: Path) -> Path:
    """Put one of the files there, as it was when its process died."""
    with tarfile.open(HERE / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "bach.db"


def dump(name: str) -> str:
    """What was on a server."""
    with tarfile.open(HERE / f"{name}.tar.xz") as archive, tempfile.TemporaryDirectory() as folder:
        archive.extractall(folder, filter="data")
        return Path(folder, "bach.sql").read_text("utf-8")


def _keep(name: str, parts: Mapping[str, bytes]) -> None:
    with tarfile.open(HERE / f"{name}.tar.xz", "w:xz", preset=9) as archive:
        for part, content in parts.items():
            found = tarfile.TarInfo(part)
            found.size = len(content)
            archive.addfile(found, io.BytesIO(content))


def _make_file(name: str, commit: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        code_of(commit, Path(folder))
        database = Path(folder, "bach.db")
        as_then("live", str(database), Path(folder))
        there = {f"bach.db{part}": Path(f"{database}{part}") for part in PARTS}
        parts = {part: path.read_bytes() for part, path in there.items() if path.exists()}
        beside = (path for path in sorted(Path(f"{database}-files").rglob("*")) if path.is_file())
        _keep(name, parts | {str(path.relative_to(folder)): path.read_bytes() for path in beside})


def _make_dump(name: str, commit: str, server: Server) -> None:
    with tempfile.TemporaryDirectory() as folder:
        code_of(commit, Path(folder))
        as_then("live", server.address(server.empty_database()), Path(folder))
        _keep(name, {"bach.sql": Backups(server).dump().encode()})


def main(names: list[str]) -> None:
    """Make those of these names, or all."""
    wanted = names or [*FILES, *UNFINISHED, *SERVERS]
    for name, commit in {**FILES, **UNFINISHED}.items():
        if name in wanted:
            _make_file(name, commit)
    if not {*wanted} & {*SERVERS}:
        return
    server = Server(a_folder())
    server.start()
    try:
        for name, commit in SERVERS.items():
            if name in wanted:
                _make_dump(name, commit, server)
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
