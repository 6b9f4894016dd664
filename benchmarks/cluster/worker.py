"""A process that works on a shared database: what its platforms were told, it writes into a file.

    python -m benchmarks.cluster.worker ADDRESS NAME FOLDER SECONDS PARALLEL

A line for each message that has arrived: when (of the clock that all processes of a machine share), connection,
recipient, text, nonce. SECONDS: how long a platform takes for one; the message is there after half of it, so that a
blow also finds what has arrived and was not acknowledged. PARALLEL: how many attempts on one connection run at once.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import ClassVar, override

from bach_lib import Bach, Message, Policy
from bach_lib.connecting import Capabilities, Format, Outcome, SendOnly, Sent


class Plain(SendOnly):
    """A platform that is a file, and takes what it was told twice for two messages."""

    capabilities: ClassVar = Capabilities(
        receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=4000
    )
    file: ClassVar[int] = -1
    seconds: ClassVar[float] = 0.0

    @override
    async def send(self, message: Message) -> Outcome:
        await asyncio.sleep(self.seconds / 2)
        at = time.monotonic_ns()
        line = f"{at}\t{message.connection}\t{message.recipient}\t{message.text}\t{message.nonce}\n"
        os.write(self.file, line.encode())
        await asyncio.sleep(self.seconds / 2)
        return Sent(remote_id=str(at))


class Knowing(Plain):
    """The same, but it knows a nonce again, and drops what has one that was there."""

    capabilities: ClassVar = Capabilities(
        receives=False, idempotent=True, formats=frozenset({Format.PLAIN}), max_text=4000
    )


class Together(Plain):
    """The same as `Plain`, but without a limit of its own: several processes may send through one connection."""

    capabilities: ClassVar = Capabilities(
        receives=False, idempotent=False, formats=frozenset({Format.PLAIN}), max_text=4000, shared_lanes=True
    )


CONNECTORS = {"plain": Plain, "knowing": Knowing, "together": Together}
PARALLEL = 8
"""Attempts of a process at once, which one connection keeps busy."""


async def work(address: str, name: str, parallel: int) -> None:
    """Until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    policy = Policy(parallel=parallel)
    async with Bach(address, process=name, connectors=CONNECTORS, policy=policy):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    at, called, folder, seconds, parallel = sys.argv[1:]
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    Plain.seconds = float(seconds)
    Plain.file = os.open(Path(folder) / f"{called}.sent", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    asyncio.run(work(at, called, int(parallel)))
