"""Real PostgreSQL servers with fsync on, on a real disk: alone, on a disk that can be full, or with a standby."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import override

from tests.servers import Server

_SETTINGS = ("fsync = on", "synchronous_commit = on", "max_connections = 60", "shared_buffers = 128MB")
_BALLAST = 1 << 20


class Machine(Server):
    """A server with what else stands in its settings."""

    def __init__(self, folder: Path, *settings: str) -> None:
        super().__init__(folder)
        self.set(*_SETTINGS, *settings)

    def set(self, *settings: str) -> None:
        """Write into its settings what its next start reads."""
        with (self.folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{setting}\n" for setting in settings)

    def freeze(self, what: signal.Signals, *, whole: bool) -> None:
        """Send a signal to the first process, or to all of them; SIGSTOP reaches the first one first."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii").split() if whole else []
        for pid in (self.pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, what)

    @property
    def has_ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is None or self._process.poll() is not None


class SmallDisk(Machine):
    """A server on a disk of its own, in memory, that can be filled. Needs to be root."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
        super().__init__(folder, "min_wal_size = 32MB", "max_wal_size = 48MB")

    def fill(self) -> None:
        """Leave no room."""
        with (self.folder / "ballast").open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b"\0" * _BALLAST):
                pass

    def empty(self) -> None:
        """Give the room back."""
        (self.folder / "ballast").unlink()

    def unmount(self) -> None:
        """Take the disk away."""
        subprocess.run(["umount", str(self.folder)], check=True)


class Standby(Machine):
    """A server that has what another one commits: a little later, or before that says so (`hold`)."""

    def __init__(self, folder: Path, primary: Machine) -> None:
        self._primary = primary
        super().__init__(folder)

    @override
    def _run(self, program: str, *arguments: str) -> None:
        if program == "initdb":
            source = f"host=127.0.0.1 port={self._primary.port} user=bach application_name=standby"
            program, arguments = "pg_basebackup", ("-D", "data", "-d", source, "-R", "-X", "stream", "-c", "fast")
        super()._run(program, *arguments)

    def follow(self) -> None:
        """Start."""
        self.port = self._primary.port + 1
        self.start()

    def hold(self) -> None:
        """Let the other wait for this one with each commit."""
        self._primary.ask("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        self._primary.ask("SELECT pg_reload_conf()")
        while not self._primary.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"):
            pass  # each question goes to the server and back

    def take_over(self) -> None:
        """Be the one that takes what is written."""
        self.ask("SELECT pg_promote()")


def may_mount() -> bool:
    """Whether a disk of its own can be had."""
    return os.getuid() == 0 and shutil.which("mount") is not None
