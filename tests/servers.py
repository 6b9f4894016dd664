"""A real PostgreSQL for tests: one server for each process of them, with a new database for each test."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

_ALONE = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
_ROOM = 2 << 30
_FIRST_PORT, _PORTS = 20_000, 10_000
"""None that the system itself gives away."""
_DYING = ["--pdeathsig", "INT"]
_STATUS = 7
"""Line of a server's own file that says how far it is."""


def programs() -> Path | None:
    """Where PostgreSQL's programs are; None: there are none."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    return max(folders, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0), default=None)


class Server:
    """A server in a folder, on a port of its own that it has whenever it is started."""

    def __init__(self, folder: Path) -> None:
        bin_folder = programs()
        if bin_folder is None:
            raise FileNotFoundError("PostgreSQL is not installed here")
        self._bin = bin_folder
        self.folder = folder
        self.port = _FIRST_PORT + os.getpid() % _PORTS
        self._process: subprocess.Popen[bytes] | None = None
        self._as: list[str] = []
        if os.getuid() == 0:
            shutil.chown(folder, "nobody")
            self._as = _ALONE
        self._run("initdb", "-D", "data", "-A", "trust", "-U", "bach", "--no-sync", "-E", "UTF8", "--locale=C")

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        for _ in range(20):
            if self._starts():
                return
            self.port += 1
        raise RuntimeError((self.folder / "server.log").read_text("utf-8", "replace"))

    def _starts(self) -> bool:
        options = ["listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories="]
        command = [str(self._bin / "postgres"), "-D", "data", *(word for one in options for word in ("-c", one))]
        dying = [*(self._as or ["setpriv"]), *_DYING] if shutil.which("setpriv") else self._as
        with (self.folder / "server.log").open("ab") as log:
            self._process = process = subprocess.Popen(
                [*dying, *command], cwd=self.folder, env=_environment(), stdout=log, stderr=log
            )
        asking = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while process.poll() is None:
            if not subprocess.run(asking, check=False).returncode and self._is_ready(process.pid):
                return True
        return False

    def _is_ready(self, pid: int) -> bool:
        """Whether it says so itself: until it notices that its port is taken, whoever has that answers for it."""
        file = self.folder / "data" / "postmaster.pid"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return len(lines) > _STATUS and lines[0] == f"{pid}" and lines[_STATUS].strip() in {"ready", "standby"}

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it: SIGINT is a restart's way, SIGQUIT a crash's."""
        process, self._process = self._process, None
        if process:
            process.send_signal(how)
            process.wait(60)

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        return self._process.pid if self._process else 0

    def address(self, database: str = "postgres", user: str = "bach") -> str:
        """Of a database, as BACH takes it."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def ask(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run something as the server's owner."""
        import psycopg  # noqa: PLC0415 - all tests import this module, also where nobody has the driver

        with psycopg.connect(self.address(database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def empty_database(self, name: str = "empty") -> str:
        """A database that holds nothing, and which nobody is connected to; its name. It is made once."""
        if not self.ask(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            self.ask(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        self.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        )
        self.ask("DROP SCHEMA IF EXISTS bach CASCADE", name)
        return name

    def program(self, name: str) -> str:
        """Where one of PostgreSQL's programs is."""
        return str(self._bin / name)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, self.program(program), *arguments]
        subprocess.run(command, cwd=self.folder, env=_environment(), check=True, capture_output=True)


def a_folder() -> Path:
    """A folder for a server; in memory where there is room: commits take no time there."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > _ROOM
    return Path(tempfile.mkdtemp(prefix="bach-pg-", dir=memory if has_room else None))


def _environment() -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if not name.startswith("PG")}, "HOME": "/tmp"}
