"""A double as a process of its own: it can be killed, and a benchmark does not share its event loop.

What the processes of all platforms have in common: the options, and serving until somebody ends them.
"""

import asyncio
import signal
import sys
from argparse import ArgumentParser

from bach_lib.testing.loopback import Loopback


def options(description: str, token: str) -> ArgumentParser:
    """A parser that knows what every double can be told."""
    parser = ArgumentParser(description=f"{description} on loopback, for demos, tests and benchmarks.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token", default=token, help="the token of its bot")
    parser.add_argument("--username", default="test_bot", help="the name of its bot")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before a stored message is confirmed")
    parser.add_argument("--enforce-limits", action="store_true", help="answer 429 as the real limits do")
    return parser


async def serve(server: Loopback) -> None:
    """Serve until SIGTERM or SIGINT. The first line of the output is the address."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server:
        sys.stdout.write(f"{server.origin}\n")
        sys.stdout.flush()
        await stopped.wait()
