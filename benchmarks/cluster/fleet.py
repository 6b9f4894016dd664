"""Worker processes on one database, what is done to them, and what they sent between them."""

import asyncio
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.cluster.worker import PARALLEL

ROOT = Path(__file__).parents[2]

type Lane = tuple[str, str]
"""Connection and recipient."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message at a platform."""

    at: int
    """Nanoseconds of the machine's clock."""
    worker: str
    lane: Lane
    text: str
    nonce: str


@dataclass
class Fleet:
    """Processes by name, and the folder of their files."""

    address: str
    folder: Path
    seconds: float = 0.02
    parallel: int = PARALLEL
    running: dict[str, Process] = field(default_factory=dict)

    async def start(self, *names: str) -> None:
        """Start these, and wait until they work."""
        await asyncio.gather(*map(self._start, names))

    async def _start(self, name: str) -> None:
        said = (self.address, name, str(self.folder), str(self.seconds), str(self.parallel))
        arguments = ("-m", "benchmarks.cluster.worker", *said)
        with (self.folder / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, cwd=ROOT, stdout=PIPE, stderr=log
            )
        self.running[name] = process
        if process.stdout is None or await process.stdout.readline() != b"ready\n":
            raise RuntimeError((self.folder / f"{name}.log").read_text("utf-8")[-4000:])

    def tell(self, name: str, what: signal.Signals) -> None:
        """Send a signal."""
        self.running[name].send_signal(what)

    async def end(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, and wait until it has."""
        process = self.running.pop(name)
        process.send_signal(how)
        await process.wait()

    async def end_all(self) -> None:
        """Let none be left behind."""
        for name in list(self.running):
            if self.running[name].returncode is None:
                self.running[name].send_signal(signal.SIGCONT)
                await self.end(name, signal.SIGKILL)
        self.running.clear()

    def size_of_arrived(self) -> int:
        """Bytes of what all of them have written down: it grows with each message that arrives."""
        return sum(file.stat().st_size for file in self.folder.glob("*.sent"))

    def arrived(self) -> list[Arrived]:
        """What all of them sent, in the order of time."""
        found = [
            Arrived(int(at), file.stem, (connection, recipient), text, nonce)
            for file in self.folder.glob("*.sent")
            for line in file.read_text("utf-8").splitlines()
            for at, connection, recipient, text, nonce in [line.split("\t")]
        ]
        return sorted(found, key=lambda one: one.at)


def now() -> int:
    """Nanoseconds of the clock in the workers' files."""
    return time.monotonic_ns()
