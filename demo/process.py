"""Processes of ours on loopback, which can be asked to end, or killed as a power cut would."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
ROOT: Final = Path(__file__).parents[1]
_SEARCH_PATH = os.pathsep.join((str(ROOT), str(ROOT / "demo" / "stand_ins")))
_STOP_SECONDS = 30.0


class EndedError(Exception):
    """A process ended that should be running."""


def free_port(preferred: int = 0) -> int:
    """A port that nobody uses now: the preferred one if it is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, preferred))
        except OSError:
            probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


async def start(
    arguments: Sequence[str], log: Path, *, python: str = sys.executable, search_path: str = _SEARCH_PATH
) -> Process:
    """Run Python with these arguments in the folder of `log`, to whose end goes all that it prints.

    The process gets a session of its own, so that Ctrl-C in the terminal reaches only the one who started it. `python`:
    another one, which finds modules on `search_path`.
    """
    with log.open("ab") as file:
        return await asyncio.create_subprocess_exec(
            python,
            *arguments,
            cwd=log.parent,
            env=os.environ | {"PYTHONPATH": search_path, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def check_running(process: Process | None, name: str) -> None:
    """Raise EndedError if it is not: who waits for it need not wait any longer."""
    if process is None or process.returncode is not None:
        raise EndedError(f"{name} has ended{f' with exit code {process.returncode}' if process else ''}")


async def stop(process: Process) -> int:
    """Ask it to end (SIGINT) and return its exit code. Raises TimeoutError when it does not."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    async with asyncio.timeout(_STOP_SECONDS):
        return await process.wait()


async def kill(process: Process) -> None:
    """End it and what it started at once (SIGKILL): nothing is saved, nobody is told."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
