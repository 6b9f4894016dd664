"""Worker processes on one database, and what they sent between them."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A line of a worker's file."""

    at: int
    """Nanoseconds of the machine's clock."""
    worker: str
    lane: tuple[str, str]
    text: str


@dataclass
class Workers:
    """Processes by name, and the folder of their files."""

    address: str
    folder: Path
    seconds: float = 0.02
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def start(self, *names: str) -> None:
        """Start these, and wait until they work."""
        await asyncio.gather(*map(self._start, names))

    async def _start(self, name: str) -> None:
        arguments = ("-m", "tests.lib.owners.worker", self.address, name, str(self.folder), str(self.seconds))
        log = (self.folder / f"{name}.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log
        )
        log.close()
        self.running[name] = process
        assert process.stdout
        assert await process.stdout.readline() == b"ready\n", (self.folder / f"{name}.log").read_text("utf-8")

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
            self.running[name].send_signal(signal.SIGCONT)
            await self.end(name, signal.SIGKILL)

    def arrived(self) -> list[Arrived]:
        """What all of them sent, in the order of time."""
        found = [
            Arrived(int(at), file.stem, (connection, recipient), text)
            for file in self.folder.glob("*.sent")
            for line in file.read_text("utf-8").splitlines()
            for at, connection, recipient, text in [line.split("\t")]
        ]
        return sorted(found, key=lambda one: one.at)


def faults(arrived: list[Arrived], sent: dict[tuple[str, str], list[str]]) -> dict[str, list[str]]:
    """What is wrong with what arrived, where `sent` was accepted in this order: `lost`, `strange` and `disordered`.

    `repeated` is none by itself: it is for who knows how many were under way.
    """
    expected = Counter((lane, text) for lane, texts in sent.items() for text in texts)
    counts = Counter((one.lane, one.text) for one in arrived)
    disordered = []
    for lane, texts in sent.items():
        first = list(dict.fromkeys(one.text for one in arrived if one.lane == lane))
        if first != [text for text in texts if (lane, text) in counts]:
            disordered.append(f"{lane}: {first}")
    return {
        "lost": sorted(f"{lane} {text}" for lane, text in expected if (lane, text) not in counts),
        "strange": sorted(f"{lane} {text}" for lane, text in counts if (lane, text) not in expected),
        "disordered": disordered,
        "repeated": sorted(f"{lane} {text}" for (lane, text), times in counts.items() if times > 1),
    }
