"""Backups of the database on a server, for tests that go back in time."""

import subprocess

from tests.servers import Server


class Backups:
    """What somebody does with `pg_dump` and `psql`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def dump(self) -> str:
        """All that is there, the same each time."""
        said = self._run("pg_dump", "--schema=bach", "empty").splitlines()
        return "\n".join(line for line in said if "restrict " not in line[:12])  # a word that is made up each time

    def drop(self) -> None:
        """Take it away."""
        self._server.ask("DROP SCHEMA bach CASCADE", "empty")

    def restore(self, dump: str) -> None:
        """Put it back in the place of what is there."""
        self._run("psql", "-q", "-v", "ON_ERROR_STOP=1", "empty", said="DROP SCHEMA IF EXISTS bach CASCADE;\n" + dump)

    def _run(self, program: str, *arguments: str, said: str = "") -> str:
        command = [self._server.program(program), "-h", "127.0.0.1", "-p", f"{self._server.port}", "-U", "bach"]
        done = subprocess.run([*command, *arguments], input=said, text=True, check=True, capture_output=True)
        return done.stdout
