"""A process of its own that works on a shared database, for tests: what it sends, it writes into a file.

    python -m tests.lib.owners.worker ADDRESS NAME FOLDER SECONDS

A line for each message that has arrived: when (of the clock that all processes of the machine share), the connection,
recipient, text. SECONDS: how long the platform takes for one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, override

from bach_lib import Bach, Policy
from bach_lib.connecting import Capabilities, Format, Outcome, SendOnly, Sent

if TYPE_CHECKING:
    from bach_lib import Message


class Filed(SendOnly):
    """A platform that is a file."""

    capabilities: ClassVar = Capabilities(
        receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=4000
    )
    file: ClassVar[int] = -1
    seconds: ClassVar[float] = 0.0

    @override
    async def send(self, message: Message) -> Outcome:
        await asyncio.sleep(self.seconds)  # a platform takes its time
        line = f"{time.monotonic_ns()}\t{message.connection}\t{message.recipient}\t{message.text}\n"
        os.write(self.file, line.encode())
        return Sent(remote_id=str(time.monotonic_ns()))


class Shared(Filed):
    """The same, without a limit of its own: several processes may deliver one connection."""

    capabilities: ClassVar = Capabilities(
        receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=4000, shared_lanes=True
    )


CONNECTORS = {"filed": Filed, "shared": Shared}
PARALLEL = 4
"""Attempts of a process at once on one connection."""


async def work(address: str, name: str) -> None:
    """Until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with Bach(address, process=name, connectors=CONNECTORS, policy=Policy(parallel=PARALLEL)):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    at, called, folder, seconds = sys.argv[1:]
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    logging.getLogger("bach_lib.owners").setLevel(logging.DEBUG)
    Filed.seconds = float(seconds)
    Filed.file = os.open(Path(folder) / f"{called}.sent", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    asyncio.run(work(at, called))
